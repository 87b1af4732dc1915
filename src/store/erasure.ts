import { hashJson } from '../domain/canonical-json.ts';
import type { OperationFailure } from '../domain/operation.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import type { ExternalId, JobScope } from '../domain/words.ts';
import { getAttribute, setAttribute } from '../scim/index.ts';
import type { Lease } from './contract.ts';
import type { Erasure, SettledCount, SettledInput } from './contract-erasure.ts';
import { inChunks, type Binding, type Database, type Reader, type Transaction } from './database.ts';
import { forget, forgettable, forgottenOf, namersOf, pseudonymOf } from './forget.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { inFlight } from './operation-row.ts';
import { integerOf, jsonOf, optionalText, textOf } from './row.ts';
import { runUnder } from './runs.ts';

const rowsPerStep = 500;

/** Operations that can be erased: they have ended, were not erased, and are nobody's version in flight. */
const ended = `state IN ('closed', 'refused', 'dropped') AND erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.sent_operation = operations.id)`;

/**
 * Workers of whom nothing is left to do: off by our own confirmed word, after having been on, with nothing in flight, wished for, uncertain or refused. A pre-hire
 * who waits for his first day has never been on.
 */
const settledEntries = `job_id = ? AND owner = ? AND confirmed_active = 0 AND ever_enabled = 1 AND confirmed_at < ? AND sent_hash IS NULL AND baseline_unknown = 0
  AND unsettled = 0 AND failed_hash IS NULL AND (desired_hash IS NULL OR desired_hash = confirmed_hash) AND erased_hash IS NULL`;

const oldRows = `job_id = ? AND at < ? AND external_id IN (SELECT external_id FROM entries WHERE job_id = ? AND owner = ?)
  AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.job_id = log_rows.job_id AND o.external_id = log_rows.external_id AND o.${inFlight})`;

export function openErasure(database: Database, hashKey: Uint8Array): Erasure {
  return {
    async countRun(run) {
      return count(
        database,
        `SELECT COUNT(*) AS found FROM operations WHERE batch IN (SELECT id FROM batches WHERE run = ?) AND ${ended}`,
        [run],
      );
    },
    async countSettled(scope, owner, before) {
      const job = (await findJob(database, scope)) ?? 0;
      return {
        entries: await count(database, `SELECT COUNT(*) AS found FROM entries WHERE ${settledEntries}`, [job, owner, before]),
        logRows: await count(database, `SELECT COUNT(*) AS found FROM log_rows WHERE ${oldRows}`, [job, before, job, owner]),
      };
    },
    run: (lease, { run, at }) => writeUnder(database, lease, (transaction) => eraseRun(transaction, lease, run, at)),
    settled: (lease, input) => writeUnder(database, lease, (transaction) => eraseSettled(transaction, lease, input)),
    forget: (lease, input) => writeUnder(database, lease, (transaction) => forget(transaction, lease, input, hashKey)),
    compact: () => database.compact(),
    async requireForgettable(scope, owner, externalId) {
      const job = (await findJob(database, scope)) ?? 0;
      await forgettable(database, job, owner, externalId);
      return namersOf(database, job, externalId);
    },
    forgotten: (scope: JobScope, externalIds: readonly ExternalId[]) => forgottenOf(database, scope, externalIds, hashKey),
    pseudonym: (externalId) => pseudonymOf(hashKey, externalId),
  };
}

async function count(reader: Reader, sql: string, bindings: readonly Binding[]): Promise<number> {
  const row = await reader.first({ sql, bindings });
  return row === undefined ? 0 : integerOf(row, 'found');
}

async function eraseRun(transaction: Transaction, lease: Lease, run: string, at: number): Promise<number> {
  await runUnder(transaction, lease, run);
  const inRun = `batch IN (SELECT id FROM batches WHERE run = ?) AND ${ended}`;
  // The reason is the service's text about the worker; the code is kept, and so is that it was a warning about these attributes.
  const failures = await transaction.all({
    sql: `SELECT id, failure FROM operations WHERE ${inRun} AND failure IS NOT NULL`,
    bindings: [run],
  });
  for (const row of failures) {
    const { code } = jsonOf<OperationFailure>(row, 'failure');
    const kept: OperationFailure = { code, reason: '' };
    await transaction.run({ sql: 'UPDATE operations SET failure = ? WHERE id = ?', bindings: [JSON.stringify(kept), textOf(row, 'id')] });
  }
  const erased = await transaction.run({
    sql: `UPDATE operations SET payload = '', user_name = NULL, erased_at = ? WHERE ${inRun}`,
    bindings: [at, run],
  });
  await transaction.run({
    sql: `UPDATE batches SET detail = NULL WHERE run = ? AND state IN ('closed', 'refused', 'dropped')`,
    bindings: [run],
  });
  if (erased > 0) await appendLine(transaction, 'run.erased', { run, operations: erased }, at);
  return erased;
}

async function eraseSettled(transaction: Transaction, lease: Lease, input: SettledInput): Promise<SettledCount> {
  const { scope, before, keep, at, by, runs } = input;
  const job = (await findJob(transaction, scope)) ?? 0;
  const rows = await transaction.all({
    sql: `SELECT external_id, confirmed_hash, confirmed_payload, desired_hash FROM entries WHERE ${settledEntries}`,
    bindings: [job, lease.pipeline, before],
  });
  for (const step of inChunks(rows, rowsPerStep)) {
    for (const row of step) {
      const kept = keptForLife(jsonOf<Payload>(row, 'confirmed_payload'), keep);
      const [hash, text] = [hashJson(kept), JSON.stringify(kept)];
      const wished = optionalText(row, 'desired_hash') !== undefined;
      await transaction.run({
        // Wished for and confirmed stay equal: a difference between them would be work for the next run.
        sql: `UPDATE entries SET confirmed_hash = ?, confirmed_payload = ?, erased_hash = ?${wished ? ', desired_hash = ?, desired_payload = ?' : ''}
              WHERE job_id = ? AND external_id = ?`,
        bindings: [hash, text, textOf(row, 'confirmed_hash'), ...(wished ? [hash, text] : []), job, textOf(row, 'external_id')],
      });
    }
  }
  const logRows = await transaction.run({ sql: `DELETE FROM log_rows WHERE ${oldRows}`, bindings: [job, before, job, lease.pipeline] });
  const data = { pipeline: lease.pipeline, by, before, runs, workers: rows.length, logRows };
  await appendLine(transaction, 'pipeline.purged', data, at);
  return { entries: rows.length, logRows };
}

/** What a rehire cannot do without: the names that are given once. */
function keptForLife(payload: Payload, keep: readonly AttributePath[]): Payload {
  const { schemas, externalId, active } = payload;
  let kept: Payload = { schemas, externalId, active };
  for (const path of keep) {
    const value = getAttribute(payload, path);
    if (value !== undefined && value !== null) kept = setAttribute(kept, path, value);
  }
  return kept;
}
