import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTrial } from './jsonata-differential.ts';
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
    const counts = await findDifferences(generalTrials, 800, 20261122);
    expect(counts['same']).toBeGreaterThan(450);
  }, 60_000);

  it('agrees on what an HR mapping would write, over HR rows', async () => {
    const counts = await findDifferences(mappingTrials, 800, 20261122);
    expect(counts['same']).toBeGreaterThan(500);
    expect(counts['no answer'] ?? 0).toBe(0);
  }, 60_000);
});
