import { hashJson, keyedHash, type Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { OperationFailure } from '../domain/operation.ts';
import type { JobScope, OperationId } from '../domain/words.ts';
import type { Closure, Lease } from './contract.ts';
import { inChunks, placeholders, type Transaction } from './database.ts';
import { userNameOf } from './entry.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { dropEmptyBatches } from './batch-rows.ts';
import { droppedFor, settleBatches } from './operation-row.ts';
import { integerOf, textOf } from './row.ts';

/** Closures that are written together, and that one line of the journal names. */
const closuresPerStep = 100;

interface Closing {
  readonly closure: Closure;
  readonly worker: string;
  readonly batch: string;
  readonly payloadHash: string;
}

/** See `Operations.close`. */
export async function closeOperations(
  transaction: Transaction,
  scope: JobScope,
  closures: readonly Closure[],
  at: Instant,
  hashKey: Uint8Array,
): Promise<void> {
  const job = (await findJob(transaction, scope)) ?? 0;
  for (const asked of inChunks(closures, closuresPerStep)) {
    const closing = await operationsToClose(transaction, job, asked);
    // Two operations of one worker (a disable and what it overtook) move his entry one after the other, in the order given.
    for (const step of oncePerWorker(closing)) await closeStep(transaction, job, step, at);
    await settleBatches(transaction, [...new Set(closing.map((one) => one.batch))]);
    if (closing.length > 0) {
      await appendLine(transaction, 'operations.closed', { operations: closing.map((one) => journalItem(one, hashKey)) }, at);
    }
  }
}

function journalItem({ closure, worker, payloadHash }: Closing, hashKey: Uint8Array): Json {
  return {
    operation: closure.operation,
    worker: keyedHash(hashKey, worker),
    outcome: closure.outcome,
    effect: closure.effect,
    payload: closure.payload === undefined ? payloadHash : hashJson(closure.payload),
    evidence: closure.evidence.kind,
    rows: [...(closure.evidence.rows ?? [])],
  };
}

/** Errors: STO-301, STO-302 for an operation that never left, STO-303. Operations that are closed already are left out. */
async function operationsToClose(transaction: Transaction, job: number, closures: readonly Closure[]): Promise<readonly Closing[]> {
  const rows = await transaction.all({
    sql: `SELECT id, job_id, external_id, batch, state, payload_hash FROM operations WHERE id IN (${placeholders(closures.length)})`,
    bindings: closures.map((closure) => closure.operation),
  });
  const found = new Map(rows.map((row) => [textOf(row, 'id'), row]));
  const closing: Closing[] = [];
  for (const closure of closures) {
    const row = found.get(closure.operation);
    if (row === undefined) throw new JoineryError('STO-301', `There is no operation ${closure.operation} in the state.`);
    if (integerOf(row, 'job_id') !== job) throw new JoineryError('STO-303', `The operation ${closure.operation} belongs to another job.`);
    const state = textOf(row, 'state');
    if (state === 'closed') continue;
    if (!['sending', 'sent', 'unknown'].includes(state)) {
      throw new JoineryError('STO-302', `The operation ${closure.operation} is ${state}; only what has left can be closed.`);
    }
    // A second closure of the same operation in one call finds it closed.
    found.set(closure.operation, { ...row, state: 'closed' });
    closing.push({ closure, worker: textOf(row, 'external_id'), batch: textOf(row, 'batch'), payloadHash: textOf(row, 'payload_hash') });
  }
  return closing;
}

function* oncePerWorker(closing: readonly Closing[]): Generator<readonly Closing[]> {
  let step: Closing[] = [];
  const workers = new Set<string>();
  for (const one of closing) {
    if (workers.has(one.worker)) {
      yield step;
      step = [];
      workers.clear();
    }
    workers.add(one.worker);
    step.push(one);
  }
  if (step.length > 0) yield step;
}

async function closeStep(transaction: Transaction, job: number, step: readonly Closing[], at: Instant): Promise<void> {
  const values = step.map(() => `(${Array.from({ length: 4 }, () => 'CAST(? AS text)').join(', ')})`).join(', ');
  await transaction.run({
    sql: `UPDATE operations SET state = 'closed', closed_at = ?, outcome = v.column2, evidence = v.column3, failure = v.column4
          FROM (VALUES ${values}) AS v WHERE operations.id = v.column1`,
    bindings: [
      at,
      ...step.flatMap(({ closure }) => [
        closure.operation,
        closure.outcome,
        JSON.stringify({ ...closure.evidence, operation: closure.operation, outcome: closure.outcome }),
        closure.failure === undefined ? null : JSON.stringify(closure.failure),
      ]),
    ],
  });
  const clear = `sent_operation = NULL, sent_hash = NULL, sent_change = NULL, sent_at = NULL, sent_active = NULL, sent_user_name = NULL`;
  for (const [effect, assignments] of Object.entries(assignmentsOf)) {
    const operations = step.filter(({ closure }) => closure.effect === effect).map(({ closure }) => closure.operation);
    if (operations.length === 0 || assignments === '') continue;
    await transaction.run({
      sql: `UPDATE entries SET ${assignments} FROM operations o
            WHERE o.id IN (${placeholders(operations.length)}) AND entries.job_id = o.job_id AND entries.external_id = o.external_id`,
      bindings: operations,
    });
  }
  await transaction.run({
    sql: `UPDATE entries SET ${clear} WHERE job_id = ? AND external_id IN (${placeholders(step.length)})
            AND sent_operation IN (${placeholders(step.length)})`,
    bindings: [job, ...step.map((one) => one.worker), ...step.map((one) => one.closure.operation)],
  });
  await correctConfirmed(transaction, job, step);
  await nameFailures(transaction, job, step);
}

/** What each effect does to the entry; `closed_at` and `evidence` were written to the operation just before. */
const assignmentsOf: Readonly<Record<Closure['effect'], string>> = {
  confirm: `confirmed_hash = o.payload_hash, confirmed_at = o.closed_at, confirmed_payload = o.payload, confirmed_evidence = o.evidence,
    confirmed_active = o.active, confirmed_user_name = o.user_name, erased_hash = NULL, baseline_unknown = 0,
    ever_enabled = CASE WHEN o.active = 1 THEN 1 ELSE ever_enabled END, released_at = CASE WHEN o.active = 1 THEN NULL ELSE released_at END, failed_hash = NULL, failed_code = NULL, failed_at = NULL`,
  fail: `failed_hash = o.payload_hash, failed_code = o.outcome, failed_at = o.closed_at`,
  forget: 'baseline_unknown = 1',
  none: '',
};

/** Where the service took less than was sent, that is what is confirmed. */
async function correctConfirmed(transaction: Transaction, job: number, step: readonly Closing[]): Promise<void> {
  for (const { closure, worker } of step) {
    const { payload, effect } = closure;
    if (payload === undefined || effect !== 'confirm') continue;
    await transaction.run({
      sql: `UPDATE entries SET confirmed_hash = ?, confirmed_payload = ?, confirmed_active = ?, confirmed_user_name = ?
            WHERE job_id = ? AND external_id = ?`,
      bindings: [hashJson(payload), JSON.stringify(payload), payload.active ? 1 : 0, userNameOf(payload), job, worker],
    });
  }
}

async function nameFailures(transaction: Transaction, job: number, step: readonly Closing[]): Promise<void> {
  for (const { closure, worker } of step) {
    if (closure.effect !== 'fail' || closure.failure === undefined) continue;
    await transaction.run({
      sql: 'UPDATE entries SET failed_code = ? WHERE job_id = ? AND external_id = ?',
      bindings: [closure.failure.code, job, worker],
    });
  }
}

/** See `Operations.escrow`. */
export async function escrowOperation(
  transaction: Transaction,
  id: OperationId,
  failure: OperationFailure,
  at: Instant,
  hashKey: Uint8Array,
): Promise<void> {
  const row = await transaction.first({ sql: 'SELECT state, external_id FROM operations WHERE id = ?', bindings: [id] });
  if (row === undefined) throw new JoineryError('STO-301', `There is no operation ${id} in the state.`);
  const state = textOf(row, 'state');
  if (state === 'closed') return;
  if (!['sending', 'sent', 'unknown'].includes(state)) {
    throw new JoineryError('STO-302', `The operation ${id} is ${state}; the service cannot have it in escrow.`);
  }
  await transaction.run({
    sql: `UPDATE operations SET outcome = 'escrowed', failure = ? WHERE id = ?`,
    bindings: [JSON.stringify(failure), id],
  });
  const worker = keyedHash(hashKey, textOf(row, 'external_id'));
  await appendLine(transaction, 'operation.escrowed', { operation: id, worker, code: failure.code }, at);
}

/** See `Operations.drop`. Operations that are dropped already are left out. */
export async function dropOperations(
  transaction: Transaction,
  lease: Lease,
  ids: readonly OperationId[],
  reason: string,
  at: Instant,
): Promise<void> {
  for (const chunk of inChunks(ids, closuresPerStep)) {
    const rows = await transaction.all({
      sql: `SELECT o.id, o.state, o.run, r.pipeline FROM operations o JOIN runs r ON r.id = o.run WHERE o.id IN (${placeholders(chunk.length)})`,
      bindings: [...chunk],
    });
    if (rows.length !== new Set(chunk).size) throw new JoineryError('STO-301', 'An operation that was to be dropped is not in the state.');
    for (const row of rows) {
      const [id, state] = [textOf(row, 'id'), textOf(row, 'state')];
      if (textOf(row, 'pipeline') !== lease.pipeline) throw new JoineryError('STO-303', `The operation ${id} belongs to another pipeline.`);
      if (state !== 'planned' && state !== 'dropped') {
        throw new JoineryError('STO-302', `The operation ${id} is ${state}; only what has not left can be dropped.`);
      }
    }
    const dropped = rows.filter((row) => textOf(row, 'state') === 'planned').map((row) => textOf(row, 'id'));
    if (dropped.length === 0) continue;
    await transaction.run({
      sql: `UPDATE operations SET state = 'dropped', failure = ? WHERE id IN (${placeholders(dropped.length)})`,
      bindings: [JSON.stringify(droppedFor(reason)), ...dropped],
    });
    for (const run of new Set(rows.map((row) => textOf(row, 'run')))) await dropEmptyBatches(transaction, run);
    await appendLine(transaction, 'operations.dropped', { operations: dropped }, at);
  }
}
