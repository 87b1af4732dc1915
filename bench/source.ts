/**
 * `npm run bench:source [-- WORKERS [ROUNDS] [--keep] [--key N]]`: whole runs, from start to exit of the process with lease, store and journal, over a real PostgreSQL, and over the SQL Server of
 * JOINERY_MSSQL_URL where that is set (it makes and drops tables `joinery_test_bench*`), with the table of the shared workload (default 1,000,000 workers), each line with its goal. Ratios are against
 * `psql`'s COPY of the same query in the same round (SQL Server: a plain loop of the driver), or against the naive pipeline, which is measured on 50,000 rows and scaled.
 * With an edited mapping (a formula, or a row of a lookup) the edited formulas are evaluated for everybody, both ways, and the whole mapping for those for whom they differ; up to 300,000 workers a line shows what it costs to evaluate all of it for everybody.
 * Nothing changed is a whole `joinery run`; where something changed it is `joinery plan`, all that comes before the first call. `--keep`: the starting state, which takes most of the
 * time, is kept for the day in `node_modules/.cache` and used again as long as workload, mapping and schema of the state are the same. `--key`: only the first, second or third kind of key.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sinkVariables } from '../samples/sink-variables.ts';
import { bundle } from '../scripts/bundle.ts';
import { systemClock } from '../src/domain/clock.ts';
import { startEmulator } from '../src/emulator/index.ts';
import { preparePipeline } from '../src/stages/prepare.ts';
import { migrations, newestOf } from '../src/store/migrations.ts';
import { recipeFile } from '../src/store/run-files.ts';
import { seedLedger } from './seed-ledger.ts';
import { seedState } from './seed-state.ts';
import { fewer, type BenchDatabase, type BenchKey } from './source-database.ts';
import { openMssqlBench } from './source-mssql.ts';
import { naivePipeline } from './source-naive.ts';
import { openPostgresBench } from './source-postgres.ts';
import { runProcess, type Measured } from './source-process.ts';
import { makeWorkFolder } from './workload.ts';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false }, key: { type: 'string' } },
});
const workers = Number(positionals[0] ?? 1_000_000);
const rounds = Number(positionals[1] ?? 3);
const naiveRows = Math.min(50_000, workers);
const cache = fileURLToPath(new URL('../node_modules/.cache/joinery-bench/', import.meta.url));
const main = join(cache, 'dist', 'cli', 'main.js');
const dayMilliseconds = 86_400_000;
const yesterday = Date.now() - dayMilliseconds;
const lastDay = new Date(yesterday).toISOString().slice(0, 10);
const log = (text: string): void => void process.stdout.write(`${text}\n`);

rmSync(join(cache, 'dist'), { recursive: true, force: true });
await bundle(join(cache, 'dist'));
cpSync(fileURLToPath(new URL('../package.json', import.meta.url)), join(cache, 'package.json'));
// Asked for names and accounts where somebody is new; its directory is empty.
const emulator = await startEmulator({ clock: systemClock, seed: 6 });
try {
  await benchDatabase('PostgreSQL', openPostgresBench);
  const server = process.env['JOINERY_MSSQL_URL'];
  if (server !== undefined) await benchDatabase('SQL Server', () => openMssqlBench(server));
} finally {
  await emulator.close();
}

async function benchDatabase(name: string, open: () => Promise<BenchDatabase>): Promise<void> {
  const database = await open();
  try {
    await database.fill(workers, lastDay, options.key !== '1');
    log(
      `\n${name}: ${String(workers)} workers, Node ${process.version}, ${String(rounds)} interleaved rounds, medians; ratios against ${database.plainly} in the same round`,
    );
    const environment = { HR_DATABASE_URL: database.url, ...sinkVariables(emulator) };
    for (const [index, key] of database.keys.entries())
      if (options.key === undefined || options.key === String(index + 1)) await benchKey(database, key, environment);
  } finally {
    await database.close();
  }
}

async function benchKey(database: BenchDatabase, key: BenchKey, environment: Readonly<Record<string, string>>): Promise<void> {
  log(`\nkey: ${key.name}${key.isGoal ? '' : ' (no goal)'}`);
  const folder = makeWorkFolder();
  const state = mkdtempSync(join(tmpdir(), 'joinery-bench-state-'));
  try {
    const files = writePipelines(folder, database, key);
    await startingState(files.all, key.table, workers, database, state, environment);
    const run = (command: string, pipeline: string) => (): Promise<Measured> =>
      runProcess(main, [command, pipeline, '--state', state, '--quiet'], environment);
    const query = (table: string): string => `select * from ${table} order by ${key.order}`;
    const naive = key.isWhole ? await naivePipeline(database.knex, database.first(query(key.table), naiveRows), files.all) : undefined;
    const scaled = naive === undefined ? undefined : (naive.milliseconds / naive.rows) * workers;
    const due = key.isWhole ? await report('dates of 0.3 % fall due', database, query(key.table), run('plan', files.all), 1) : undefined;
    compareNaive(due, scaled, 40);
    // Today's dates are accepted and confirmed, so that nothing is left to do.
    await seedLedger(files.all, state, environment, Date.now());
    const still = await report('nothing changed', database, query(key.table), run('run', files.all), rounds, key.isGoal ? 1.5 : undefined);
    if (!key.isWhole) return;
    await report('1 % changed', database, query(`${key.table}_changed`), run('plan', files.changed), rounds, 2);
    const edited = await report('mapping edited, 0.1 % come out otherwise', database, query(key.table), run('plan', files.edited), 1);
    compareNaive(edited, scaled, 10);
    const lookedUp = await report('lookup edited, one department came (0.24 %)', database, query(key.table), run('plan', files.lookup), 1);
    compareNaive(lookedUp, scaled, 10);
    if (workers <= fewer) {
      // As after an edit of what is no formula; for companies in which that does not take minutes.
      rmSync(join(state, 'pipelines', 'bench-workforce', recipeFile));
      const whole = await report('the same, everybody evaluated whole', database, query(key.table), run('plan', files.edited), 1);
      compareNaive(whole, scaled);
    }
    if (database.versions !== undefined)
      await reportVersions(database, database.versions, key.table, files.versions, query(key.table), run);
    const loop = await database.loop?.(query(key.table));
    if (loop !== undefined) log(`  ${'plain cursor loop, nothing done with a row'.padEnd(42)} ${seconds(loop)}`);
    if (naive !== undefined && scaled !== undefined)
      log(`  ${'naive pipeline'.padEnd(42)} ${seconds(scaled)} scaled from ${String(naive.rows)} rows in ${seconds(naive.milliseconds)}`);
    if (workers > fewer) await compareMemory(database, `${key.table}_fewer`, files.fewer, environment, still);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(state, { recursive: true, force: true });
  }
}

/** The same company and state, read by versions of its rows; last, because the table is changed in place. */
async function reportVersions(
  database: BenchDatabase,
  { change }: NonNullable<BenchDatabase['versions']>,
  table: string,
  pipeline: string,
  query: string,
  run: (command: string, file: string) => () => Promise<Measured>,
): Promise<void> {
  await report('rowversion: its full pass', database, query, run('run', pipeline), 1);
  await report('rowversion: nothing changed', database, query, run('run', pipeline), rounds, 1.5);
  await change(table);
  await report('rowversion: 1 % changed', database, query, run('plan', pipeline), rounds, 2);
}

