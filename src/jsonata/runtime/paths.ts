import { Unsupported, isFunction } from './functions.ts';
import { isTruthy } from './operators.ts';
import { createSequence, finish, finishKeeping, isSequence, type Sequence, type Value } from './sequence.ts';
import { sortBy, type SortTerm } from './sort.ts';
import { takeSteps } from './state.ts';

export type Closure = (context: Value) => Value;

/** One step of a path that is not read inline. Closures are referred to by their index in the call's list. */
type StepPlan =
  | { readonly kind: 'name'; readonly name: string; readonly keep: boolean; readonly filters: readonly FilterPlan[] }
  | { readonly kind: 'value'; readonly closure: number; readonly array: boolean; readonly filters: readonly FilterPlan[] }
  | {
      readonly kind: 'sort';
      readonly terms: readonly { readonly descending: boolean; readonly closure: number }[];
      readonly filters: readonly FilterPlan[];
    };

/** A literal index, or a predicate. */
export type FilterPlan = { readonly index: number } | { readonly closure: number };

export interface PathPlan {
  readonly steps: readonly StepPlan[];
  /** The first step is a variable: an array context is then one item. */
  readonly absolute: boolean;
  readonly keep: boolean;
}

/** A name in a value of any kind; arrays give the sequence of their items' values. */
export function lookupName(value: Value, name: string): Value {
  if (Array.isArray(value)) {
    const found = createSequence();
    takeSteps(value.length);
    for (const item of value) {
      const member = lookupName(item, name);
      if (Array.isArray(member)) for (const part of member) found.push(part);
      else if (member !== undefined) found.push(member);
    }
    return found;
  }
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, name) && !isFunction(value)) return value[name];
  return undefined;
}

/** `name` in a context that may be anything, with the names that follow: `a.b.c`. */
export function namesOf(context: Value, names: readonly string[]): Value {
  return namesOver(Array.isArray(context) ? context : [context], names, 0);
}

/** The names from `first` on, over the value that the name before gave. */
export function namesFrom(value: Value, names: readonly string[], first: number): Value {
  return namesOver(Array.isArray(value) && (value as Sequence).cons !== true ? value : [value], names, first);
}

function namesOver(items: readonly Value[], names: readonly string[], first: number): Value {
  let input = items;
  for (let index = first; index < names.length; index += 1) {
    const name = names[index] ?? '';
    takeSteps(input.length);
    const values: Value[] = [];
    for (const item of input) {
      const value = finish(lookupName(item, name));
      if (value !== undefined) values.push(value);
    }
    input = flatten(values, index === names.length - 1);
    if (input.length === 0) break;
  }
  return finish(input);
}

/** Joins the values of one step. The only value of a last step stays the array that it is. */
function flatten(values: readonly Value[], last: boolean): Sequence {
  const [only] = values;
  if (last && values.length === 1 && Array.isArray(only) && !isSequence(only)) return only;
  const joined = createSequence();
  for (const value of values) {
    if (!Array.isArray(value) || (value as Sequence).cons === true) joined.push(value);
    else for (const item of value) joined.push(item);
  }
  return joined;
}

/** A path with filters, sorting, computed steps. Gives the raw sequence: grouping comes before finishing. */
export function pathOf(context: Value, plan: PathPlan, closures: readonly Closure[]): Value {
  let input: Value = Array.isArray(context) && !plan.absolute ? context : createSequence(context);
  const last = plan.steps.length - 1;
  for (const [index, step] of plan.steps.entries()) {
    if (index === 0 && step.kind === 'value' && step.array) input = at(closures, step.closure)(input);
    else input = stepOver(input, step, closures, index === last);
    if (input === undefined || input.length === 0) break;
  }
  if (!plan.keep) return input;
  if (input === undefined || typeof input !== 'object' || input === null) throw new Unsupported('[] on something that is no sequence');
  if (Array.isArray(input) && (input as Sequence).cons === true && !isSequence(input)) input = createSequence(input);
  // The reference marks the array of the row itself here; a mark on an array that is no sequence is never read.
  if (isSequence(input)) input.keepSingleton = true;
  return input;
}

