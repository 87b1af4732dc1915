import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Temporal } from 'temporal-polyfill';
import { employmentAt, EmploymentSpan, isTimeZone, nextEmploymentDate, readEmployment } from './employment.ts';

const place = { file: 'p.yaml', line: 1, column: 1 };
const day = 86_400_000;
const declaration = { start: 'hire', end: 'last', zone: 'zone', preHire: 14 * day, place };

function spanOf(hire: string, last?: string, zone = 'Europe/Berlin'): EmploymentSpan {
  const reading = readEmployment(declaration, { hire, zone, ...(last === undefined ? {} : { last }) }, undefined, false);
  if ('problem' in reading) throw new Error(reading.problem.message);
  return reading.span;
}

/** Zones with summer time on both hemispheres, at midnight (Beirut, Havana, Santiago), by half an hour, far from UTC, and one that skipped a day. */
const zone = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Asia/Beirut',
  'America/Havana',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'UTC',
);
const calendarDay = fc.integer({ min: 0, max: 25_000 }).map((days) => Temporal.PlainDate.from('1990-01-01').add({ days }).toString());

test('a worker is employed exactly on the calendar days from the first to the last, in the zone of the worker', () => {
  fc.assert(
    fc.property(calendarDay, fc.nat(400), zone, fc.integer({ min: -500 * 24, max: 500 * 24 }), (hire, length, name, hours) => {
      const last = Temporal.PlainDate.from(hire).add({ days: length }).toString();
      const asOf = Date.parse(`${hire}T00:00:00Z`) + hours * 3_600_000;
      // The other way to say it: which day is it there?
      const today = Temporal.Instant.fromEpochMilliseconds(asOf).toZonedDateTimeISO(name).toPlainDate().toString();
      expect(employmentAt(spanOf(hire, last, name), asOf)).toMatchObject({
        employed: today >= hire && today <= last,
        started: today >= hire,
        ended: today > last,
      });
    }),
    { numRuns: 300 },
  );
});

test('a day begins when the calendar of its zone says so, whether it was asked for before or not, in any century', () => {
  fc.assert(
    fc.property(fc.integer({ min: -60_000, max: 60_000 }), zone, (days, name) => {
      const hire = Temporal.PlainDate.from('2020-01-01').add({ days }).toString();
      const start = Temporal.PlainDate.from(hire).toZonedDateTime(name).epochMilliseconds;
      expect([spanOf(hire, undefined, name).start, spanOf(hire, undefined, name).start]).toEqual([start, start]);
    }),
    { numRuns: 200 },
  );
});

test('nothing changes before the next date, and something does on it', () => {
  fc.assert(
    fc.property(
      calendarDay,
      fc.integer({ min: -20, max: 100 }),
      zone,
      fc.integer({ min: -60 * 24, max: 200 * 24 }),
      (hire, length, name, hours) => {
        const span = spanOf(hire, Temporal.PlainDate.from(hire).add({ days: length }).toString(), name);
        const asOf = Date.parse(`${hire}T00:00:00Z`) + hours * 3_600_000;
        const next = nextEmploymentDate(span, asOf);
        const until = next ?? asOf + 1000 * day;
        expect(employmentAt(span, until - 1)).toEqual(employmentAt(span, asOf));
        expect(next === undefined || next > asOf).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('the last moment of the last day counts, and the first moment of the next does not', () => {
  const span = spanOf('2026-01-01', '2026-03-29'); // the day on which Berlin's clocks go forward
  const end = Date.parse('2026-03-29T22:00:00Z');
  expect(employmentAt(span, end - 1).employed).toBe(true);
  expect(employmentAt(span, end)).toMatchObject({ employed: false, ended: true });
});

test('where the clocks skip midnight, the day begins at the first moment after it', () => {
  // Beirut went from 24:00 to 01:00 on 27 March 2022.
  expect(spanOf('2022-03-27', undefined, 'Asia/Beirut').start).toBe(Date.parse('2022-03-26T22:00:00Z'));
  // Samoa had no 30 December 2011.
  expect(spanOf('2011-12-30', undefined, 'Pacific/Apia').start).toBe(spanOf('2011-12-31', undefined, 'Pacific/Apia').start);
});

test('pre-hire days are calendar days, also across a change of the clocks', () => {
  expect(spanOf('2026-04-01').preHireFrom).toBe(Date.parse('2026-03-17T23:00:00Z'));
  expect(employmentAt(spanOf('2026-04-01'), Date.parse('2026-03-17T23:00:00Z'))).toMatchObject({ preHire: true, employed: false });
  expect(employmentAt(spanOf('2026-04-01'), Date.parse('2026-03-17T22:59:59Z')).preHire).toBe(false);
  expect(employmentAt(spanOf('2026-04-01'), Date.parse('2026-03-31T22:00:00Z'))).toMatchObject({ preHire: false, employed: true });
});

test('a hire that was called off is never employed and no pre-hire, with a warning', () => {
  const reading = readEmployment(declaration, { hire: '2026-05-01', last: '2026-04-30', zone: 'UTC' }, undefined, false);
  expect(reading).toMatchObject({ warning: { code: 'MAP-213' } });
  const span = 'span' in reading ? reading.span : EmploymentSpan.never;
  for (const at of ['2026-04-20', '2026-05-01', '2026-05-02'])
    expect(employmentAt(span, Date.parse(at))).toMatchObject({ employed: false, preHire: false });
});

test('what cannot be read is a problem with a name, never a guess', () => {
  const read = (input: Readonly<Record<string, string>>, timezone?: string, never = false): string => {
    const reading = readEmployment(declaration, input, timezone, never);
    return 'problem' in reading ? `${reading.problem.code} ${reading.problem.message}` : String(reading.span.start);
  };
  expect(read({ hire: '2026-01-01', zone: 'Berlin' })).toBe('MAP-211 column zone is "Berlin", which is no time zone');
  expect(read({ hire: '2026-01-01', zone: '+01:00' })).toMatch(/^MAP-211/);
  expect(read({ hire: '2026-01-01' })).toBe('MAP-211 column zone is nothing, which is no time zone');
  expect(read({ zone: 'UTC' })).toBe('MAP-212 column hire is empty: the worker has no first day');
  expect(read({ zone: 'UTC' }, undefined, true)).toBe('undefined');
  expect(read({ hire: '01.01.2026' }, 'UTC')).toMatch(/^MAP-202 column hire/);
  expect(read({ hire: '2026-01-01', last: '2026-02-30' }, 'UTC')).toMatch(/^MAP-202 column last/);
  expect(isTimeZone('europe/berlin') && !isTimeZone('') && !isTimeZone('Europe/Atlantis')).toBe(true);
});

test('the end of the calendar is no end', () => {
  expect(spanOf('2026-01-01', '9999-12-31').end).toBeUndefined();
});
