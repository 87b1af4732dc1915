import type { AstSignature } from '../ast.ts';
import { isNativeFunction, type NativeFunction } from '../engine/definitions.ts';
import { createSequence, finish, type Value } from './sequence.ts';
import { enterCall, state, takeSteps, timestampOf } from './state.ts';

/** How jsonata marks its functions. */
export const lambdaMark = '_jsonata_lambda';
export const functionMark = '_jsonata_function';

/** A call in tail position: returned instead of made, run by the loop in `call`. */
export class TailCall {
  readonly procedure: Value;
  readonly args: readonly Value[];

  constructor(procedure: Value, args: readonly Value[]) {
    this.procedure = procedure;
    this.args = args;
  }
}

/** A function written in JSONata. Looks to the reference's built-in functions as a function does. */
export class Lambda {
  readonly arity: number;
  readonly body: (...args: Value[]) => Value;
  readonly signature: AstSignature | undefined;
  /** The context in which it was made. */
  readonly context: Value;
  declare readonly _jsonata_lambda: true;

  constructor(arity: number, body: (...args: Value[]) => Value, signature: AstSignature | undefined, context: Value) {
    this.arity = arity;
    this.body = body;
    this.signature = signature;
    this.context = context;
  }

  /** How built-in functions call what they are given. */
  apply(_self: unknown, args: readonly Value[]): Value {
    return call(this, args, this.context);
  }
}
Object.defineProperty(Lambda.prototype, lambdaMark, { value: true });

/** Compiled code cannot say what the reference would: the record goes there. */
export class Unsupported extends Error {}

export function isFunction(value: Value): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && (value[lambdaMark] === true || value[functionMark] === true);
}

export function arityOf(value: Value): number {
  if (typeof value.arity === 'number') return value.arity;
  if (typeof value.implementation === 'function') return value.implementation.length;
  if (typeof value.length === 'number') return value.length;
  throw new Unsupported('a function of unknown arity');
}

/** Functions reach the functions they are passed to as closures that call them without a context. */
function wrapArgument(value: Value): Value {
  return typeof value === 'string' || !isFunction(value) ? value : closureOf(value);
}

function closureOf(target: Value): Value {
  const closure = (...args: Value[]): Value => call(target, args, null);
  return Object.assign(closure, { arity: arityOf(target) });
}

/** `this` of the reference's built-in functions and of registered ones. */
function focusOf(context: Value): object {
  return { environment, input: context, createSequence };
}

/** The same for every call: what differs is asked of the evaluation that runs. */
const environment = Object.freeze({
  get timestamp(): Date {
    return timestampOf();
  },
  lookup: (): never => {
    throw new Unsupported('a function looks into its environment');
  },
});

/** Applies a function to arguments as `$f(…)` does, tail calls included. */
function call(procedure: Value, args: readonly Value[], context: Value): Value {
  const depth = state.depth;
  let result = applyOnce(procedure, args, context);
  while (result instanceof TailCall) result = applyOnce(result.procedure, result.args, context);
  state.depth = depth;
  return result;
}

function applyOnce(procedure: Value, args: readonly Value[], context: Value): Value {
  if (procedure instanceof Lambda) {
    const depth = state.depth;
    enterCall();
    const checked = procedure.signature === undefined ? args : procedure.signature.validate(args, context);
    const result = procedure.body(...checked);
    state.depth = depth;
    return result;
  }
  if (isNativeFunction(procedure)) return callNative(procedure, args, context);
  if (typeof procedure === 'function') return checkResult(Reflect.apply(procedure, context, args));
  throw new Unsupported('a call of something that is no function');
}

/** A built-in or registered function with its argument check. */
function callNative(native: NativeFunction, args: readonly Value[], context: Value): Value {
  takeSteps(1);
  const checked = native.signature === undefined ? args : native.signature.validate(args, context);
  return checkResult(native.implementation.apply(focusOf(context), [...checked]));
}

