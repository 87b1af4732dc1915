import { monthNames, readFormat, formatTokens, type DateTimeValue } from './date-format.ts';
import { composeDateTime } from './date-value.ts';

/**
 * Dates without a stated format, as DateTime.Parse reads them in en-US: ISO 8601 (also with a blank instead of T, and a date with
 * nothing but an offset, `2020-03-16-07:00`), month-first with slashes or hyphens, English month names, RFC 1123.
 */
const time = String.raw`(?:[T ,]\s*(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?\s*(?<half>[AaPp][Mm])?)?`;
const zone = String.raw`\s*(?<zone>Z|z|GMT|UTC|[+-]\d{1,2}(?::?\d{2})?)?`;
const monthWord = String.raw`(?<name>[A-Za-z]{3,9})\.?`;
const weekday = String.raw`(?:(?:Sun|Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?)(?:day)?,?\s+)?`;
const isoForm = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})${time}${zone}$`);

const forms: readonly RegExp[] = [
  isoForm,
  new RegExp(String.raw`^(?<year>\d{4})/(?<month>\d{1,2})/(?<day>\d{1,2})${time}${zone}$`),
  new RegExp(String.raw`^(?<month>\d{1,2})([/.-])(?<day>\d{1,2})\2(?<year>\d{4}|\d{2})${time}${zone}$`),
  new RegExp(String.raw`^${weekday}${monthWord}\s+(?<day>\d{1,2}),?\s+(?<year>\d{4})${time}${zone}$`, 'i'),
  new RegExp(String.raw`^${weekday}(?<day>\d{1,2})[ -]${monthWord}[ -](?<year>\d{4})${time}${zone}$`, 'i'),
];

/** A date in any of the general forms; without an offset it counts as UTC. Undefined when it is none. */
export function parseGeneralDate(text: string): DateTimeValue | undefined {
  const trimmed = text.trim();
  for (const form of forms) {
    const groups = form.exec(trimmed)?.groups;
    if (groups !== undefined) return composeGroups(groups);
  }
  return undefined;
}

/** ISO 8601 only, also with a blank instead of T. Undefined when it is not. */
export function parseIsoDate(text: string): DateTimeValue | undefined {
  const groups = isoForm.exec(text.trim())?.groups;
  return groups === undefined || groups['half'] !== undefined ? undefined : composeGroups(groups);
}

function composeGroups(groups: Readonly<Record<string, string | undefined>>): DateTimeValue | undefined {
  const { year = '', name } = groups;
  const month = name === undefined ? Number(groups['month']) : readMonthName(name);
  if (month === undefined) return undefined;
  const century = year.length === 4 ? 0 : Number(year) <= 49 ? 2000 : 1900;
  let hour = Number(groups['hour'] ?? '0');
  const half = groups['half']?.toUpperCase();
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half === 'PM' ? 12 : 0);
  }
  const offset = readZone(groups['zone']);
  if (Number.isNaN(offset)) return undefined;
  return composeDateTime({
    year: century + Number(year),
    month,
    day: Number(groups['day']),
    hour,
    minute: Number(groups['minute'] ?? '0'),
    second: Number(groups['second'] ?? '0'),
    fraction: groups['fraction'] ?? '',
    offset,
    kind: 'utc',
  });
}

function readMonthName(name: string): number | undefined {
  const small = name.toLowerCase();
  const index = monthNames.findIndex((month) => month.toLowerCase() === small || month.slice(0, 3).toLowerCase() === small);
  return index < 0 ? undefined : index + 1;
}

/** Minutes ahead of UTC; NaN when there is no such offset. */
function readZone(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(text);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? '0');
  return minutes > 14 * 60 || Number(match[3] ?? '0') > 59 ? Number.NaN : match[1] === '-' ? -minutes : minutes;
}

const generalFormat = readFormat('M/d/yyyy h:mm:ss tt') ?? [];

/** `M/d/yyyy h:mm:ss tt`, the form in which DateTime values leave CDate, DateAdd, DateFromNum and Now. Seconds are cut, not rounded. */
export function formatGeneralDate(milliseconds: number): string {
  return formatTokens({ milliseconds: Math.floor(milliseconds), ticks: 0, kind: 'utc' }, generalFormat);
}