/** The same pipeline over every table of the key, once with an edited mapping, and once with an edited lookup. */
function writePipelines(
  folder: string,
  { type, versions }: BenchDatabase,
  key: BenchKey,
): Readonly<Record<'all' | 'changed' | 'fewer' | 'edited' | 'lookup' | 'versions', string>> {
  const own = readFileSync(join(folder, 'workforce.yaml'), 'utf8').replace('type: postgres', `type: ${type}`);
  const yaml = versions === undefined ? own : declareAll(own, versions.columns);
  const keyed =
    key.table === 'hr_worker_integer'
      ? yaml
          .replaceAll(/(employee_number|manager_number): \{ type: string/g, '$1: { type: integer')
          .replace('$lowercase(employee_number)', '$string(employee_number)')
          .replace("'$substring(employee_number, 1)'", '$string(employee_number)')
          .replace("'manager_number != employee_number ? manager_number'", "'manager_number != employee_number ? $string(manager_number)'")
      : yaml;
  const write = (name: string, table: string, text: string): string => {
    writeFileSync(join(folder, `${name}.sql`), `select * from ${table} order by ${key.order}`);
    writeFileSync(join(folder, `${name}.yaml`), text.replace('workforce.sql', `${name}.sql`));
    return join(folder, `${name}.yaml`);
  };
  const edit = keyed.replace('title: job_title', `title: 'cost_centre = "CC00007" ? job_title & "." : job_title'`);
  // One of the ten departments that workers have and the lookup does not. With its name alone: a division for everybody of a department trips a guard, as it should.
  writeFileSync(join(folder, 'more.csv'), `${readFileSync(join(folder, 'departments.csv'), 'utf8')}D0405,Department 405,,\n`);
  return {
    all: write('all', key.table, keyed),
    changed: write('changed', `${key.table}_changed`, keyed),
    fewer: write('fewer', `${key.table}_fewer`, keyed),
    edited: write('edited', key.table, edit),
    lookup: write('lookup', key.table, keyed.replace('departments.csv', 'more.csv')),
    versions: write('versions', key.table, keyed.replace('query: workforce.sql', `table: ${key.table}\n  changes: { mode: rowversion }`)),
  };
}

/** All columns of the table in its order: then a `table` source gives rows the fingerprints that `select *` gives them, and both are one pipeline. */
function declareAll(yaml: string, columns: readonly string[]): string {
  const declared = new Map(
    yaml.split('\n').flatMap((line) => {
      const name = /^    (\w+): \{ type: /.exec(line)?.[1];
      return name === undefined ? [] : [[name, line]];
    }),
  );
  const list = columns.map((name) => declared.get(name) ?? `    ${name}: { type: string }`);
  return yaml.replace(/  columns:\n(?:    .*\n)+/, `  columns:\n${list.join('\n')}\n`);
}

/** The state after yesterday's run, made or taken from the cache of the day. */
async function startingState(
  file: string,
  table: string,
  count: number,
  database: BenchDatabase,
  state: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const { mapping } = preparePipeline(file, environment);
  const schema = String(newestOf(migrations));
  const kept = join(cache, 'states', [table, count, lastDay, schema, mapping.id.slice(0, 12), emulator.jobId.slice(-12)].join('-'));
  const started = performance.now();
  if (options.keep && existsSync(kept)) {
    cpSync(kept, state, { recursive: true });
    log(`  starting state of ${String(count)} workers from the cache`);
    return;
  }
  await seedState(file, state, environment, yesterday, await database.employedOn(table, lastDay));
  log(`  starting state of ${String(count)} workers written in ${seconds(performance.now() - started)}`);
  if (options.keep) cpSync(state, kept, { recursive: true });
}

async function report(
  name: string,
  database: BenchDatabase,
  query: string,
  run: () => Promise<Measured>,
  times: number,
  most?: number,
): Promise<Measured | undefined> {
  const results: { readonly ratio: number; readonly copy: number; readonly mine: Measured }[] = [];
  for (let round = 0; round < times; round++) {
    const copy = await database.readPlainly(query);
    const mine = await run();
    results.push({ ratio: mine.milliseconds / copy, copy, mine });
  }
  results.sort((left, right) => left.ratio - right.ratio);
  const middle = results[results.length >> 1];
  if (middle === undefined) return undefined;
  const { mine, ratio, copy } = middle;
  const peak = Math.max(...results.map((result) => result.mine.peak));
  log(
    `  ${name.padEnd(42)} ${seconds(mine.milliseconds)} (CPU ${seconds(mine.cpu)}), ${ratio.toFixed(2)} × ${database.type === 'postgres' ? 'COPY' : 'loop'} (${seconds(copy)}; all rounds ${results.map((result) => result.ratio.toFixed(2)).join(' ')})${most === undefined ? '' : `; goal ≤ ${String(most)}: ${verdict(ratio <= most)}`}`,
  );
  log(`  ${''.padEnd(42)} peak ${peak.toFixed(0)} MB; goal ≤ 200: ${verdict(peak <= 200)}; over the run ${mine.curve.join(' ')}`);
  return { ...mine, peak };
}

/** Without `least` there is no goal. */
function compareNaive(mine: Measured | undefined, naive: number | undefined, least?: number): void {
  if (mine === undefined || naive === undefined) return;
  const factor = naive / mine.milliseconds;
  log(
    `  ${''.padEnd(42)} ${factor.toFixed(1)} × faster than naive (${seconds(naive)})${least === undefined ? '' : `; goal ≥ ${String(least)}: ${verdict(factor >= least)}`}`,
  );
}

/** Of the smaller company, the same line: what memory grows by with the workers. */
async function compareMemory(
  database: BenchDatabase,
  table: string,
  file: string,
  environment: Readonly<Record<string, string>>,
  still: Measured | undefined,
): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'joinery-bench-state-'));
  try {
    await startingState(file, table, fewer, database, state, environment);
    await seedLedger(file, state, environment, Date.now());
    let peak = 0;
    for (let round = 0; round < rounds; round++) {
      const mine = await runProcess(main, ['run', file, '--state', state, '--quiet'], environment);
      peak = Math.max(peak, mine.peak);
    }
    const more = (still?.peak ?? 0) - peak;
    log(
      `  ${'memory: RSS(all) − RSS(300,000)'.padEnd(42)} ${(still?.peak ?? 0).toFixed(0)} − ${peak.toFixed(0)} = ${more.toFixed(0)} MB; goal ≤ 20: ${verdict(more <= 20)}`,
    );
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'NOT MET';
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
