import { createHmac, hash } from 'node:crypto';
import { canonicalBytes } from './canonical-bytes.ts';
import { sortedNames } from './member-names.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * JSON with sorted member names (by UTF-16 code unit, as RFC 8785 orders them) and no white space: equal values give
 * equal text. Members that are undefined are left out, as JSON.stringify does; NaN and infinities are refused because
 * JSON.stringify would turn them into null, which means something else to the service.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return plainText.test(value) ? `"${value}"` : JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`not a JSON number: ${String(value)}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      text += `${index === 0 ? '' : ','}${item === undefined ? 'null' : canonicalJson(item)}`;
    }
    return `${text}]`;
  }
  if (isRecord(value)) {
    let text = '{';
    for (const name of sortedNames(value)) {
      const member = value[name];
      if (member === undefined) continue;
      if (text !== '{') text += ',';
      text += nameText(name);
      text += canonicalJson(member);
    }
    return `${text}}`;
  }
  throw new TypeError(`not a JSON value: ${typeof value}`);
}

/** Text in which JSON escapes nothing: no quote, backslash, control character or half of a surrogate pair. */
const plainText = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** Written names, each with its colon: a run writes the same few a million times. The bound only keeps a hostile payload from filling memory. */
const nameTexts = new Map<string, string>();

function nameText(name: string): string {
  const known = nameTexts.get(name);
  if (known !== undefined) return known;
  const text = `${canonicalJson(name)}:`;
  if (nameTexts.size < 2000 && name.length < 200) nameTexts.set(name, text);
  return text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** SHA-256 over canonical JSON, 64 lower-case hex digits. For evidence: plan hashes, payload hashes, mapping ids, journal. */
export function hashJson(value: unknown): string {
  return hashText(canonicalBytes(value));
}

/** SHA-256 of UTF-8 text or bytes, 64 lower-case hex digits. */
export function hashText(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex');
}

/**
 * A name for a personal id that can be compared but not reversed without the key: HMAC-SHA-256, 32 hex digits.
 * The journal holds these instead of worker ids.
 */
export function keyedHash(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}
