import { LimitError } from '../errors.ts';
import type { Guardrails } from '../guardrails.ts';

/**
 * What one evaluation counts. One object for the whole process, because compiled code is synchronous: an evaluation inside
 * another one (a registered function that evaluates) saves and restores it.
 */
export const state = {
  /** Steps that may still be taken. */
  left: Infinity,
  depth: 0,
  maxDepth: Infinity,
  maxOutput: Infinity,
  maxSteps: Infinity,
  /** Marked arrays or bare objects were made, so that the result has to be cleaned. */
  made: false,
  /** The instant of $now, read when first asked for. */
  timestamp: undefined as Date | undefined,
  now: (): number => 0,
  /** An evaluation is running. */
  active: false,
};

/** Steps are counted where something repeats: items of a loop, calls of a function. Straight code is bounded by its text. */
export function takeSteps(count: number): void {
  if ((state.left -= count) < 0) throw new LimitError('steps', state.maxSteps);
}

/** Copying items is cheaper than visiting them: sixteen for a step. */
export function takeCopies(count: number): void {
  if (count > 16) takeSteps(count >>> 4);
}

export function enterCall(): void {
  if ((state.left -= 1) < 0) throw new LimitError('steps', state.maxSteps);
  if ((state.depth += 1) > state.maxDepth) throw new LimitError('depth', state.maxDepth);
}

/** The instant of this evaluation. */
export function timestampOf(): Date {
  return (state.timestamp ??= new Date(state.now()));
}

/** Runs an evaluation inside another one: its counters are put back afterwards. */
export function runWithin<T>(run: () => T): T {
  const saved = { ...state };
  try {
    return run();
  } finally {
    Object.assign(state, saved);
  }
}

/** Fresh counters for one evaluation. */
export function startEvaluation(limits: Guardrails | undefined, now: () => number): void {
  state.left = state.maxSteps = limits === undefined ? Infinity : limits.steps;
  state.maxDepth = limits === undefined ? Infinity : limits.depth;
  state.maxOutput = limits === undefined ? Infinity : limits.output;
  state.depth = 0;
  state.made = false;
  state.timestamp = undefined;
  state.now = now;
}

/** Fresh counters for the next expression of a unit; the instant stays the same for all of them. */
export function startMember(): void {
  state.left = state.maxSteps;
  state.depth = 0;
  state.made = false;
}
