import { Temporal } from 'temporal-polyfill';
import { maskValue } from '../../domain/masking.ts';
import { failFunction, readInteger, readText } from './arguments.ts';
import { readPlainDate } from './dates.ts';
import type { FunctionDeclaration } from './declaration.ts';
import { formatTokens, readFormat, type FormatToken } from './dotnet/date-format.ts';
import { parseExact } from './dotnet/date-parse.ts';
import { addDays, addMonths, daysBetween, monthsBetween, readPlainDay, writePlainDay } from './plain-days.ts';
import { formatOffset, resolveZone } from './zones.ts';

const units = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;
type Unit = (typeof units)[number];

function readUnit(value: unknown, functionName: string): Unit {
  const text = readText(value, functionName, 'unit')?.replace(/s$/, '');
  return (
    units.find((unit) => unit === text) ?? failFunction('JSN-506', functionName, `unit must be one of ${units.join(', ')}, also with s`)
  );
}

const instantForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** An instant of ISO 8601 with an offset, in the zone, or in its own offset if none is stated. JSN-502 for anything else. */
function readInstant(text: string, zone: string | undefined, functionName: string): Temporal.ZonedDateTime {
  const offset = instantForm.exec(text)?.[1];
  if (offset === undefined) {
    // Says what is wrong with a date that is none; any other text is no date either.
    readPlainDate(text, functionName);
  }
  const resolved = resolveZone(zone ?? offset ?? 'UTC', functionName);
  try {
    return Temporal.Instant.from(text).toZonedDateTimeISO(resolved);
  } catch {
    return failFunction('JSN-502', functionName, `${maskValue(text)} has the form of an instant but is none`);
  }
}

/** `2026-10-01T08:00:00+02:00`, with milliseconds only where there are any. */
function writeInstant(value: Temporal.ZonedDateTime): string {
  const wall = value.toPlainDateTime().toString({ smallestUnit: value.millisecond === 0 ? 'second' : 'millisecond' });
  return wall + formatOffset(value.offsetNanoseconds);
}

function isTimeUnit(unit: Unit): unit is 'hour' | 'minute' | 'second' {
  return unit === 'hour' || unit === 'minute' || unit === 'second';
}

function addToDate(date: unknown, amountValue: unknown, unitValue: unknown, zone: unknown): string | undefined {
  const text = readText(date, 'dateAdd', 'date');
  const amount = readInteger(amountValue, 'dateAdd', 'amount');
  const unit = readUnit(unitValue, 'dateAdd');
  if (text === undefined || amount === undefined) return undefined;
  const plain = readPlainDay(text);
  if (plain === undefined) return moveInstant(text, amount, unit, zone);
  if (isTimeUnit(unit)) return failFunction('JSN-506', 'dateAdd', `a date has no ${unit}s; give an instant with an offset`);
  const moved =
    unit === 'day' || unit === 'week'
      ? addDays(plain, unit === 'week' ? 7 * amount : amount)
      : addMonths(plain, unit === 'year' ? 12 * amount : amount);
  return moved.year >= 0 && moved.year <= 9999 ? writePlainDay(moved) : failRange();
}

function failRange(): never {
  return failFunction('JSN-502', 'dateAdd', 'the result is not within the years 0 to 9999');
}

function moveInstant(text: string, amount: number, unit: Unit, zone: unknown): string {
  const instant = readInstant(text, readText(zone, 'dateAdd', 'zone'), 'dateAdd');
  try {
    return writeInstant(instant.add(Temporal.Duration.from({ [`${unit}s`]: amount })));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failRange();
  }
}

function countBetween(from: unknown, to: unknown, unitValue: unknown, zoneValue: unknown): number | undefined {
  const unit = readUnit(unitValue, 'dateDiff');
  const zone = readText(zoneValue, 'dateDiff', 'zone');
  const first = readText(from, 'dateDiff', 'from');
  const second = readText(to, 'dateDiff', 'to');
  if (first === undefined || second === undefined) return undefined;
  const [firstDay, secondDay] = [readPlainDay(first), readPlainDay(second)];
  if (firstDay !== undefined && secondDay !== undefined) {
    if (isTimeUnit(unit))
      return failFunction('JSN-506', 'dateDiff', `two dates have no ${unit}s between them; give instants with an offset`);
    if (unit === 'day' || unit === 'week') return Math.trunc(daysBetween(firstDay, secondDay) / (unit === 'week' ? 7 : 1)) + 0;
    return Math.trunc(monthsBetween(firstDay, secondDay) / (unit === 'year' ? 12 : 1)) + 0;
  }
  if (firstDay !== undefined || secondDay !== undefined) {
    const fix = 'Make a date of the instant with $dateOf(value, zone), or an instant of the date with $dateTime(value, zone).';
    readInstant(firstDay === undefined ? first : second, zone, 'dateDiff');
    return failFunction('JSN-501', 'dateDiff', 'a date and an instant have no distance', fix);
  }
  const start = readInstant(first, zone, 'dateDiff');
  const end = readInstant(second, zone, 'dateDiff').withTimeZone(start.timeZoneId);
  return start.until(end, { largestUnit: unit })[`${unit}s`] + 0;
}

