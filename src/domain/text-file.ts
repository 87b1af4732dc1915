import { readFileSync } from 'node:fs';
import type { Place } from './place.ts';

/** Why bytes are not the text that somebody wrote, and where that shows first. Lines and columns count from 1. */
export interface Undecodable {
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The text of a file of UTF-8, without its byte order mark. Anything else is refused: read as UTF-8 all the same, a `ü` of windows-1252 would be another letter in everybody's
 * payload, and a list of UTF-16, as PowerShell's `>` writes it, would name nobody.
 */
export function decodeText(bytes: Uint8Array): string | Undecodable {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return at('it is UTF-16; save it as UTF-8', '');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return at('it is not UTF-8; save it as UTF-8', validBeginning(bytes));
  }
  const zero = text.indexOf('\0');
  return zero === -1 ? text : at('it holds a NUL character, which no text has; it may be UTF-16, so save it as UTF-8', text.slice(0, zero));
}

/** As `decodeText`, of a file. Throws as `readFileSync` does, and an Error with the place, for `undecodableOf`, where it is no UTF-8. */
export function readTextFile(path: string): string {
  const text = decodeText(readFileSync(path));
  if (typeof text === 'string') return text;
  const { reason, line, column } = text;
  throw Object.assign(new Error(reason), { line, column });
}

/** What is wrong with a file that `readTextFile` refused, and where; undefined for any other error. */
export function undecodableOf(error: unknown, file: string): { readonly reason: string; readonly place: Place } | undefined {
  if (!(error instanceof Error) || !('line' in error) || !('column' in error)) return undefined;
  const { message: reason, line, column } = error;
  return typeof line === 'number' && typeof column === 'number' ? { reason, place: { file, line, column } } : undefined;
}

function at(reason: string, before: string): Undecodable {
  const lines = before.split(/\r\n|\r|\n/);
  return { reason, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** What can be read before the first byte that does not fit. */
function validBeginning(bytes: Uint8Array): string {
  const read = (end: number): string | undefined => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
    } catch {
      return undefined;
    }
  };
  let [good, bad] = [0, bytes.length];
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (read(middle) === undefined) bad = middle - 1;
    else good = middle;
  }
  return read(good) ?? '';
}
