/**
 * `npm run bench:source [-- WORKERS [ROUNDS]]`: whole runs, from start to exit of the process with lease, store and journal, over a real PostgreSQL with the table of the shared workload (default
 * 1,000,000 workers). The ledger holds everybody's payload, written by accept and by load's and reconcile's own verbs. Ratios are against `psql`'s COPY of the same query in
 * the same round. KEYS=1: only the first of three kinds of key. Nothing changed is a whole `joinery run`; where something changed it is `joinery plan`, all that comes before the first call.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pump } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import jsonata from 'jsonata';
import knex from 'knex';
import { Client } from 'pg';
import QueryStream from 'pg-query-stream';
import { executeSql } from '../samples/databases.ts';
import { systemClock } from '../src/domain/clock.ts';
import { startEmulator } from '../src/emulator/index.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { startPostgres } from '../test/postgres.ts';
import { seedLedger } from './seed-ledger.ts';
import { generateWorkers, makeWorkFolder, type WorkloadRow } from './workload.ts';

const workers = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'joinery-bench');
const built = join(cache, 'dist');
const dayMilliseconds = 86_400_000;
const naiveRows = Math.min(50_000, workers);
const columns =
  'employee_number first_name last_name middle_name preferred_name email department_code country country2 locale timezone hire_date termination_date manager_number job_title phone mobile street city postal_code region cost_centre employment_type fte pay_grade updated_at first_day'.split(
    ' ',
  );
const log = (text: string): void => void process.stdout.write(`${text}\n`);

/** How the three tables hold the key, and the order that the query asks for. */
const keys = [
  { name: 'text COLLATE "C"', table: 'hr_worker', select: '*', order: 'employee_number' },
  { name: 'integer', table: 'hr_worker_integer', select: '*', order: 'employee_number' },
  { name: 'text, other collation', table: 'hr_worker_default', select: '*', order: 'employee_number COLLATE "C"' },
];

// Only emitted: whether the types are right is the type check's business.
spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--outDir', built], {
  cwd: root,
});
copyFileSync(join(root, 'package.json'), join(cache, 'package.json'));
const postgres = await startPostgres();
// Asked for names and accounts where somebody is new; its directory is empty.
const emulator = await startEmulator({ clock: systemClock });
try {
  const url = await postgres.createDatabase('bench');
  await fillTables(url);
  log(
    `${String(workers)} workers, Node ${process.version}, ${String(rounds)} interleaved rounds, medians; × is the ratio to COPY in the same round`,
  );
  for (const key of process.env['KEYS'] === '1' ? keys.slice(0, 1) : keys) await benchKey(url, key);
} finally {
  await emulator.close();
  await postgres.stop();
}

async function fillTables(url: string): Promise<void> {
  const date = new Date(Date.now() - dayMilliseconds).toISOString().slice(0, 10);
  await executeSql(url, readFileSync(join(process.env['BENCH_WORKLOAD'] ?? join(root, '../shared/bench-workload'), 'ddl.sql'), 'utf8'));
  await executeSql(url, 'alter table hr_worker add first_day date');
  const lines = function* (): Generator<string> {
    for (const rows of generateWorkers(workers))
      yield rows.map((row) => `${columns.map((name) => row[name] ?? '\\N').join('\t')}\n`).join('');
  };
  const filling = spawn('psql', [url, '-X', '-q', '-c', `copy hr_worker (${columns.join(',')}) from stdin`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const filled = once(filling, 'close');
  await pump(Readable.from(lines()), filling.stdin);
  await filled;
  // On the day after the starting state 0.3 % of the workers have a date that falls due.
  await executeSql(
    url,
    `update hr_worker set termination_date = '${date}' where substr(employee_number, 2)::int % 333 = 0`,
    `create table hr_worker_changed (like hr_worker including all)`,
    `insert into hr_worker_changed select * from hr_worker order by employee_number`,
    `update hr_worker_changed set job_title = 'Changed' where substr(employee_number, 2)::int % 100 = 0`,
    `create table hr_worker_integer as select * from hr_worker order by employee_number`,
    `alter table hr_worker_integer alter employee_number type bigint using substr(employee_number, 2)::bigint, alter manager_number type bigint using substr(manager_number, 2)::bigint, add primary key (employee_number)`,
    `create table hr_worker_default as select * from hr_worker`,
    `alter table hr_worker_default alter employee_number type text collate "default", add primary key (employee_number)`,
    `vacuum full analyze`,
  );
}

interface Measured {
  readonly milliseconds: number;
  /** Peak resident memory of the process; MB. */
  readonly peak: number;
  readonly output: string;
}

/** A whole process of the built command line. */
function joinery(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Measured> {
  const peak = `data:text/javascript,process.on('exit',()=>process.stderr.write('\\nRSS='+process.resourceUsage().maxRSS+'\\n'))`;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', peak, join(built, 'cli', 'main.js'), ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('close', (code) => {
      const milliseconds = performance.now() - started;
      if (code !== 0) reject(new Error(`joinery ${args.join(' ')} ended with ${String(code)}: ${output}`));
      else resolve({ milliseconds, peak: Number(/RSS=(\d+)/.exec(output)?.[1]) / 1024, output });
    });
  });
}

