import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { JoineryError } from '../../domain/error.ts';
import type { FunctionContext, FunctionExample } from './declaration.ts';
import { functionDeclarations, functionLibrary } from './index.ts';

/** Small and fast, and the same on every machine: a linear congruential generator. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

async function evaluate(example: FunctionExample): Promise<unknown> {
  const context: FunctionContext = {
    asOf: Date.UTC(2026, 10, 22, 8),
    timezone: 'Europe/Berlin',
    random: seededRandom(7),
    ...example.context,
  };
  const taken = new Set(example.taken?.map((value) => value.toLowerCase()));
  if (example.taken !== undefined) context.isTaken = (value) => taken.has(value.toLowerCase());
  const expression = jsonata(example.expression);
  for (const [name, { implementation, signature }] of Object.entries(functionLibrary(context))) {
    expression.registerFunction(name, implementation, signature);
  }
  const value: unknown = await expression.evaluate(example.input ?? {}, example.bindings);
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** Undefined when the example comes out as stated, otherwise what came out. */
async function findDifference(example: FunctionExample): Promise<string | undefined> {
  let actual: unknown;
  try {
    actual = await evaluate(example);
  } catch (error) {
    actual = { fails: error instanceof JoineryError ? error.code : error };
  }
  if (example.matches !== undefined) {
    const matches = typeof actual === 'string' && new RegExp(example.matches, 'u').test(actual);
    return matches ? undefined : `${example.expression} gives ${JSON.stringify(actual)}, which does not match ${example.matches}`;
  }
  const expected = example.fails === undefined ? example.result : { fails: example.fails };
  return isDeepStrictEqual(actual, expected)
    ? undefined
    : `${example.expression} gives ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}

describe('every example of the reference page', () => {
  it.each(functionDeclarations.map((declaration) => [declaration.name, declaration] as const))(
    'of $%s comes out as stated',
    async (_name, declaration) => {
      const differences = await Promise.all(declaration.examples.map(findDifference));
      expect(differences.filter((difference) => difference !== undefined)).toEqual([]);
    },
  );

  it('states exactly one of result, matches and fails, and no function is without examples', () => {
    const wrong = functionDeclarations.filter(
      ({ examples }) =>
        examples.length === 0 ||
        examples.some(({ result, matches, fails }) => [result, matches, fails].filter((stated) => stated !== undefined).length !== 1),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

describe('the library', () => {
  it('declares no name twice', () => {
    const names = functionDeclarations.map((declaration) => declaration.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('documents as many parameters as the signature has', () => {
    const wrong = functionDeclarations.filter(({ signature, parameters }) => {
      const types = signature.slice(1, signature.lastIndexOf(':')).match(/\([a-z]+\)|[a-z](?:<[^>]*>)?/g) ?? [];
      return types.length !== parameters.length;
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
