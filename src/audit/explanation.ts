import type { GuardVerdict, HoldCause } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { VerdictSummary } from '../domain/verdict.ts';
import type { BatchId, ChangeKind, ExternalId, OperationId, RunId } from '../domain/words.ts';

/** The way of one worker through one run and what is known of him over all: plain data, every value shown as its class allows. */
export interface Explanation {
  readonly worker: ExternalId;
  readonly pipeline: string;
  readonly run: Run;
  readonly masked: boolean;
  /** One paragraph: what happened to this worker in this run, and why. */
  readonly summary: string;
  /** undefined: no run that still has its files read this worker. */
  readonly source?: SourceReading;
  readonly decision?: Decision;
  readonly rejections: readonly { readonly code: string; readonly message: string; readonly why: string; readonly fix: string }[];
  readonly guards: readonly GuardVerdict[];
  readonly operations: readonly OperationStory[];
  readonly ledger?: LedgerView;
  /** Over all runs, oldest first. */
  readonly timeline: readonly Moment[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** The rows as they were read, and what the mapping made of them. */
export interface SourceReading {
  /** The run that read these rows; an earlier one if nothing changed since. */
  readonly run: RunId;
  readonly asOf: Instant;
  readonly rows: readonly { readonly ordinal: number; readonly values: readonly NamedValue[]; readonly problems: readonly string[] }[];
  /** False: the mapping of the pipeline file has changed since that run, and the steps show what it says now. */
  readonly sameMapping: boolean;
  readonly steps: readonly Step[];
}

/** A column that is read, an employment name, a let, `scope`, `active` or an attribute, in the order of evaluation. */
export interface Step extends NamedValue {
  readonly kind: 'column' | 'employment' | 'let' | 'decision' | 'attribute';
  readonly expression: string;
  /** Names of the steps that this one reads. */
  readonly reads: readonly string[];
}

/** What the plan of the run says about the worker. */
export interface Decision {
  readonly change?: ChangeKind;
  readonly because: string;
  readonly verdict?: VerdictSummary;
  readonly baseline?: string;
  readonly send: boolean;
  readonly waiting: boolean;
  /** Would be sent, and must not be. */
  readonly held?: HoldCause;
  readonly payloadHash?: string;
  readonly payload: readonly NamedValue[];
  readonly differences: readonly { readonly path: string; readonly kind: string; readonly old: string; readonly new: string }[];
  readonly warnings: readonly string[];
}

export interface OperationStory {
  readonly id: OperationId;
  readonly run: RunId;
  readonly change: ChangeKind;
  readonly state: string;
  readonly bulkId: string;
  /** Place in the batch, from 1. */
  readonly place: number;
  readonly batch: {
    readonly id: BatchId;
    readonly operations: number;
    readonly sends: number;
    readonly clientRequestId: string;
    readonly requestId?: string;
    readonly detail?: string;
  };
  readonly sentAt?: Instant;
  readonly acceptedAt?: Instant;
  readonly closedAt?: Instant;
  readonly outcome?: string;
  readonly reason?: string;
  readonly todo?: string;
  readonly rows: readonly LogRowView[];
}

export interface LogRowView {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly status: string;
  readonly steps: readonly { readonly type: string; readonly status: string; readonly description: string }[];
  readonly error?: string;
}

/** The four values, and what stands beside them. */
export interface LedgerView {
  readonly owner: string;
  readonly evaluated?: string;
  readonly desired?: string;
  readonly sent?: string;
  readonly confirmed?: string;
  readonly notes: readonly string[];
  readonly payload: readonly NamedValue[];
}

export interface Moment {
  readonly at: Instant;
  readonly run: RunId;
  readonly state: RunState;
  readonly words: string;
}
