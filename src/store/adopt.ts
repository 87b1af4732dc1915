import { hashJson, keyedHash } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { Evidence } from '../domain/ledger.ts';
import type { ExternalId, JobScope } from '../domain/words.ts';
import type { AdoptInput, AdoptResult, Lease, ReleaseInput } from './contract.ts';
import { columnsOf, inChunks, placeholders, type Database, type Insertion } from './database.ts';
import { userNameOf } from './entry.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { removeTombstone } from './forget.ts';
import { flagOf, optionalText, textOf } from './row.ts';

/** Workers that are compared and written together, and that one line of the journal names. */
const workersPerStep = 100;

/** An entry that nobody confirmed may have an owner and a wish already: they stay. Who has no wish was evaluated against nothing, so he is due: the next run looks at him although his row is the same. */
const upsertAdopted: Insertion = {
  name: 'upsert_adopted',
  table: 'entries',
  columns: [
    ...columnsOf('integer', 'job_id'),
    ...columnsOf('text', 'external_id', 'owner', 'confirmed_hash', 'confirmed_payload', 'confirmed_evidence', 'confirmed_user_name'),
    ...columnsOf('bigint', 'confirmed_at'),
    ...columnsOf('integer', 'confirmed_active', 'ever_enabled'),
  ],
  tail: `ON CONFLICT (job_id, external_id) DO UPDATE SET confirmed_hash = excluded.confirmed_hash, confirmed_payload = excluded.confirmed_payload,
    confirmed_evidence = excluded.confirmed_evidence, confirmed_user_name = excluded.confirmed_user_name, confirmed_at = excluded.confirmed_at,
    confirmed_active = excluded.confirmed_active, erased_hash = NULL, ever_enabled = excluded.ever_enabled, baseline_unknown = 0,
    next_date = CASE WHEN entries.desired_hash IS NULL THEN excluded.confirmed_at ELSE entries.next_date END`,
};

/** See `Ledger.adopt`. */
export function adopt(database: Database, lease: Lease, input: AdoptInput, hashKey: Uint8Array): Promise<AdoptResult> {
  return writeUnder(database, lease, async (transaction) => {
    const job = await ensureJob(transaction, input.scope);
    const evidence: Evidence = { kind: 'adopted' };
    const passedOver: ExternalId[] = [];
    let adopted = 0;
    for (const step of inChunks(input.workers, workersPerStep)) {
      const heads = await transaction.all({
        sql: `SELECT external_id, owner, sent_hash, confirmed_hash, baseline_unknown FROM entries
              WHERE job_id = ? AND external_id IN (${placeholders(step.length)})`,
        bindings: [job, ...step.map(({ externalId }) => externalId)],
      });
      const known = new Set(
        heads
          .filter(
            (head) =>
              textOf(head, 'owner') !== lease.pipeline ||
              optionalText(head, 'sent_hash') !== undefined ||
              (optionalText(head, 'confirmed_hash') !== undefined && !flagOf(head, 'baseline_unknown')),
          )
          .map((head) => textOf(head, 'external_id')),
      );
      const fresh = step.filter(({ externalId }) => !known.has(externalId));
      passedOver.push(...known);
      if (fresh.length === 0) continue;
      await transaction.insert(
        upsertAdopted,
        fresh.map(({ externalId, payload, everEnabled }) => [
          job,
          externalId,
          lease.pipeline,
          hashJson(payload),
          JSON.stringify(payload),
          JSON.stringify(evidence),
          userNameOf(payload),
          input.at,
          payload.active ? 1 : 0,
          everEnabled ? 1 : 0,
        ]),
      );
      adopted += fresh.length;
      const workers = fresh.map(({ externalId, payload }) => ({ worker: keyedHash(hashKey, externalId), payload: hashJson(payload) }));
      await appendLine(transaction, 'workers.adopted', { pipeline: lease.pipeline, workers }, input.at);
    }
    return { adopted, passedOver };
  });
}

/** See `Ledger.release`. */
export function release(database: Database, lease: Lease, input: ReleaseInput, hashKey: Uint8Array): Promise<void> {
  return writeUnder(database, lease, async (transaction) => {
    const job = (await findJob(transaction, input.scope)) ?? 0;
    const changed = await transaction.run({
      sql: 'UPDATE entries SET released_at = ? WHERE job_id = ? AND external_id = ? AND owner = ?',
      bindings: [input.at, job, input.externalId, lease.pipeline],
    });
    await removeTombstone(transaction, job, input.externalId, hashKey);
    if (changed === 0) throw new JoineryError('STO-305', `There is no worker ${input.externalId} of ${lease.pipeline} in the state.`);
    const worker = keyedHash(hashKey, input.externalId);
    await appendLine(transaction, 'hold.released', { pipeline: lease.pipeline, worker, reason: input.reason, by: input.by }, input.at);
  });
}

/** See `Ledger.isEmpty`. */
export async function isEmpty(database: Database, scope: JobScope): Promise<boolean> {
  const job = await findJob(database, scope);
  if (job === undefined) return true;
  return (await database.first({ sql: 'SELECT 1 AS found FROM entries WHERE job_id = ? LIMIT 1', bindings: [job] })) === undefined;
}
