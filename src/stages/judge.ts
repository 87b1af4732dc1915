import type { Instant } from '../domain/clock.ts';
import type { Evidence, LedgerEntry } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { Operation, OperationFailure } from '../domain/operation.ts';
import type { Payload } from '../domain/payload.ts';
import type { ExternalId, OperationId } from '../domain/words.ts';
import { groupChanges, instantOf } from '../entra/change-group.ts';
import { interpret, type Interpretation } from '../entra/interpret.ts';
import { unknownAfter } from './unknown.ts';
import { getAttribute, managerPath, removeAttribute } from '../scim/index.ts';
import type { Closure } from '../store/contract.ts';

/** How long after the account's own row the row of its manager is waited for. */
const managerGrace = 20 * 60_000;

/** What reconcile decides about one open operation. */
export type Judgement =
  | { readonly kind: 'close'; readonly closure: Closure; readonly operation: Operation }
  /** Failed, and the service retries by itself. */
  | { readonly kind: 'escrow'; readonly operation: Operation; readonly failure: OperationFailure }
  | {
      readonly kind: 'wait';
      readonly operation: Operation;
      /** When the same rows lead to another judgement; undefined: only new rows do. */
      readonly again?: Instant;
    };

/** Everything known about one worker with open operations. */
export interface OpenWorker {
  readonly entry: LedgerEntry | undefined;
  /** Open operations, oldest first. */
  readonly open: readonly Operation[];
  readonly rows: readonly LogRow[];
  /** Closed disables that overtook an operation which is still open, by the overtaken id: time of their last row. One that failed has overtaken nothing. */
  readonly overtakers: ReadonlyMap<OperationId, Instant>;
  /** Time of the last row of an overtaken operation that was closed before, by its id. */
  readonly overtaken: ReadonlyMap<OperationId, Instant>;
  /** The manager was not confirmed when the operation left: that he could not be set says nothing about later. */
  readonly managerUnknown?: boolean;
}

/**
 * Judges the open operations of one worker by all rows about him. An operation that a disable overtook is superseded whatever its rows say; if
 * they are later than the disable's, the account may be on again, and the disable is sent once more. What it made of the account is confirmed until the disable has ended:
 * should that fail, it is what there is.
 */
export function judgeWorker(worker: OpenWorker, now: Instant): Judgement[] {
  const groups = groupChanges(worker.rows);
  const settled = worker.entry?.confirmed?.evidence.changeId;
  const overtaken = new Map(worker.overtaken);
  return worker.open.map((operation) => {
    const rivals = worker.open.filter(({ id }) => id !== operation.id).map(({ payload }) => payload);
    const found = interpret(
      groups,
      {
        id: operation.id,
        externalId: operation.externalId,
        payload: operation.payload,
        change: operation.change,
        acceptedAt: operation.acceptedAt ?? operation.sentAt ?? 0,
        ...(settled === undefined ? {} : { settledChanges: new Set([settled]) }),
        rivals,
        managerChanged: managerDiffers(worker.entry?.confirmed?.payload, operation.payload),
      },
      // Without a 202 the bound is our own clock, before the bytes left.
      operation.acceptedAt === undefined ? { tolerance: 60_000 } : {},
    );
    const judged = judgementOf({ ...worker, overtaken }, operation, found, now);
    // Both in one look: the disable, which comes after it, has to know.
    if (judged.kind === 'close') overtaken.set(operation.id, lastRowAt(worker.rows, judged.closure.evidence));
    return judged;
  });
}

function judgementOf(worker: OpenWorker, operation: Operation, found: Interpretation, now: Instant): Judgement {
  if (operation.outcome === 'escrowed' && worker.overtakers.has(operation.id) && (found.kind === 'open' || found.awaits === 'retry')) {
    return replaced(operation, worker.overtakers.get(operation.id) ?? 0);
  }
  if (found.kind === 'open') return { kind: 'wait', operation };
  const at = lastRowAt(worker.rows, found.evidence);
  if (found.awaits === 'retry') {
    return found.failure === undefined ? { kind: 'wait', operation } : { kind: 'escrow', operation, failure: found.failure };
  }
  if (found.awaits !== undefined && now - at < managerGrace) return { kind: 'wait', operation, again: at + managerGrace };
  // The manager's row did not come in time: as if it had been a warning.
  // A redundant record without a manager's row in time had nothing to write at all, the manager included.
  const missingManager = found.awaits === 'manager' && found.outcome !== 'unchanged';
  const unset = missingManager ? [managerPath] : found.unset;
  const outcome = missingManager && found.outcome === 'applied' ? 'appliedWithWarning' : found.outcome;
  const evidence: Evidence = {
    ...found.evidence,
    outcome,
    ...(unset.length === 0 ? {} : { unset }),
    detail: { ...found.evidence.detail, at },
  };
  const base = { operation: operation.id, outcome, evidence, ...(found.failure === undefined ? {} : { failure: found.failure }) };
  return { kind: 'close', operation, closure: closureOf(worker, operation, base, unset, at) };
}

