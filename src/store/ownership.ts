import { keyedHash } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import type { AcceptRecord, Lease } from './contract.ts';
import type { TransferInput } from './contract-people.ts';
import { toLookAt } from './audit-schema.ts';
import { dropEmptyBatches } from './batch-rows.ts';
import { columnsOf, inChunks, placeholders, type Database, type Insertion, type Transaction } from './database.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { checkLease, writeUnder } from './lease.ts';
import { droppedFor } from './operation-row.ts';
import { textOf } from './row.ts';

/** Workers that are moved together, and that one line of the journal names. */
const workersPerStep = 100;

/** See `Ledger.claims`. */
export async function claims(database: Database, scope: JobScope, pipeline: PipelineName): Promise<readonly ExternalId[]> {
  const rows = await database.all({
    sql: 'SELECT external_id FROM claims WHERE job_id = ? AND pipeline = ? ORDER BY external_id',
    bindings: [(await findJob(database, scope)) ?? 0, pipeline],
  });
  return rows.map((row) => textOf(row, 'external_id'));
}

/** See `Ledger.claimsAgainst`. */
export async function claimsAgainst(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
): Promise<ReadonlyMap<ExternalId, PipelineName>> {
  const rows = await database.all({
    sql: `SELECT c.external_id, c.pipeline FROM claims c JOIN entries e ON e.job_id = c.job_id AND e.external_id = c.external_id
          WHERE c.job_id = ? AND e.owner = ? AND c.pipeline <> e.owner ORDER BY c.external_id, c.pipeline`,
    bindings: [(await findJob(database, scope)) ?? 0, owner],
  });
  return new Map(rows.map((row) => [textOf(row, 'external_id'), textOf(row, 'pipeline')]));
}

/** See `Ledger.rejectedFor`. */
export async function rejectedFor(database: Database, scope: JobScope, owner: PipelineName, code: string): Promise<readonly ExternalId[]> {
  const rows = await database.all({
    sql: `SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND verdict = 'rejected' AND reasons LIKE ? ORDER BY external_id`,
    bindings: [(await findJob(database, scope)) ?? 0, owner, `%"${code}"%`],
  });
  return rows.map((row) => textOf(row, 'external_id'));
}

/** See `Ledger.standingRejections`. */
export async function standingRejections(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
  most: number,
): Promise<readonly ExternalId[] | undefined> {
  const job = (await findJob(database, scope)) ?? 0;
  // Whoever owns a worker has held a lease; without that question, nobody being there would be found by reading everybody.
  const others = await database.first({ sql: 'SELECT pipeline FROM leases WHERE pipeline <> ? LIMIT 1', bindings: [owner] });
  if (others !== undefined) {
    const theirs = await database.first({
      sql: 'SELECT external_id FROM entries WHERE job_id = ? AND owner <> ? LIMIT 1',
      bindings: [job, owner],
    });
    if (theirs !== undefined) return undefined;
  }
  const rows = await database.all({
    sql: `SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND ${toLookAt} AND verdict = 'rejected' LIMIT ?`,
    bindings: [job, owner, most + 1],
  });
  return rows.length > most ? undefined : rows.map((row) => textOf(row, 'external_id'));
}

const upsertClaims: Insertion = {
  name: 'upsert_claims',
  table: 'claims',
  columns: [...columnsOf('integer', 'job_id'), ...columnsOf('text', 'external_id', 'pipeline'), ...columnsOf('integer', 'active')],
  tail: 'ON CONFLICT (job_id, external_id, pipeline) DO UPDATE SET active = excluded.active',
};

/** What an accepted run says about keys of other pipelines. Part of accept's transaction. */
export async function writeClaims(
  transaction: Transaction,
  job: number,
  pipeline: PipelineName,
  records: readonly AcceptRecord[],
): Promise<void> {
  const made = records.filter(({ claim }) => claim === 'active' || claim === 'preHire');
  const gone = records.filter(({ claim }) => claim === 'none');
  await transaction.insert(
    upsertClaims,
    made.map(({ externalId, claim }) => [job, externalId, pipeline, claim === 'active' ? 1 : 0]),
  );
  if (gone.length === 0) return;
  await transaction.run({
    sql: `DELETE FROM claims WHERE job_id = ? AND pipeline = ? AND external_id IN (${placeholders(gone.length)})`,
    bindings: [job, pipeline, ...gone.map(({ externalId }) => externalId)],
  });
}

/** See `Ledger.transfer`. */
export function transfer(database: Database, lease: Lease, input: TransferInput, other: Lease, hashKey: Uint8Array): Promise<void> {
  return writeUnder(database, lease, async (transaction) => {
    await checkLease(transaction, other);
    const job = await ensureJob(transaction, input.scope);
    const { reason, by, at } = input;
    for (const step of inChunks([...new Set(input.workers)], workersPerStep)) {
      const rows = await transaction.all({
        sql: `SELECT external_id, owner FROM entries WHERE job_id = ? AND external_id IN (${placeholders(step.length)})`,
        bindings: [job, ...step],
      });
      const owners = new Map(rows.map((row) => [textOf(row, 'external_id'), textOf(row, 'owner')]));
      for (const worker of step) {
        const owner = owners.get(worker);
        if (owner === undefined) throw new JoineryError('STO-305', `There is no worker ${worker} in the state.`);
        if (owner !== other.pipeline) throw new JoineryError('STO-303', `The worker ${worker} belongs to the pipeline ${owner}.`);
      }
      await transaction.run({
        sql: `UPDATE entries SET owner = ?, marked = 'again', missing_passes = 1, missing_since = ?
              WHERE job_id = ? AND external_id IN (${placeholders(step.length)})`,
        bindings: [lease.pipeline, at, job, ...step],
      });
      await transaction.run({
        sql: `DELETE FROM claims WHERE job_id = ? AND pipeline = ? AND external_id IN (${placeholders(step.length)})`,
        bindings: [job, lease.pipeline, ...step],
      });
      await dropUnsent(transaction, job, step, [other.pipeline], `the worker belongs to the pipeline ${lease.pipeline}`);
      const workers = step.map((worker) => keyedHash(hashKey, worker));
      await appendLine(transaction, 'workers.transferred', { pipeline: lease.pipeline, from: other.pipeline, workers, reason, by }, at);
    }
  });
}

/** A run that was interrupted must not send what was planned before the workers moved. */
export async function dropUnsent(
  transaction: Transaction,
  job: number,
  workers: readonly ExternalId[],
  pipelines: readonly PipelineName[],
  reason: string,
): Promise<void> {
  const dropped = await transaction.all({
    sql: `UPDATE operations SET state = 'dropped', failure = ? WHERE job_id = ? AND external_id IN (${placeholders(workers.length)})
            AND state = 'planned' AND run IN (SELECT id FROM runs WHERE pipeline IN (${placeholders(pipelines.length)})) RETURNING run`,
    bindings: [JSON.stringify(droppedFor(reason)), job, ...workers, ...pipelines],
  });
  for (const run of new Set(dropped.map((row) => textOf(row, 'run')))) await dropEmptyBatches(transaction, run);
}
