import type { Clock, Instant } from '../domain/clock.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { ExternalId, JobScope } from '../domain/words.ts';
import type { LogRows } from './contract.ts';
import { columnsOf, inChunks, placeholders, type Database, type Insertion } from './database.ts';
import { ensureJob, findJob } from './jobs.ts';
import { remember, remembered } from './job-memory.ts';
import { appendLine } from './journal-lines.ts';
import { inFlight } from './operation-row.ts';
import { jsonOf, optionalInteger, textOf } from './row.ts';

const workersPerQuery = 500;

const insertRows: Insertion = {
  name: 'insert_log_rows',
  table: 'log_rows',
  columns: [
    ...columnsOf('integer', 'job_id'),
    ...columnsOf('text', 'id'),
    ...columnsOf('bigint', 'at'),
    ...columnsOf('text', 'external_id', 'body'),
  ],
  tail: 'ON CONFLICT (job_id, id) DO NOTHING RETURNING id',
};

/** Rows of the provisioning logs are facts that any process may add; they need no lease. */
export function openLogs(database: Database, clock: Clock): LogRows {
  return {
    put: (scope, rows, at) => put(database, scope, rows, at),
    about: (scope, externalIds) => about(database, scope, externalIds),
    async cursor(scope) {
      const row = await database.first({
        sql: 'SELECT log_cursor FROM jobs WHERE tenant = ? AND job = ?',
        bindings: [scope.tenant, scope.job],
      });
      return row === undefined ? undefined : optionalInteger(row, 'log_cursor');
    },
    moveCursor: (scope, to) => moveCursor(database, scope, to, clock.now()),
    remembered: (scope) => remembered(database, scope),
    remember: (scope, seen, at) => remember(database, scope, seen, at),
    prune: (scope, before) => prune(database, scope, before, clock.now()),
  };
}

async function put(database: Database, scope: JobScope, rows: readonly LogRow[], at: Instant): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  return database.write(async (transaction) => {
    const job = await ensureJob(transaction, scope);
    const answered = await transaction.insert(
      insertRows,
      rows.map((row) => [job, row.id, Date.parse(row.activityDateTime), row.sourceIdentity?.id ?? null, JSON.stringify(row)]),
    );
    const fresh = new Set(answered.map((row) => textOf(row, 'id')));
    if (fresh.size > 0) await appendLine(transaction, 'logs.kept', { job: scope.job, rows: fresh.size }, at);
    return [...fresh];
  });
}

async function about(
  database: Database,
  scope: JobScope,
  externalIds: readonly ExternalId[],
): Promise<ReadonlyMap<ExternalId, readonly LogRow[]>> {
  const found = new Map<ExternalId, LogRow[]>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const chunk of inChunks([...new Set(externalIds)], workersPerQuery)) {
    const rows = await database.all({
      // In the order of the index: sorting all of them by time would carry every body through a sorter.
      sql: `SELECT external_id, body FROM log_rows WHERE job_id = ? AND external_id IN (${placeholders(chunk.length)}) ORDER BY external_id, at, id`,
      bindings: [job, ...chunk],
    });
    for (const row of rows) {
      const externalId = textOf(row, 'external_id');
      const of = found.get(externalId) ?? [];
      of.push(jsonOf<LogRow>(row, 'body'));
      found.set(externalId, of);
    }
  }
  return found;
}

/** Forward only: another pipeline of the job may have read further. */
function moveCursor(database: Database, scope: JobScope, to: Instant, at: Instant): Promise<void> {
  return database.write(async (transaction) => {
    const job = await ensureJob(transaction, scope);
    const moved = await transaction.run({
      sql: 'UPDATE jobs SET log_cursor = ? WHERE id = ? AND (log_cursor IS NULL OR log_cursor < ?)',
      bindings: [to, job, to],
    });
    if (moved > 0) await appendLine(transaction, 'logs.cursor', { job: scope.job, to }, at);
  });
}

function prune(database: Database, scope: JobScope, before: Instant, at: Instant): Promise<number> {
  return database.write(async (transaction) => {
    const removed = await transaction.run({
      sql: `DELETE FROM log_rows WHERE job_id = ? AND at < ? AND NOT EXISTS (
              SELECT 1 FROM operations o WHERE o.job_id = log_rows.job_id AND o.external_id = log_rows.external_id AND o.${inFlight})`,
      bindings: [(await findJob(transaction, scope)) ?? 0, before],
    });
    if (removed > 0) await appendLine(transaction, 'logs.pruned', { job: scope.job, rows: removed, before }, at);
    return removed;
  });
}
