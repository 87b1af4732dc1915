/**
 * Custom and standard date formats of .NET (invariant English names, en-US patterns, host in UTC, as the provisioning service
 * behaves). Facts: the shared function reference, marks [.NET].
 */

/** A calendar date with a time of day; `kind` decides only what `K` writes. */
export interface DateTimeValue {
  /** The wall clock read as if it were UTC, milliseconds since 1970-01-01; whole. */
  readonly milliseconds: number;
  /** What is below the millisecond, in ticks of 100 ns: 0 to 9999. */
  readonly ticks: number;
  readonly kind: 'unspecified' | 'utc' | 'local';
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

export type FormatLetter = 'd' | 'M' | 'y' | 'h' | 'H' | 'm' | 's' | 'f' | 'F' | 't' | 'z' | 'K' | 'g';
export type FormatToken =
  { readonly kind: 'field'; readonly letter: FormatLetter; readonly count: number } | { readonly kind: 'literal'; readonly text: string };

const letters = 'dMyhHmsfFtzKg';

function isFormatLetter(letter: string): letter is FormatLetter {
  return letter.length === 1 && letters.includes(letter);
}

/** What the one-letter formats stand for in en-US. */
const standardFormats: Readonly<Record<string, string>> = {
  d: 'M/d/yyyy',
  D: 'dddd, MMMM d, yyyy',
  f: 'dddd, MMMM d, yyyy h:mm tt',
  F: 'dddd, MMMM d, yyyy h:mm:ss tt',
  g: 'M/d/yyyy h:mm tt',
  G: 'M/d/yyyy h:mm:ss tt',
  m: 'MMMM d',
  M: 'MMMM d',
  o: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  O: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  r: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  R: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  s: "yyyy-MM-dd'T'HH:mm:ss",
  t: 'h:mm tt',
  T: 'h:mm:ss tt',
  u: "yyyy-MM-dd HH:mm:ss'Z'",
  U: 'dddd, MMMM d, yyyy h:mm:ss tt',
  y: 'MMMM yyyy',
  Y: 'MMMM yyyy',
};

const tokenLists = new Map<string, readonly FormatToken[] | undefined>();

/** The tokens of a format, or undefined when it is none (open quote, backslash at the end, `%` alone, unknown one-letter format). */
export function readFormat(format: string): readonly FormatToken[] | undefined {
  if (tokenLists.has(format)) return tokenLists.get(format);
  const expanded = format.length === 1 ? standardFormats[format] : format;
  const tokens = expanded === undefined || expanded === '' ? undefined : splitFormat(expanded);
  if (tokenLists.size > 500) tokenLists.clear();
  tokenLists.set(format, tokens);
  return tokens;
}

function splitFormat(format: string): readonly FormatToken[] | undefined {
  const tokens: FormatToken[] = [];
  let index = 0;
  while (index < format.length) {
    const letter = format.charAt(index);
    if (isFormatLetter(letter)) {
      let end = index + 1;
      while (format.charAt(end) === letter) end++;
      if ((letter === 'f' || letter === 'F') && end - index > 7) return undefined;
      tokens.push({ kind: 'field', letter, count: end - index });
      index = end;
    } else if (letter === '"' || letter === "'") {
      const end = format.indexOf(letter, index + 1);
      if (end < 0) return undefined;
      tokens.push({ kind: 'literal', text: format.slice(index + 1, end) });
      index = end + 1;
    } else if (letter === '\\') {
      if (index + 1 === format.length) return undefined;
      tokens.push({ kind: 'literal', text: format.charAt(index + 1) });
      index += 2;
    } else if (letter === '%') {
      const next = format.charAt(index + 1);
      if (next === '' || next === '%') return undefined;
      index++;
    } else {
      tokens.push({ kind: 'literal', text: letter });
      index++;
    }
  }
  return tokens;
}

/** The text of a date in a format of `readFormat`. */
export function formatTokens(value: DateTimeValue, tokens: readonly FormatToken[]): string {
  const date = new Date(value.milliseconds);
  let out = '';
  for (const token of tokens) {
    if (token.kind === 'literal') out += token.text;
    else if (token.letter === 'F') {
      const fraction = fractionOf(value, token.count).replace(/0+$/, '');
      // .NET drops the point before a fraction that is zero.
      out = fraction === '' && out.endsWith('.') ? out.slice(0, -1) : out + fraction;
    } else out += formatField(value, date, token.letter, token.count);
  }
  return out;
}

function fractionOf(value: DateTimeValue, digits: number): string {
  const ticks = ((value.milliseconds % 1000) + 1000) % 1000;
  return (String(ticks).padStart(3, '0') + String(value.ticks).padStart(4, '0')).slice(0, digits);
}

function padded(value: number, count: number): string {
  return count === 1 ? String(value) : String(value).padStart(2, '0');
}

function formatField(value: DateTimeValue, date: Date, letter: Exclude<FormatLetter, 'F'>, count: number): string {
  const hour = date.getUTCHours();
  switch (letter) {
    case 'd': {
      const name = dayNames[date.getUTCDay()] ?? '';
      return count <= 2 ? padded(date.getUTCDate(), count) : count === 3 ? name.slice(0, 3) : name;
    }
    case 'M': {
      const name = monthNames[date.getUTCMonth()] ?? '';
      return count <= 2 ? padded(date.getUTCMonth() + 1, count) : count === 3 ? name.slice(0, 3) : name;
    }
    case 'y': {
      const year = date.getUTCFullYear();
      return count <= 2 ? padded(year % 100, count) : String(year).padStart(count, '0');
    }
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12, count);
    case 'H':
      return padded(hour, count);
    case 'm':
      return padded(date.getUTCMinutes(), count);
    case 's':
      return padded(date.getUTCSeconds(), count);
    case 'f':
      return fractionOf(value, count);
    case 't':
      return (hour < 12 ? 'AM' : 'PM').slice(0, count === 1 ? 1 : 2);
    case 'z':
      return count === 1 ? '+0' : count === 2 ? '+00' : '+00:00';
    case 'K':
      return value.kind === 'utc' ? 'Z' : value.kind === 'local' ? '+00:00' : '';
    case 'g':
      break;
  }
  return 'A.D.';
}