function readTokens(format: unknown, functionName: string): { readonly format: string; readonly tokens: readonly FormatToken[] } {
  const text = readText(format, functionName, 'format') ?? '';
  const tokens = readFormat(text);
  if (tokens === undefined) return failFunction('JSN-506', functionName, `${JSON.stringify(text)} is not a date format`);
  return { format: text, tokens };
}

/** A form to read dates from must hold a day, a month and a year, or the missing ones would be made up. */
function checkInputFormat(format: string, tokens: readonly FormatToken[]): string {
  const letters = new Set(tokens.flatMap((token) => (token.kind === 'field' ? [token.letter] : [])));
  if (letters.has('y') && letters.has('M') && letters.has('d')) return format;
  return failFunction('JSN-506', 'parseDate', `${JSON.stringify(format)} does not read day, month and year`);
}

const exactly = { leadingWhite: true, trailingWhite: true, innerWhite: false };
const offsetFields = 'zK';

function parseDate(value: unknown, formats: unknown): string | undefined {
  const text = readText(value, 'parseDate', 'text');
  const list = (Array.isArray(formats) ? formats : [formats]).map((format: unknown) => readTokens(format, 'parseDate'));
  for (const { format, tokens } of list) {
    checkInputFormat(format, tokens);
    if (tokens.some((token) => token.kind === 'field' && offsetFields.includes(token.letter))) {
      failFunction('JSN-506', 'parseDate', 'a format with an offset gives an instant, not a date; read ISO 8601 with $dateOf(value, zone)');
    }
  }
  if (text === undefined || text.trim() === '') return undefined;
  for (const { format } of list) {
    const parsed = parseExact(text, format, exactly);
    if (parsed !== undefined) return new Date(parsed.milliseconds).toISOString().slice(0, 10);
  }
  return failFunction(
    'JSN-502',
    'parseDate',
    `${maskValue(text)} (${String(text.length)} characters) is no date of the form ${list.map(({ format }) => format).join(' or ')}`,
  );
}

const zone = {
  name: 'zone',
  summary: 'IANA name or offset in which an instant is read; its own offset if left out',
  optional: true,
} as const;
const date = { name: 'date', summary: 'a date `YYYY-MM-DD`, or an instant of ISO 8601 with an offset' } as const;
const unit = { name: 'unit', summary: `one of ${units.join(', ')}, also with s` } as const;
const formatWords =
  'in the letters of .NET: `d dd` day, `M MM MMM MMMM` month, `yy yyyy` year, `H HH` hour, `m mm` minute, `s ss` second, `ddd dddd` weekday, text in single quotes';

