import jsonata from 'jsonata';
import { compile, type FunctionDeclarations } from '../src/jsonata/index.ts';
import type { Trial } from './jsonata-expressions.ts';

export const trialFunctions: FunctionDeclarations = {
  shout: { implementation: (text: string | undefined) => (text === undefined ? undefined : `${text.toUpperCase()}!`), signature: '<s-:s>' },
};

export type Finding =
  | { readonly kind: 'same' | 'both failed' | 'not compiled' | 'unparsable' | 'mutated' | 'no answer' }
  | { readonly kind: 'different'; readonly compiled: unknown; readonly reference: unknown };

type Outcome = { readonly value: string | undefined } | { readonly failed: true };

/** Values as JSON, functions as a word. */
function shown(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'function') return 'a function';
    if (typeof member === 'object' && member !== null && ('_jsonata_lambda' in member || '_jsonata_function' in member))
      return 'a function';
    return member;
  });
}

async function outcomeOf(evaluate: () => unknown): Promise<Outcome> {
  try {
    return { value: shown(await evaluate()) };
  } catch {
    return { failed: true };
  }
}

/**
 * Evaluates a trial in compiled code alone and in the reference, each with a copy of the input. Where the compiled code
 * throws, the product asks the reference, so that only a value can be wrong; where the reference throws, compiled code has to.
 */
export async function compareTrial(trial: Trial): Promise<Finding> {
  let compiled;
  try {
    compiled = compile(trial.expression, { functions: trialFunctions, guardrails: { steps: 100_000, depth: 500 } });
  } catch {
    return { kind: 'unparsable' };
  }
  if (!compiled.compiled) return { kind: 'not compiled' };
  const before = compiled.stats().fallbacks;
  const ours = await outcomeOf(() => {
    const value = compiled.evaluate(structuredClone(trial.input), structuredClone(trial.bindings));
    return compiled.stats().fallbacks === before ? value : Promise.resolve(value).then(() => Promise.reject(new Error('fell back')));
  });
  const reference = jsonata(trial.expression, { stack: 2000 });
  for (const [name, { implementation, signature }] of Object.entries(trialFunctions))
    reference.registerFunction(name, implementation, signature);
  const input = structuredClone(trial.input);
  const theirs = await outcomeOf(() => reference.evaluate(input, structuredClone(trial.bindings)));
  // Grouping an empty array of the input writes to it; what the reference makes of its own damage is no oracle.
  if (JSON.stringify(input) !== JSON.stringify(trial.input)) return { kind: 'mutated' };
  if ('failed' in ours) return { kind: 'failed' in theirs ? 'both failed' : 'no answer' };
  if ('failed' in theirs) return { kind: 'different', compiled: ours.value, reference: 'an error' };
  return ours.value === theirs.value ? { kind: 'same' } : { kind: 'different', compiled: ours.value, reference: theirs.value };
}
