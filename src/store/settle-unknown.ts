import { hashJson, keyedHash } from '../domain/canonical-json.ts';
import type { Confirmed } from '../domain/ledger.ts';
import { setAttribute } from '../scim/index.ts';
import type { Lease } from './contract.ts';
import type { SeenAttribute, SeenInput } from './contract-people.ts';
import { inChunks, placeholders, type Database } from './database.ts';
import { entryOf, selectEntries } from './entry.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';

/** Workers that are compared and written together, and that one line of the journal names. */
const workersPerStep = 100;

/** See `People.settleUnknown`. */
export function settleUnknown(database: Database, lease: Lease, input: SeenInput, hashKey: Uint8Array): Promise<number> {
  return writeUnder(database, lease, async (transaction) => {
    const job = await findJob(transaction, input.scope);
    if (job === undefined) return 0;
    let settled = 0;
    for (const step of inChunks(input.workers, workersPerStep)) {
      const rows = await transaction.all({
        sql: `${selectEntries} WHERE e.job_id = ? AND e.owner = ? AND e.external_id IN (${placeholders(step.length)})`,
        bindings: [job, lease.pipeline, ...step.map(({ externalId }) => externalId)],
      });
      const entries = new Map(rows.map((row) => [String(row['external_id']), entryOf(row)]));
      const workers: { worker: string; payload: string; attributes: string[] }[] = [];
      for (const { externalId, attributes } of step) {
        const entry = entries.get(externalId);
        // What is in flight will have its own outcome.
        const known = entry?.sent === undefined && entry?.confirmed !== undefined ? withSeen(entry.confirmed, attributes) : undefined;
        if (known === undefined) continue;
        const { confirmed, paths } = known;
        await transaction.run({
          sql: 'UPDATE entries SET confirmed_hash = ?, confirmed_payload = ?, confirmed_evidence = ? WHERE job_id = ? AND external_id = ?',
          bindings: [confirmed.hash, JSON.stringify(confirmed.payload), JSON.stringify(confirmed.evidence), job, externalId],
        });
        settled += paths.length;
        workers.push({ worker: keyedHash(hashKey, externalId), payload: confirmed.hash, attributes: paths });
      }
      if (workers.length > 0) await appendLine(transaction, 'attributes.seen', { pipeline: lease.pipeline, workers }, input.at);
    }
    return settled;
  });
}

/** undefined: nothing that was unknown is seen. A purged payload has only names left and is told nothing new. */
function withSeen(
  before: Confirmed,
  attributes: readonly SeenAttribute[],
): { readonly confirmed: Confirmed; readonly paths: string[] } | undefined {
  const { unknown = [], ...evidence } = before.evidence;
  const seen = attributes.filter(({ path }) => unknown.includes(path));
  if (seen.length === 0 || before.erased !== undefined) return undefined;
  let { payload } = before;
  for (const { path, value } of seen) if (value !== undefined) payload = setAttribute(payload, path, value);
  const left = unknown.filter((path) => seen.every((one) => one.path !== path));
  const confirmed = {
    ...before,
    payload,
    hash: hashJson(payload),
    evidence: left.length === 0 ? evidence : { ...evidence, unknown: left },
  };
  return { confirmed, paths: seen.map(({ path }) => path) };
}
