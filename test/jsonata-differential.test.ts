import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JoineryError } from '../src/domain/error.ts';
import { compile, compileUnit } from '../src/jsonata/index.ts';
import { compareTrial, trialFunctions as functions } from './jsonata-differential.ts';
import { generalTrials, mappingTrials, type Trial } from './jsonata-expressions.ts';

/** Bounded, with a fixed seed; `npx tsx bench/jsonata-fuzz.ts` goes on for as long as one likes. */
async function findDifferences(trials: fc.Arbitrary<Trial>, count: number, seed: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(trials, async (trial) => {
      const finding = await compareTrial(trial);
      counts[finding.kind] = (counts[finding.kind] ?? 0) + 1;
      expect(finding.kind === 'different' ? { ...trial, ...finding } : {}).toEqual({});
    }),
    { numRuns: count, seed, endOnFailure: true },
  );
  return counts;
}

describe('the compiled engine beside the reference', () => {
  it('agrees on random expressions over random documents', async () => {
    const counts = await findDifferences(generalTrials, 600, 20261122);
    expect(counts['same']).toBeGreaterThan(340);
  });

  it('agrees on what an HR mapping would write, over HR rows', async () => {
    const counts = await findDifferences(mappingTrials, 600, 20261122);
    expect(counts['same']).toBeGreaterThan(375);
    expect(counts['no answer'] ?? 0).toBe(0);
  });

  it('gives the members of a unit what each of them gives alone', async () => {
    const trials = fc.record({ members: fc.array(mappingTrials, { minLength: 1, maxLength: 5 }), row: mappingTrials });
    await fc.assert(
      fc.asyncProperty(trials, async ({ members, row: { input, bindings } }) => {
        const sources = members.flatMap(({ expression }) => {
          try {
            compile(expression, { functions });
            return [expression];
          } catch {
            return [];
          }
        });
        const unit = compileUnit(
          sources.map((source, index) => ({ name: String(index), source, binds: `m${String(index)}` })),
          { functions },
        );
        const { values, errors } = await unit.evaluate(input, bindings);
        for (const [index, source] of sources.entries()) {
          const alone = await Promise.resolve()
            .then(() => compile(source, { functions }).evaluate(input, bindings))
            .then(
              (value) => ({ value, error: undefined }),
              (error: unknown) => ({ value: undefined, error }),
            );
          const together = { value: values[index], error: errors.find(({ member }) => member === index)?.error };
          expect(withoutStack(together)).toEqual(withoutStack(alone));
        }
      }),
      { numRuns: 100, seed: 20261122 },
    );
  });
});

/** The reference engine's errors keep the stack of whoever called it. */
function withoutStack({ value, error }: { readonly value: unknown; readonly error: unknown }): unknown {
  if (!(error instanceof JoineryError)) return { value, error };
  const { cause } = error;
  return { value, error: error.toJSON(), cause: typeof cause === 'object' && cause !== null ? { ...cause, stack: undefined } : cause };
}
