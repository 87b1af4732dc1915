import { compareKeys, type KeyOrder } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';

/**
 * A record: 16 hex digits of fingerprint, the key, a line feed. The form in which keys are compared, in memory and in the fingerprint file: nearly no key of a run ever becomes
 * text. In the key backslash, line breaks and lone surrogates stand as a backslash and four hex digits; different keys stay different.
 */
export interface KeyFingerprint {
  readonly key: ExternalId;
  readonly fingerprint: string;
}

/** Where the key begins in a record. */
export const digits = 16;
export const lineFeed = 0x0a;
const backslash = 0x5c;

/** SQL Server can store half a surrogate pair, which UTF-8 cannot. */
const special = /[\\\n\r]|\p{Surrogate}/gu;
/** Told without properties of Unicode, for nearly every key. */
const unspecial = /^[^\\\n\r\ud800-\udfff]*$/;

export function escapeKey(key: string): string {
  if (unspecial.test(key)) return key;
  return key.replaceAll(special, (character) => `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function unescapeKey(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\([0-9a-f]{4})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export function writeRecord({ key, fingerprint }: KeyFingerprint): string {
  return `${fingerprint}${escapeKey(key)}\n`;
}

/** The key of the record that begins at `start` and ends, with its line feed, before `end`. */
export function keyOfRecord(bytes: Buffer, start: number, end: number): ExternalId {
  return unescapeKey(bytes.toString('utf8', start + digits, end - 1));
}

export function fingerprintOfRecord(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, start + digits);
}

/** Part of a buffer: a record, or a key as records have it. */
export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** `compareKeys` of two keys as records have them, without making text of them where the bytes tell the order. */
export function compareKeyBytes(
  order: KeyOrder,
  left: Buffer,
  leftStart: number,
  leftEnd: number,
  right: Buffer,
  rightStart: number,
  rightEnd: number,
): number {
  const leftLength = leftEnd - leftStart;
  const rightLength = rightEnd - rightStart;
  const length = Math.min(leftLength, rightLength);
  let at = 0;
  let escaped = false;
  while (at < length) {
    const byte = left[leftStart + at];
    if (byte !== right[rightStart + at]) break;
    if (byte === backslash) escaped = true;
    at++;
  }
  if (at === length && leftLength === rightLength) return 0;
  if (!escaped) {
    if (order === 'integer') {
      if (isNatural(left, leftStart, leftEnd) && isNatural(right, rightStart, rightEnd)) {
        return leftLength === rightLength ? (left[leftStart + at] ?? 0) - (right[rightStart + at] ?? 0) : leftLength - rightLength;
      }
    } else {
      if (at === length) return leftLength - rightLength;
      const a = left[leftStart + at] ?? 0;
      const b = right[rightStart + at] ?? 0;
      // Above ASCII, UTF-16 has another order than UTF-8.
      if (a !== backslash && b !== backslash && (order === 'bytes' || a < 0x80 || b < 0x80)) return a - b;
    }
  }
  return compareKeys(
    order,
    unescapeKey(left.toString('utf8', leftStart, leftEnd)),
    unescapeKey(right.toString('utf8', rightStart, rightEnd)),
  );
}

/** A whole number without sign and leading zeros. */
function isNatural(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || (bytes[start] === 0x30 && end - start > 1)) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}
