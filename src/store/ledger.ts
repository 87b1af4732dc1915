import { goneFingerprint, type LedgerEntry } from '../domain/ledger.ts';
import { compareKeys } from '../domain/row.ts';
import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import { accept } from './accept.ts';
import { adopt, isEmpty, release } from './adopt.ts';
import { whoseManagerCame } from './arrived-managers.ts';
import { toLookAt } from './audit-schema.ts';
import type { AccountName, KnownEvaluation, Ledger, LedgerCounts, StandingCounts } from './contract.ts';
import { isEnabled } from './counting.ts';
import { inChunks, placeholders, type Binding, type Database, type Statement } from './database.ts';
import { countEnabled } from './enabled-counts.ts';
import { jobShape, noticeJob } from './job-shape.ts';
import { claims, claimsAgainst, rejectedFor, standingRejections, transfer } from './ownership.ts';
import { openRekeys, part as partWorkers, rekey, sharingIdentity } from './rekey.ts';
import {
  accountNameOf,
  entryOf,
  evaluatedKeyOf,
  foldUserName,
  knownColumns,
  knownEvaluationOf,
  lastMemberOf,
  memberBindings,
  selectAccountNames,
  selectEntries,
  selectEntriesByKey,
  selectLastMembers,
} from './entry.ts';
import { findJob } from './jobs.ts';
import { byKey, knownIn, settledIn } from './key-index.ts';
import { inFlight } from './operation-row.ts';
import { integerOf, textOf, type Row } from './row.ts';
import { settleUnknown } from './settle-unknown.ts';

/** Keys of one question: one round trip for the 500 of a work chunk. */
const keysPerQuery = 500;
const rowsPerChunk = 1000;

export function openLedger(database: Database, hashKey: Uint8Array): Ledger {
  return {
    get: async (scope, externalId) => (await getMany(database, scope, [externalId])).get(externalId),
    getMany: (scope, externalIds) => getMany(database, scope, externalIds),
    known: (scope, externalIds) => knownOf(database, scope, externalIds),
    settled: (scope, externalIds) => settledOf(database, scope, externalIds),
    accountNames: (scope, owner, externalIds) => accountNames(database, scope, owner, externalIds),
    evaluations: (scope, externalIds) => evaluations(database, scope, externalIds),
    streamEvaluated: (scope, owner) =>
      stream(
        database,
        scope,
        owner,
        'SELECT external_id, fingerprint, mapping_id, verdict, next_date, missing_passes FROM entries e',
        'AND fingerprint IS NOT NULL',
        evaluatedKeyOf,
      ),
    streamEntries: (scope, owner) => stream(database, scope, owner, selectEntries, '', entryOf),
    streamEnabled: (scope, owner, names) => {
      const select = selectLastMembers(database.kind, names);
      return stream(database, scope, owner, select, `AND ${isEnabled}`, lastMemberOf, memberBindings(database.kind, names));
    },
    due: (scope, owner, asOf) => keysWhere(database, scope, owner, 'next_date <= ?', [asOf]),
    unsettled: (scope, owner) => unsettled(database, scope, owner),
    missing: async (scope, owner) => {
      const counted = await keysWhere(database, scope, owner, 'missing_passes > 0', []);
      // Gone for good, and then a row of something older came: the account may be on again, and no row will ever ask for him.
      const uncertain = await keysWhere(database, scope, owner, 'unsettled = 1 AND fingerprint = ?', [goneFingerprint]);
      return [...new Set([...counted, ...uncertain])];
    },
    counts: (scope, owner) => counts(database, scope, owner),
    standing: (scope, owner) => standing(database, scope, owner),
    userNamesTaken: (scope, userNames) => userNamesTaken(database, scope, userNames),
    isEmpty: (scope) => isEmpty(database, scope),
    accept: (lease, input) => accept(database, lease, input, hashKey),
    adopt: (lease, input) => adopt(database, lease, input, hashKey),
    release: (lease, input) => release(database, lease, input, hashKey),
    sharingIdentity: (scope, identities) => sharingIdentity(database, scope, identities),
    jobShape: (scope) => jobShape(database, scope),
    settleUnknown: (lease, input) => settleUnknown(database, lease, input, hashKey),
    noticeJob: (lease, input) => noticeJob(database, lease, input),
    claims: (scope, pipeline) => claims(database, scope, pipeline),
    claimsAgainst: (scope, owner) => claimsAgainst(database, scope, owner),
    rejectedFor: (scope, owner, code) => rejectedFor(database, scope, owner, code),
    standingRejections: (scope, owner, most) => standingRejections(database, scope, owner, most),
    transfer: (lease, input, other) => transfer(database, lease, input, other, hashKey),
    openRekeys: (scope) => openRekeys(database, scope),
    rekey: (lease, input, other) => rekey(database, lease, input, other, hashKey),
    part: (lease, input) => partWorkers(database, lease, input, hashKey),
  };
}

