import { Unsupported } from './functions.ts';
import type { Closure } from './paths.ts';
import { isSequence, type Value } from './sequence.ts';
import { state, takeCopies, takeSteps } from './state.ts';

/** Adds a member of an array constructor: arrays add their items, nothing adds nothing. */
export function appendTo(target: Value[], value: Value): void {
  if (value === undefined) return;
  if (Array.isArray(value)) {
    takeCopies(value.length);
    for (const item of value) target.push(item);
  } else target.push(value);
}

/** An array constructor that is a step: it is not flattened into the path. */
export function markConstructed(array: Value[]): Value[] {
  Object.defineProperty(array, 'cons', { value: true, enumerable: false, configurable: false });
  state.made = true;
  return array;
}

/** The reference's $append: a value or an array, followed by another. */
function append(first: Value, second: Value): Value {
  if (first === undefined) return second;
  if (second === undefined) return first;
  const joined = [...(Array.isArray(first) ? first : [first]), ...(Array.isArray(second) ? second : [second])];
  takeCopies(joined.length);
  return joined;
}

/**
 * The reference writes a member into an empty array that it groups over. Wherever that array can be seen again, in the
 * input or in a value made before, only the reference (which is given a copy of the input) can show what becomes of it.
 */
function refuseEmpty(input: readonly Value[]): void {
  if (input.length === 0 && !isSequence(input)) throw new Unsupported('a grouping of an empty array');
}

/** The context of the values of an object constructor with literal names over an array: all its items together. */
export function joinedContext(context: Value): Value {
  if (!Array.isArray(context)) return context;
  refuseEmpty(context);
  let joined: Value = context[0];
  for (let index = 1; index < context.length; index += 1) joined = append(joined, context[index]);
  return joined;
}

/** `{…}` with computed names, and `path{…}`: one member per name, its value over all items that gave the name. */
export function groupBy(input: Value, pairs: readonly (readonly [Closure, Closure])[]): Value {
  let items: readonly Value[] = Array.isArray(input) ? input : [input];
  refuseEmpty(items);
  if (items.length === 0) items = [undefined];
  const groups = new Map<string, { data: Value; readonly pair: number }>();
  takeSteps(items.length * pairs.length);
  for (const item of items) {
    for (const [pair, [keyOf]] of pairs.entries()) {
      const key: unknown = keyOf(item);
      if (key === undefined) continue;
      if (typeof key !== 'string' || key === '_jsonata_lambda' || key === '_jsonata_function')
        throw new Unsupported('a name that is not allowed');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { data: item, pair });
      else if (group.pair === pair) group.data = append(group.data, item);
      else throw new Unsupported('two definitions of one name');
    }
  }
  const result: Record<string, Value> = {};
  for (const [key, { data, pair }] of groups) {
    const value: Value = pairs[pair]?.[1](data);
    if (value !== undefined) setMember(result, key, value);
  }
  return result;
}

export function setMember(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}
