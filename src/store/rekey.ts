import { hashJson, keyedHash } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { Evidence, LedgerEntry } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import { compareKeys } from '../domain/row.ts';
import type { JobScope } from '../domain/words.ts';
import type { Lease } from './contract.ts';
import type { OpenRekey, RekeyInput } from './contract-people.ts';
import { columnsOf, inChunks, placeholders, type Database, type Insertion, type Transaction } from './database.ts';
import { entryOf, selectEntries, userNameOf } from './entry.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { checkLease, writeUnder } from './lease.ts';
import { dropUnsent } from './ownership.ts';
import { textOf } from './row.ts';

const identitiesPerQuery = 500;

/** See `Ledger.sharingIdentity`. */
export async function sharingIdentity(
  database: Database,
  scope: JobScope,
  identities: readonly string[],
): Promise<ReadonlyMap<string, readonly LedgerEntry[]>> {
  const found = new Map<string, LedgerEntry[]>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const chunk of inChunks([...new Set(identities)], identitiesPerQuery)) {
    const rows = await database.all({
      sql: `${selectEntries} WHERE e.job_id = ? AND e.identity IN (${placeholders(chunk.length)})
              AND (e.desired_hash IS NOT NULL OR e.sent_hash IS NOT NULL OR e.confirmed_hash IS NOT NULL) ORDER BY e.external_id`,
      bindings: [job, ...chunk],
    });
    for (const row of rows) {
      const identity = textOf(row, 'identity');
      const same = found.get(identity);
      if (same === undefined) found.set(identity, [entryOf(row)]);
      else same.push(entryOf(row));
    }
  }
  return found;
}

/** See `Ledger.openRekeys`. */
export async function openRekeys(database: Database, scope: JobScope): Promise<readonly OpenRekey[]> {
  const job = await findJob(database, scope);
  if (job === undefined) return [];
  const rows = await database.all({
    // Sorted by SQLite, all entries would be read in the order of their keys to find the few.
    sql: 'SELECT external_id, owner, desired_rekey FROM entries WHERE job_id = ? AND desired_rekey IS NOT NULL',
    bindings: [job],
  });
  return rows
    .map((row) => ({ externalId: textOf(row, 'external_id'), owner: textOf(row, 'owner'), other: textOf(row, 'desired_rekey') }))
    .toSorted((left, right) => compareKeys('bytes', left.externalId, right.externalId));
}

/** See `Ledger.rekey`. */
export function rekey(database: Database, lease: Lease, input: RekeyInput, other: Lease | undefined, hashKey: Uint8Array): Promise<void> {
  return writeUnder(database, lease, async (transaction) => {
    if (other !== undefined) await checkLease(transaction, other);
    const job = await ensureJob(transaction, input.scope);
    const { from, to } = await bothOf(transaction, job, input);
    if (from === undefined) throw new JoineryError('STO-305', `There is no worker ${input.from} in the state.`);
    const owners = [lease.pipeline, ...(other === undefined ? [] : [other.pipeline])];
    if (!owners.includes(from.owner)) throw new JoineryError('STO-303', `The worker ${input.from} belongs to the pipeline ${from.owner}.`);
    if (to !== undefined && to.owner !== lease.pipeline) {
      throw new JoineryError('STO-303', `The worker ${input.to} belongs to the pipeline ${to.owner}.`);
    }
    for (const entry of [from, to]) {
      if (entry?.sent !== undefined)
        throw new JoineryError('STO-302', `The worker ${entry.externalId} is in flight and cannot be rekeyed.`);
    }
    if (from.confirmed === undefined) throw new JoineryError('STO-302', `Nothing was ever confirmed of the worker ${input.from}.`);
    if (to?.confirmed !== undefined) throw new JoineryError('STO-302', `The worker ${input.to} has an account of his own.`);
    await moveConfirmed(transaction, job, lease, from, input);
    await dropUnsent(transaction, job, [input.from, input.to], owners, 'the worker was rekeyed');
    await tell(transaction, 'worker.rekeyed', lease, input, hashKey);
  });
}

/** See `Ledger.part`. */
export function part(database: Database, lease: Lease, input: RekeyInput, hashKey: Uint8Array): Promise<void> {
  return writeUnder(database, lease, async (transaction) => {
    const job = await ensureJob(transaction, input.scope);
    const both = await bothOf(transaction, job, input);
    for (const [entry, other] of [
      [both.from, input.to],
      [both.to, input.from],
    ] as const) {
      if (entry === undefined) continue;
      await transaction.run({
        sql: `UPDATE entries SET apart = ?, desired_rekey = CASE WHEN desired_rekey = ? THEN NULL ELSE desired_rekey END,
                marked = COALESCE(marked, 'again') WHERE job_id = ? AND external_id = ?`,
        bindings: [JSON.stringify([...new Set([...(entry.apart ?? []), other])]), other, job, entry.externalId],
      });
    }
    // Before the first accept neither half of two new rows is in the ledger; then there is nothing that could keep the decision.
    if (both.from === undefined && both.to === undefined) {
      throw new JoineryError('STO-301', `Neither ${input.from} nor ${input.to} is in the state.`);
    }
    await tell(transaction, 'workers.parted', lease, input, hashKey);
  });
}

