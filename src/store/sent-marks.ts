import type { Instant } from '../domain/clock.ts';
import type { BatchId, ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import { columnsOf, inChunks, placeholders, type Insertion, type Reader, type Transaction } from './database.ts';
import { findJob } from './jobs.ts';
import { integerOf, jsonOf, textOf } from './row.ts';

/** Longer than the longest window that a guard looks back. */
const keptMilliseconds = 8 * 86_400_000;
const workersPerQuery = 500;

/** The newest sending counts; a replay has the instant of the first. */
const upsertMarks: Insertion = {
  name: 'upsert_sent_marks',
  table: 'sent_marks',
  columns: [...columnsOf('integer', 'job_id'), ...columnsOf('text', 'pipeline', 'external_id', 'mark'), ...columnsOf('bigint', 'sent_at')],
  tail: `ON CONFLICT (job_id, pipeline, external_id, mark) DO UPDATE
    SET sent_at = CASE WHEN excluded.sent_at > sent_marks.sent_at THEN excluded.sent_at ELSE sent_marks.sent_at END`,
};

/** Notes what has left, or may have: called when a batch becomes `sent` or `unknown`. What was refused or did not leave is never noted. */
export async function markSent(transaction: Transaction, pipeline: PipelineName, batch: BatchId): Promise<void> {
  const rows = await transaction.all({
    sql: `SELECT job_id, external_id, marks, sent_at FROM operations
          WHERE batch = ? AND marks IS NOT NULL AND sent_at IS NOT NULL AND state IN ('sent', 'unknown', 'closed')`,
    bindings: [batch],
  });
  const marks = rows.flatMap((row) =>
    jsonOf<readonly string[]>(row, 'marks').map((mark) => [
      integerOf(row, 'job_id'),
      pipeline,
      textOf(row, 'external_id'),
      mark,
      integerOf(row, 'sent_at'),
    ]),
  );
  if (marks.length > 0) await transaction.insert(upsertMarks, marks);
}

/** Marks that no window reaches any more. */
export async function forgetMarks(transaction: Transaction, job: number, pipeline: PipelineName, at: Instant): Promise<void> {
  await transaction.run({
    sql: 'DELETE FROM sent_marks WHERE job_id = ? AND pipeline = ? AND sent_at < ?',
    bindings: [job, pipeline, at - keptMilliseconds],
  });
}

/** See `Operations.sentSince`. */
export async function sentSince(
  reader: Reader,
  scope: JobScope,
  pipeline: PipelineName,
  since: Instant,
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.all({
    sql: 'SELECT mark, COUNT(*) AS workers FROM sent_marks WHERE job_id = ? AND pipeline = ? AND sent_at >= ? GROUP BY mark',
    bindings: [(await findJob(reader, scope)) ?? 0, pipeline, since],
  });
  return new Map(rows.map((row) => [textOf(row, 'mark'), integerOf(row, 'workers')]));
}

/** See `Operations.marksOf`. */
export async function marksOfWorkers(
  reader: Reader,
  scope: JobScope,
  pipeline: PipelineName,
  workers: readonly ExternalId[],
  since: Instant,
): Promise<ReadonlyMap<ExternalId, ReadonlyMap<string, Instant>>> {
  const found = new Map<ExternalId, Map<string, Instant>>();
  const job = (await findJob(reader, scope)) ?? 0;
  for (const chunk of inChunks(workers, workersPerQuery)) {
    // The instant is compared here: with it in the query SQLite takes the index of the window and walks through every mark of the week for each chunk of workers.
    const rows = await reader.all({
      sql: `SELECT external_id, mark, sent_at FROM sent_marks WHERE job_id = ? AND pipeline = ? AND external_id IN (${placeholders(chunk.length)})`,
      bindings: [job, pipeline, ...chunk],
    });
    for (const row of rows) {
      const sentAt = integerOf(row, 'sent_at');
      if (sentAt < since) continue;
      const worker = textOf(row, 'external_id');
      const marks = found.get(worker) ?? new Map<string, Instant>();
      found.set(worker, marks.set(textOf(row, 'mark'), sentAt));
    }
  }
  return found;
}
