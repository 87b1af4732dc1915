/**
 * `npm run bench:guards [-- MARKS]`: what a plan asks of the state for the windows of 24 hours and 7 days, on both engines, with so many marks (default 1,000,000: 200,000 workers to whom five kinds of
 * thing were sent within eight days). Prints milliseconds (CPU for SQLite, elapsed for PostgreSQL) and the engine's plan of the query, because an index that is not used is no index.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import type { Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { startPostgres } from '../test/postgres.ts';
import { scope } from '../test/state-builders.ts';

const marks = Number(process.argv[2] ?? 1_000_000);
const day = 86_400_000;
const now = 20_000 * day;
const pipeline = 'contoso';
const names = ['leavers', 'joiners', 'changes.title', 'changes.displayName', 'emptied.title'];
const windowQuery = `SELECT mark, COUNT(*) AS workers FROM sent_marks WHERE job_id = 1 AND pipeline = '${pipeline}' AND sent_at >= ${String(now - 7 * day)} GROUP BY mark`;
const log = (text: string): void => void process.stdout.write(`${text}\n`);

/** Worker, mark and instant of one row; spread over eight days, so that one in eight is too old for the week. */
function* rows(): Generator<readonly [string, string, number]> {
  for (let index = 0; index < marks; index++) {
    yield [
      `W${String(Math.floor(index / names.length)).padStart(8, '0')}`,
      names[index % names.length] ?? '',
      now - ((index * 7_919) % (8 * day)),
    ];
  }
}

async function measure(name: string, store: Store, plan: () => Promise<string>): Promise<void> {
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      const from = process.cpuUsage();
      const began = performance.now();
      await work();
      const { user, system } = process.cpuUsage(from);
      // SQLite works in this process, where CPU time does not depend on who else works; PostgreSQL does not.
      took.push(store.kind === 'sqlite' ? (user + system) / 1000 : performance.now() - began);
    }
    return took.toSorted((left, right) => left - right)[2] ?? 0;
  };
  const since = (span: number): Promise<unknown> => store.operations.sentSince(scope, pipeline, now - span);
  const workers = Array.from({ length: 500 }, (_, index) => `W${String(index * 37).padStart(8, '0')}`);
  log(
    `${name}: ${String(marks)} marks; 24 h ${(await time(() => since(day))).toFixed(0)} ms, 7 d ${(await time(() => since(7 * day))).toFixed(0)} ms, marks of 500 workers ${(await time(() => store.operations.marksOf(scope, pipeline, workers, now - 7 * day))).toFixed(1)} ms`,
  );
  log(`  ${(await plan()).replaceAll('\n', '\n  ')}`);
}

const folder = mkdtempSync(join(tmpdir(), 'joinery-guards-'));
const postgres = await startPostgres();
try {
  const sqlite = await openStore(folder);
  await sqlite.logs.moveCursor(scope, 1);
  const file = new Database(join(folder, 'state.sqlite'));
  const insert = file.prepare(`INSERT INTO sent_marks (job_id, pipeline, external_id, mark, sent_at) VALUES (1, '${pipeline}', ?, ?, ?)`);
  file.transaction(() => {
    for (const row of rows()) insert.run(...row);
  })();
  await measure('SQLite', sqlite, () =>
    Promise.resolve(
      file
        .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${windowQuery}`)
        .all()
        .map(({ detail }) => detail)
        .join('\n'),
    ),
  );
  file.close();
  await sqlite.close();

  const url = await postgres.createDatabase('guards');
  const store = await openStore(url);
  await store.logs.moveCursor(scope, 1);
  const client = new Client({ connectionString: url, options: '-c search_path=joinery' });
  await client.connect();
  for (let chunk: (readonly [string, string, number])[] = [], all = rows(); ; chunk = []) {
    for (let next = all.next(); !next.done; next = all.next()) if (chunk.push(next.value) === 20_000) break;
    if (chunk.length === 0) break;
    await client.query(
      `INSERT INTO sent_marks (job_id, pipeline, external_id, mark, sent_at) SELECT 1, '${pipeline}', * FROM unnest($1::text[], $2::text[], $3::bigint[])`,
      [chunk.map(([worker]) => worker), chunk.map(([, mark]) => mark), chunk.map(([, , at]) => at)],
    );
  }
  await client.query('VACUUM ANALYZE sent_marks');
  await measure('PostgreSQL', store, async () => {
    const { rows: lines } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, TIMING OFF) ${windowQuery}`);
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  });
  await client.end();
  await store.close();
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
