import { Unsupported, isFunction } from './functions.ts';
import { createSequence, type Sequence, type Value } from './sequence.ts';
import { plainSize, type Sized } from '../engine/plain.ts';
import { LimitError } from '../errors.ts';
import { state, takeCopies } from './state.ts';

/** Compiled code never names an error: it throws this, and the reference says what is wrong and where. */
function refuse(): never {
  throw new Unsupported('an operand of a wrong type');
}

function isNumber(value: Value): value is number {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  return Number.isFinite(value) || refuse();
}

function numeric(left: Value, right: Value, operate: (left: number, right: number) => number): Value {
  if (left !== undefined && !isNumber(left)) refuse();
  if (right !== undefined && !isNumber(right)) refuse();
  return left === undefined || right === undefined ? undefined : operate(left, right);
}

export const add = (left: Value, right: Value): Value => numeric(left, right, (a, b) => a + b);
export const subtract = (left: Value, right: Value): Value => numeric(left, right, (a, b) => a - b);
export const multiply = (left: Value, right: Value): Value => numeric(left, right, (a, b) => a * b);
export const divide = (left: Value, right: Value): Value => numeric(left, right, (a, b) => a / b);
export const remainder = (left: Value, right: Value): Value => numeric(left, right, (a, b) => a % b);

export function negate(value: Value): Value {
  if (value === undefined) return undefined;
  return isNumber(value) ? -value : refuse();
}

/** Both are texts, both numbers, or one is nothing; everything else the reference refuses. */
function comparable(left: Value, right: Value): boolean {
  const [a, b] = [typeof left, typeof right];
  if (a === b && (a === 'string' || a === 'number')) return true;
  if (a === 'undefined' && (b === 'undefined' || b === 'string' || b === 'number')) return false;
  if (b === 'undefined' && (a === 'string' || a === 'number')) return false;
  return refuse();
}

export const less = (left: Value, right: Value): Value => (comparable(left, right) ? left < right : undefined);
export const lessOrEqual = (left: Value, right: Value): Value => (comparable(left, right) ? left <= right : undefined);
export const greater = (left: Value, right: Value): Value => (comparable(left, right) ? left > right : undefined);
export const greaterOrEqual = (left: Value, right: Value): Value => (comparable(left, right) ? left >= right : undefined);

export function equals(left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return false;
  return left === right || (typeof left === 'object' && typeof right === 'object' && deepEquals(left, right));
}

export function differs(left: Value, right: Value): boolean {
  return left !== undefined && right !== undefined && !equals(left, right);
}

/** Arrays by items, objects by own names, whatever else by identity. Marks of sequences are not compared. */
function deepEquals(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => deepEquals(item, right[index]));
  }
  // An array against an object, or something that is no JSON: the reference compares every own name, `length` included.
  if (Array.isArray(left) || Array.isArray(right) || isFunction(left) || isFunction(right)) return refuse();
  const names = Object.getOwnPropertyNames(left);
  const others = Object.getOwnPropertyNames(right);
  return names.length === others.length && names.every((name) => Object.hasOwn(right, name) && deepEquals(left[name], right[name]));
}

export function includes(left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return false;
  return Array.isArray(right) ? right.some((item) => item === left) : right === left;
}

/** Whether a condition holds. */
export function isTruthy(value: Value): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return false;
  if (typeof value === 'number') return isNumber(value) && value !== 0;
  return typeof value === 'object' && isTruthyObject(value);
}

function isTruthyObject(value: object & Sized): boolean {
  if (Array.isArray(value)) {
    if (value.length === 1) return isTruthy(value[0]);
    // The reference looks at every item, and one of them can be an infinity that it refuses.
    return value.filter((item) => isTruthy(item)).length > 0;
  }
  return !isFunction(value) && (value[plainSize] ?? Object.keys(value).length) > 0;
}

/** What `&` makes of an operand. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return stringOf(value);
}

/** $string of anything but nothing. */
export function stringOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return 'null';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse();
    return JSON.stringify(Number.isInteger(value) ? value : Number(value.toPrecision(15)));
  }
  if (isFunction(value)) return '';
  const target = Array.isArray(value) && (value as Sequence).outerWrapper === true ? value[0] : value;
  const text = JSON.stringify(target, (_name, member: unknown) => {
    if (typeof member === 'number') return isNumber(member) && !Number.isInteger(member) ? Number(member.toPrecision(15)) : member;
    return isFunction(member) ? '' : member;
  });
  return typeof text === 'string' ? text : refuse();
}

export function range(from: Value, to: Value): Value {
  if (from !== undefined && !Number.isInteger(from)) refuse();
  if (to !== undefined && !Number.isInteger(to)) refuse();
  if (from === undefined || to === undefined || from > to) return undefined;
  const size = to - from + 1;
  if (size > 1e7) refuse();
  takeCopies(size);
  if (size > state.maxOutput) throw new LimitError('output', state.maxOutput);
  const items = createSequence();
  for (let item = from; item <= to; item += 1) items.push(item);
  return items;
}
