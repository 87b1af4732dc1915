import { Unsupported } from './functions.ts';
import type { Value } from './sequence.ts';
import { takeSteps } from './state.ts';

export interface SortTerm {
  readonly descending: boolean;
  valueOf(item: Value): Value;
}

/** `^(…)`: stable merge sort by terms; nothing comes last. One item or none stays the very array. */
export function sortBy(input: Value, terms: readonly SortTerm[]): Value {
  if (!Array.isArray(input)) throw new Unsupported('^ on something that is no array');
  return mergeSort(input, (a, b) => comesAfter(a, b, terms));
}

function comesAfter(a: Value, b: Value, terms: readonly SortTerm[]): boolean {
  for (const term of terms) {
    const [left, right] = [term.valueOf(a), term.valueOf(b)];
    if (left === undefined) {
      if (right === undefined) continue;
      return true;
    }
    if (right === undefined) return false;
    const type = typeof left;
    if (type !== typeof right || (type !== 'string' && type !== 'number')) throw new Unsupported('values that have no order');
    if (left === right) continue;
    return left < right === term.descending;
  }
  return false;
}

/** The reference's merge sort: the same comparisons in the same order, because a comparator can be anything. */
export function mergeSort(input: Value[], swap: (a: Value, b: Value) => Value): Value[] {
  if (input.length <= 1) return input;
  const middle = Math.floor(input.length / 2);
  const left = mergeSort(input.slice(0, middle), swap);
  const right = mergeSort(input.slice(middle), swap);
  const merged: Value[] = [];
  let [l, r] = [0, 0];
  takeSteps(input.length);
  while (l < left.length && r < right.length) {
    // oxlint-disable-next-line typescript/strict-boolean-expressions -- the reference takes any value of the comparator as JavaScript does
    if (swap(left[l], right[r])) merged.push(right[r++]);
    else merged.push(left[l++]);
  }
  while (l < left.length) merged.push(left[l++]);
  while (r < right.length) merged.push(right[r++]);
  return merged;
}
