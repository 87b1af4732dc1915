/**
 * Limits of one evaluation of one expression. On by default; `false` in the options turns them and the refusals at load off.
 */
export interface Guardrails {
  /** Iterations and function calls. An HR mapping needs tens. Default 10,000,000, about a second. */
  readonly steps: number;
  /** Function calls inside function calls; calls in tail position do not count. Default 2,000. */
  readonly depth: number;
  /** Members and characters of the result, one number for both. Default 20,000,000. */
  readonly output: number;
}

export const defaultGuardrails: Guardrails = Object.freeze({ steps: 10_000_000, depth: 2_000, output: 20_000_000 });

/** The limits to apply: given ones over the defaults; false: none. */
export function resolveGuardrails(given: Partial<Guardrails> | false | undefined): Guardrails | undefined {
  return given === false ? undefined : { ...defaultGuardrails, ...given };
}
