/**
 * `npm run bench:mapping [-- WORKERS]`: microseconds of CPU that a mapping needs per worker, from row to verdict with its hash, beside the expressions alone. The digest of
 * all verdicts is printed: two versions of the mapping that give the same digest gave the same verdicts.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RowGroup } from '../src/domain/row.ts';
import type { Verdict } from '../src/domain/verdict.ts';
import { compileMapping } from '../src/mapping/index.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { generateWorkers, makeWorkFolder } from './workload.ts';

const workers = Number(process.argv[2] ?? 20_000);
const rounds = Number(process.env['ROUNDS'] ?? 5);
const asOf = Date.parse('2024-06-01T08:00:00Z');
const folder = makeWorkFolder();
const { pipeline, diagnostics } = loadPipeline(join(folder, 'workforce.yaml'), { environment: {}, unset: 'standIn' });
const compiled = pipeline === undefined ? undefined : compileMapping(pipeline);
rmSync(folder, { recursive: true });
if (compiled?.mapping === undefined) throw new Error(JSON.stringify([...diagnostics, ...(compiled?.diagnostics ?? [])], undefined, 1));
const { mapping } = compiled;

const groups: RowGroup[] = [];
for (const rows of generateWorkers(workers)) {
  for (const values of rows) {
    const key = String(values['employee_number']);
    groups.push({ key, fingerprint: key, rows: [{ key, values, fingerprint: key, ordinal: groups.length + 1 }] });
  }
}

async function evaluateAll(use: (verdict: Verdict) => void): Promise<number> {
  const before = process.cpuUsage();
  for (const group of groups) {
    const verdict = mapping.evaluate(group, asOf);
    use(verdict instanceof Promise ? await verdict : verdict);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / groups.length;
}

const digest = createHash('sha256');
const counts: Record<string, number> = {};
await evaluateAll((verdict) => {
  counts[verdict.kind] = (counts[verdict.kind] ?? 0) + 1;
  digest.update(JSON.stringify(verdict.kind === 'draft' ? { ...verdict, draft: { ...verdict.draft, hash: '' } } : verdict));
});
const times: number[] = [];
for (let round = 0; round < rounds; round++) times.push(await evaluateAll(() => undefined));
times.sort((left, right) => left - right);
const { evaluations, fallbacks } = mapping.stats();
console.log(`${String(workers)} workers ${JSON.stringify(counts)}; verdicts ${digest.digest('hex').slice(0, 16)}; Node ${process.version}`);
console.log(`CPU µs per worker: ${(times[rounds >> 1] ?? NaN).toFixed(1)} (${times.map((time) => time.toFixed(1)).join(' ')})`);
console.log(`evaluations of expressions ${String(evaluations)}, by the reference ${String(fallbacks)}`);
