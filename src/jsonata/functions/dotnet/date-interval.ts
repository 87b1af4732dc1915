import { readOption } from '../arguments.ts';

/** The intervals of DateAdd and DateDiff; `q`, `y` and `w` are documented for Connect Sync only. */
export const intervals = ['yyyy', 'q', 'm', 'y', 'd', 'w', 'ww', 'h', 'n', 's'] as const;
export type Interval = (typeof intervals)[number];

/** The code in any case, as Visual Basic reads it. JSN-506 for another one. */
export function readInterval(code: string | undefined, functionName: string): Interval {
  return readOption(code?.toLowerCase() ?? '', intervals, functionName, 'interval') ?? 'd';
}

const secondLength = 1000;
const minuteLength = 60 * secondLength;
const hourLength = 60 * minuteLength;
const dayLength = 24 * hourLength;

/** The instant moved, in milliseconds; months and years keep the day of the month, or take the last one of a shorter month. */
export function addInterval(interval: Interval, count: number, instant: number): number {
  switch (interval) {
    case 'yyyy':
      return addMonths(instant, count * 12);
    case 'q':
      return addMonths(instant, count * 3);
    case 'm':
      return addMonths(instant, count);
    case 'ww':
      return instant + count * 7 * dayLength;
    case 'h':
      return instant + count * hourLength;
    case 'n':
      return instant + count * minuteLength;
    case 's':
      return instant + count * secondLength;
    case 'y':
    case 'd':
    case 'w':
      break;
  }
  return instant + count * dayLength;
}

function addMonths(instant: number, count: number): number {
  const date = new Date(instant);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + count;
  const moved = new Date(instant);
  moved.setUTCFullYear(Math.floor(month / 12), ((month % 12) + 12) % 12, 1);
  const lastDay = new Date(moved);
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0);
  moved.setUTCDate(Math.min(date.getUTCDate(), lastDay.getUTCDate()));
  return moved.getTime();
}

/** How many intervals the second instant is after the first, by the rules of VB.NET's DateDiff. */
export function countIntervals(interval: Interval, first: number, second: number): number {
  const elapsed = (length: number): number => Math.trunc((second - first) / length) + 0;
  switch (interval) {
    case 'yyyy':
      return new Date(second).getUTCFullYear() - new Date(first).getUTCFullYear();
    case 'q':
      return Math.floor(monthOf(second) / 3) - Math.floor(monthOf(first) / 3);
    case 'm':
      return monthOf(second) - monthOf(first);
    case 'ww':
      return weekOf(second) - weekOf(first);
    case 'w':
      return elapsed(7 * dayLength);
    case 'h':
      return elapsed(hourLength);
    case 'n':
      return elapsed(minuteLength);
    case 's':
      return elapsed(secondLength);
    case 'y':
    case 'd':
      break;
  }
  return elapsed(dayLength);
}

function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Weeks start on Sunday; 1970-01-01 was a Thursday. */
function weekOf(instant: number): number {
  return Math.floor((Math.floor(instant / dayLength) + 4) / 7);
}
