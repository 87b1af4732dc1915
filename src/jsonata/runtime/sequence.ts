import { state } from './state.ts';

/** Any value that flows through an expression: JSON, undefined for nothing, functions, marked arrays. */
export type Value = any;

/** jsonata marks the arrays that are results of paths; a marked array of one item stands for the item. */
export interface Sequence extends Array<Value> {
  sequence?: boolean;
  keepSingleton?: boolean;
  /** The input itself was an array: it is one item, not many. */
  outerWrapper?: boolean;
  /** Built by an array constructor inside a path: not flattened. */
  cons?: boolean;
}

export function createSequence(...items: Value[]): Sequence {
  const sequence: Sequence = items;
  sequence.sequence = true;
  state.made = true;
  return sequence;
}

export function isSequence(value: Value): value is Sequence {
  return typeof value === 'object' && value !== null && value.sequence === true && Array.isArray(value);
}

/** What the reference does at the end of every node: nothing for an empty sequence, the item for one of length 1. */
export function finish(value: Value): Value {
  return typeof value === 'object' && value !== null && value.sequence === true ? finishMarked(value) : value;
}

function finishMarked(value: Value): Value {
  if (!Array.isArray(value)) return value;
  const sequence: Sequence = value;
  if (sequence.length === 0) return undefined;
  return sequence.length === 1 && sequence.keepSingleton !== true ? sequence[0] : sequence;
}

/** The same for a node marked with `[]`. */
export function finishKeeping(value: Value): Value {
  if (!isSequence(value)) return value;
  value.keepSingleton = true;
  return value.length === 0 ? undefined : value;
}

/** A member read back through an object: a kept singleton is not kept. */
export function finishMember(value: Value): Value {
  if (typeof value !== 'object' || value === null || value.sequence !== true || !Array.isArray(value)) return value;
  return value.length > 1 ? value : value[0];
}

/** `$`: the input, where an array input was wrapped. */
export function contextOf(context: Value): Value {
  return finish(typeof context === 'object' && context !== null && context.outerWrapper ? context[0] : context);
}

/** The input as the first step sees it. */
export function wrapInput(input: Value): Value {
  if (!Array.isArray(input) || isSequence(input)) return input;
  const wrapped = createSequence(input);
  wrapped.outerWrapper = true;
  return wrapped;
}

/** Values of bindings by name, own members only; a marked array of the host is finished as every value is. */
export function readBindings(names: readonly string[], bindings: Value): readonly Value[] {
  if (names.length === 0 || bindings === undefined || bindings === null) return names.length === 0 ? none : names.map(() => undefined);
  const values: Value[] = [];
  for (const name of names) values.push(Object.hasOwn(bindings, name) ? finish(bindings[name]) : undefined);
  return values;
}

const none: readonly Value[] = Object.freeze([]);