export const calendarFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'dateAdd',
    signature: '<(sl)(nl)s(sl)?:s>',
    group: 'dates',
    purity: 'pure',
    summary:
      'The date or instant moved by a number of units, in the form in which it came. A month that is too short takes its last day. Days of an instant are days of the calendar in the zone, hours are elapsed ones. Nothing for nothing.',
    parameters: [date, { name: 'amount', summary: 'how many; may be negative' }, unit, zone],
    implementation: () => addToDate,
    examples: [
      { expression: '$dateAdd("2026-11-22", -14, "days")', result: '2026-11-08' },
      { expression: '$dateAdd("2024-01-31", 1, "month")', result: '2024-02-29' },
      { expression: '$dateAdd("2026-10-24T12:00:00+02:00", 1, "day", "Europe/Berlin")', result: '2026-10-25T12:00:00+01:00' },
      { expression: '$dateAdd("2026-10-24T12:00:00+02:00", 24, "hours", "Europe/Berlin")', result: '2026-10-25T11:00:00+01:00' },
      { expression: '$dateAdd("2026-11-22", 1, "hour")', fails: 'JSN-506' },
    ],
  },
  {
    name: 'dateDiff',
    signature: '<(sl)(sl)s(sl)?:n>',
    group: 'dates',
    purity: 'pure',
    summary:
      'How many whole units lie between two dates or two instants, positive if the second is later. Nothing if one of them is nothing.',
    parameters: [{ ...date, name: 'from' }, { ...date, name: 'to' }, unit, zone],
    implementation: () => countBetween,
    examples: [
      { expression: '$dateDiff("2026-11-22", "2026-12-01", "days")', result: 9 },
      { expression: '$dateDiff("2000-02-29", $today(), "years")', result: 26 },
      { expression: '$dateDiff("2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00", "hours")', result: 25 },
      { expression: '$dateDiff("2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00", "days", "Europe/Berlin")', result: 1 },
      { expression: '$dateDiff("2026-10-24", "2026-10-25T12:00:00Z", "days")', fails: 'JSN-501' },
    ],
  },
  {
    name: 'parseDate',
    signature: '<(sl)x:s>',
    group: 'dates',
    purity: 'pure',
    summary: `A date in a stated form as \`YYYY-MM-DD\`; with a list of forms the first that fits. The form is written ${formatWords}. Month names are English. Nothing for nothing and for blank text; text of another form is an error.`,
    parameters: [
      { name: 'text', summary: 'the date as it is stored' },
      { name: 'format', summary: 'its form, or a list of forms' },
    ],
    implementation: () => parseDate,
    examples: [
      { expression: '$parseDate("1.10.2026", "d.M.yyyy")', result: '2026-10-01' },
      { expression: '$parseDate("20261001", ["dd/MM/yyyy", "yyyyMMdd"])', result: '2026-10-01' },
      { expression: '$parseDate("01-OCT-26", "dd-MMM-yy")', result: '2026-10-01' },
      { expression: '$parseDate("31.02.2026", "dd.MM.yyyy")', fails: 'JSN-502' },
      { expression: '$parseDate("10/2026", "MM/yyyy")', fails: 'JSN-506' },
      { expression: '$parseDate(" ", "dd.MM.yyyy")', result: null },
    ],
  },
  {
    name: 'formatDate',
    signature: '<(sl)s:s>',
    group: 'dates',
    purity: 'pure',
    summary: `A date \`YYYY-MM-DD\` in another form, ${formatWords}. Names are English.`,
    parameters: [
      { name: 'date', summary: 'a date `YYYY-MM-DD`' },
      { name: 'format', summary: 'the form' },
    ],
    implementation: () => (value, format) => {
      const { tokens } = readTokens(format, 'formatDate');
      const text = readText(value, 'formatDate', 'date');
      if (text === undefined) return undefined;
      const plain = readPlainDate(text, 'formatDate');
      return formatTokens({ milliseconds: plain.toZonedDateTime('UTC').epochMilliseconds, ticks: 0, kind: 'unspecified' }, tokens);
    },
    examples: [
      { expression: '$formatDate("2026-10-01", "dd.MM.yyyy")', result: '01.10.2026' },
      { expression: '$formatDate("2026-10-01", "dddd, d MMMM yyyy")', result: 'Thursday, 1 October 2026' },
    ],
  },
  {
    name: 'dateOf',
    signature: '<(sl)(sl)?:s>',
    group: 'dates',
    purity: 'pure',
    summary: 'The calendar date of an instant in a zone, or in the offset of the instant itself. A date stays what it is.',
    parameters: [{ name: 'instant', summary: 'ISO 8601 with an offset' }, zone],
    implementation: () => (value, zoneName) => {
      const text = readText(value, 'dateOf', 'instant');
      if (text === undefined) return undefined;
      const inZone = readText(zoneName, 'dateOf', 'zone');
      return readPlainDay(text) === undefined ? readInstant(text, inZone, 'dateOf').toPlainDate().toString() : text;
    },
    examples: [
      { expression: '$dateOf("2026-10-31T23:30:00Z", "Europe/Berlin")', result: '2026-11-01' },
      { expression: '$dateOf("2026-10-31T23:30:00Z")', result: '2026-10-31' },
      { expression: '$dateOf("2026-10-31")', result: '2026-10-31' },
      { expression: '$dateOf("31.10.2026")', fails: 'JSN-502' },
    ],
  },
  {
    name: 'endOfDay',
    signature: '<(sl)(sl)?:s>',
    group: 'dates',
    purity: 'pure',
    summary:
      'The last second of a day as ISO 8601 with offset, for a last working day that counts to its end. Takes a date `YYYY-MM-DD`; UTC unless a zone is stated.',
    parameters: [
      { name: 'date', summary: 'a date `YYYY-MM-DD`' },
      { name: 'zone', summary: 'IANA name or offset; UTC if left out', optional: true },
    ],
    implementation: () => (value, zoneName) => {
      const text = readText(value, 'endOfDay', 'date');
      if (text === undefined) return undefined;
      const resolved = resolveZone(readText(zoneName, 'endOfDay', 'zone') ?? 'UTC', 'endOfDay');
      const next = readPlainDate(text, 'endOfDay').add({ days: 1 }).toZonedDateTime(resolved);
      return writeInstant(next.subtract({ seconds: 1 }));
    },
    examples: [
      { expression: '$endOfDay("2026-10-31", "Europe/Berlin")', result: '2026-10-31T23:59:59+01:00' },
      { expression: '$endOfDay("2026-10-31")', result: '2026-10-31T23:59:59+00:00' },
    ],
  },
];
