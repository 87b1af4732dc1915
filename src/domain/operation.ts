import type { Instant } from './clock.ts';
import type { Evidence } from './ledger.ts';
import type { Payload } from './payload.ts';
import type { BatchId, ExternalId, OperationId, Outcome, RunId, SentChangeKind, Sha256 } from './words.ts';

/** One payload in a bulk request. */
export interface Operation {
  readonly id: OperationId;
  readonly run: RunId;
  readonly batch: BatchId;
  /** Place in the batch, from 0. */
  readonly index: number;
  readonly externalId: ExternalId;
  /** Deterministic: hash of job, externalId and payload. The service returns it nowhere; it names the operation to support. */
  readonly bulkId: string;
  readonly change: SentChangeKind;
  readonly payload: Payload;
  readonly payloadHash: Sha256;
  readonly state: OperationState;
  /** The older operation in flight that this disable overtook. */
  readonly overtakes?: OperationId;
  readonly sentAt?: Instant;
  /** The 202's `Date` header: the lower bound for log rows, by the service's own clock. */
  readonly acceptedAt?: Instant;
  readonly closedAt?: Instant;
  readonly outcome?: Outcome;
  readonly evidence?: Evidence;
  /** Error code, reason in words, recommended action, as the log row gave them. */
  readonly failure?: OperationFailure;
  /** When a purge or forget took the payload, of which only `externalId` and `active` are left, and the reason of the failure. */
  readonly erasedAt?: Instant;
}

/**
 * `planned` → `sending` (recorded before the bytes leave) → `sent` (202) | `unknown` (no answer) | `refused` (the service said no to the call)
 * → `closed` (an outcome). `planned` → `dropped`: the baseline moved, or a newer run took over.
 */
export type OperationState = 'planned' | 'sending' | 'sent' | 'unknown' | 'refused' | 'closed' | 'dropped';

export interface OperationFailure {
  readonly code: string;
  readonly reason: string;
  readonly recommendedAction?: string;
  /** When the service will retry by itself; only for `escrowed`. */
  readonly retryAt?: Instant;
}

/** One bulk request. The exact bytes follow from its operations: see `plan/batching`. */
export interface Batch {
  readonly id: BatchId;
  readonly run: RunId;
  /** Order of sending, from 0. */
  readonly sequence: number;
  readonly state: OperationState;
  readonly operations: number;
  readonly bytes: number;
  readonly bodyHash: Sha256;
  /** How often the bytes left, at most 2. */
  readonly sends: number;
  readonly sentAt?: Instant;
  readonly acceptedAt?: Instant;
  /** Ours, sent as `client-request-id`. */
  readonly clientRequestId: string;
  /** The service's `request-id`. */
  readonly requestId?: string;
  readonly detail?: string;
}
