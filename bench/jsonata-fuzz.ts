/**
 * The differential property test for as long as one likes: `npx tsx bench/jsonata-fuzz.ts [general|mapping] [count] [seed]`.
 * Prints every expression on which the compiled engine and jsonata 2.2.2 differ, and how the rest went; exit code 1 on a difference.
 */
import * as fc from 'fast-check';
import { compareTrial } from '../test/jsonata-differential.ts';
import { generalTrials, mappingTrials } from '../test/jsonata-expressions.ts';

const [mode = 'general', count = '20000', seed = '1'] = process.argv.slice(2);
const trials = mode === 'mapping' ? mappingTrials : generalTrials;
const counts: Record<string, number> = {};
for (const trial of fc.sample(trials, { numRuns: Number(count), seed: Number(seed) })) {
  const finding = await compareTrial(trial);
  counts[finding.kind] = (counts[finding.kind] ?? 0) + 1;
  if (finding.kind === 'different') console.log(JSON.stringify({ ...trial, ...finding }));
}
console.log(JSON.stringify({ mode, count: Number(count), seed: Number(seed), ...counts }));
process.exitCode = counts['different'] === undefined ? 0 : 1;
