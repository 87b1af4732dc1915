import type { DateTimeValue } from './date-format.ts';

export interface DateTimeParts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits after the decimal point, at most seven are used. */
  readonly fraction: string;
  /** What was written as offset, in minutes; undefined when none was. */
  readonly offset: number | undefined;
  readonly kind: DateTimeValue['kind'];
}

const firstMoment = Date.parse('0001-01-01T00:00:00Z');
const lastMoment = Date.parse('9999-12-31T23:59:59.999Z');

/** Years 1 to 9999, what a DateTime of .NET holds. */
export function isInRange(milliseconds: number): boolean {
  return milliseconds >= firstMoment && milliseconds <= lastMoment;
}

/** The value of the parts, converted to UTC where an offset was written; undefined when there is no such date or time. */
export function composeDateTime(parts: DateTimeParts): DateTimeValue | undefined {
  const { year, month, day, hour, minute, second } = parts;
  if (year < 1 || year > 9999 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = parts.fraction.padEnd(7, '0');
  const wall = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + Number(fraction.slice(0, 3));
  const milliseconds = wall - (parts.offset ?? 0) * 60_000;
  return isInRange(milliseconds) ? { milliseconds, ticks: Number(fraction.slice(3, 7)), kind: parts.kind } : undefined;
}
