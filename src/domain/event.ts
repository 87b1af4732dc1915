import type { Instant } from './clock.ts';
import type { GuardVerdict, PlanHead, Rejection } from './change.ts';
import type { ChannelName, ConditionName } from './condition.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { BatchId, ExternalId, Outcome, RunId, SentChangeKind, Stage } from './words.ts';

/** Counts by name, as a stage goes on and when it ends. */
export type Counts = Readonly<Record<string, number>>;

/** What became of a lookup's keys between two mappings. */
export interface LookupChange {
  readonly name: string;
  /** How many keys are new, are gone, and have another row. */
  readonly came: number;
  readonly went: number;
  readonly changed: number;
  /** Of the last: the columns in which it is another. */
  readonly columns: readonly string[];
}

/**
 * Everything that a run tells, as one closed union: progress lines, `--json` and reports are made from it. Plain data, no
 * payloads; worker ids are the only personal data in it, and `masked` renderings replace them where the reader asks for it.
 */
export type JoineryEvent =
  | {
      readonly type: 'run.started';
      readonly run: RunId;
      readonly pipeline: string;
      readonly asOf: Instant;
      readonly mappingId: string;
      readonly first: boolean;
    }
  | { readonly type: 'run.superseded'; readonly run: RunId; readonly by: RunId; readonly unsent: number }
  /**
   * The mapping is another than that of the last accepted pass. Only those are evaluated for whom what was `touched` gives something else (attributes, `scope`, `protected.when`), or whose formulas
   * ask one of the `lookups` for what is another in it, unless `because` says why that cannot be proved: then everybody is.
   */
  | {
      readonly type: 'mapping.edited';
      readonly touched: readonly string[];
      readonly lookups: readonly LookupChange[];
      readonly because?: string;
    }
  /** Of a source that tells versions of its rows: how many rows were read for another version, or why all are. */
  | { readonly type: 'source.read'; readonly rows: number }
  | { readonly type: 'source.read'; readonly because: string }
  | { readonly type: 'stage.started'; readonly stage: Stage }
  | { readonly type: 'stage.progress'; readonly stage: Stage; readonly counts: Counts }
  | { readonly type: 'stage.finished'; readonly stage: Stage; readonly counts: Counts; readonly milliseconds: number }
  | { readonly type: 'rejection'; readonly rejection: Rejection }
  | { readonly type: 'warning'; readonly diagnostic: Diagnostic; readonly externalId?: ExternalId }
  | { readonly type: 'guard'; readonly verdict: GuardVerdict }
  | { readonly type: 'plan'; readonly plan: PlanHead }
  | {
      readonly type: 'accepted';
      readonly run: RunId;
      readonly evaluated: number;
      readonly desired: number;
      readonly dropped: readonly ExternalId[];
    }
  | {
      readonly type: 'batch.sending';
      readonly batch: BatchId;
      readonly sequence: number;
      readonly operations: number;
      readonly replay: boolean;
    }
  | {
      readonly type: 'batch.accepted';
      readonly batch: BatchId;
      readonly sequence: number;
      readonly requestId: string;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'batch.retry';
      readonly batch: BatchId;
      readonly status: number;
      readonly reason: string;
      readonly waitMilliseconds: number;
    }
  | { readonly type: 'batch.unknown'; readonly batch: BatchId; readonly reason: string }
  | { readonly type: 'batch.refused'; readonly batch: BatchId; readonly status: number; readonly reason: string }
  /** A stage of a load in stages begins; `stage` from 1. */
  | { readonly type: 'load.stage'; readonly stage: number; readonly of: number; readonly operations: number }
  /** The load stopped by itself and can go on later. */
  | { readonly type: 'load.paused'; readonly run: RunId; readonly code: string; readonly words: string }
  | { readonly type: 'pace'; readonly reason: 'window' | 'quota' | 'retry' | 'reserve'; readonly until: Instant }
  | { readonly type: 'poll'; readonly rows: number; readonly open: number; readonly nextAt: Instant }
  | {
      readonly type: 'outcome';
      readonly externalId: ExternalId;
      readonly change: SentChangeKind;
      readonly outcome: Outcome;
      readonly code?: string;
      readonly reason?: string;
    }
  /** More disables than this reconcile has told are without a good outcome for longer than `notify.disables`. */
  | { readonly type: 'disables.late'; readonly operations: number }
  | {
      readonly type: 'notified';
      readonly channel: ChannelName;
      readonly condition: ConditionName;
      readonly kind: 'raised' | 'reminder' | 'cleared';
    }
  | { readonly type: 'waiting'; readonly workers: number; readonly reason: string }
  | {
      readonly type: 'run.finished';
      readonly run: RunId;
      readonly state: string;
      readonly outcomes: Counts;
      readonly milliseconds: number;
    };

/** Where events go. Never throws back into a stage: a broken listener must not stop a run. */
export type EventSink = (event: JoineryEvent) => void;
