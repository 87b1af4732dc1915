import type { NativeFunction } from '../engine/definitions.ts';
import { sequenceOf } from './builder.ts';
import * as type from './code.ts';
import { can, finishedCode, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import type { Place } from './scope.ts';

interface Parameter {
  readonly letter: string;
  readonly optional: boolean;
  readonly context: boolean;
}

/** The parameters of a simple signature (`<s-n?:s>`); undefined when it has arrays of a type, choices or repetitions. */
function parametersOf(definition: string): readonly Parameter[] | undefined {
  const list = definition.slice(1).split(':')[0]?.replace(/>$/, '') ?? '';
  if (!/^(?:[snbojx][-?]?)*$/.test(list)) return undefined;
  return (list.match(/[a-z][-?]?/g) ?? []).map((written) => ({
    letter: written.charAt(0),
    optional: written.endsWith('?'),
    context: written.endsWith('-'),
  }));
}

/** Whether fewer arguments than parameters can make the signature insert the context. */
export function canFillContext(native: NativeFunction, given: number): boolean {
  const definition = native.signature?.definition;
  if (definition === undefined || !definition.includes('-')) return false;
  const mandatory =
    definition
      .replace(/:.*$/, '')
      .replaceAll(/<[^<>]*>/g, '')
      .replaceAll(/\([^)]*\)/g, 'x')
      .match(/[a-z](?!\?)/g)?.length ?? 0;
  return given < mandatory;
}

/** Whether a function looks at its `this`, the focus of the reference; arrow functions and bound ones cannot. */
export function usesThis(implementation: (...args: any[]) => unknown): boolean {
  return /\bthis\b|\barguments\b/.test(Function.prototype.toString.call(implementation));
}

/** A test that the value of `ref` fits a letter, as text; undefined when every value of the type fits. */
export function fits(letter: string, ref: string, valueType: type.Type): string | undefined {
  const [bits, test] = letterTests[letter] ?? [0, 'false'];
  if (!can(valueType, type.anything & ~(bits | type.nothing))) return undefined;
  const written = test.replaceAll('$', ref);
  return can(valueType, type.nothing) ? `(${written}||${ref}===undefined)` : written;
}

/** The types that a letter of a signature stands for. */
export function typesOf(letter: string): type.Type {
  return letterTests[letter]?.[0] ?? 0;
}

const letterTests: Readonly<Record<string, readonly [type.Type, string]>> = {
  s: [type.text, 'typeof $==="string"'],
  n: [type.number, 'typeof $==="number"'],
  b: [type.boolean, 'typeof $==="boolean"'],
  o: [type.object, 'isPlainObject($)'],
  j: [type.anything & ~type.fn, '!isFunction($)'],
  x: [type.anything & ~type.fn, '!isFunction($)'],
};

/** A registered function called directly when the arguments fit its signature; else the reference's check decides. */
export function directRegistered(emitter: Emitter, native: NativeFunction, args: readonly Code[], place: Place): Code | undefined {
  const { builder } = emitter;
  if (usesThis(native.implementation)) return undefined;
  const definition = native.signature?.definition;
  const parameters =
    definition === undefined ? args.map(() => ({ letter: 'x', optional: false, context: false })) : parametersOf(definition);
  const mandatory = parameters?.filter((parameter) => !parameter.optional).length ?? 0;
  if (parameters === undefined || args.length > parameters.length || args.length < mandatory) return undefined;
  if (args.some((piece, index) => !can(piece.type, type.nothing | typesOf(parameters[index]?.letter ?? 'x')))) return undefined;
  const firsts: (string | undefined)[] = [];
  const refs = args.map((piece) => {
    const { first, ref } = builder.hold(place, piece);
    firsts.push(first);
    return ref;
  });
  const tests = parameters.flatMap((parameter, index) => {
    const [ref, piece] = [refs[index], args[index]];
    const test = ref === undefined || piece === undefined ? undefined : fits(parameter.letter, ref, piece.type);
    return test === undefined ? [] : [test];
  });
  for (const name of ['isPlainObject', 'isFunction']) if (tests.some((test) => test.includes(name))) builder.use(name);
  // What the signature leaves out is passed as nothing, as the reference passes it.
  const passed = parameters.map((_, index) => refs[index] ?? 'undefined');
  const direct = `${builder.use('registeredResult')}(${builder.constant(native.implementation)}(${passed.join(',')}))`;
  if (tests.length === 0) return finishedCode(sequenceOf([...firsts, direct]), type.anything);
  const checked = `${builder.use('finish')}(${builder.use('callNamed')}(${builder.constant(native)},[${refs.join(',')}],${place.context.text}))`;
  return finishedCode(sequenceOf([...firsts, `(${tests.join('&&')}?${direct}:${checked})`]), type.anything);
}