async function benchKey(url: string, key: (typeof keys)[number]): Promise<void> {
  log(`\nkey: ${key.name}`);
  const folder = makeWorkFolder();
  const state = mkdtempSync(join(tmpdir(), 'joinery-bench-state-'));
  try {
    const isText = key.table !== 'hr_worker_integer';
    const query = (table: string): string => `select ${key.select} from ${table} order by ${key.order}`;
    const file = join(folder, 'workforce.yaml');
    writeFileSync(join(folder, 'workforce.sql'), query(key.table));
    const yaml = readFileSync(file, 'utf8');
    const keyed = isText
      ? yaml
      : yaml
          .replaceAll(/(employee_number|manager_number): \{ type: string/g, '$1: { type: integer')
          .replace('$lowercase(employee_number)', '$string(employee_number)')
          .replace("'$substring(employee_number, 1)'", '$string(employee_number)')
          .replace("'manager_number != employee_number ? manager_number'", "'manager_number != employee_number ? $string(manager_number)'");
    writeFileSync(file, keyed);
    const edited = join(folder, 'edited.yaml');
    writeFileSync(edited, keyed.replace('title: job_title', `title: 'cost_centre = "CC00007" ? job_title & "." : job_title'`));
    const changed = join(folder, 'changed.yaml');
    writeFileSync(changed, keyed.replace('workforce.sql', 'changed.sql'));
    writeFileSync(join(folder, 'changed.sql'), query('hr_worker_changed'));
    const environment = {
      HR_DATABASE_URL: url,
      ENTRA_TENANT_ID: emulator.tenantId,
      ENTRA_SERVICE_PRINCIPAL_ID: emulator.servicePrincipalId,
      ENTRA_JOB_ID: emulator.jobId,
      ENTRA_EMULATOR_ORIGIN: emulator.origin,
      ENTRA_CLIENT_ID: emulator.clientId,
      ENTRA_CLIENT_SECRET: emulator.clientSecret,
    };
    const seeded = performance.now();
    await seedLedger(file, state, environment, Date.now() - dayMilliseconds);
    log(`  starting state written in ${seconds(performance.now() - seeded)}`);
    const run = (command: string, pipeline: string) => (): Promise<Measured> =>
      joinery([command, pipeline, '--state', state, '--quiet'], environment);
    const first = key.table === 'hr_worker';
    if (first) await report('the day after: 0.3 % of dates fall due', url, query(key.table), run('plan', file), 1);
    await settleDay(file, state, environment);
    await report('nothing changed', url, query(key.table), run('run', file), rounds);
    if (!first) return;
    await report('1 % changed', url, query('hr_worker_changed'), run('plan', changed), rounds);
    await report('mapping edited, 0.1 % of payloads differ', url, query(key.table), run('plan', edited), 1);
    await cursorLoop(url, query(key.table));
    await naive(url, query(key.table), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(state, { recursive: true, force: true });
  }
}

/** Today's dates are accepted and confirmed, so that nothing is left to do. */
async function settleDay(file: string, state: string, environment: Readonly<Record<string, string>>): Promise<void> {
  await seedLedger(file, state, environment, Date.now());
}

async function report(name: string, url: string, query: string, run: () => Promise<Measured>, times: number): Promise<void> {
  const results: { readonly ratio: number; readonly copy: number; readonly mine: Measured }[] = [];
  for (let round = 0; round < times; round++) {
    const copy = copyOut(url, query);
    const mine = await run();
    results.push({ ratio: mine.milliseconds / copy, copy, mine });
  }
  results.sort((left, right) => left.ratio - right.ratio);
  const middle = results[results.length >> 1];
  if (middle === undefined) return;
  log(
    `  ${name.padEnd(42)} ${seconds(middle.mine.milliseconds)}  ${middle.ratio.toFixed(2)} × COPY (${seconds(middle.copy)}; all rounds ${results.map(({ ratio }) => ratio.toFixed(2)).join(' ')})  peak ${String(Math.round(Math.max(...results.map(({ mine }) => mine.peak))))} MB`,
  );
}

function copyOut(url: string, query: string): number {
  const started = performance.now();
  execFileSync('psql', [url, '-X', '-q', '-c', `copy (${query}) to stdout`], { stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - started;
}

async function cursorLoop(url: string, query: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const started = performance.now();
  let rows = 0;
  for await (const row of client.query(new QueryStream(query, [], { batchSize: 1000 }))) rows += row === undefined ? 0 : 1;
  log(`  ${'plain cursor loop, nothing done with a row'.padEnd(42)} ${seconds(performance.now() - started)} for ${String(rows)} rows`);
  await client.end();
}

/** knex stream, and one awaited evaluation of jsonata for each attribute: measured on 50,000 rows at most and scaled. */
async function naive(url: string, query: string, file: string): Promise<void> {
  const { pipeline } = loadPipeline(file, { environment: {}, unset: 'standIn' });
  const departments = readFileSync(join(file, '..', 'departments.csv'), 'utf8');
  const unit = Object.fromEntries(
    departments
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([code = '', name, division, org]) => [code, { name, division, org }]),
  );
  const expressions = (pipeline?.transform.attributes ?? []).flatMap(({ formula }) =>
    formula.kind === 'literal' || formula.text === '$employed' ? [] : [jsonata(formula.text)],
  );
  const database = knex({ client: 'pg', connection: url });
  const started = performance.now();
  let rows = 0;
  const stream: AsyncIterable<WorkloadRow> = database.raw(`${query} limit ${String(naiveRows)}`).stream();
  for await (const row of stream) {
    rows++;
    const bound = { given: row['preferred_name'] ?? row['first_name'], unit: unit[String(row['department_code'])] };
    for (const expression of expressions) await expression.evaluate(row, bound);
  }
  const elapsed = performance.now() - started;
  await database.destroy();
  log(
    `  ${'naive: knex stream, awaited jsonata'.padEnd(42)} ${seconds((elapsed / rows) * workers)} scaled from ${String(rows)} rows (${seconds(elapsed)}), nothing compared or kept`,
  );
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
