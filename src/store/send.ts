import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Batch, OperationState } from '../domain/operation.ts';
import { isDisable, sentChangeKinds, type BatchId, type ExternalId, type OperationId } from '../domain/words.ts';
import type { BeginSending, BeginSendingResult, FinishSending, Lease } from './contract.ts';
import { placeholders, type Transaction } from './database.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { batchOf, inFlight, settleBatches } from './operation-row.ts';
import { integerOf, optionalInteger, optionalText, textOf, wordOf } from './row.ts';
import { runUnder } from './runs.ts';
import { markSent } from './sent-marks.ts';
import { roomFor } from './window.ts';

/** A batch leaves once, and once more after it was lost from sight. */
const mostSends = 2;

/** See `Operations.beginSending`. */
export async function beginSending(transaction: Transaction, lease: Lease, input: BeginSending): Promise<BeginSendingResult> {
  const batch = await batchUnder(transaction, lease, input.batch);
  const from: OperationState = input.replay ? 'unknown' : 'planned';
  if (batch.state !== from) throw wrongState(`The batch ${batch.id} is ${batch.state}, not ${from}.`);
  if (input.replay && batch.sends >= mostSends) throw wrongState(`The batch ${batch.id} has left ${String(batch.sends)} times already.`);
  const job = await findJob(transaction, input.scope);
  const sending = await operationsToSend(transaction, input);
  if (job === undefined || sending.some((operation) => operation.job !== job)) {
    throw new JoineryError('STO-303', `The batch ${batch.id} does not belong to the job that it is to be sent to.`);
  }

  const older = await othersInFlight(transaction, job, batch.id, sending);
  // What the service keeps retrying makes room there for a newer version; a replay carries no newer one.
  const blocked = sending.filter(({ externalId, change }) => {
    const other = older.get(externalId);
    return other !== undefined && !isDisable(change) && (input.replay || !other.escrowed);
  });
  if (blocked.length > 0) return { kind: 'blocked', workers: blocked.map((operation) => operation.externalId) };
  const room = await roomFor(transaction, input.scope.tenant, input.limits, input.at, input.ahead);
  if (room.kind === 'full') {
    return { kind: 'wait', reason: room.reason, ...(room.until === undefined ? {} : { until: room.until }) };
  }

  const { at } = room;
  const call = await reserveCall(transaction, lease, batch, { ...input, at });
  await transaction.run({
    sql: `UPDATE batches SET state = 'sending', sends = sends + 1, bytes = ?, body_hash = ?, client_request_id = ?,
            sent_at = COALESCE(sent_at, ?), detail = NULL WHERE id = ?`,
    bindings: [input.bytes, input.bodyHash, input.clientRequestId, at, batch.id],
  });
  await transaction.run({
    sql: `UPDATE operations SET state = 'sending', sent_at = COALESCE(sent_at, ?) WHERE batch = ? AND state = ?`,
    bindings: [at, batch.id, from],
  });
  if (!input.replay) await writeSent(transaction, batch.id, sending, older);
  const data = { run: batch.run, batch: batch.id, call, operations: sending.length, bytes: input.bytes, body: input.bodyHash };
  await appendLine(transaction, 'batch.sending', { ...data, replay: input.replay, overtaking: older.size }, input.at);
  return { kind: 'granted', call, at };
}

interface Sending {
  readonly id: OperationId;
  readonly externalId: ExternalId;
  readonly job: number;
  readonly change: (typeof sentChangeKinds)[number];
}

/**
 * The operations that leave: exactly those of the batch that were not dropped, so that none is left behind unseen. The identical bytes of
 * a replay may hold operations that were closed meanwhile.
 */
async function operationsToSend(transaction: Transaction, input: BeginSending): Promise<readonly Sending[]> {
  const rows = await transaction.all({
    sql: 'SELECT id, external_id, job_id, change, state FROM operations WHERE batch = ? ORDER BY ordinal',
    bindings: [input.batch],
  });
  const asked = new Set(input.operations);
  const from: OperationState = input.replay ? 'unknown' : 'planned';
  const due = rows.filter((row) => textOf(row, 'state') === from);
  const sending = rows.filter((row) => asked.has(textOf(row, 'id')));
  const ready = sending.filter((row) => textOf(row, 'state') === from || (input.replay && textOf(row, 'state') === 'closed'));
  if (due.length === 0 || due.some((row) => !asked.has(textOf(row, 'id'))) || ready.length !== asked.size) {
    throw wrongState(
      `The batch ${input.batch} has ${String(due.length)} operations that are ${from}; ${String(asked.size)} were to be sent. Drop the others first.`,
    );
  }
  return sending.map((row) => ({
    id: textOf(row, 'id'),
    externalId: textOf(row, 'external_id'),
    job: integerOf(row, 'job_id'),
    change: wordOf(row, 'change', sentChangeKinds),
  }));
}

