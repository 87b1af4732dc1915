import type { Evidence } from '../domain/ledger.ts';
import type { Batch, Operation, OperationFailure, OperationState } from '../domain/operation.ts';
import type { Payload } from '../domain/payload.ts';
import { outcomes, sentChangeKinds, type BatchId, type RunId } from '../domain/words.ts';
import type { PlannedOperation } from './contract.ts';
import { columnsOf, placeholders, type Binding, type Insertion, type Transaction } from './database.ts';
import { userNameOf } from './entry.ts';
import { integerOf, jsonOf, optionalInteger, optionalJson, optionalText, present, textOf, wordOf, type Row } from './row.ts';

const states: readonly OperationState[] = ['planned', 'sending', 'sent', 'unknown', 'refused', 'closed', 'dropped'];

/** The states of an operation in flight: it has left, or may have. As SQL: the partial index depends on these very words. */
export const inFlight = `state IN ('sending', 'sent', 'unknown')`;

export const insertOperations: Insertion = {
  name: 'insert_operations',
  table: 'operations',
  columns: [
    ...columnsOf('text', 'id', 'run', 'batch'),
    ...columnsOf('integer', 'ordinal', 'job_id'),
    ...columnsOf('text', 'external_id', 'bulk_id', 'change', 'payload', 'payload_hash'),
    ...columnsOf('integer', 'active'),
    ...columnsOf('text', 'user_name', 'state', 'failure', 'marks'),
  ],
  tail: '',
};

/** `dropped`: why the operation will not be sent. */
export function operationRow(run: RunId, batch: BatchId, job: number, operation: PlannedOperation, dropped?: string): readonly Binding[] {
  const { id, index, externalId, bulkId, change, payload, payloadHash, marks } = operation;
  return [
    id,
    run,
    batch,
    index,
    job,
    externalId,
    bulkId,
    change,
    JSON.stringify(payload),
    payloadHash,
    payload.active ? 1 : 0,
    userNameOf(payload),
    dropped === undefined ? 'planned' : 'dropped',
    dropped === undefined ? null : JSON.stringify(droppedFor(dropped)),
    marks === undefined || marks.length === 0 ? null : JSON.stringify(marks),
  ];
}

/** Why an operation was dropped stands where the reason of a failure stands. */
export function droppedFor(reason: string): OperationFailure {
  return { code: 'dropped', reason };
}

/** How far an operation came; the row needs no other column. */
export function endOfOperation(row: Row): Pick<Operation, 'change' | 'state' | 'outcome'> {
  const outcome = optionalText(row, 'outcome');
  return {
    change: wordOf(row, 'change', sentChangeKinds),
    state: wordOf(row, 'state', states),
    ...present('outcome', outcome === undefined ? undefined : wordOf(row, 'outcome', outcomes)),
  };
}

export function operationOf(row: Row): Operation {
  const erasedAt = optionalInteger(row, 'erased_at');
  return {
    id: textOf(row, 'id'),
    run: textOf(row, 'run'),
    batch: textOf(row, 'batch'),
    index: integerOf(row, 'ordinal'),
    externalId: textOf(row, 'external_id'),
    bulkId: textOf(row, 'bulk_id'),
    ...endOfOperation(row),
    payload: erasedAt === undefined ? jsonOf<Payload>(row, 'payload') : erasedPayload(row),
    payloadHash: textOf(row, 'payload_hash'),
    ...present('overtakes', optionalText(row, 'overtakes')),
    ...present('sentAt', optionalInteger(row, 'sent_at')),
    ...present('acceptedAt', optionalInteger(row, 'accepted_at')),
    ...present('closedAt', optionalInteger(row, 'closed_at')),
    ...present('evidence', optionalJson<Evidence>(row, 'evidence')),
    ...present('failure', optionalJson<OperationFailure>(row, 'failure')),
    ...present('erasedAt', erasedAt),
  };
}

function erasedPayload(row: Row): Payload {
  return { schemas: [], externalId: textOf(row, 'external_id'), active: integerOf(row, 'active') === 1 };
}

export function batchOf(row: Row): Batch {
  return {
    id: textOf(row, 'id'),
    run: textOf(row, 'run'),
    sequence: integerOf(row, 'sequence'),
    state: wordOf(row, 'state', states),
    operations: integerOf(row, 'operations'),
    bytes: integerOf(row, 'bytes'),
    bodyHash: textOf(row, 'body_hash'),
    sends: integerOf(row, 'sends'),
    ...present('sentAt', optionalInteger(row, 'sent_at')),
    ...present('acceptedAt', optionalInteger(row, 'accepted_at')),
    clientRequestId: textOf(row, 'client_request_id'),
    ...present('requestId', optionalText(row, 'request_id')),
    ...present('detail', optionalText(row, 'detail')),
  };
}

/** Batches of which every operation has come to its end are closed; also one whose last operations were closed while it was being sent. */
export async function settleBatches(transaction: Transaction, batches: readonly BatchId[]): Promise<void> {
  if (batches.length === 0) return;
  await transaction.run({
    sql: `UPDATE batches SET state = 'closed' WHERE id IN (${placeholders(batches.length)}) AND state IN ('planned', 'sent', 'unknown')
            AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.batch = batches.id AND (o.${inFlight} OR o.state = 'planned'))`,
    bindings: [...batches],
  });
}
