import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import { startOfDay } from './start-of-day.ts';

/** Zones whose clocks skip midnight, show it twice or go back over it, lost a day, change by half an hour or two, and change around Ramadan. */
const odd =
  'Asia/Beirut America/Havana America/St_Johns America/Sao_Paulo America/Asuncion Pacific/Apia Pacific/Kwajalein Australia/Lord_Howe Antarctica/Troll Africa/Casablanca Africa/Cairo Africa/Monrovia Asia/Tehran Asia/Gaza Atlantic/Azores Europe/Berlin America/New_York Asia/Tokyo UTC'.split(
    ' ',
  );
const first = Temporal.PlainDate.from('1969-12-01');

test('the first moment of a day is found the same whichever days of the zone were asked for before', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...odd),
      fc.integer({ min: 0, max: 36_600 }),
      fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 6 }),
      (zone, start, steps) => {
        for (const step of steps) {
          const day = first.add({ days: Math.max(0, start + step) });
          const expected = day.toZonedDateTime(zone).epochMilliseconds;
          expect(startOfDay(day.toString(), zone), `${day.toString()} ${zone}`).toBe(expected);
          expect(startOfDay(day.subtract({ days: 1 }).toString(), zone, 1), `the day before ${day.toString()} ${zone}`).toBe(expected);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('where midnight comes twice, the first one counts, although the second fits what was found for other days', () => {
  // Names that no other test asks for. Newfoundland went back from 00:01 to 23:01, Cuba from 01:00 to 00:00, Beirut forward from 00:00 to 01:00.
  const starts = (zone: string, days: readonly string[]): readonly string[] =>
    ['2010-07-15', '2010-01-15', ...days].map((day) => new Date(startOfDay(day, zone)).toISOString().slice(5, 16)).slice(2);
  expect(starts('Canada/Newfoundland', ['2010-11-07', '2010-11-06', '2010-11-08'])).toEqual(['11-07T02:30', '11-06T02:30', '11-08T03:30']);
  expect(starts('Cuba', ['2010-10-31', '2010-10-30', '2010-11-01'])).toEqual(['10-31T04:00', '10-30T04:00', '11-01T05:00']);
  expect(starts('asia/beirut', ['2010-03-28', '2010-03-27', '2010-03-29'])).toEqual(['03-27T22:00', '03-26T22:00', '03-28T21:00']);
});
