import { dayNames, monthNames, readFormat, type DateTimeValue, type FormatLetter, type FormatToken } from './date-format.ts';
import { composeDateTime } from './date-value.ts';

/** DateTimeStyles of .NET that change what is accepted; the host is in UTC, so the Assume and Adjust styles change nothing else. */
export interface ParseStyles {
  readonly leadingWhite: boolean;
  readonly trailingWhite: boolean;
  readonly innerWhite: boolean;
}

interface Reading {
  year: number | undefined;
  month: number | undefined;
  day: number | undefined;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
  afternoon: boolean | undefined;
  twelveHours: boolean;
  offset: number | undefined;
  zulu: boolean;
  weekday: number | undefined;
}

/** Two-digit years up to this one are in the present century: the setting of current .NET for English. */
const twoDigitYearMax = 49;

/**
 * Text read exactly in a .NET format, as DateTime.ParseExact does, with one leniency: `hh` and `HH` also take one digit, because
 * Microsoft's own guides read `7:00:00 AM` with `hh`. Undefined when the text does not have the form, when the day does not
 * exist, or when no date is in it. A written offset is applied: the value is in UTC.
 */
export function parseExact(text: string, format: string, styles: ParseStyles): DateTimeValue | undefined {
  const tokens = readFormat(format);
  if (tokens === undefined) return undefined;
  let input = text;
  if (styles.leadingWhite) input = input.trimStart();
  if (styles.trailingWhite) input = input.trimEnd();
  const reading: Reading = {
    year: undefined,
    month: undefined,
    day: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: '',
    afternoon: undefined,
    twelveHours: false,
    offset: undefined,
    zulu: false,
    weekday: undefined,
  };
  let position = 0;
  for (const [index, token] of tokens.entries()) {
    if (styles.innerWhite) while (/\s/.test(input.charAt(position))) position++;
    const next =
      token.kind === 'literal'
        ? readLiteral(input, position, token.text, styles.innerWhite)
        : readField(input, position, token, tokens[index + 1], reading);
    if (next === undefined) return undefined;
    position = next;
  }
  return position === input.length ? compose(reading, tokens) : undefined;
}

function readLiteral(input: string, position: number, text: string, innerWhite: boolean): number | undefined {
  if (innerWhite && text.trim() === '') return position;
  return input.startsWith(text, position) ? position + text.length : undefined;
}

function compose(reading: Reading, tokens: readonly FormatToken[]): DateTimeValue | undefined {
  let { hour } = reading;
  if (reading.twelveHours) {
    if (hour < 1 || hour > 12) return undefined;
    if (reading.afternoon !== undefined) hour = (hour % 12) + (reading.afternoon ? 12 : 0);
  }
  const hasDate = tokens.some((token) => token.kind === 'field' && 'yMd'.includes(token.letter));
  // A time alone: .NET takes today's date. The year 1 shows that there was none; whoever formats a date from it is refused.
  const { year = hasDate ? undefined : 1, month = 1, day = 1, minute, second, fraction, offset } = reading;
  if (year === undefined) return undefined;
  const kind = reading.zulu ? 'utc' : offset === undefined ? 'unspecified' : 'local';
  const value = composeDateTime({ year, month, day, hour, minute, second, fraction, offset, kind });
  if (value === undefined || reading.weekday === undefined) return value;
  const wall = new Date(value.milliseconds + (offset ?? 0) * 60_000);
  return wall.getUTCDay() === reading.weekday ? value : undefined;
}

/** The length of the digits at the position, between the two bounds, or undefined. */
function digitsAt(input: string, position: number, least: number, most: number): string | undefined {
  let end = position;
  while (end < position + most && input.charAt(end) >= '0' && input.charAt(end) <= '9' && end < input.length) end++;
  return end - position >= least ? input.slice(position, end) : undefined;
}

