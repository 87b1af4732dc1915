import { keyedHash } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import type { Lease } from './contract.ts';
import type { ForgetInput, Forgotten } from './contract-erasure.ts';
import { inChunks, placeholders, type Reader, type Transaction } from './database.ts';
import { entryOf, selectEntries } from './entry.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { inFlight } from './operation-row.ts';
import { integerOf, textOf } from './row.ts';

const keysPerQuery = 500;

/** The same keyed hash as in the journal, so that its lines and the operations that are left can be held together. */
export function pseudonymOf(hashKey: Uint8Array, externalId: ExternalId): string {
  return `forgotten:${keyedHash(hashKey, externalId)}`;
}

/** See `Erasure.forget`. */
export async function forget(transaction: Transaction, lease: Lease, input: ForgetInput, hashKey: Uint8Array): Promise<Forgotten> {
  const { scope, externalId, reason, by, at } = input;
  const job = (await findJob(transaction, scope)) ?? 0;
  await forgettable(transaction, job, lease.pipeline, externalId);
  const name = pseudonymOf(hashKey, externalId);
  const namedBy = await namersOf(transaction, job, externalId);
  await forgetTies(transaction, job, externalId, name);
  await forgetMentions(transaction, job, externalId, name);
  const operations = await transaction.run({
    sql: `UPDATE operations SET payload = '', user_name = NULL, failure = NULL, bulk_id = '', external_id = ?, erased_at = ?
          WHERE job_id = ? AND external_id = ?`,
    bindings: [name, at, job, externalId],
  });
  const logRows = await transaction.run({ sql: 'DELETE FROM log_rows WHERE job_id = ? AND external_id = ?', bindings: [job, externalId] });
  await transaction.run({ sql: 'DELETE FROM entries WHERE job_id = ? AND external_id = ?', bindings: [job, externalId] });
  const worker = keyedHash(hashKey, externalId);
  await transaction.run({
    sql: `INSERT INTO tombstones (job_id, worker, owner, forgotten_at) VALUES (?, ?, ?, ?)
          ON CONFLICT (job_id, worker) DO UPDATE SET owner = excluded.owner, forgotten_at = excluded.forgotten_at`,
    bindings: [job, worker, lease.pipeline, at],
  });
  await appendLine(transaction, 'worker.forgotten', { pipeline: lease.pipeline, worker, reason, by, operations, logRows }, at);
  return { operations, logRows, namedBy };
}

/** As a payload names its manager, in the one way in which payloads are written. */
const managerText = (externalId: ExternalId): string => `"manager":{"value":${JSON.stringify(externalId)}}`;

/**
 * Others whose entry keeps his key: as the manager in the complete record that they have or should have, without which they could be neither changed nor disabled, or because HR names him as the
 * manager whom nobody knows.
 */
export async function namersOf(reader: Reader, job: number, externalId: ExternalId): Promise<readonly ExternalId[]> {
  const text = managerText(externalId);
  const rows = await reader.all({
    sql: `SELECT external_id FROM entries WHERE job_id = ? AND external_id <> ? AND (missing_manager = ?
            OR confirmed_payload <> replace(confirmed_payload, ?, '') OR desired_payload <> replace(desired_payload, ?, ''))
          ORDER BY external_id`,
    bindings: [job, externalId, externalId, text, text],
  });
  return rows.map((row) => textOf(row, 'external_id'));
}

/** Where records of what is over name him: operations of others that have ended, and log rows about workers of whom nothing is open. The new name takes his place there. */
async function forgetMentions(transaction: Transaction, job: number, externalId: ExternalId, name: string): Promise<void> {
  const [from, to] = [managerText(externalId), managerText(name)];
  await transaction.run({
    sql: `UPDATE operations SET payload = replace(payload, ?, ?)
          WHERE job_id = ? AND NOT ${inFlight} AND state <> 'planned' AND payload <> replace(payload, ?, '')`,
    bindings: [from, to, job, from],
  });
  // As a value of its own, and as one inside a text that is JSON itself.
  for (const quoted of [JSON.stringify, (text: string): string => JSON.stringify(JSON.stringify(text)).slice(1, -1)]) {
    await transaction.run({
      sql: `UPDATE log_rows SET body = replace(body, ?, ?) WHERE job_id = ? AND body <> replace(body, ?, '') AND NOT EXISTS
              (SELECT 1 FROM operations o WHERE o.job_id = log_rows.job_id AND o.external_id = log_rows.external_id AND o.${inFlight})`,
      bindings: [quoted(externalId), quoted(name), job, quoted(externalId)],
    });
  }
}