async function getMany(
  database: Database,
  scope: JobScope,
  externalIds: readonly ExternalId[],
): Promise<ReadonlyMap<ExternalId, LedgerEntry>> {
  const found = new Map<ExternalId, LedgerEntry>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const chunk of inChunks([...new Set(externalIds)], keysPerQuery)) {
    const rows = await database.all({
      sql: `${selectEntriesByKey(database.kind)} WHERE e.job_id = ? AND e.external_id IN (${placeholders(chunk.length)})`,
      bindings: [job, ...chunk],
    });
    for (const row of rows) found.set(textOf(row, 'external_id'), entryOf(row));
  }
  return found;
}

async function knownOf(database: Database, scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlySet<ExternalId>> {
  const found = new Set<ExternalId>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  let asked = [...new Set(externalIds)];
  for (const condition of knownIn(database.kind)) {
    for (const chunk of inChunks(asked, keysPerQuery)) {
      const rows = await database.all({
        sql: `SELECT external_id FROM entries ${byKey(database.kind)} WHERE job_id = ? AND external_id IN (${placeholders(chunk.length)}) AND ${condition}`,
        bindings: [job, ...chunk],
      });
      for (const row of rows) found.add(textOf(row, 'external_id'));
    }
    asked = asked.filter((externalId) => !found.has(externalId));
  }
  return found;
}

async function settledOf(database: Database, scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlySet<ExternalId>> {
  const found = new Set<ExternalId>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const chunk of inChunks([...new Set(externalIds)], keysPerQuery)) {
    const rows = await database.all({
      sql: `SELECT external_id FROM entries ${byKey(database.kind)} WHERE job_id = ? AND external_id IN (${placeholders(chunk.length)}) AND ${settledIn(database.kind)}`,
      bindings: [job, ...chunk],
    });
    for (const row of rows) found.add(textOf(row, 'external_id'));
  }
  return found;
}

async function accountNames(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
  externalIds: readonly ExternalId[],
): Promise<ReadonlyMap<ExternalId, AccountName>> {
  const found = new Map<ExternalId, AccountName>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const chunk of inChunks([...new Set(externalIds)], keysPerQuery)) {
    const rows = await database.all({
      sql: `${selectAccountNames} AND job_id = ? AND owner = ? AND external_id IN (${placeholders(chunk.length)})`,
      bindings: [job, owner, ...chunk],
    });
    for (const row of rows) found.set(textOf(row, 'external_id'), accountNameOf(row));
  }
  return found;
}

async function evaluations(
  database: Database,
  scope: JobScope,
  externalIds: readonly ExternalId[],
): Promise<ReadonlyMap<ExternalId, KnownEvaluation>> {
  const found = new Map<ExternalId, KnownEvaluation>();
  const job = await findJob(database, scope);
  if (job === undefined) return found;
  for (const asked of inChunks(externalIds, keysPerQuery)) {
    // Chunks of a source have any size: filled up to a few sizes, they need no new statement each.
    const chunk = [...asked, ...Array.from({ length: Math.ceil(asked.length / 100) * 100 - asked.length }, () => asked[0] ?? '')];
    const rows = await database.all({
      sql: `SELECT ${knownColumns} FROM entries WHERE job_id = ? AND external_id IN (${placeholders(chunk.length)}) AND fingerprint IS NOT NULL`,
      bindings: [job, ...chunk],
    });
    for (const row of rows) found.set(textOf(row, 'external_id'), knownEvaluationOf(row));
  }
  return found;
}

/** Pages by key: no cursor stays open, so writing goes on while somebody reads. */
async function* stream<T>(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
  select: string,
  condition: string,
  map: (row: Row) => T,
  selected: readonly Binding[] = [],
): AsyncGenerator<readonly T[]> {
  const job = await findJob(database, scope);
  if (job === undefined) return;
  for (let after = ''; ;) {
    const rows = await database.all({
      sql: `${select} WHERE e.job_id = ? AND e.owner = ? AND e.external_id > ? ${condition} ORDER BY e.external_id LIMIT ${String(rowsPerChunk)}`,
      bindings: [...selected, job, owner, after],
    });
    if (rows.length > 0) yield rows.map(map);
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerChunk) return;
    after = textOf(last, 'external_id');
  }
}

/** In byte order, put so here: asked for the order, SQLite walks all keys of the job to spare itself the sorting of a few. */
async function keysWhere(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
  condition: string,
  bindings: readonly Binding[],
): Promise<readonly ExternalId[]> {
  const job = await findJob(database, scope);
  if (job === undefined) return [];
  const rows = await database.all({
    sql: `SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND ${condition}`,
    bindings: [job, owner, ...bindings],
  });
  return rows.map((row) => textOf(row, 'external_id')).toSorted((left, right) => compareKeys('bytes', left, right));
}