async function bothOf(
  transaction: Transaction,
  job: number,
  { from, to }: RekeyInput,
): Promise<{ readonly from: LedgerEntry | undefined; readonly to: LedgerEntry | undefined }> {
  const rows = await transaction.all({
    sql: `${selectEntries} WHERE e.job_id = ? AND e.external_id IN (?, ?)`,
    bindings: [job, from, to],
  });
  const entries = rows.map(entryOf);
  return { from: entries.find(({ externalId }) => externalId === from), to: entries.find(({ externalId }) => externalId === to) };
}

/** The new key may be unknown yet: a guard can have stopped the run that would have recorded it. */
const upsertRekeyed: Insertion = {
  name: 'upsert_rekeyed',
  table: 'entries',
  columns: [
    ...columnsOf('integer', 'job_id'),
    ...columnsOf('text', 'external_id', 'owner', 'confirmed_hash', 'confirmed_payload', 'confirmed_evidence', 'confirmed_user_name'),
    ...columnsOf('bigint', 'confirmed_at', 'released_at', 'missing_passes', 'missing_since'),
    ...columnsOf('integer', 'confirmed_active', 'ever_enabled', 'baseline_unknown'),
    ...columnsOf('text', 'marked'),
  ],
  tail: `ON CONFLICT (job_id, external_id) DO UPDATE SET confirmed_hash = excluded.confirmed_hash, confirmed_payload = excluded.confirmed_payload,
    confirmed_evidence = excluded.confirmed_evidence, confirmed_user_name = excluded.confirmed_user_name, confirmed_at = excluded.confirmed_at,
    released_at = excluded.released_at, confirmed_active = excluded.confirmed_active, ever_enabled = excluded.ever_enabled,
    baseline_unknown = excluded.baseline_unknown, marked = excluded.marked, missing_passes = excluded.missing_passes, missing_since = excluded.missing_since, rekeyed_to = NULL,
    desired_hash = NULL, desired_change = NULL, desired_run = NULL, desired_payload = NULL, desired_user_name = NULL, desired_rekey = NULL,
    failed_hash = NULL, failed_code = NULL, failed_at = NULL`,
};

async function moveConfirmed(
  transaction: Transaction,
  job: number,
  lease: Lease,
  from: LedgerEntry,
  { to, at }: RekeyInput,
): Promise<void> {
  const old = from.confirmed?.payload;
  if (old === undefined) return;
  const payload: Payload = { ...old, externalId: to };
  const evidence: Evidence = { kind: 'adopted', detail: { rekeyedFrom: from.externalId } };
  await transaction.insert(upsertRekeyed, [
    [
      job,
      to,
      lease.pipeline,
      hashJson(payload),
      JSON.stringify(payload),
      JSON.stringify(evidence),
      userNameOf(payload),
      at,
      from.released ?? null,
      // If the source does not return the new key, its pipeline must come to know that somebody is missing.
      1,
      at,
      payload.active ? 1 : 0,
      from.everEnabled ? 1 : 0,
      from.baselineUnknown ? 1 : 0,
      'again',
    ],
  ]);
  await transaction.run({
    sql: `UPDATE entries SET rekeyed_to = ?, identity = NULL, marked = NULL, apart = NULL, released_at = NULL, baseline_unknown = 0, ever_enabled = 0,
            confirmed_hash = NULL, confirmed_payload = NULL, confirmed_evidence = NULL, confirmed_user_name = NULL, confirmed_at = NULL, confirmed_active = NULL,
            desired_hash = NULL, desired_change = NULL, desired_run = NULL, desired_payload = NULL, desired_user_name = NULL, desired_rekey = NULL,
            failed_hash = NULL, failed_code = NULL, failed_at = NULL, missing_passes = 0, missing_since = NULL
          WHERE job_id = ? AND external_id = ?`,
    bindings: [to, job, from.externalId],
  });
}

async function tell(transaction: Transaction, kind: string, lease: Lease, input: RekeyInput, hashKey: Uint8Array): Promise<void> {
  const { from, to, reason, by, at } = input;
  const data = { pipeline: lease.pipeline, from: keyedHash(hashKey, from), to: keyedHash(hashKey, to), reason, by };
  await appendLine(transaction, kind, data, at);
}