/** What other entries know of him as the same person or another: the new name in place of the key. */
async function forgetTies(transaction: Transaction, job: number, externalId: ExternalId, name: string): Promise<void> {
  await transaction.run({ sql: 'DELETE FROM claims WHERE job_id = ? AND external_id = ?', bindings: [job, externalId] });
  await transaction.run({ sql: 'DELETE FROM sent_marks WHERE job_id = ? AND external_id = ?', bindings: [job, externalId] });
  await transaction.run({
    sql: 'UPDATE entries SET rekeyed_to = ? WHERE job_id = ? AND rekeyed_to = ?',
    bindings: [name, job, externalId],
  });
  for (const column of ['apart', 'confirmed_evidence']) {
    await transaction.run({
      sql: `UPDATE entries SET ${column} = replace(${column}, ?, ?) WHERE job_id = ? AND ${column} <> replace(${column}, ?, '')`,
      bindings: [JSON.stringify(externalId), JSON.stringify(name), job, JSON.stringify(externalId)],
    });
  }
}

/** Errors: STO-301, STO-303, STO-304. */
export async function forgettable(reader: Reader, job: number, owner: PipelineName, externalId: ExternalId): Promise<void> {
  const row = await reader.first({ sql: `${selectEntries} WHERE e.job_id = ? AND e.external_id = ?`, bindings: [job, externalId] });
  if (row === undefined) throw new JoineryError('STO-305', `There is no worker ${externalId} in the state.`);
  const entry = entryOf(row);
  if (entry.owner !== owner) throw new JoineryError('STO-303', `The worker ${externalId} belongs to ${entry.owner}.`);
  const open = await reader.first({
    sql: `SELECT COUNT(*) AS found FROM operations WHERE job_id = ? AND external_id = ? AND ${inFlight}`,
    bindings: [job, externalId],
  });
  const rekeys = await reader.first({
    sql: 'SELECT 1 AS found FROM entries WHERE job_id = ? AND desired_rekey = ?',
    bindings: [job, externalId],
  });
  if (rekeys !== undefined || entry.desired?.rekey !== undefined)
    throw new JoineryError(
      'STO-304',
      `Worker ${externalId} cannot be forgotten: he may be somebody under another key; joinery rekey decides that.`,
    );
  const why = open !== undefined && integerOf(open, 'found') > 0 ? 'an operation about him is in flight' : stillNeeded(entry);
  if (why !== undefined) throw new JoineryError('STO-304', `Worker ${externalId} cannot be forgotten: ${why}.`);
}

/** Why the worker may still have to be disabled; undefined: he will not. */
function stillNeeded({ sent, baselineUnknown, confirmed, desired, failed }: LedgerEntry): string | undefined {
  if (sent !== undefined) return 'an operation about him is in flight';
  if (baselineUnknown) return 'an operation went silent, so that nobody knows whether his account is on';
  if (confirmed?.payload.active === true) return 'his account is on; the disable has to be confirmed first';
  if (desired === undefined || desired.hash === confirmed?.hash || desired.hash === failed?.hash) return undefined;
  // Taken back before it left: nothing of it reached the service.
  return confirmed === undefined && !desired.payload.active ? undefined : 'a payload that was accepted has not been sent yet';
}

/** See `Erasure.forgotten`. */
export async function forgottenOf(
  reader: Reader,
  scope: JobScope,
  externalIds: readonly ExternalId[],
  hashKey: Uint8Array,
): Promise<ReadonlyMap<ExternalId, Instant>> {
  const found = new Map<ExternalId, Instant>();
  const job = await findJob(reader, scope);
  if (job === undefined || externalIds.length === 0) return found;
  // Nearly always nobody was: then no key is hashed.
  const any = await reader.first({ sql: 'SELECT 1 AS found FROM tombstones WHERE job_id = ? LIMIT 1', bindings: [job] });
  if (any === undefined) return found;
  for (const chunk of inChunks(externalIds, keysPerQuery)) {
    const byHash = new Map(chunk.map((externalId) => [keyedHash(hashKey, externalId), externalId]));
    const rows = await reader.all({
      sql: `SELECT worker, forgotten_at FROM tombstones WHERE job_id = ? AND worker IN (${placeholders(byHash.size)})`,
      bindings: [job, ...byHash.keys()],
    });
    for (const row of rows) {
      const externalId = byHash.get(textOf(row, 'worker'));
      if (externalId !== undefined) found.set(externalId, integerOf(row, 'forgotten_at'));
    }
  }
  return found;
}

/** A person let the worker come back: from now on he is a worker like any other. */
export async function removeTombstone(transaction: Transaction, job: number, externalId: ExternalId, hashKey: Uint8Array): Promise<void> {
  await transaction.run({ sql: 'DELETE FROM tombstones WHERE job_id = ? AND worker = ?', bindings: [job, keyedHash(hashKey, externalId)] });
}
