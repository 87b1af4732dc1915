import type { GuardVerdict, PlanHead } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { ChangeCause, HoldCause } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ChangeKind, ExternalId, RunId, SentChangeKind } from '../domain/words.ts';
import type { ExtractSummary, RunEvents } from '../store/run-files.ts';
import type { End } from './words.ts';

/** Everything that a report of a run shows: plain data, values masked by the class of their attribute. */
export interface RunReport {
  readonly run: Run;
  readonly writtenAt: Instant;
  readonly masked: boolean;
  /** Absent until the batch stage has ended. */
  readonly plan?: PlanHead;
  readonly guards: readonly GuardVerdict[];
  /** Absent until the extract stage has ended. */
  readonly extract?: ExtractSummary;
  /** Absent where no stage of the run ended in a process that could tell. */
  readonly events?: RunEvents;
  readonly outcomes: readonly OutcomeRow[];
  /** Operations of the run, those of the second pass included. */
  readonly operations: number;
  readonly batches: number;
  /** Calls that the run took of the quota. */
  readonly calls: number;
  readonly attributes: readonly AttributeRow[];
  readonly rejections: readonly RejectionGroup[];
  /** Rejections in this run's own list, one per worker or row without a key. */
  readonly rejected: number;
  /** By code, over the whole ledger, as it is now: also those that this run had no reason to look at again. */
  readonly standing: readonly { readonly code: string; readonly title: string; readonly workers: number }[];
  readonly troubles: readonly TroubleGroup[];
  readonly workers: readonly WorkerRow[];
  /** Workers whom the plan changes; more than `workers` when the list was cut. */
  readonly workersTotal: number;
  readonly trend: readonly TrendRow[];
}

/** One change kind: planned, and how its operations ended. */
export interface OutcomeRow {
  readonly change: SentChangeKind;
  readonly planned: number;
  readonly ends: Readonly<Partial<Record<End, number>>>;
  readonly operations: number;
}

/** One attribute over the changes that are sent. */
export interface AttributeRow {
  readonly path: AttributePath;
  readonly set: number;
  readonly changed: number;
  readonly emptied: number;
}

export interface RejectionGroup {
  readonly code: string;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  readonly rejections: number;
  readonly fresh: number;
  /** The first ones, with what is wrong in words. */
  readonly examples: readonly { readonly who: string; readonly message: string }[];
}

export interface TroubleGroup {
  readonly end: End;
  readonly code: string;
  readonly words: string;
  readonly todo: string;
  /** Who acts. */
  readonly who: string;
  readonly operations: number;
  readonly examples: readonly { readonly who: ExternalId; readonly change: SentChangeKind; readonly reason: string }[];
}

export interface WorkerRow {
  readonly externalId: ExternalId;
  readonly change: ChangeKind;
  /** Absent where the plan is too large to be read for one worker. */
  readonly cause?: ChangeCause;
  readonly ends: readonly End[];
  readonly waiting: boolean;
  readonly failedBefore: boolean;
  readonly held?: HoldCause;
  readonly differences: readonly { readonly path: AttributePath; readonly kind: string; readonly old: string; readonly new: string }[];
}

export interface TrendRow {
  readonly run: RunId;
  readonly asOf: Instant;
  readonly state: RunState;
  readonly population?: number;
  readonly operations: number;
  readonly ends: Readonly<Partial<Record<End, number>>>;
  readonly rejections?: number;
}
