/** The shared bench workload (../shared/bench-workload, or the folder in BENCH_WORKLOAD): rows, and the pipeline over them. */
import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type WorkloadRow = Record<string, string | number | null>;

const folder = process.env['BENCH_WORKLOAD'] ?? fileURLToPath(new URL('../../shared/bench-workload/', import.meta.url));
if (!existsSync(join(folder, 'gen.js'))) {
  console.error(`the workload is not at ${folder}; set BENCH_WORKLOAD`);
  process.exit(2);
}
const generator: {
  readonly DEPARTMENTS: Readonly<Record<string, { readonly name: string; readonly division: string; readonly org: string }>>;
  rows(count: number, seed: number): WorkloadRow[];
} = createRequire(import.meta.url)(join(folder, 'gen.js'));

const block = 20_000;

/** Workers in blocks of 20,000, in key order, each block from a seed of its own; the first day is the hire date as a date. */
export function* generateWorkers(count: number): Generator<readonly WorkloadRow[]> {
  for (let from = 0; from < count; from += block) {
    const rows = generator.rows(Math.min(block, count - from), 42 + from);
    for (const [index, row] of rows.entries()) {
      const [day = '', month = '', year = ''] = String(row['hire_date']).split('.');
      const manager = row['manager_number'];
      row['employee_number'] = keyOf(from + index + 1);
      if (typeof manager === 'string') row['manager_number'] = keyOf(from + Number(manager.slice(1)));
      row['first_day'] = `${year}-${month}-${day}`;
    }
    yield rows;
  }
}

function keyOf(n: number): string {
  return `E${String(n).padStart(7, '0')}`;
}

/** A temporary folder with the pipeline, its query and its lookup; the caller removes it. */
export function makeWorkFolder(): string {
  const work = mkdtempSync(join(tmpdir(), 'joinery-bench-'));
  for (const name of ['workforce.yaml', 'workforce.sql'])
    copyFileSync(fileURLToPath(new URL(`pipelines/${name}`, import.meta.url)), join(work, name));
  const lines = Object.entries(generator.DEPARTMENTS).map(([code, { name, division, org }]) => `${code},${name},${division},${org}`);
  writeFileSync(join(work, 'departments.csv'), `code,name,division,org\n${lines.join('\n')}\n`);
  return work;
}
