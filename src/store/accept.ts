import { keyedHash } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import { invariant, JoineryError } from '../domain/error.ts';
import type { RunState } from '../domain/run.ts';
import type { ExternalId, PipelineName, RunId } from '../domain/words.ts';
import type { AcceptInput, AcceptRecord, AcceptResult, Lease } from './contract.ts';
import { useApprovals } from './approvals.ts';
import {
  columnsOf,
  inChunks,
  placeholders,
  type Binding,
  type Column,
  type Database,
  type Insertion,
  type Transaction,
} from './database.ts';
import { userNameOf } from './entry.ts';
import { countOperations, dropEmptyBatches, insertBatches } from './batch-rows.ts';
import { ensureJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { insertOperations, operationRow } from './operation-row.ts';
import { writeClaims } from './ownership.ts';
import { flagOf, integerOf, optionalInteger, optionalText, present, textOf, type Row } from './row.ts';
import { runUnder } from './runs.ts';
import { forgetMarks } from './sent-marks.ts';

/** Records that are compared and written together: what is held in memory. */
const recordsPerStep = 500;

/** A run in one of these has been accepted already, or will never be. */
const settled: readonly RunState[] = ['accepted', 'loaded', 'finished', 'abandoned', 'superseded'];

const evaluatedColumns = [
  ...columnsOf(
    'text',
    'fingerprint',
    'mapping_id',
    'verdict',
    'draft_hash',
    'reasons',
    'missing_manager',
    'identity',
    'candidates',
    'evaluated_run',
  ),
  ...columnsOf('bigint', 'next_date'),
  ...columnsOf('integer', 'protected'),
];
const desiredColumns = columnsOf(
  'text',
  'desired_hash',
  'desired_change',
  'desired_run',
  'desired_payload',
  'desired_user_name',
  'desired_rekey',
);

/** What a record does not carry is left as it is: a group of columns moves together, or not at all. */
function moveTogether(group: readonly Column[], sign: string): string[] {
  return group.map(
    ({ name: column }) => `${column} = CASE WHEN excluded.${sign} IS NULL THEN entries.${column} ELSE excluded.${column} END`,
  );
}

const upsertEntries: Insertion = {
  name: 'upsert_entries',
  table: 'entries',
  columns: [
    ...columnsOf('integer', 'job_id'),
    ...columnsOf('text', 'external_id', 'owner'),
    ...evaluatedColumns,
    ...desiredColumns,
    ...columnsOf('bigint', 'missing_passes', 'missing_since'),
    ...columnsOf('text', 'marked'),
  ],
  tail: `ON CONFLICT (job_id, external_id) DO UPDATE SET ${[
    'owner = excluded.owner',
    ...moveTogether(evaluatedColumns, 'evaluated_run'),
    ...moveTogether(desiredColumns, 'desired_hash'),
    'missing_passes = excluded.missing_passes',
    'missing_since = excluded.missing_since',
    `marked = CASE WHEN excluded.marked = 'kept' THEN entries.marked ELSE excluded.marked END`,
  ].join(', ')}`,
};

/** One accept on its way. */
interface Accepting {
  readonly transaction: Transaction;
  readonly job: number;
  readonly owner: PipelineName;
  readonly run: RunId;
  readonly at: Instant;
  readonly dropped: ExternalId[];
  evaluated: number;
  desired: number;
  operations: number;
}

/** See `Ledger.accept`. Memory: one step of records, and the ids of the dropped. */
export function accept(database: Database, lease: Lease, input: AcceptInput, hashKey: Uint8Array): Promise<AcceptResult> {
  const work = async (transaction: Transaction): Promise<AcceptResult> => {
    const run = await runUnder(transaction, lease, input.run);
    if (settled.includes(run.state)) throw new JoineryError('STO-302', `The run ${run.id} is ${run.state} and cannot be accepted.`);
    if (run.tenant !== input.scope.tenant || run.job !== input.scope.job) {
      throw new JoineryError('STO-303', `The run ${run.id} belongs to another job than the one to be accepted for.`);
    }
    const job = await ensureJob(transaction, input.scope);
    const accepting: Accepting = {
      transaction,
      job,
      owner: lease.pipeline,
      run: input.run,
      at: input.at,
      dropped: [],
      evaluated: 0,
      desired: 0,
      operations: 0,
    };
    await insertBatches(transaction, input.run, input.batches);
    for await (const records of input.records) {
      for (const step of inChunks(records, recordsPerStep)) await acceptStep(accepting, step);
    }
    await useApprovals(transaction, input.run, input.approvals ?? []);
    await forgetMarks(transaction, job, lease.pipeline, input.at);
    await countOperations(transaction, input.run);
    await dropEmptyBatches(transaction, input.run);
    await refreshStatistics(transaction, accepting.evaluated);
    await transaction.run({
      sql: `UPDATE runs SET state = 'accepted', plan_hash = ?, population = ? WHERE id = ?`,
      bindings: [input.planHash, input.population, input.run],
    });
    const { dropped, evaluated, desired, operations } = accepting;
    const data = { run: input.run, plan: input.planHash, population: input.population, evaluated, desired, operations };
    const named = dropped.slice(0, 100).map((externalId) => keyedHash(hashKey, externalId));
    await appendLine(
      transaction,
      'run.accepted',
      { ...data, batches: input.batches.length, dropped: dropped.length, workers: named, ...present('approvals', input.approvals) },
      input.at,
    );
    return { evaluated, desired, dropped };
  };
  // The records are the caller's, who may not write to the store meanwhile.
  return writeUnder(database, lease, work, { callsOutside: true });
}

/**
 * PostgreSQL plans from what it knew about the tables before, and would sort the whole ledger for every page of it until its daemon has
 * come round.
 */
async function refreshStatistics(transaction: Transaction, written: number): Promise<void> {
  if (transaction.kind === 'postgres' && written >= 1000)
    await transaction.run({ sql: 'ANALYZE entries, operations, batches', bindings: [] });
}

async function acceptStep(accepting: Accepting, records: readonly AcceptRecord[]): Promise<void> {
  const { transaction, job } = accepting;
  const heads = await readHeads(transaction, job, records);
  const entries: (readonly Binding[])[] = [];
  const operations: (readonly Binding[])[] = [];
  const again: ExternalId[] = [];
  await writeClaims(transaction, job, accepting.owner, records);
  for (const record of records) {
    if (record.claim !== undefined) continue;
    const head = heads.get(record.externalId);
    const dropped = reasonToDrop(accepting.owner, record, head);
    if (record.operation !== undefined) {
      operations.push(operationRow(accepting.run, record.operation.batch, job, record.operation, dropped));
      invariant(record.operation.externalId === record.externalId, 'An operation stands in the record of another worker.');
    }
    if (dropped !== undefined) {
      accepting.dropped.push(record.externalId);
      if (head !== undefined && textOf(head, 'owner') === accepting.owner) again.push(record.externalId);
      continue;
    }
    entries.push(entryRow(accepting, record, head));
    if (record.evaluated !== undefined) accepting.evaluated++;
    if (record.desired !== undefined) accepting.desired++;
  }
  await transaction.insert(upsertEntries, entries);
  await transaction.insert(insertOperations, operations);
  // The fingerprints of the run say that his row was seen: without a mark nobody would look at it again.
  if (again.length > 0) {
    await transaction.run({
      sql: `UPDATE entries SET marked = 'again' WHERE job_id = ? AND marked IS NULL AND external_id IN (${placeholders(again.length)})`,
      bindings: [job, ...again],
    });
  }
  accepting.operations += operations.length;
}

async function readHeads(transaction: Transaction, job: number, records: readonly AcceptRecord[]): Promise<ReadonlyMap<ExternalId, Row>> {
  const keys = records.map((record) => record.externalId);
  invariant(new Set(keys).size === keys.length, 'A worker was to be accepted twice in one step.');
  const rows = await transaction.all({
    sql: `SELECT external_id, owner, verdict, desired_hash, sent_hash, baseline_unknown, confirmed_hash, missing_passes, missing_since
          FROM entries WHERE job_id = ? AND external_id IN (${placeholders(keys.length)})`,
    bindings: [job, ...keys],
  });
  return new Map(rows.map((row) => [textOf(row, 'external_id'), row]));
}

function reasonToDrop(owner: PipelineName, record: AcceptRecord, head: Row | undefined): string | undefined {
  if (head !== undefined && textOf(head, 'owner') !== owner && !isNobodys(head))
    return `the worker belongs to the pipeline ${textOf(head, 'owner')}`;
  if (record.baseline === undefined || record.baseline === baselineKeyOf(head)) return undefined;
  return 'the baseline moved after the plan was made';
}

/** `otherOwnerOf` of the domain, from the columns alone. */
function isNobodys(head: Row): boolean {
  const known = ['desired_hash', 'sent_hash', 'confirmed_hash'].some((column) => optionalText(head, column) !== undefined);
  const verdict = optionalText(head, 'verdict');
  return !known && (verdict === 'outOfScope' || verdict === 'inactive');
}

/** `baselineKey(baselineOf(entry))` of the domain, from the columns alone. */
function baselineKeyOf(head: Row | undefined): string {
  if (head === undefined) return 'none';
  const sent = optionalText(head, 'sent_hash');
  if (sent !== undefined) return `sent:${sent}`;
  if (flagOf(head, 'baseline_unknown')) return 'unknown';
  const confirmed = optionalText(head, 'confirmed_hash');
  return confirmed === undefined ? 'none' : `confirmed:${confirmed}`;
}

function entryRow(accepting: Accepting, record: AcceptRecord, head: Row | undefined): readonly Binding[] {
  const { evaluated, desired } = record;
  return [
    accepting.job,
    record.externalId,
    accepting.owner,
    evaluated?.fingerprint ?? null,
    evaluated?.mappingId ?? null,
    evaluated?.verdict ?? null,
    evaluated?.draftHash ?? null,
    evaluated?.reasons === undefined ? null : JSON.stringify(evaluated.reasons),
    evaluated?.missingManager ?? null,
    evaluated?.identity ?? null,
    evaluated?.candidates ?? null,
    evaluated?.run ?? null,
    evaluated?.nextDate ?? null,
    evaluated?.protected === true ? 1 : null,
    desired?.hash ?? null,
    desired?.change ?? null,
    desired?.run ?? null,
    desired === undefined ? null : JSON.stringify(desired.payload),
    desired === undefined ? null : userNameOf(desired.payload),
    desired?.rekey ?? null,
    ...missingOf(record.missing, head, accepting.at),
    head === undefined || record.settlesMark === true ? null : 'kept',
  ];
}

function missingOf(missing: boolean | undefined, head: Row | undefined, at: Instant): readonly Binding[] {
  const passes = head === undefined ? 0 : integerOf(head, 'missing_passes');
  const since = head === undefined ? undefined : optionalInteger(head, 'missing_since');
  if (missing === undefined) return [passes, since ?? null];
  return missing ? [passes + 1, since ?? at] : [0, null];
}
