import type { Json } from '../domain/canonical-json.ts';
import { plainDigits } from './decimal.ts';

const suspicious = /\d{16}|\d[eE]|\d\.\d{12}/;
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** JSON to a value, and whether a number in it lost digits on the way. Throws SyntaxError for what is no JSON. */
export function parseJsonExactly(text: string): { readonly value: Json; readonly lossy: boolean } {
  const value: unknown = JSON.parse(text);
  return { value: asJson(value), lossy: suspicious.test(text) && hasLossyNumber(text) };
}

function hasLossyNumber(text: string): boolean {
  for (const [found] of text.matchAll(token)) {
    if (!found.startsWith('"') && plainDigits(String(Number(found))) !== plainDigits(found)) return true;
  }
  return false;
}

function asJson(value: unknown): Json {
  if (isJson(value)) return value;
  throw new SyntaxError('not JSON');
}

/** JSON.parse returns nothing else; the guard only tells the type checker. */
function isJson(value: unknown): value is Json {
  return value === null || ['boolean', 'number', 'string', 'object'].includes(typeof value);
}