/** The same, written `$f(…)` in an expression: arguments that are functions become closures. */
export function callNamed(native: NativeFunction, args: readonly Value[], context: Value): Value {
  return callNative(native, args.map(wrapArgument), context);
}

/** `value ~> $f(…)`: the value itself is passed as it is. */
export function callPiped(native: NativeFunction, args: readonly Value[], context: Value): Value {
  if (isFunction(args[0])) throw new Unsupported('a function on the left side of ~>');
  return callNamed(native, args, context);
}

/** The same where the function is any value. */
export function callApplied(procedure: Value, [value, ...rest]: readonly Value[], context: Value): Value {
  return call(procedure, [value, ...rest.map(wrapArgument)], context);
}

/** What a registered function gave, finished as every node is. */
export function registeredResult(value: Value): Value {
  return typeof value !== 'object' || value === null ? value : finish(checkResult(value));
}

/** In tail position arguments stay raw, and a context that would be needed is not known here. */
export function callInTail(native: NativeFunction, args: readonly Value[]): Value {
  const none = new Unsupported('the context of a tail call');
  const checked = native.signature === undefined ? args : native.signature.validate(args, none);
  if (checked.includes(none)) throw none;
  return checkResult(native.implementation.apply(focusOf(undefined), [...checked]));
}

/** `$f(…)` where $f is any value. */
export function callValue(procedure: Value, args: readonly Value[], context: Value): Value {
  return call(procedure, args.map(wrapArgument), context);
}

/** Promises and iterators are the reference's to unpack. Objects may carry no ordinary prototype. */
function checkResult(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.then === 'function' || (typeof value.next === 'function' && Symbol.iterator in value))
    throw new Unsupported('a promise or an iterator');
  state.made = true;
  return value;
}

/** The mark for an argument left open. */
export const open = Symbol('?');

/** `f(1, ?)`: a function of the arguments left open. */
export function applyPartially(procedure: Value, args: readonly Value[], _context: Value): Value {
  if (procedure instanceof Lambda) return fill(procedure.arity, args, procedure.body, procedure.context);
  if (isNativeFunction(procedure)) {
    const { implementation, signature } = procedure;
    const body = (...all: Value[]): Value => {
      // Arguments are passed unchecked. What does not fit fails or not by what JavaScript makes of it, and of objects without
      // a prototype the reference's makes something else than ours.
      signature?.validate(all, undefined);
      return checkResult(implementation.apply(focusOf(undefined), all));
    };
    return fill(parametersOf(implementation), args, body, undefined);
  }
  throw new Unsupported('a partial call of something that is no function');
}

function fill(parameters: number, args: readonly Value[], body: (...all: Value[]) => Value, context: Value): Lambda {
  const given = Array.from({ length: parameters }, (_, index) => args[index]);
  const opened = given.filter((argument) => argument === open).length;
  return new Lambda(
    opened,
    (...rest) => {
      let next = 0;
      return body(...given.map((argument) => (argument === open ? rest[next++] : argument)));
    },
    undefined,
    context,
  );
}

/** How many parameters a JavaScript function declares, read from its text as the reference reads them. */
function parametersOf(implementation: object): number {
  const declared: unknown = Reflect.get(implementation, 'parameters');
  if (typeof declared === 'number') return declared;
  const list = /\(([^)]*)\)/.exec(Function.prototype.toString.call(implementation))?.[1]?.split(',') ?? [];
  if (!list.every((name) => /^\s*[A-Za-z_]\w*\s*$/.test(name)))
    throw new Unsupported('a partial call of a function with unusual parameters');
  return list.length;
}

/** `value ~> f` where f is no call. */
export function applyTo(value: Value, procedure: Value): Value {
  if (!isFunction(procedure)) throw new Unsupported('~> to something that is no function');
  if (!isFunction(value)) return call(procedure, [value], null);
  const [first, second] = [value, procedure];
  return new Lambda(1, (x) => new TailCall(second, [finish(call(first, [wrapArgument(x)], null))]), undefined, null);
}
