import { expect, test } from 'vitest';
import { dayIn } from './clock.ts';
import { isListedTimeZone } from './time-zone.ts';

test('every zone that is listed is one in which a day can be named', () => {
  const listed = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'GMT', 'Etc/UTC', 'Etc/GMT'];
  expect(listed.filter((zone) => !isListedTimeZone(zone))).toEqual([]);
  expect(listed.filter((zone) => !/^\d{4}-\d\d-\d\d$/.test(dayIn(zone, 0)))).toEqual([]);
  expect(['Europe/Atlantis', 'europe/berlin', '+01:00', ''].filter(isListedTimeZone)).toEqual([]);
});

test('the day of UTC is the same by its own way as by the calendar of another name for it', () => {
  for (const instant of [0, -1, 86_399_999, 86_400_000, Date.parse('2028-02-29T23:59:59.999Z')])
    expect(dayIn('UTC', instant)).toBe(dayIn('Africa/Abidjan', instant));
});