/**
 * Workers of these operations with an operation of another batch in flight, and the one that their ledger entry names where there are
 * several. A replay is asked too: an older payload must not go out again behind the disable that overtook it.
 */
async function othersInFlight(
  transaction: Transaction,
  job: number,
  batch: BatchId,
  sending: readonly Sending[],
): Promise<ReadonlyMap<ExternalId, Other>> {
  const workers = sending.map((operation) => operation.externalId);
  if (new Set(workers).size !== workers.length) throw wrongState('A batch holds two operations about the same worker.');
  const rows = await transaction.all({
    sql: `SELECT o.id, o.external_id, o.outcome FROM operations o LEFT JOIN entries e ON e.job_id = o.job_id AND e.external_id = o.external_id
          WHERE o.job_id = ? AND o.external_id IN (${placeholders(workers.length)}) AND o.batch <> ? AND o.${inFlight}
          ORDER BY CASE WHEN e.sent_operation = o.id THEN 1 ELSE 0 END, o.sent_at, o.batch`,
    bindings: [job, ...workers, batch],
  });
  const others = new Map<ExternalId, Other>();
  for (const row of rows) {
    const worker = textOf(row, 'external_id');
    const escrowed = optionalText(row, 'outcome') === 'escrowed' && others.get(worker)?.escrowed !== false;
    others.set(worker, { id: textOf(row, 'id'), escrowed });
  }
  return others;
}

/** The operation that would be overtaken; `escrowed`: the service is retrying it, and every other one of the worker. */
interface Other {
  readonly id: OperationId;
  readonly escrowed: boolean;
}

/** Numbered per batch: names the call to people and needs no randomness. */
async function reserveCall(transaction: Transaction, lease: Lease, batch: Batch, input: BeginSending): Promise<string> {
  const row = await transaction.first({ sql: 'SELECT COUNT(*) AS calls FROM calls WHERE batch = ?', bindings: [batch.id] });
  const call = `${batch.id}/${String((row === undefined ? 0 : integerOf(row, 'calls')) + 1)}`;
  await transaction.run({
    sql: 'INSERT INTO calls (id, tenant, pipeline, batch, reserved_at) VALUES (?, ?, ?, ?, ?)',
    bindings: [call, input.scope.tenant, lease.pipeline, batch.id, input.at],
  });
  return call;
}

const copySent = `sent_operation = o.id, sent_hash = o.payload_hash, sent_change = o.change, sent_at = o.sent_at, sent_active = o.active,
  sent_user_name = o.user_name FROM operations o`;

async function writeSent(
  transaction: Transaction,
  batch: BatchId,
  sending: readonly Sending[],
  older: ReadonlyMap<ExternalId, Other>,
): Promise<void> {
  for (const operation of sending) {
    const overtaken = older.get(operation.externalId)?.id;
    if (overtaken !== undefined) {
      await transaction.run({ sql: 'UPDATE operations SET overtakes = ? WHERE id = ?', bindings: [overtaken, operation.id] });
    }
  }
  const written = await transaction.run({
    sql: `UPDATE entries SET ${copySent}
          WHERE o.batch = ? AND o.state = 'sending' AND entries.job_id = o.job_id AND entries.external_id = o.external_id`,
    bindings: [batch],
  });
  if (written !== sending.length) throw new JoineryError('STO-301', `A worker of the batch ${batch} is not in the ledger.`);
}

