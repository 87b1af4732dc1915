import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { Desired, Evaluated, Evidence, LedgerEntry } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { Batch, Operation, OperationFailure } from '../domain/operation.ts';
import type { Payload } from '../domain/payload.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { VerdictSummary } from '../domain/verdict.ts';
import type { Erasure } from './contract-erasure.ts';
import type { People } from './contract-people.ts';
import type { BatchId, ExternalId, JobScope, OperationId, Outcome, PipelineName, RunId, Sha256 } from '../domain/words.ts';
import type { Approvals } from './contract-approvals.ts';
import type { Brief } from './contract-brief.ts';
import type { Conditions } from './contract-conditions.ts';
import type { Figures } from './contract-figures.ts';
import type { Files } from './contract-files.ts';
import type { Journal } from './contract-journal.ts';

export type { Approvals } from './contract-approvals.ts';
export type { AccountName, KnownEvaluation } from './contract-brief.ts';
export type { Conditions } from './contract-conditions.ts';
export type { Figures, EndFigure, LookedAt, StandingFigure, WorkerEnd } from './contract-figures.ts';
export type { FileArea, Files } from './contract-files.ts';
export type { Journal, JournalHead, JournalLine } from './contract-journal.ts';

/**
 * Where the state of a tenant's pipelines lives: one SQLite folder or one PostgreSQL database. Everything that changes state is a
 * verb here, is one transaction, checks the lease's epoch, and appends its line to the journal in that same transaction.
 * No statement uses the database's time.
 */
export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  readonly identity: StoreIdentity;
  readonly runs: RunRecords;
  readonly ledger: Ledger;
  readonly operations: Operations;
  readonly logs: LogRows;
  readonly approvals: Approvals;
  readonly conditions: Conditions;
  readonly journal: Journal;
  /** For reports and audits. */
  readonly figures: Figures;
  readonly files: Files;
  /** Purging and forgetting. */
  readonly erasure: Erasure;
  /**
   * Makes this process the only one that executes the pipeline. The lock ends with the process, without a timer, and each
   * acquisition raises the epoch, so that a process that lost the lock can write nothing more. What the holder before left in
   * `sending` becomes `unknown`: nobody can say any more whether it arrived. Errors: STO-201 when it is held.
   */
  acquireLease(pipeline: PipelineName, holder: string, at: Instant): Promise<Lease>;
  /** Gives the leases of this process back. */
  close(): Promise<void>;
}

export interface StoreIdentity {
  /** GUID, made with the store. */
  readonly id: string;
  /** Random seed of the row fingerprints, so that they mean nothing elsewhere. */
  readonly fingerprintSeed: bigint;
  /** Key of the keyed hashes in the journal, 32 bytes. */
  readonly hashKey: Uint8Array;
}

