/**
 * A row as one line of text, as PostgreSQL's COPY writes it in text format; the other sources write the same form. Facts: PostgreSQL documentation, COPY, "Text Format".
 */

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};
const unescapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Values to a line without its line feed; null is SQL NULL. */
export function encodeLine(values: readonly (string | null)[]): string {
  return values.map((value) => (value === null ? '\\N' : escapeValue(value))).join('\t');
}

function escapeValue(value: string): string {
  return /[\b\f\n\r\t\v\\]/.test(value) ? value.replaceAll(/[\b\f\n\r\t\v\\]/g, (character) => escapes[character] ?? character) : value;
}

/** The values of a line. */
export function splitLine(line: string): (string | null)[] {
  const parts: (string | null)[] = line.split('\t');
  if (!line.includes('\\')) return parts;
  return parts.map((part) => (part === null ? null : decodeValue(part)));
}

/** One value of a line, by its index from 0, without taking the others apart. */
export function valueOfLine(line: string, index: number): string | null {
  let start = 0;
  for (let passed = 0; passed < index; passed++) {
    const tab = line.indexOf('\t', start);
    if (tab === -1) return null;
    start = tab + 1;
  }
  return valueAt(line, start);
}

/** The value that begins at an offset of a line. */
export function valueAt(line: string, start: number): string | null {
  const end = line.indexOf('\t', start);
  return decodeValue(end === -1 ? line.slice(start) : line.slice(start, end));
}

function decodeValue(part: string): string | null {
  if (part === '\\N') return null;
  if (!part.includes('\\')) return part;
  return part.replaceAll(/\\(.)/gs, (_whole, character: string) => unescapes[character] ?? character);
}
