import type { Instant } from '../domain/clock.ts';
import type { JobScope } from '../domain/words.ts';
import type { JobMemory } from './contract.ts';
import { columnsOf, type Database, type Insertion } from './database.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { integerOf, optionalInteger, present } from './row.ts';

/** Longer than any operation waits for its outcome before somebody has looked. */
const keptMilliseconds = 14 * 86_400_000;

const insertExecutions: Insertion = {
  name: 'insert_job_executions',
  table: 'job_executions',
  columns: [...columnsOf('integer', 'job_id'), ...columnsOf('bigint', 'began_at', 'ended_at')],
  tail: 'ON CONFLICT (job_id, began_at) DO NOTHING RETURNING began_at',
};

/** See `LogRows.remembered`. */
export async function remembered(database: Database, scope: JobScope): Promise<JobMemory> {
  const job = await findJob(database, scope);
  if (job === undefined) return { executions: [] };
  const rows = await database.all({
    sql: 'SELECT began_at, ended_at FROM job_executions WHERE job_id = ? ORDER BY began_at',
    bindings: [job],
  });
  const row = await database.first({ sql: 'SELECT drained_at FROM jobs WHERE id = ?', bindings: [job] });
  return {
    executions: rows.map((one) => ({ began: integerOf(one, 'began_at'), ended: integerOf(one, 'ended_at') })),
    ...present('drainedAt', row === undefined ? undefined : optionalInteger(row, 'drained_at')),
  };
}

/** See `LogRows.remember`. */
export async function remember(database: Database, scope: JobScope, { executions, drainedAt }: JobMemory, at: Instant): Promise<void> {
  if (executions.length === 0 && drainedAt === undefined) return;
  await database.write(async (transaction) => {
    const job = await ensureJob(transaction, scope);
    const added = await transaction.insert(
      insertExecutions,
      executions.map(({ began, ended }) => [job, began, ended]),
    );
    const moved =
      drainedAt === undefined
        ? 0
        : await transaction.run({
            sql: 'UPDATE jobs SET drained_at = ? WHERE id = ? AND (drained_at IS NULL OR drained_at < ?)',
            bindings: [drainedAt, job, drainedAt],
          });
    if (added.length + moved === 0) return;
    await transaction.run({ sql: 'DELETE FROM job_executions WHERE job_id = ? AND began_at < ?', bindings: [job, at - keptMilliseconds] });
    await appendLine(transaction, 'job.observed', { job: scope.job, executions: added.length, ...present('drainedAt', drainedAt) }, at);
  });
}
