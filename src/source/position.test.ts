import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PositionTracker, positionTypeOf, readFrom, type PositionType } from './position.ts';

const asOf = Date.parse('2026-11-27T08:00:00Z');

function positionAfter(type: PositionType, values: readonly (string | null)[], from?: string): string | undefined {
  const tracker = new PositionTracker(asOf, from);
  tracker.begin(type);
  for (const value of values) tracker.add(value);
  return tracker.position;
}

describe('the position of a watermark', () => {
  test('is the highest value, in whatever order rows come', () => {
    expect(positionAfter('timestamptz', ['2026-11-27 07:00:00+00', '2026-11-27 07:00:00.5+00', null, '2025-01-01 00:00:00+00'])).toBe(
      '2026-11-27 07:00:00.5+00',
    );
    expect(positionAfter('integer', ['9', '10', '-3', '00'])).toBe('10');
  });

  test('is not moved by a value in the future, nor by one that is no time', () => {
    expect(
      positionAfter('timestamptz', ['2099-01-01 00:00:00+00', 'infinity', '0044-03-15 00:00:00+00 BC'], '2026-11-26 00:00:00+00'),
    ).toBe('2026-11-26 00:00:00+00');
    // Without a zone it may be noon where people are.
    expect(positionAfter('timestamp', ['2026-11-27 21:00:00', '2026-11-27 23:00:00'])).toBe('2026-11-27 21:00:00');
  });

  test('never goes back', () => {
    expect(positionAfter('date', ['2026-11-01'], '2026-11-20')).toBe('2026-11-20');
    expect(positionAfter('integer', [], '7')).toBe('7');
  });

  test('of any times is that of the latest instant', () => {
    const instants = fc.array(fc.integer({ min: Date.parse('1990-01-01'), max: asOf }), { minLength: 1 });
    fc.assert(
      fc.property(instants, (values) => {
        // As databases write a fraction: without the zeros at its end.
        const shown = (at: number): string =>
          `${new Date(at)
            .toISOString()
            .replace('T', ' ')
            .slice(0, -1)
            .replace(/\.?0+$/, '')}+00`;
        const written = values.map((at) =>
          at % 1000 === 0 ? `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}+00` : shown(at),
        );
        const latest = Math.max(...values);
        expect(positionAfter('timestamptz', written)).toBe(written[values.indexOf(latest)]);
      }),
    );
  });

  test('is read from earlier by the look-back', () => {
    expect(readFrom('timestamptz', '2026-11-27 08:00:00.123456+00', { milliseconds: 60_000 })).toBe('2026-11-27 07:59:00.123+00');
    expect(readFrom('timestamp', '2026-11-27 08:00:00', undefined)).toBe('2026-11-27 07:45:00.000');
    expect(readFrom('date', '2026-11-27', { milliseconds: 60_000 })).toBe('2026-11-26');
    expect(readFrom('integer', '9007199254740993', { steps: 3 })).toBe('9007199254740990');
  });

  test.each([
    ['timestamp(3) without time zone', 'timestamp'],
    ['timestamp with time zone', 'timestamptz'],
    ['datetime2(7)', 'timestamp'],
    ['datetimeoffset(0)', 'timestamptz'],
    ['datetime', 'datetime'],
    ['bigint', 'integer'],
    ['numeric(10,0)', 'integer'],
    ['numeric(10,2)', undefined],
    ['text', undefined],
    ['rowversion', undefined],
  ])('takes a column of type %s for %s', (databaseType, type) => {
    expect(positionTypeOf(databaseType)).toBe(type);
  });
});