function stepOver(input: Value, step: StepPlan, closures: readonly Closure[], last: boolean): Sequence {
  if (step.kind === 'sort') {
    const terms: SortTerm[] = step.terms.map((term) => ({ descending: term.descending, valueOf: at(closures, term.closure) }));
    return filtered(sortBy(input, terms), step.filters, closures);
  }
  const values: Value[] = [];
  const length: unknown = input.length;
  if (typeof length !== 'number') return createSequence();
  takeSteps(length);
  for (let index = 0; index < length; index += 1) {
    const item = input[index];
    const raw = step.kind === 'name' ? nameIn(item, step.name, step.keep) : at(closures, step.closure)(item);
    const value = step.filters.length === 0 ? raw : filtered(raw, step.filters, closures);
    if (value !== undefined) values.push(value);
  }
  return flatten(values, last);
}

function nameIn(item: Value, name: string, keep: boolean): Value {
  const value = lookupName(item, name);
  return keep ? finishKeeping(value) : finish(value);
}

/** Filters one after the other, without finishing in between. */
export function filtered(value: Value, filters: readonly FilterPlan[], closures: readonly Closure[]): Value {
  let result = value;
  for (const filter of filters) result = 'index' in filter ? itemAt(result, filter.index) : filterBy(result, at(closures, filter.closure));
  return result;
}

function itemAt(value: Value, literal: number): Sequence {
  const input: readonly Value[] = Array.isArray(value) ? value : [value];
  const floor = Math.floor(literal);
  const item: Value = input[floor < 0 ? input.length + floor : floor];
  if (Array.isArray(item)) return item;
  return item === undefined ? createSequence() : createSequence(item);
}

function filterBy(value: Value, predicate: Closure): Sequence {
  const input: readonly Value[] = Array.isArray(value) ? value : [value];
  const results = createSequence();
  takeSteps(input.length);
  for (let index = 0; index < input.length; index += 1) {
    const item = input[index];
    const answer = predicate(item);
    const positions = numbersIn(answer);
    if (positions === undefined) {
      if (isTruthy(answer)) results.push(item);
    } else {
      for (const position of positions) {
        const floor = Math.floor(position);
        if ((floor < 0 ? input.length + floor : floor) === index) results.push(item);
      }
    }
  }
  return results;
}

/** A number, or an array of nothing but numbers: positions, not a condition. */
function numbersIn(answer: Value): readonly number[] | undefined {
  if (typeof answer === 'number' && !Number.isNaN(answer)) return [finite(answer)];
  if (!Array.isArray(answer)) return undefined;
  // Every item is looked at: an infinity is refused even behind something that is no number.
  return answer.filter((item) => typeof item !== 'number' || Number.isNaN(finite(item))).length === 0 ? answer : undefined;
}

function finite(value: number): number {
  if (value === Infinity || value === -Infinity) throw new Unsupported('an infinity');
  return value;
}

export function wildcardOf(context: Value): Value {
  const input = Array.isArray(context) && (context as Sequence).outerWrapper === true && context.length > 0 ? context[0] : context;
  if (input === null || typeof input !== 'object' || isFunction(input)) return createSequence();
  let results: Value[] = createSequence();
  for (const name of Object.keys(input)) {
    const value: Value = input[name];
    takeSteps(1);
    if (Array.isArray(value)) {
      // Appending makes a fresh array, which has no mark.
      results = [...results, ...flattenDeeply(value)];
    } else results.push(value);
  }
  return results;
}

function flattenDeeply(value: Value, into: Value[] = []): Value[] {
  if (Array.isArray(value)) for (const item of value) flattenDeeply(item, into);
  else into.push(value);
  return into;
}

export function descendantsOf(context: Value): Value {
  if (context === undefined) return undefined;
  const results = createSequence();
  descend(context, results);
  return results.length === 1 ? results[0] : results;
}

function descend(value: Value, results: Sequence): void {
  takeSteps(1);
  if (Array.isArray(value)) {
    for (const item of value) descend(item, results);
    return;
  }
  results.push(value);
  if (value !== null && typeof value === 'object' && !isFunction(value))
    for (const name of Object.keys(value)) descend(value[name], results);
}

/** $lookup of a text key. */
export function lookupKey(table: Value, key: string): Value {
  return finish(lookupName(table, key));
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Unsupported('a closure is missing');
  return item;
}
