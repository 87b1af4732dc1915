import { Unsupported, arityOf } from './functions.ts';
import { isTruthy } from './operators.ts';
import { setMember } from './constructors.ts';
import { createSequence, type Value } from './sequence.ts';
import { mergeSort } from './sort.ts';
import { takeSteps } from './state.ts';

/** A built-in function that takes functions: asynchronous in the reference, with the same parameters here. */
type Focus = unknown;

function argumentsFor(callback: Value, value: Value, position: Value, whole: Value): Value[] {
  const arity = arityOf(callback);
  if (arity >= 3) return [value, position, whole];
  return arity >= 2 ? [value, position] : [value];
}

function invoke(callback: Value, focus: Focus, args: readonly Value[]): Value {
  // A built-in function in tail position arrives without apply(), and the reference fails on it.
  if (typeof callback.apply !== 'function') throw new Unsupported('a function that cannot be applied');
  takeSteps(1);
  return callback.apply(focus, args);
}

function map(this: Focus, items: Value, callback: Value): Value {
  if (items === undefined) return undefined;
  const result = createSequence();
  for (let index = 0; index < items.length; index += 1) {
    const value = invoke(callback, this, argumentsFor(callback, items[index], index, items));
    if (value !== undefined) result.push(value);
  }
  return result;
}

function filter(this: Focus, items: Value, callback: Value): Value {
  if (items === undefined) return undefined;
  const result = createSequence();
  for (let index = 0; index < items.length; index += 1) {
    const item: Value = items[index];
    if (isTruthy(invoke(callback, this, argumentsFor(callback, item, index, items)))) result.push(item);
  }
  return result;
}

function single(this: Focus, items: Value, callback: Value): Value {
  if (items === undefined) return undefined;
  const found: Value[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const item: Value = items[index];
    const fits = callback === undefined || isTruthy(invoke(callback, this, argumentsFor(callback, item, index, items)));
    if (fits && found.push(item) > 1) throw new Unsupported('more than one');
  }
  if (found.length === 0) throw new Unsupported('none');
  return found[0];
}

function reduce(this: Focus, items: Value, callback: Value, initial: Value): Value {
  if (items === undefined) return undefined;
  const arity = arityOf(callback);
  if (arity < 2) throw new Unsupported('a reducer of one parameter');
  const fromFirst = initial === undefined && items.length > 0;
  let result: Value = fromFirst ? items[0] : initial;
  for (let index = fromFirst ? 1 : 0; index < items.length; index += 1) {
    const args = [result, items[index]];
    if (arity >= 3) args.push(index);
    if (arity >= 4) args.push(items);
    result = invoke(callback, this, args);
  }
  return result;
}

function each(this: Focus, object: Value, callback: Value): Value {
  const result = createSequence();
  for (const name of namesOfObject(object)) {
    const value = invoke(callback, this, argumentsFor(callback, object[name], name, object));
    if (value !== undefined) result.push(value);
  }
  return result;
}

function sift(this: Focus, object: Value, callback: Value): Value {
  const result: Record<string, Value> = {};
  for (const name of namesOfObject(object)) {
    const member: Value = object[name];
    if (isTruthy(invoke(callback, this, argumentsFor(callback, member, name, object)))) setMember(result, name, member);
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function sort(this: Focus, items: Value, comparator: Value): Value {
  if (items === undefined) return undefined;
  if (items.length <= 1) return items;
  if (comparator !== undefined) {
    // Called as a plain function: a lambda in tail position is none.
    if (typeof comparator !== 'function') throw new Unsupported('a comparator that cannot be called');
    return mergeSort(items, (a, b) => (takeSteps(1), comparator(a, b)));
  }
  const type = typeof items[0];
  if (
    (type !== 'string' && type !== 'number') ||
    items.some((item: Value) => typeof item !== type || Number.isNaN(item) || item === Infinity || item === -Infinity)
  ) {
    throw new Unsupported('items that have no order');
  }
  return mergeSort(items, (a, b) => a > b);
}

function namesOfObject(object: Value): string[] {
  return typeof object === 'object' && object !== null ? Object.keys(object) : [];
}

/** By name, called with the focus of the reference as `this`. */
export const iteration = { map, filter, single, reduce, each, sift, sort };
