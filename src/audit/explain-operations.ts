import type { LogRow } from '../domain/log-row.ts';
import type { Operation } from '../domain/operation.ts';
import type { BatchId, JobScope } from '../domain/words.ts';
import { explainCode } from '../entra/outcome-codes.ts';
import type { Batch } from '../domain/operation.ts';
import type { Store } from '../store/contract.ts';
import type { LogRowView, OperationStory } from './explanation.ts';
import { personalParts, type Masks } from './masks.ts';
import { reasonOf } from './trouble-groups.ts';

/** Every operation about the worker with its batch and the log rows that closed it, oldest first. */
export async function explainOperations(
  store: Store,
  scope: JobScope,
  operations: readonly Operation[],
  masks: Masks,
): Promise<OperationStory[]> {
  const batches = new Map<BatchId, Batch>();
  for (const id of new Set(operations.map(({ batch }) => batch))) {
    const batch = await store.operations.batch(id);
    if (batch !== undefined) batches.set(id, batch);
  }
  const [first] = operations;
  const rows = first === undefined ? [] : ((await store.logs.about(scope, [first.externalId])).get(first.externalId) ?? []);
  return operations.map((operation, index) => {
    const own = new Set(operation.evidence?.rows ?? rowsSince(operation, operations[index + 1], rows));
    return storyOf(
      operation,
      batches.get(operation.batch),
      rows.filter(({ id }) => own.has(id)),
      masks,
    );
  });
}

/** While an operation is open nothing says which rows are its own: those from its sending on, until the next one was sent. */
function rowsSince({ sentAt, acceptedAt, state }: Operation, next: Operation | undefined, rows: readonly LogRow[]): string[] {
  const from = acceptedAt ?? sentAt;
  if (from === undefined || state === 'closed') return [];
  const to = next?.sentAt ?? Infinity;
  return rows
    .filter(({ activityDateTime }) => Date.parse(activityDateTime) >= from - 60_000 && Date.parse(activityDateTime) < to)
    .map(({ id }) => id);
}

function storyOf(operation: Operation, batch: Batch | undefined, rows: readonly LogRow[], masks: Masks): OperationStory {
  const { failure } = operation;
  const reason = reasonOf(operation, masks);
  return {
    id: operation.id,
    run: operation.run,
    change: operation.change,
    state: operation.state,
    bulkId: operation.bulkId,
    place: operation.index + 1,
    batch: {
      id: operation.batch,
      operations: batch?.operations ?? 0,
      sends: batch?.sends ?? 0,
      clientRequestId: batch?.clientRequestId ?? '',
      ...(batch?.requestId === undefined ? {} : { requestId: batch.requestId }),
      ...(batch?.detail === undefined ? {} : { detail: masks.text(batch.detail, personalParts(operation.payload, masks)) }),
    },
    ...(operation.sentAt === undefined ? {} : { sentAt: operation.sentAt }),
    ...(operation.acceptedAt === undefined ? {} : { acceptedAt: operation.acceptedAt }),
    ...(operation.closedAt === undefined ? {} : { closedAt: operation.closedAt }),
    ...(operation.outcome === undefined ? {} : { outcome: operation.outcome }),
    ...(reason === '' ? {} : { reason: failure === undefined ? reason : `${failure.code}: ${reason}` }),
    ...(failure === undefined || operation.state === 'dropped' ? {} : { todo: explainCode(failure.code, failure.reason).todo }),
    rows: rows.map((row) => rowView(row, operation, masks)),
  };
}

/** Without the details of steps: they hold every attribute's value. */
function rowView(row: LogRow, { payload }: Operation, masks: Masks): LogRowView {
  const personal = personalParts(payload, masks);
  const hide = (text: string): string => masks.text(text, personal);
  const error = row.provisioningStatusInfo.errorInformation;
  const code = error?.errorCode ?? '';
  return {
    id: row.id,
    at: row.activityDateTime,
    action: row.provisioningAction,
    status: row.provisioningStatusInfo.status,
    steps: (row.provisioningSteps ?? []).map(({ provisioningStepType, status, description }) => ({
      type: provisioningStepType,
      status,
      description: hide(description ?? ''),
    })),
    ...(code === '' ? {} : { error: `${code} ${hide(error?.reason ?? '')}`.trim() }),
  };
}