/**
 * Each part asked alone and put in order here: SQLite would read a part of a sorted UNION in the order of the keys, all of them, to spare itself the sorting of a few. It joins in the
 * order that CROSS JOIN states, from the few to the many.
 */
async function unsettled(database: Database, scope: JobScope, owner: PipelineName): Promise<readonly ExternalId[]> {
  const job = await findJob(database, scope);
  if (job === undefined) return [];
  const parts: readonly Statement[] = [
    { sql: 'SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND unsettled = 1', bindings: [job, owner] },
    whoseManagerCame(database.kind, job, owner),
    {
      sql: `SELECT e.external_id FROM operations o CROSS JOIN entries e
            WHERE o.job_id = ? AND o.${inFlight} AND o.state = 'unknown' AND o.change IN ('leaver', 'cancelled')
              AND e.job_id = o.job_id AND e.external_id = o.external_id AND e.owner = ? AND e.sent_operation = o.id`,
      bindings: [job, owner],
    },
    { sql: 'SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND marked IS NOT NULL', bindings: [job, owner] },
  ];
  const keys = new Set<ExternalId>();
  for (const part of parts) for (const row of await database.all(part)) keys.add(textOf(row, 'external_id'));
  return [...keys].toSorted((left, right) => compareKeys('bytes', left, right));
}

/** From what is kept of it, or from an index that holds no others. */
async function standing(database: Database, scope: JobScope, owner: PipelineName): Promise<StandingCounts> {
  const job = (await findJob(database, scope)) ?? 0;
  const count = async (statement: Statement): Promise<number> => {
    const row = await database.first(statement);
    return row === undefined ? 0 : integerOf(row, 'entries');
  };
  return {
    enabled: await count(countEnabled(database.kind, [job, owner])),
    standingRejections: await count({
      sql: `SELECT COUNT(*) AS entries FROM entries WHERE job_id = ? AND owner = ? AND ${toLookAt} AND verdict = 'rejected'`,
      bindings: [job, owner],
    }),
  };
}

async function counts(database: Database, scope: JobScope, owner: PipelineName): Promise<LedgerCounts> {
  const tally = (condition: string, name: string): string => `COUNT(CASE WHEN ${condition} THEN 1 END) AS ${name}`;
  const job = await findJob(database, scope);
  const row = await database.first({
    sql: `SELECT COUNT(*) AS entries, ${[
      tally(isEnabled, 'enabled'),
      tally('confirmed_hash IS NOT NULL', 'confirmed'),
      tally('sent_hash IS NOT NULL', 'in_flight'),
      tally(`verdict = 'rejected'`, 'standing_rejections'),
      tally('failed_hash IS NOT NULL', 'failed'),
      tally('missing_passes > 0', 'missing'),
    ].join(', ')} FROM entries WHERE job_id = ? AND owner = ?`,
    bindings: [job ?? 0, owner],
  });
  const count = (name: string): number => (row === undefined ? 0 : integerOf(row, name));
  return {
    entries: count('entries'),
    enabled: count('enabled'),
    confirmed: count('confirmed'),
    inFlight: count('in_flight'),
    standingRejections: count('standing_rejections'),
    failed: count('failed'),
    missing: count('missing'),
  };
}

/** Answers under the names as they were asked, however they are written in the ledger. */
async function userNamesTaken(
  database: Database,
  scope: JobScope,
  userNames: readonly string[],
): Promise<ReadonlyMap<string, readonly ExternalId[]>> {
  const owners = new Map<string, ExternalId[]>();
  const job = await findJob(database, scope);
  if (job !== undefined) {
    for (const chunk of inChunks([...new Set(userNames.map(foldUserName))], keysPerQuery)) {
      const part = (column: string): string =>
        `SELECT ${column} AS user_name, external_id FROM entries WHERE job_id = ? AND ${column} IN (${placeholders(chunk.length)})`;
      const columns = ['desired_user_name', 'sent_user_name', 'confirmed_user_name'];
      const rows = await database.all({
        sql: `${columns.map(part).join(' UNION ')} ORDER BY user_name, external_id`,
        bindings: columns.flatMap(() => [job, ...chunk]),
      });
      for (const row of rows) {
        const folded = textOf(row, 'user_name');
        const of = owners.get(folded) ?? [];
        of.push(textOf(row, 'external_id'));
        owners.set(folded, of);
      }
    }
  }
  return new Map(
    userNames.flatMap((name) => {
      const of = owners.get(foldUserName(name));
      return of === undefined ? [] : [[name, of] as const];
    }),
  );
}
