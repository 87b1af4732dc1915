import type { Json } from '../domain/canonical-json.ts';

export type JsonObject = { readonly [name: string]: Json };

/** True for JSON objects, false for arrays and null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A member that the object itself has; inherited names such as `constructor` are not members. */
export function memberOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function textMember(object: JsonObject, name: string): string | undefined {
  const value = memberOf(object, name);
  return typeof value === 'string' ? value : undefined;
}

/** The value of a JSON text, undefined if it is none. A byte order mark is none. */
export function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** A percent-encoded text decoded; one that is not well-formed stays as it is. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** UTF-8 or nothing: a client that sends another encoding is told, not guessed at. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The body of a request as a JSON object; undefined if it is none. */
export function readBody(bytes: Uint8Array): JsonObject | undefined {
  const text = decodeUtf8(bytes);
  const body = text === undefined ? undefined : parseJson(text);
  return isObject(body) ? body : undefined;
}
