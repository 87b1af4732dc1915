/**
 * Arithmetic of calendar dates written `YYYY-MM-DD`, without Temporal: workers have dates in every row, and Temporal takes some
 * microseconds for each. A law in the tests holds it to Temporal's results.
 */
const form = /^(\d{4})-(\d{2})-(\d{2})$/;
const dayLength = 86_400_000;
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export interface PlainDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The parts of the date; undefined when the text has another form or there is no such day. */
export function readPlainDay(text: string): PlainDay | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  return day.month >= 1 && day.month <= 12 && day.day >= 1 && day.day <= lengthOfMonth(day.year, day.month) ? day : undefined;
}

function lengthOfMonth(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (lengths[month - 1] ?? 0);
}

export function writePlainDay({ year, month, day }: PlainDay): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Days since 1970-01-01. */
function countDays({ year, month, day }: PlainDay): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / dayLength;
}

export function addDays(start: PlainDay, days: number): PlainDay {
  const date = new Date((countDays(start) + days) * dayLength);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** A month that is too short takes its last day. */
export function addMonths(start: PlainDay, months: number): PlainDay {
  const index = start.year * 12 + start.month - 1 + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  return { year, month, day: Math.min(start.day, lengthOfMonth(year, month)) };
}

export function daysBetween(first: PlainDay, second: PlainDay): number {
  return countDays(second) - countDays(first);
}

/** Whole months: a month is over when its day of the month is reached, also where that day does not exist. */
export function monthsBetween(first: PlainDay, second: PlainDay): number {
  const months = (second.year - first.year) * 12 + second.month - first.month;
  if (months > 0 && second.day < first.day) return months - 1;
  return months < 0 && second.day > first.day ? months + 1 : months;
}