/** See `Operations.finishSending`. */
export async function finishSending(transaction: Transaction, lease: Lease, input: FinishSending): Promise<void> {
  const batch = await batchUnder(transaction, lease, input.batch);
  const call = await transaction.first({ sql: 'SELECT batch, answered_at FROM calls WHERE id = ?', bindings: [input.call] });
  if (call === undefined || textOf(call, 'batch') !== batch.id) {
    throw new JoineryError('STO-301', `There is no call ${input.call} of the batch ${batch.id}.`);
  }
  if (optionalInteger(call, 'answered_at') !== undefined || batch.state !== 'sending') {
    throw wrongState(`The call ${input.call} was answered already; the batch is ${batch.state}.`);
  }
  const counted = input.kind !== 'notSent' || input.counted;
  await transaction.run({
    sql: 'UPDATE calls SET answered_at = ?, counted = ? WHERE id = ?',
    bindings: [input.at, counted ? 1 : 0, input.call],
  });
  const replayed = batch.sends > 1;
  const state = stateAfter(input, replayed);
  if (state === 'planned' || state === 'refused') await restoreSent(transaction, batch.id);
  await moveBatch(transaction, batch, state, input);
  if (state === 'sent' || state === 'unknown') await markSent(transaction, lease.pipeline, batch.id);
  await settleBatches(transaction, [batch.id]);
  const data = { run: batch.run, batch: batch.id, call: input.call, answer: input.kind, state, counted };
  await appendLine(transaction, 'batch.answered', input.kind === 'accepted' ? { ...data, request: input.requestId } : data, input.at);
}

/**
 * What the second sending was told says nothing about the first: unless it was accepted, the batch is as unknown as before.
 */
function stateAfter(input: FinishSending, replayed: boolean): OperationState {
  if (input.kind === 'accepted') return 'sent';
  if (replayed || input.kind === 'unknown') return 'unknown';
  return input.kind === 'refused' ? 'refused' : 'planned';
}

async function moveBatch(transaction: Transaction, batch: Batch, state: OperationState, input: FinishSending): Promise<void> {
  const accepted = input.kind === 'accepted' ? input : undefined;
  const requestId = input.kind === 'accepted' || input.kind === 'refused' ? (input.requestId ?? null) : null;
  const detail = input.kind === 'accepted' ? null : input.detail;
  const notSent = input.kind === 'notSent';
  await transaction.run({
    sql: `UPDATE batches SET state = ?, sends = ?, sent_at = ?, accepted_at = ?, request_id = COALESCE(?, request_id), detail = ? WHERE id = ?`,
    bindings: [
      state,
      // Bytes that certainly did not count have not left.
      notSent ? batch.sends - 1 : batch.sends,
      state === 'planned' ? null : (batch.sentAt ?? null),
      accepted?.acceptedAt ?? null,
      requestId,
      detail,
      batch.id,
    ],
  });
  const closedAt: Instant | null = state === 'refused' ? input.at : null;
  await transaction.run({
    sql: `UPDATE operations SET state = ?, sent_at = ${state === 'planned' ? 'NULL' : 'sent_at'}, accepted_at = ?, closed_at = ?
          ${state === 'planned' ? ', overtakes = NULL' : ''} WHERE batch = ? AND state = 'sending'`,
    bindings: [state, accepted?.acceptedAt ?? null, closedAt, batch.id],
  });
}

/** Takes back `sent` of a batch of which nothing was accepted: to the operation that was overtaken and is still in flight, or to none. */
async function restoreSent(transaction: Transaction, batch: BatchId): Promise<void> {
  const overtaking = await transaction.all({
    sql: `SELECT n.id, n.overtakes FROM operations n JOIN operations o ON o.id = n.overtakes
          WHERE n.batch = ? AND n.state = 'sending' AND o.${inFlight}`,
    bindings: [batch],
  });
  for (const row of overtaking) {
    await transaction.run({
      sql: `UPDATE entries SET ${copySent} WHERE o.id = ? AND entries.sent_operation = ?`,
      bindings: [optionalText(row, 'overtakes') ?? null, textOf(row, 'id')],
    });
  }
  await transaction.run({
    sql: `UPDATE entries SET sent_operation = NULL, sent_hash = NULL, sent_change = NULL, sent_at = NULL, sent_active = NULL, sent_user_name = NULL
          FROM operations o WHERE o.batch = ? AND o.state = 'sending' AND entries.job_id = o.job_id AND entries.external_id = o.external_id
            AND entries.sent_operation = o.id`,
    bindings: [batch],
  });
}

async function batchUnder(transaction: Transaction, lease: Lease, id: BatchId): Promise<Batch> {
  const row = await transaction.first({ sql: 'SELECT * FROM batches WHERE id = ?', bindings: [id] });
  if (row === undefined) throw new JoineryError('STO-301', `There is no batch ${id} in the state.`);
  const batch = batchOf(row);
  await runUnder(transaction, lease, batch.run);
  return batch;
}

function wrongState(message: string): JoineryError {
  return new JoineryError('STO-302', message);
}