function nameAt(
  input: string,
  position: number,
  names: readonly string[],
  length: number | undefined,
): { index: number; end: number } | undefined {
  for (const [index, name] of names.entries()) {
    const expected = (length === undefined ? name : name.slice(0, length)).toLowerCase();
    if (input.slice(position, position + expected.length).toLowerCase() === expected) return { index, end: position + expected.length };
  }
  return undefined;
}

type Field = Extract<FormatToken, { kind: 'field' }>;

/** Only where no digit field follows at once may `hh` be one digit long; `HHmmss` needs its two. */
function isFollowedByDigits(next: FormatToken | undefined): boolean {
  return next !== undefined && (next.kind === 'field' ? 'dMyhHmsfF'.includes(next.letter) : /^\d/.test(next.text));
}

function readNumber(letter: FormatLetter, digits: string, reading: Reading): void {
  const value = Number(digits);
  if (letter === 'd') reading.day = value;
  else if (letter === 'M') reading.month = value;
  else if (letter === 'm') reading.minute = value;
  else if (letter === 's') reading.second = value;
  else {
    reading.hour = value;
    reading.twelveHours = letter === 'h';
  }
}

function readField(input: string, position: number, token: Field, next: FormatToken | undefined, reading: Reading): number | undefined {
  const { letter, count } = token;
  switch (letter) {
    case 'd':
    case 'M': {
      if (count <= 2) break;
      const found = nameAt(input, position, letter === 'd' ? dayNames : monthNames, count === 3 ? 3 : undefined);
      if (found === undefined) return undefined;
      if (letter === 'd') reading.weekday = found.index;
      else reading.month = found.index + 1;
      return found.end;
    }
    case 'y': {
      const digits = digitsAt(input, position, count === 1 ? 1 : count, count <= 2 ? 2 : Math.max(count, 4));
      if (digits === undefined) return undefined;
      const value = Number(digits);
      reading.year = count > 2 ? value : value <= twoDigitYearMax ? 2000 + value : 1900 + value;
      return position + digits.length;
    }
    case 'f':
    case 'F': {
      const digits = digitsAt(input, position, letter === 'f' ? count : 0, count);
      if (digits === undefined) return undefined;
      reading.fraction = digits;
      return position + digits.length;
    }
    case 't': {
      const mark = input.charAt(position).toUpperCase();
      if ((mark !== 'A' && mark !== 'P') || (count > 1 && input.charAt(position + 1).toUpperCase() !== 'M')) return undefined;
      reading.afternoon = mark === 'P';
      return position + (count > 1 ? 2 : 1);
    }
    case 'z':
      return readOffset(input, position, count, reading);
    case 'K': {
      if (input.charAt(position) !== 'Z')
        return '+-'.includes(input.charAt(position) || 'x') ? readOffset(input, position, 3, reading) : position;
      reading.zulu = true;
      return position + 1;
    }
    case 'g': {
      const era = /^A\.?D\.?/i.exec(input.slice(position));
      return era === null ? undefined : position + era[0].length;
    }
    case 'h':
    case 'H':
    case 'm':
    case 's':
      break;
  }
  const lenient = count === 1 || ((letter === 'h' || letter === 'H') && !isFollowedByDigits(next));
  const digits = digitsAt(input, position, lenient ? 1 : 2, 2);
  if (digits === undefined) return undefined;
  readNumber(letter, digits, reading);
  return position + digits.length;
}

function readOffset(input: string, position: number, count: number, reading: Reading): number | undefined {
  if (input.charAt(position) === 'Z') {
    reading.zulu = true;
    return position + 1;
  }
  const pattern = count === 1 ? /^([+-])(\d{1,2})/ : count === 2 ? /^([+-])(\d{2})/ : /^([+-])(\d{1,2}):?(\d{2})/;
  const match = pattern.exec(input.slice(position));
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? '0');
  if (minutes > 14 * 60) return undefined;
  reading.offset = match[1] === '-' ? -minutes : minutes;
  return position + match[0].length;
}
