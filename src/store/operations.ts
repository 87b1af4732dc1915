import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope, RunId } from '../domain/words.ts';
import { countOperations, insertBatches } from './batch-rows.ts';
import { closeOperations, dropOperations, escrowOperation } from './close.ts';
import type { Lease, Operations, PlannedBatch } from './contract.ts';
import { inChunks, placeholders, type Database, type Reader, type Transaction } from './database.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { batchOf, inFlight, insertOperations, operationOf, operationRow } from './operation-row.ts';
import { integerOf, textOf } from './row.ts';
import { runUnder } from './runs.ts';
import { beginSending, finishSending } from './send.ts';
import { marksOfWorkers, sentSince } from './sent-marks.ts';

/** Batches whose operations are read together: at most 50 each. */
const batchesPerChunk = 20;

export function openOperations(database: Database, hashKey: Uint8Array): Operations {
  return {
    async batches(run) {
      return (await database.all({ sql: 'SELECT * FROM batches WHERE run = ? ORDER BY sequence', bindings: [run] })).map(batchOf);
    },
    async batch(id) {
      const row = await database.first({ sql: 'SELECT * FROM batches WHERE id = ?', bindings: [id] });
      return row === undefined ? undefined : batchOf(row);
    },
    async ofBatch(id) {
      return (await database.all({ sql: 'SELECT * FROM operations WHERE batch = ? ORDER BY ordinal', bindings: [id] })).map(operationOf);
    },
    async open(scope) {
      const job = (await findJob(database, scope)) ?? 0;
      const sql = `SELECT * FROM operations WHERE job_id = ? AND ${inFlight} ORDER BY sent_at, batch, ordinal`;
      return (await database.all({ sql, bindings: [job] })).map(operationOf);
    },
    async unconfirmed(scope) {
      const job = (await findJob(database, scope)) ?? 0;
      const row = await database.first({
        sql: `SELECT COUNT(*) AS operations FROM operations WHERE job_id = ? AND ${inFlight} AND outcome IS NULL`,
        bindings: [job],
      });
      return row === undefined ? 0 : integerOf(row, 'operations');
    },
    async get(id) {
      const row = await database.first({ sql: 'SELECT * FROM operations WHERE id = ?', bindings: [id] });
      return row === undefined ? undefined : operationOf(row);
    },
    ofWorker: (scope, externalId) => ofWorker(database, scope, externalId),
    stream: (run) => stream(database, run),
    tally: (run) => tally(database, run),
    beginSending: (lease, input) => writeUnder(database, lease, (transaction) => beginSending(transaction, lease, input)),
    finishSending: (lease, input) => writeUnder(database, lease, (transaction) => finishSending(transaction, lease, input)),
    add: (lease, run, scope, batches, at) =>
      writeUnder(database, lease, (transaction) => addBatches(transaction, lease, run, scope, batches, at)),
    drop: (lease, operations, reason, at) =>
      writeUnder(database, lease, (transaction) => dropOperations(transaction, lease, operations, reason, at)),
    close: (lease, scope, closures, at) =>
      writeUnder(database, lease, (transaction) => closeOperations(transaction, scope, closures, at, hashKey)),
    escrow: (lease, operation, failure, at) =>
      writeUnder(database, lease, (transaction) => escrowOperation(transaction, operation, failure, at, hashKey)),
    async callsUsed(tenant, from, to) {
      const row = await database.first({
        sql: 'SELECT COUNT(*) AS calls FROM calls WHERE tenant = ? AND counted = 1 AND reserved_at >= ? AND reserved_at < ?',
        bindings: [tenant, from, to],
      });
      return row === undefined ? 0 : integerOf(row, 'calls');
    },
    sentSince: (scope, pipeline, since) => sentSince(database, scope, pipeline, since),
    marksOf: (scope, pipeline, externalIds, since) => marksOfWorkers(database, scope, pipeline, externalIds, since),
  };
}

async function ofWorker(reader: Reader, scope: JobScope, externalId: ExternalId): Promise<readonly Operation[]> {
  const rows = await reader.all({
    sql: `SELECT o.* FROM operations o JOIN runs r ON r.id = o.run JOIN batches b ON b.id = o.batch
          WHERE o.job_id = ? AND o.external_id = ? ORDER BY r.started_at, r.id, b.sequence, o.ordinal`,
    bindings: [(await findJob(reader, scope)) ?? 0, externalId],
  });
  return rows.map(operationOf);
}

async function* stream(reader: Reader, run: RunId): AsyncGenerator<readonly Operation[]> {
  const batches = await reader.all({ sql: 'SELECT id FROM batches WHERE run = ? ORDER BY sequence', bindings: [run] });
  for (const chunk of inChunks(batches, batchesPerChunk)) {
    const rows = await reader.all({
      sql: `SELECT o.* FROM operations o JOIN batches b ON b.id = o.batch
            WHERE o.batch IN (${placeholders(chunk.length)}) ORDER BY b.sequence, o.ordinal`,
      bindings: chunk.map((row) => textOf(row, 'id')),
    });
    if (rows.length > 0) yield rows.map(operationOf);
  }
}

/** What has an outcome counts under it, open or not; the rest under how far it came. */
async function tally(reader: Reader, run: RunId): Promise<Readonly<Record<string, number>>> {
  const rows = await reader.all({
    sql: `SELECT CASE WHEN outcome IS NOT NULL THEN outcome WHEN ${inFlight} THEN 'open' WHEN state = 'planned' THEN 'unsent' ELSE state END AS name,
            COUNT(*) AS operations
          FROM operations WHERE run = ? GROUP BY 1`,
    bindings: [run],
  });
  return Object.fromEntries(rows.map((row) => [textOf(row, 'name'), integerOf(row, 'operations')]));
}

async function addBatches(
  transaction: Transaction,
  lease: Lease,
  id: RunId,
  scope: JobScope,
  batches: readonly PlannedBatch[],
  at: Instant,
): Promise<void> {
  const run = await runUnder(transaction, lease, id);
  if (run.state !== 'accepted' && run.state !== 'loaded')
    throw new JoineryError('STO-302', `The run ${id} is ${run.state}; only an accepted run takes more batches.`);
  if (run.tenant !== scope.tenant || run.job !== scope.job) throw new JoineryError('STO-303', `The run ${id} belongs to another job.`);
  const job = await ensureJob(transaction, scope);
  await insertBatches(transaction, id, batches);
  const rows = batches.flatMap((batch) => batch.operations.map((operation) => operationRow(id, batch.id, job, operation)));
  await transaction.insert(insertOperations, rows);
  await countOperations(transaction, id);
  const foreign = await transaction.first({
    sql: `SELECT COUNT(*) AS operations FROM operations o LEFT JOIN entries e ON e.job_id = o.job_id AND e.external_id = o.external_id
          WHERE o.batch IN (SELECT id FROM batches WHERE run = ?) AND o.state = 'planned' AND (e.owner IS NULL OR e.owner <> ?)`,
    bindings: [id, lease.pipeline],
  });
  if (foreign !== undefined && integerOf(foreign, 'operations') > 0) {
    throw new JoineryError('STO-303', 'A batch holds a worker whom the pipeline does not own.');
  }
  await appendLine(transaction, 'run.extended', { run: id, batches: batches.map((batch) => batch.id), operations: rows.length }, at);
}
