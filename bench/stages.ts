/**
 * `npm run bench [-- WORKERS]`: rows a second and peak memory of each stage over a generated company of 100,000 workers, as a baseline. A real PostgreSQL, SQLite state, the emulator
 * in a process of its own; the clock is virtual, so the time of load and reconcile is the time our side needs, not the service's.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectSharedClock } from '../src/emulator/shared-clock.ts';
import { Runner } from '../src/stages/runner.ts';
import { executeSql, sampleText } from '../samples/databases.ts';
import { startEmulatorProcess } from '../scripts/emulator-process.ts';
import { startPostgres } from '../test/postgres.ts';

const workers = Number(process.argv[2] ?? 100_000);
const root = fileURLToPath(new URL('..', import.meta.url));
const pipeline = join(root, 'bench', 'pipelines', 'contoso-bench.yaml');
const state = mkdtempSync(join(tmpdir(), 'joinery-bench-'));
const postgres = await startPostgres();
const command = ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts')];
const emulator = await startEmulatorProcess(command, root, ['--licence', 'governance']);
try {
  const url = await postgres.createDatabase('bench');
  await fill(url);
  const clock = await connectSharedClock(emulator.connection.origin);
  const environment = { ...emulator.variables, HR_DATABASE_URL: url };
  const runner = await Runner.open(pipeline, { environment, state, clock, chance: { random: Math.random, uuid: randomUUID } });
  line('stage', 'seconds', 'workers/s', 'peak RSS MB');
  const run = await measure('extract', () => runner.extract());
  await measure('transform', () => runner.transform({ run: run.id }));
  const { plan } = await measure('batch', () => runner.batch({ run: run.id }));
  await measure('load', () => runner.load({ run: run.id }));
  const outcomes = await measure('reconcile', () => runner.reconcile());
  await measure('run, nothing changed', () => runner.run());
  process.stdout.write(
    `\nplan: ${String(plan.price.operations)} operations in ${String(plan.price.calls)} calls; outcomes: ${JSON.stringify(outcomes)}\n`,
  );
  await runner.close();
  await clock.close();
} finally {
  emulator.process.kill();
  await postgres.stop();
  rmSync(state, { recursive: true, force: true });
}

async function fill(url: string): Promise<void> {
  await executeSql(
    url,
    sampleText('contoso/schema.sql'),
    `insert into department select n, 'Department ' || n, 'Division ' || n % 5, 'CC' || 1000 + n from generate_series(1, 200) n;
     insert into location select n, 'Site ' || n, 'Street ' || n, 'City ' || n, (10000 + n)::text, null, (array['DE','FR','GB','US'])[1 + n % 4], (array['Europe/Berlin','Europe/Paris','Europe/London','America/Chicago'])[1 + n % 4] from generate_series(1, 50) n;
     insert into person select n, (array['Zoë','Łukasz','Søren','María','Anna','Wei'])[1 + n % 6], (array['Müller','Nguyễn','O''Brien','García','Šimić'])[1 + n % 5] || n % 997, null, '+49 30 ' || 100000 + n % 800000 from generate_series(1, ${String(workers)}) n;
     insert into assignment select n, n, 'W' || lpad(n::text, 7, '0'), true, 'Employee', 'Active', date '2020-01-01' + n % 2000, null, 'Engineer', case when n > 1 then 'W' || lpad((1 + n / 10)::text, 7, '0') end, 1 + n % 200, 1 + n % 50 from generate_series(1, ${String(workers)}) n;
     analyze`,
  );
}

/** Peak memory is sampled every 20 ms; a garbage collection before each stage where node was started with --expose-gc. */
async function measure<T>(name: string, work: () => Promise<T>): Promise<T> {
  globalThis.gc?.();
  let peak = process.memoryUsage.rss();
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const started = performance.now();
  try {
    return await work();
  } finally {
    clearInterval(sampler);
    const seconds = (performance.now() - started) / 1_000;
    line(name, seconds.toFixed(1), Math.round(workers / seconds).toLocaleString('en'), String(Math.round(peak / 1_048_576)));
  }
}

function line(...cells: readonly string[]): void {
  process.stdout.write(
    `${(cells[0] ?? '').padEnd(22)}${cells
      .slice(1)
      .map((cell) => cell.padStart(13))
      .join('')}\n`,
  );
}