export interface Lease {
  readonly pipeline: PipelineName;
  /** Raised by every acquisition; checked by every write. */
  readonly epoch: number;
  /** Aborted when the lock is known to be lost (the connection that held it died). */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface RunRecords {
  begin(lease: Lease, run: Run): Promise<void>;
  advance(lease: Lease, id: RunId, patch: RunPatch): Promise<void>;
  get(id: RunId): Promise<Run | undefined>;
  /** Newest first. */
  list(pipeline: PipelineName, limit: number): Promise<readonly Run[]>;
  /** The newest run in one of the states. */
  latest(pipeline: PipelineName, states?: readonly RunState[]): Promise<Run | undefined>;
  /** The same among those that left nothing out of their plan. */
  latestWhole(pipeline: PipelineName, states: readonly RunState[]): Promise<Run | undefined>;
  /** The most keys that any run in one of the states read since then; undefined: there was none. */
  mostPopulation(pipeline: PipelineName, states: readonly RunState[], since: Instant): Promise<number | undefined>;
}

export interface RunPatch {
  readonly state?: RunState;
  readonly planHash?: Sha256;
  readonly population?: number;
  readonly finishedAt?: Instant;
  readonly partial?: true;
}

export interface Ledger extends People, Brief {
  get(scope: JobScope, externalId: ExternalId): Promise<LedgerEntry | undefined>;
  getMany(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, LedgerEntry>>;
  /** Every worker that the pipeline owns and has evaluated, in UTF-8 byte order of the externalId, in chunks; flat memory. */
  streamEvaluated(scope: JobScope, owner: PipelineName): AsyncIterable<readonly EvaluatedKey[]>;
  /** All entries that the pipeline owns, in UTF-8 byte order, in chunks; for reports and verification. */
  streamEntries(scope: JobScope, owner: PipelineName): AsyncIterable<readonly LedgerEntry[]>;
  /**
   * Of everybody who is enabled what lies under these names, one within the other, in the last payload: the one in flight or else the confirmed one; without names the payload. In chunks, by
   * the order of the externalId; flat memory.
   */
  streamEnabled(
    scope: JobScope,
    owner: PipelineName,
    names: readonly string[],
  ): AsyncIterable<readonly { readonly externalId: ExternalId; readonly member: Json | undefined }[]>;
  /** Workers whose next date has arrived. */
  due(scope: JobScope, owner: PipelineName, asOf: Instant): Promise<readonly ExternalId[]>;
  /**
   * Workers with work left: `desired` differs from `sent` (or, without one, from `confirmed`), or the baseline is unknown; not
   * those whose desired payload is the one that failed for its data. And workers whose `missingManager` is confirmed by now, whose disable had no answer,
   * or who are marked.
   */
  unsettled(scope: JobScope, owner: PipelineName): Promise<readonly ExternalId[]>;
  /** Workers of the pipeline that are missing since an earlier accepted pass. */
  missing(scope: JobScope, owner: PipelineName): Promise<readonly ExternalId[]>;
  counts(scope: JobScope, owner: PipelineName): Promise<LedgerCounts>;
  /** Those of the counts that every run needs, without looking at the workers one by one. */
  standing(scope: JobScope, owner: PipelineName): Promise<StandingCounts>;
  /** Which of these user names (compared without case) stand in any entry's desired, sent or confirmed payload, and whose they are. */
  userNamesTaken(scope: JobScope, userNames: readonly string[]): Promise<ReadonlyMap<string, readonly ExternalId[]>>;
  /**
   * The first transaction of apply: writes `evaluated`, `desired` and `missing` of the given workers, records the planned
   * batches and their operations, and sets the run's state to `accepted`. A worker whose baseline is no longer the planned one, or who has another owner, is dropped and
   * named: nothing of him is written and his operation is recorded as dropped. All or nothing else.
   * Records are pulled as they are written, 500 at a time; while they are, their source may read the store but not write to it
   * (DOM-001). Errors: STO-302 for a run that was accepted before.
   */
  accept(lease: Lease, input: AcceptInput): Promise<AcceptResult>;
  /** No worker of the job is known, whoever owns him: a new state, or one that was lost. */
  isEmpty(scope: JobScope): Promise<boolean>;
  /**
   * Takes what the directory shows as `confirmed`, with the evidence `adopted`; the pipeline of the lease becomes the owner. Only `confirmed` and
   * `everEnabled` are written. A worker who is confirmed, in flight or another pipeline's is passed over and named; one whose baseline is unknown is not.
   */
  adopt(lease: Lease, input: AdoptInput): Promise<AdoptResult>;
  /** A person decided that a held worker may be enabled: stands until an enabled payload of his is confirmed. Errors: STO-301. */
  release(lease: Lease, input: ReleaseInput): Promise<void>;
  /** Entries of the job with one of these identities and something desired, sent or confirmed, by identity; whoever owns them. */
  sharingIdentity(scope: JobScope, identities: readonly string[]): Promise<ReadonlyMap<string, readonly LedgerEntry[]>>;
}

export interface AdoptInput {
  readonly scope: JobScope;
  readonly at: Instant;
  readonly workers: readonly {
    readonly externalId: ExternalId;
    /** What the account has of the attributes that the pipeline writes. */
    readonly payload: Payload;
    /** False only for an account that is off and waits for its first day. */
    readonly everEnabled: boolean;
  }[];
}

export interface AdoptResult {
  readonly adopted: number;
  readonly passedOver: readonly ExternalId[];
}

export interface ReleaseInput {
  readonly scope: JobScope;
  readonly externalId: ExternalId;
  /** Why, for the journal; a person wrote it. */
  readonly reason: string;
  /** Who decided. */
  readonly by: string;
  readonly at: Instant;
}

export interface EvaluatedKey {
  readonly externalId: ExternalId;
  readonly fingerprint: string;
  readonly mappingId: Sha256;
  readonly verdict: VerdictSummary;
  readonly nextDate?: Instant;
  /** Accepted passes in a row without the key; 0 when it was there. */
  readonly missingPasses: number;
}

export interface LedgerCounts {
  readonly entries: number;
  /** `sent`, or without one `confirmed`, is active. */
  readonly enabled: number;
  readonly confirmed: number;
  readonly inFlight: number;
  readonly standingRejections: number;
  readonly failed: number;
  readonly missing: number;
}

export type StandingCounts = Pick<LedgerCounts, 'enabled' | 'standingRejections'>;

export interface AcceptInput {
  readonly scope: JobScope;
  readonly run: RunId;
  readonly planHash: Sha256;
  readonly at: Instant;
  /** Keys read, as the next run's population guard compares them. */
  readonly population: number;
  readonly records: AsyncIterable<readonly AcceptRecord[]> | Iterable<readonly AcceptRecord[]>;
  /** Written before the records; the operations come with the records, so that nobody has to hold all payloads in order of sending. */
  readonly batches: readonly { readonly id: BatchId; readonly sequence: number }[];
  /** Ids of the approvals that let the plan pass. */
  readonly approvals?: readonly string[];
}

export interface AcceptRecord {
  readonly externalId: ExternalId;
  readonly evaluated?: Evaluated;
  /** Absent: left as it is. */
  readonly desired?: Desired;
  /** `baselineKey` of the planned baseline; absent when the record carries no change. */
  readonly baseline?: string;
  /** What will be sent for this worker, and in which batch. */
  readonly operation?: PlannedOperation & { readonly batch: BatchId };
  /** The key belongs to another pipeline: claimed by an active row (or one about to start), or not any more. Nothing else of the record is written. */
  readonly claim?: 'active' | 'preHire' | 'none';
  /** The run has done what the entry was marked for. */
  readonly settlesMark?: boolean;
  /** `true`: one more pass without the key, counted from `at` if it is the first; `false`: the key is there, the count is reset. */
  readonly missing?: boolean;
}

export interface PlannedBatch {
  readonly id: BatchId;
  readonly sequence: number;
  readonly operations: readonly PlannedOperation[];
}

export type PlannedOperation = Pick<Operation, 'id' | 'index' | 'externalId' | 'bulkId' | 'change' | 'payload' | 'payloadHash'> & {
  /** What guards count it for once it has left; see `plan/guard-marks`. Absent: for nothing. */
  readonly marks?: readonly string[];
};

export interface AcceptResult {
  readonly evaluated: number;
  readonly desired: number;
  readonly dropped: readonly ExternalId[];
}

export interface Operations {
  /** In order of sequence. */
  batches(run: RunId): Promise<readonly Batch[]>;
  batch(id: BatchId): Promise<Batch | undefined>;
  /** In order of index. */
  ofBatch(id: BatchId): Promise<readonly Operation[]>;
  /** Operations in flight of the whole job (`sending`, `sent`, `unknown`), oldest first. */
  open(scope: JobScope): Promise<readonly Operation[]>;
  /** How many operations of the job are in flight without an outcome; escrowed ones have one. */
  unconfirmed(scope: JobScope): Promise<number>;
  get(id: OperationId): Promise<Operation | undefined>;
  /** All operations about one worker, oldest first. */
  ofWorker(scope: JobScope, externalId: ExternalId): Promise<readonly Operation[]>;
  /** Operations of a run, by batch and index, in chunks. */
  stream(run: RunId): AsyncIterable<readonly Operation[]>;
  /** Outcome → count; what has no outcome under `open` (in flight), `unsent` (planned), `dropped` and `refused`. */
  tally(run: RunId): Promise<Readonly<Record<string, number>>>;
  /**
   * Before the bytes leave, in one transaction: reserves a call in window and quota, sets batch and operations to `sending`, writes the
   * ledger's `sent`. Nothing is written when the answer is not `granted`.
   * A worker with another operation in flight blocks his operation, unless it is a disable, or all others are in escrow: it overtakes, and the older operation
   * stays open until reconcile closes it. A replay is blocked likewise, so that what a disable overtook is not sent behind it.
   * Errors: STO-302 unless `operations` are all that were not dropped, or when the batch has left twice.
   */
  beginSending(lease: Lease, input: BeginSending): Promise<BeginSendingResult>;
  /**
   * The answer to the call, or that there was none. Restores the ledger's `sent` where nothing was accepted: to the operation that was
   * overtaken and is still in flight, or to none. A replay that was refused or not sent leaves the batch `unknown`, as its first sending was.
   */
  finishSending(lease: Lease, input: FinishSending): Promise<void>;
  /** More batches for an accepted run: the second pass for managers, operations whose worker is no longer waiting. */
  add(lease: Lease, run: RunId, scope: JobScope, batches: readonly PlannedBatch[], at: Instant): Promise<void>;
  /**
   * Operations that will not be sent by this run (baseline moved, worker in flight, superseded run): state `dropped`, the reason in
   * `failure`. Errors: STO-302 for one that has left.
   */
  drop(lease: Lease, operations: readonly OperationId[], reason: string, at: Instant): Promise<void>;
  /**
   * Writes outcomes and, by their effect, `confirmed`, in the order given. Only reconcile calls this, for operations of any pipeline of the
   * job. Closing a closed operation does nothing. Errors: STO-302 for one that never left.
   */
  close(lease: Lease, scope: JobScope, closures: readonly Closure[], at: Instant): Promise<void>;
  /** A failed operation that the service says it retries: stays open with outcome `escrowed`. */
  escrow(lease: Lease, operation: OperationId, failure: OperationFailure, at: Instant): Promise<void>;
  /** Calls of the tenant whose reservation lies in [from, to). */
  callsUsed(tenant: string, from: Instant, to: Instant): Promise<number>;
  /** Workers by mark to whom something of that mark was sent since then by this pipeline; each once, however often. At most 7 days back. */
  sentSince(scope: JobScope, pipeline: PipelineName, since: Instant): Promise<ReadonlyMap<string, number>>;
  /** Of these workers, mark → when something of it was sent last; only since then. */
  marksOf(
    scope: JobScope,
    pipeline: PipelineName,
    externalIds: readonly ExternalId[],
    since: Instant,
  ): Promise<ReadonlyMap<ExternalId, ReadonlyMap<string, Instant>>>;
}

/**
 * No request may be outstanding for longer, connecting and reading included: after this time a call that was never answered counts as
 * answered, because its process must have died. Larger than the sink's time-outs together.
 */
export const unansweredMilliseconds = 300_000;

export interface CallLimits {
  /** Calls per window, over all pipelines and processes of the tenant: 40 in 5,000 ms. A slot frees when its call was answered that long ago. */
  readonly windowCalls: number;
  readonly windowMilliseconds: number;
  /** Calls per rolling 24 h that this reservation may use up to: the quota less the shares that are reserved for others. */
  readonly dayCalls: number;
  readonly dayMilliseconds: number;
}

export interface BeginSending {
  readonly batch: BatchId;
  /** Only these of the batch's operations are sent; the rest were dropped before. */
  readonly operations: readonly OperationId[];
  readonly bytes: number;
  readonly bodyHash: Sha256;
  readonly clientRequestId: string;
  readonly scope: JobScope;
  readonly limits: CallLimits;
  /** The batch is in state `unknown` and its identical bytes go once more. */
  readonly replay: boolean;
  readonly at: Instant;
  /** A place in the window that becomes free within so many ms is taken already, for that instant; default 0. */
  readonly ahead?: number;
}

export type BeginSendingResult =
  /** The bytes may leave at `at`, not before. */
  | { readonly kind: 'granted'; readonly call: string; readonly at: Instant }
  | {
      readonly kind: 'wait';
      readonly reason: 'window' | 'quota';
      /** Earliest instant worth another try, unless a call of this process is answered before; undefined: `dayCalls` allows none at all. */
      readonly until?: Instant;
    }
  | { readonly kind: 'blocked'; readonly workers: readonly ExternalId[] };

export type FinishSending = { readonly batch: BatchId; readonly call: string; readonly at: Instant } & (
  | { readonly kind: 'accepted'; readonly acceptedAt: Instant; readonly requestId: string }
  /** The request certainly did not count (no connection, 429, bucket full): batch and operations are `planned` again. */
  | {
      readonly kind: 'notSent';
      readonly detail: string;
      /** The call did reach the service and counts against the window. */ readonly counted: boolean;
    }
  /** Sent, but nobody knows whether it arrived. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** The service refused the whole call (400, 403, 404): nothing was staged. */
  | { readonly kind: 'refused'; readonly detail: string; readonly requestId?: string }
);

export interface Closure {
  readonly operation: OperationId;
  readonly outcome: Outcome;
  /**
   * `confirm`: `confirmed` becomes the operation's payload. `fail`: `failed` is set, `confirmed` stays. `forget`: the baseline is unknown from now on.
   * `none`: the entry is left alone (superseded). In every case `sent` is cleared if it is still this operation.
   */
  readonly effect: 'confirm' | 'fail' | 'forget' | 'none';
  readonly evidence: Evidence;
  readonly failure?: OperationFailure;
  /** With `confirm`: what the service really took, where it is less than the operation's payload (a manager it could not set). */
  readonly payload?: Payload;
}

export interface LogRows {
  /** Keeps rows by id; answers the ids that were new. */
  put(scope: JobScope, rows: readonly LogRow[], at: Instant): Promise<readonly string[]>;
  /** Rows about these workers, oldest first. */
  about(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, readonly LogRow[]>>;
  /** How far the logs of the job were read to the end; the next read begins earlier, by the overlap. */
  cursor(scope: JobScope): Promise<Instant | undefined>;
  /** Forward only. */
  moveCursor(scope: JobScope, to: Instant): Promise<void>;
  /** What was seen of the job by every process that looked, for what a single look cannot know. */
  remembered(scope: JobScope): Promise<JobMemory>;
  /** Adds to it; what it knows already is nothing. Executions older than two weeks are forgotten. */
  remember(scope: JobScope, seen: JobMemory, at: Instant): Promise<void>;
  /** Removes rows that are older and belong to no open operation. */
  prune(scope: JobScope, before: Instant): Promise<number>;
}

/** The service tells only its last execution, and rows of a drain are read once. */
export interface JobMemory {
  /** Executions that have ended, by when they began. */
  readonly executions: readonly { readonly began: Instant; readonly ended: Instant }[];
  /** Time of the newest row about an operation that had waited for long. */
  readonly drainedAt?: Instant;
}
