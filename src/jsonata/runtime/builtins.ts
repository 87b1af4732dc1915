import { builtinNames, readDefinitions, type NativeFunction } from '../engine/definitions.ts';
import { callNamed } from './functions.ts';
import { formatMillis, millisOf, millisOfDate, type Picture } from './dates.ts';
import { iteration } from './iteration.ts';
import { matching } from './matching.ts';
import type { Value } from './sequence.ts';
import { state, takeSteps, timestampOf } from './state.ts';
import { LimitError } from '../errors.ts';

const definitions = readDefinitions(builtinNames);
const dates = definitions.get('fromMillis');

/** Ours in place of the reference's asynchronous ones, and of those that read the clock. Parameters are the same in number. */
const replaced: Readonly<Record<string, NativeFunction['implementation']>> = {
  ...iteration,
  ...matching,
  now(this: unknown, picture: Value, zone: Value): Value {
    return dates?.implementation.call(this, timestampOf().getTime(), picture, zone);
  },
  millis: () => timestampOf().getTime(),
  pad(this: unknown, text: Value, width: Value, char: Value): Value {
    if (Math.abs(width) > state.maxOutput) throw new LimitError('output', state.maxOutput);
    return definitions.get('pad')?.implementation.call(this, text, width, char);
  },
};

/** Built-in functions by name, as compiled code uses them. `eval` is missing: it parses at run time. */
export const builtins: ReadonlyMap<string, NativeFunction> = new Map(
  [...definitions]
    .filter(([name]) => name !== 'eval')
    .map(([name, definition]) => [name, { ...definition, implementation: replaced[name] ?? definition.implementation }]),
);

/** `<(oa):o>`, which jsonata gives to transforms. */
export const transformTemplate: NativeFunction = readDefinitions(['transform'], {
  transform: { implementation: (value: Value): Value => value, signature: '<(oa):o>' },
}).get('transform') ?? { _jsonata_function: true, implementation: (value: Value): Value => value };

/** Direct forms for arguments whose types were tested in the generated code. */
export function trimText(text: string): string {
  const joined = /[ \t\n\r]/.test(text) ? text.replaceAll(/[ \t\n\r]+/g, ' ') : text;
  const start = joined.charCodeAt(0) === 32 ? 1 : 0;
  const end = joined.length > start && joined.charCodeAt(joined.length - 1) === 32 ? joined.length - 1 : joined.length;
  return start === 0 && end === joined.length ? joined : joined.slice(start, end);
}

/** Characters are code points; a text without surrogates is cut by code units. */
const surrogates = /[\uD800-\uDFFF]/;

export function substringText(text: string, start: number, length: number | undefined): string {
  if (surrogates.test(text)) return slicePoints(Array.from(text), start, length).join('');
  const from = text.length + start < 0 ? 0 : start;
  if (length === undefined) return text.slice(from);
  if (length <= 0) return '';
  return text.slice(from, from >= 0 ? from + length : text.length + from + length);
}

function slicePoints(points: readonly string[], start: number, length: number | undefined): readonly string[] {
  const from = points.length + start < 0 ? 0 : start;
  if (length === undefined) return points.slice(from);
  if (length <= 0) return [];
  return points.slice(from, from >= 0 ? from + length : points.length + from + length);
}

export function lengthOfText(text: string): number {
  return surrogates.test(text) ? Array.from(text).length : text.length;
}

export function textBefore(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(0, at);
}

export function textAfter(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(at + mark.length);
}

/** $join of an array of nothing but texts; undefined: the reference checks it. */
export function joinTexts(items: Value, separator: string): string | undefined {
  if (!Array.isArray(items)) return undefined;
  takeSteps(items.length);
  for (const item of items) if (typeof item !== 'string') return undefined;
  return items.join(separator);
}

export function parseDate(text: Value, native: NativeFunction, context: Value): Value {
  return (typeof text === 'string' ? millisOfDate(text) : undefined) ?? callNamed(native, [text], context);
}

export function parsePicture(text: Value, picture: Picture, written: string, native: NativeFunction, context: Value): Value {
  return (typeof text === 'string' ? millisOf(picture, text) : undefined) ?? callNamed(native, [text, written], context);
}

export function formatPicture(millis: Value, picture: Picture, written: string, native: NativeFunction, context: Value): Value {
  return (typeof millis === 'number' ? formatMillis(picture, millis) : undefined) ?? callNamed(native, [millis, written], context);
}
