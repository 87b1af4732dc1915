import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { addDays, addMonths, daysBetween, monthsBetween, readPlainDay, writePlainDay, type PlainDay } from './plain-days.ts';

const day = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const nearby = fc.tuple(day, fc.integer({ min: -800, max: 800 }));

function parts(text: string): PlainDay {
  return readPlainDay(text) ?? { year: 0, month: 0, day: 0 };
}

describe('calendar dates', () => {
  it('are read exactly where Temporal reads them', () => {
    const text = fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }));
    fc.assert(
      fc.property(text, ([year, month, date]) => {
        const written = writePlainDay({ year, month, day: date });
        let known = true;
        try {
          Temporal.PlainDate.from(written, { overflow: 'reject' });
        } catch {
          known = false;
        }
        expect(readPlainDay(written) !== undefined).toBe(known);
      }),
      { numRuns: 1000 },
    );
  });

  it('move as Temporal moves them', () => {
    fc.assert(
      fc.property(nearby, ([start, amount]) => {
        const reference = Temporal.PlainDate.from(start);
        const moved = [reference.add({ days: amount }), reference.add({ months: amount })];
        fc.pre(moved.every(({ year }) => year >= 0 && year <= 9999));
        expect([addDays(parts(start), amount), addMonths(parts(start), amount)].map(writePlainDay)).toEqual(moved.map(String));
      }),
    );
  });

  it('are as far apart as Temporal says', () => {
    fc.assert(
      fc.property(nearby, ([start, amount]) => {
        const first = Temporal.PlainDate.from(start);
        const second = first.add({ days: amount });
        fc.pre(second.year >= 0 && second.year <= 9999);
        const end = parts(second.toString());
        expect(daysBetween(parts(start), end)).toBe(first.until(second).days);
        const { years, months } = first.until(second, { largestUnit: 'year' });
        expect(monthsBetween(parts(start), end) + 0).toBe(first.until(second, { largestUnit: 'month' }).months + 0);
        expect(Math.trunc(monthsBetween(parts(start), end) / 12) + 0).toBe(years + 0);
        expect((monthsBetween(parts(start), end) % 12) + 0).toBe(months + 0);
      }),
      { numRuns: 1000 },
    );
  });
});