/** What the service kept retrying made room for the newer version, which has ended: no row will come any more. */
function replaced(operation: Operation, at: Instant): Judgement {
  const evidence: Evidence = { kind: 'log', operation: operation.id, outcome: 'superseded', rows: [], detail: { at } };
  return { kind: 'close', operation, closure: { operation: operation.id, outcome: 'superseded', effect: 'none', evidence } };
}

function closureOf(
  worker: OpenWorker,
  operation: Operation,
  base: Omit<Closure, 'effect' | 'payload'>,
  unset: readonly string[],
  at: Instant,
): Closure {
  const overtakenBy = worker.overtakers.get(operation.id);
  if (overtakenBy !== undefined) return { ...base, outcome: 'superseded', effect: at > overtakenBy ? 'forget' : 'none' };
  if (worker.open.some(({ overtakes }) => overtakes === operation.id)) {
    const took = base.outcome === 'applied' || base.outcome === 'appliedWithWarning' || base.outcome === 'unchanged';
    return { ...(took ? confirming(worker, operation, base, unset) : { ...base, effect: 'none' }), outcome: 'superseded' };
  }
  if (base.outcome === 'failed' || base.outcome === 'skipped') return { ...base, effect: 'fail' };
  const older = operation.overtakes === undefined ? undefined : worker.overtaken.get(operation.overtakes);
  if (older !== undefined && older > at) return { ...base, effect: 'forget' };
  return confirming(worker, operation, base, unset);
}

function confirming(
  worker: OpenWorker,
  operation: Operation,
  base: Omit<Closure, 'effect' | 'payload'>,
  unset: readonly string[],
): Closure {
  if (unset.length === 0) return { ...withUnknown(worker, operation, base), effect: 'confirm' };
  // A second time the same is missing: that is how it stays, and sending it a third time changes nothing.
  const before = worker.entry?.confirmed?.evidence.unset ?? [];
  const final = worker.managerUnknown !== true || !unset.includes(managerPath);
  if (final && unset.every((path) => before.includes(path))) return { ...base, effect: 'confirm' };
  return { ...base, effect: 'confirm', payload: withoutUnset(operation.payload, unset) };
}

/** Emptiness cannot be seen in a success: what had a value before, and was sent without one, is unknown unless a row of the change shows that it was cleared. */
function withUnknown(
  worker: OpenWorker,
  operation: Operation,
  base: Omit<Closure, 'effect' | 'payload'>,
): Omit<Closure, 'effect' | 'payload'> {
  const before = worker.entry?.confirmed;
  const ids = new Set(base.evidence.rows);
  const unknown = unknownAfter(
    before,
    operation.payload,
    worker.rows.filter(({ id }) => ids.has(id)),
  );
  return unknown.length === 0 ? base : { ...base, evidence: { ...base.evidence, unknown } };
}

/** What the service took: what it warned about is as it was before, which for a new account is nothing. */
function withoutUnset(payload: Payload, unset: readonly string[]): Payload {
  return unset.reduce((kept, path) => (isRemovable(path) ? removeAttribute(kept, path) : kept), payload);
}

function isRemovable(path: string): boolean {
  return !['schemas', 'externalId', 'active'].includes(path);
}

/** Judged to stay without this manager for good; undefined: not so. */
export function managerGivenUp({ kind, operation, ...rest }: Judgement): ExternalId | undefined {
  if (kind !== 'close' || !('closure' in rest)) return undefined;
  const { effect, payload, evidence } = rest.closure;
  if (effect !== 'confirm' || payload !== undefined || evidence.unset?.includes(managerPath) !== true) return undefined;
  const manager = getAttribute(operation.payload, managerPath);
  return typeof manager === 'string' ? manager : undefined;
}

function managerDiffers(before: Payload | undefined, after: Payload): boolean {
  const now = getAttribute(after, managerPath);
  return now !== undefined && now !== (before === undefined ? undefined : getAttribute(before, managerPath));
}

function lastRowAt(rows: readonly LogRow[], evidence: Evidence): Instant {
  const ids = new Set(evidence.rows);
  return Math.max(0, ...rows.filter(({ id }) => ids.has(id)).map(instantOf));
}

/** Workers by id, in the order of their oldest open operation. */
export function byWorker(open: readonly Operation[]): ReadonlyMap<ExternalId, readonly Operation[]> {
  const workers = new Map<ExternalId, Operation[]>();
  for (const operation of open) {
    const operations = workers.get(operation.externalId);
    if (operations === undefined) workers.set(operation.externalId, [operation]);
    else operations.push(operation);
  }
  return workers;
}
