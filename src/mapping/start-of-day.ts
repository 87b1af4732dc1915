import { Temporal } from 'temporal-polyfill';
import type { Instant } from '../domain/clock.ts';

const dayMilliseconds = 86_400_000;

/** What is known of the days of one zone. */
interface ZoneDays {
  /** Minutes between midnight of the calendar in UTC and the first moment of the day there, by day: two bytes for each day of a hundred years. */
  readonly minutes: Int16Array;
  /** Minutes that days of this zone had, the latest first: nearly every other day has one of them. */
  readonly tried: number[];
  readonly clock: Intl.DateTimeFormat;
}

/** Days repeat from worker to worker and each costs microseconds. No more zones than a company has, because rows are foreign. */
const zones = new Map<string, ZoneDays>();
const mostZones = 200;
const [firstKept, firstBeyond] = ['1970-01-01', '2070-01-01'];
const daysKept = Date.parse(firstBeyond) / dayMilliseconds;
const unknown = -32_768;
const mostTried = 4;

/** First moment of the day that lies some days after another, in a zone; where the clocks skip midnight, the moment after it. */
export function startOfDay(day: string, zone: string, days = 0): Instant {
  // Earlier years have offsets of seconds.
  const index = day >= firstKept && day < firstBeyond ? Date.parse(day) / dayMilliseconds + days : -1;
  if (index < 0 || index >= daysKept) return findStartOfDay(day, zone, days);
  const known = daysOf(zone);
  const midnight = index * dayMilliseconds;
  const kept = known.minutes[index] ?? unknown;
  if (kept !== unknown) return midnight + kept * 60_000;
  const guessed = known.tried.find((minutes) => isStart(known.clock, midnight, minutes));
  if (guessed !== undefined) {
    known.minutes[index] = guessed;
    return midnight + guessed * 60_000;
  }
  const instant = findStartOfDay(day, zone, days);
  const found = (instant - midnight) / 60_000;
  if (Number.isInteger(found)) {
    known.minutes[index] = found;
    if (!known.tried.includes(found)) known.tried.unshift(found);
    known.tried.length = Math.min(known.tried.length, mostTried);
  }
  return instant;
}

function findStartOfDay(day: string, zone: string, days: number): Instant {
  return Temporal.PlainDate.from(day).add({ days }).toZonedDateTime(zone).epochMilliseconds;
}

function daysOf(zone: string): ZoneDays {
  let known = zones.get(zone);
  if (known !== undefined) return known;
  if (zones.size >= mostZones) zones.clear();
  known = { minutes: new Int16Array(daysKept).fill(unknown), tried: [], clock: clockOf(zone) };
  zones.set(zone, known);
  return known;
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const [day, hour, minute, second] = ['numeric', 'numeric', 'numeric', 'numeric'] as const;
  return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', day, hour, minute, second });
}

/** Longer than any change of the clocks, and no zone has changed them twice within it. */
const lookBack = 26 * 3_600_000;
/** Made when it is first asked: a calendar takes Node some 20 ms. */
let universal: Intl.DateTimeFormat | undefined;
/** What a clock shows at midnight, and so long before it, by day of the month. */
const [atMidnight, before]: [string[], string[]] = [[], []];

/**
 * Whether the clocks of a zone show midnight so many minutes after it was midnight in UTC, and went evenly up to then: nothing earlier can be the first moment of that day. A fifth
 * of what finding it costs.
 */
function isStart(clock: Intl.DateTimeFormat, midnight: Instant, minutes: number): boolean {
  const at = midnight + minutes * 60_000;
  return clock.format(at) === shown(atMidnight, midnight) && clock.format(at - lookBack) === shown(before, midnight - lookBack);
}

function shown(texts: string[], at: Instant): string {
  universal ??= clockOf('UTC');
  return (texts[new Date(at).getUTCDate()] ??= universal.format(at));
}
