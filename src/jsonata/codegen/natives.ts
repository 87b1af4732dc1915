import { pairsOf, type AstNode } from '../ast.ts';
import type { NativeFunction } from '../engine/definitions.ts';
import { readPicture } from '../runtime/dates.ts';
import { sequenceOf } from './builder.ts';
import * as type from './code.ts';
import { can, code, literalOf, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import { truth } from './operators.ts';
import { fits, typesOf } from './registered.ts';
import type { Place } from './scope.ts';

const maybe = (of: type.Type): type.Type => of | type.nothing;
const [texts, numbers, booleans] = [maybe(type.text), maybe(type.number), maybe(type.boolean)];

/** What built-in functions give, where that is never a marked array. */
export const resultTypes: Readonly<Record<string, type.Type>> = {
  sum: numbers,
  count: type.number,
  max: numbers,
  min: numbers,
  average: numbers,
  string: texts,
  substring: texts,
  substringBefore: texts,
  substringAfter: texts,
  lowercase: texts,
  uppercase: texts,
  length: numbers,
  trim: texts,
  pad: texts,
  contains: booleans,
  replace: texts,
  split: maybe(type.array),
  join: texts,
  formatNumber: texts,
  formatBase: texts,
  number: numbers,
  floor: numbers,
  ceil: numbers,
  round: numbers,
  abs: numbers,
  sqrt: numbers,
  power: numbers,
  random: type.number,
  boolean: booleans,
  not: booleans,
  exists: type.boolean,
  type: texts,
  base64encode: texts,
  base64decode: texts,
  encodeUrlComponent: texts,
  encodeUrl: texts,
  decodeUrlComponent: texts,
  decodeUrl: texts,
  toMillis: numbers,
  fromMillis: texts,
  now: texts,
  millis: type.number,
};

/** How a built-in function is written when its arguments fit: letters of the arguments, and the expression with $0, $1, $2. */
interface Direct {
  readonly letters: string;
  readonly write: string;
  readonly runtime?: readonly string[];
}

/** By name and number of arguments. None of the arguments is nothing here. */
const directs: Readonly<Record<string, Direct>> = {
  'lowercase/1': { letters: 's', write: '$0.toLowerCase()' },
  'uppercase/1': { letters: 's', write: '$0.toUpperCase()' },
  'trim/1': { letters: 's', write: 'trimText($0)', runtime: ['trimText'] },
  'length/1': { letters: 's', write: 'lengthOfText($0)', runtime: ['lengthOfText'] },
  'substring/2': { letters: 'sn', write: 'substringText($0,$1,undefined)', runtime: ['substringText'] },
  'substring/3': { letters: 'snn', write: 'substringText($0,$1,$2)', runtime: ['substringText'] },
  'substringBefore/2': { letters: 'ss', write: 'textBefore($0,$1)', runtime: ['textBefore'] },
  'substringAfter/2': { letters: 'ss', write: 'textAfter($0,$1)', runtime: ['textAfter'] },
  'contains/2': { letters: 'ss', write: '$0.includes($1)' },
};

/** A built-in function written without the reference's argument check where types allow; undefined: call it in general. */
export function directNative(
  emitter: Emitter,
  name: string,
  native: NativeFunction,
  args: readonly Code[],
  nodes: readonly (AstNode | undefined)[],
  place: Place,
): Code | undefined {
  const [first] = args;
  if (first === undefined) return undefined;
  const direct = directs[`${name}/${String(args.length)}`];
  if (direct !== undefined)
    return args.every((piece, index) => can(piece.type, typesOf(direct.letters.charAt(index))))
      ? tested(emitter, name, native, args, direct, place)
      : undefined;
  switch (`${name}/${String(args.length)}`) {
    case 'not/1':
      return unlessNothing(emitter, first, type.boolean, place, (piece) => `!(${truth(emitter.builder, piece)})`);
    case 'boolean/1':
      return unlessNothing(emitter, first, type.boolean, place, (piece) => `(${truth(emitter.builder, piece)})`);
    case 'exists/1':
      return code(`(${first.text}!==undefined)`, type.boolean);
    case 'string/1':
      return unlessNothing(emitter, first, type.text, place, (piece) => `${emitter.builder.use('textOf')}(${piece.text})`);
    case 'lookup/2':
      return directLookup(emitter, native, args, nodes, place);
    case 'join/2':
      return directJoin(emitter, native, args, nodes, place);
    case 'toMillis/1':
      return code(`${emitter.builder.use('parseDate')}(${first.text},${emitter.builder.constant(native)},${place.context.text})`, numbers);
    case 'toMillis/2':
      return withPicture(emitter, 'parsePicture', native, first, nodes[1], numbers, place);
    case 'fromMillis/2':
      return withPicture(emitter, 'formatPicture', native, first, nodes[1], texts, place);
    default:
      return undefined;
  }
}

function tested(emitter: Emitter, name: string, native: NativeFunction, args: readonly Code[], direct: Direct, place: Place): Code {
  const { builder } = emitter;
  const held = args.map((piece) => builder.hold(place, piece));
  const firsts = held.map(({ first }) => first);
  const refs = held.map(({ ref }) => ref);
  const tests = args.flatMap((piece, index) => {
    const ref = refs[index] ?? '';
    const certain = { ...piece, type: piece.type & ~type.nothing };
    const test = fits(direct.letters.charAt(index), ref, can(piece.type, type.nothing) ? type.anything & ~type.nothing : certain.type);
    return test === undefined ? [] : [test];
  });
  for (const used of direct.runtime ?? []) builder.use(used);
  const written = direct.write.replaceAll(/\$(\d)/g, (_, index: string) => refs[Number(index)] ?? '');
  const result = resultTypes[name] ?? type.anything;
  if (tests.length === 0) return code(sequenceOf([...firsts, written]), result & ~type.nothing);
  const general = `${builder.use('callNamed')}(${builder.constant(native)},[${refs.join(',')}],${place.context.text})`;
  return code(sequenceOf([...firsts, `(${tests.join('&&')}?${written}:${general})`]), result);
}

/** A function of any value that gives nothing for nothing. */
function unlessNothing(emitter: Emitter, argument: Code, result: type.Type, place: Place, write: (piece: Code) => string): Code {
  if (!can(argument.type, type.nothing)) return code(write(argument), result);
  const { first, ref } = emitter.builder.hold(place, argument);
  const present = { text: ref, type: argument.type & ~type.nothing };
  return code(sequenceOf([first, `(${ref}===undefined?undefined:${write(present)})`]), maybe(result));
}

/** `$lookup(table, key)`: a table of literals becomes a Map that no result can change; another one is read directly. */
function directLookup(
  emitter: Emitter,
  native: NativeFunction,
  args: readonly Code[],
  nodes: readonly (AstNode | undefined)[],
  place: Place,
): Code | undefined {
  const { builder } = emitter;
  const [table, key] = args;
  if (table === undefined || key === undefined) return undefined;
  const { first: firstKey, ref } = builder.hold(place, key);
  const constants = literalTable(nodes[0]);
  const general = (from: string): string =>
    `${builder.use('finish')}(${builder.use('callNamed')}(${builder.constant(native)},[${from},${ref}],${place.context.text}))`;
  if (constants !== undefined) {
    const map = builder.constant(constants);
    return code(
      sequenceOf([firstKey, `(typeof ${ref}==="string"?${map}.get(${ref}):${general(table.text)})`]),
      type.text | type.number | type.boolean | type.nullValue | type.nothing,
    );
  }
  const held = builder.hold(place, table);
  const looked = `(typeof ${ref}==="string"?${builder.use('lookupKey')}(${held.ref},${ref}):${general(held.ref)})`;
  return { text: sequenceOf([held.first, firstKey, looked]), type: type.anything, finished: table.finished === true };
}

/** An object constructor of distinct literal names and literal values that are no objects. */
function literalTable(node: AstNode | undefined): ReadonlyMap<string, unknown> | undefined {
  if (node?.type !== 'unary' || node.value !== '{' || node.predicate !== undefined || node.group !== undefined) return undefined;
  const table = new Map<string, unknown>();
  for (const [key, value] of pairsOf(node)) {
    const simple = (part: AstNode): boolean => part.predicate === undefined && part.group === undefined;
    const literal = (value.type === 'string' || value.type === 'number' || value.type === 'value') && simple(value);
    if (key.type !== 'string' || !simple(key) || !literal || typeof key.value !== 'string' || table.has(key.value)) return undefined;
    if (key.value.startsWith('_jsonata_')) return undefined;
    table.set(key.value, value.value);
  }
  return table;
}

function directJoin(
  emitter: Emitter,
  native: NativeFunction,
  args: readonly Code[],
  nodes: readonly (AstNode | undefined)[],
  place: Place,
): Code | undefined {
  const { builder } = emitter;
  const [items, separator] = args;
  if (items === undefined || separator === undefined || nodes[1]?.type !== 'string' || separator.type !== type.text) return undefined;
  const { first, ref } = builder.hold(place, items);
  const result = builder.local(place.scope);
  const general = `${builder.use('callNamed')}(${builder.constant(native)},[${ref},${separator.text}],${place.context.text})`;
  return code(
    sequenceOf([first, `(${result}=${builder.use('joinTexts')}(${ref},${separator.text}))===undefined?${general}:${result}`]),
    texts,
  );
}

function withPicture(
  emitter: Emitter,
  helper: string,
  native: NativeFunction,
  value: Code,
  pictureNode: AstNode | undefined,
  result: type.Type,
  place: Place,
): Code | undefined {
  const { builder } = emitter;
  if (pictureNode?.type !== 'string' || typeof pictureNode.value !== 'string' || pictureNode.predicate !== undefined) return undefined;
  const picture = readPicture(pictureNode.value);
  if (picture === undefined) return undefined;
  const parts = [value.text, builder.constant(picture), literalOf(pictureNode.value), builder.constant(native), place.context.text];
  return code(`${builder.use(helper)}(${parts.join(',')})`, result);
}
