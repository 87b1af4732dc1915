import type { Json } from './canonical-json.ts';
import type { Instant } from './clock.ts';
import type { Payload } from './payload.ts';
import type { VerdictSummary } from './verdict.ts';
import type { ChangeKind, ExternalId, OperationId, Outcome, PipelineName, RunId, SentChangeKind, Sha256 } from './words.ts';

/**
 * What is known about one worker of one job: four values, each moved by exactly one act.
 * - Planning changes none of them.
 * - Accept, the first transaction of apply, writes `evaluated` and `desired`.
 * - Load writes `sent` before the bytes leave.
 * - Only reconcile writes `confirmed`.
 */
export interface LedgerEntry {
  readonly externalId: ExternalId;
  /** The one pipeline that may change or disable this worker. */
  readonly owner: PipelineName;
  readonly evaluated?: Evaluated;
  readonly desired?: Desired;
  readonly sent?: Sent;
  readonly confirmed?: Confirmed;
  /** An operation went silent since `confirmed`: the baseline is unknown and the worker is sent again. */
  readonly baselineUnknown: boolean;
  /** An active payload was confirmed or adopted once: tells a rehire from an enable. Set by close, never cleared. */
  readonly everEnabled: boolean;
  /** A person released the worker's hold at this instant. Cleared when an enabled payload is confirmed: a release is for one enabling, and for seven days. */
  readonly released?: Instant;
  /** The service refused this payload for its data: not sent again until the payload differs. */
  readonly failed?: Failed;
  /** The key was missing from complete, accepted passes. */
  readonly missing?: Missing;
  /** The next run looks at him although his row is the same; `resend`: and sends him although nothing differs. Cleared when a run has done so. */
  readonly marked?: Mark;
  /** A person said that these workers, who look like him, are somebody else. */
  readonly apart?: readonly ExternalId[];
  /** The worker is known under this key now; nothing else is left of the entry. */
  readonly rekeyedTo?: ExternalId;
}

export const marks = ['again', 'resend'] as const;
export type Mark = (typeof marks)[number];

/** No row has it. */
export const goneFingerprint = '';

/** What the last accepted run saw and decided. */
export interface Evaluated {
  /** `goneFingerprint` once the worker is off for good because he vanished: whatever row comes back is another one than the last. */
  readonly fingerprint: string;
  /** The mapping that found this; a later one that found the same is not recorded. */
  readonly mappingId: Sha256;
  readonly verdict: VerdictSummary;
  /** Hash of the draft; undefined unless the verdict was a draft. */
  readonly draftHash?: Sha256;
  /** Codes of the reasons of a standing rejection. */
  readonly reasons?: readonly string[];
  readonly nextDate?: Instant;
  /** The mapping named a manager whom the ledger does not know; left out until he is confirmed. */
  readonly missingManager?: ExternalId;
  /** Keyed hash of the columns that `source.identity` names; undefined: none are named, or one of them is empty. */
  readonly identity?: string;
  /** Hash of the candidates of everything that is computed once; undefined: nothing is. */
  readonly candidates?: string;
  /** The pipeline's `protected.when` was true: kept, because who vanished has no row to ask. */
  readonly protected?: true;
  readonly run: RunId;
}

/** The payload that the worker should have. */
export interface Desired {
  readonly payload: Payload;
  readonly hash: Sha256;
  readonly change: ChangeKind;
  readonly run: RunId;
  /** Held as one half of a rekey case: the key of the other half. Nothing of it is sent until the case is closed. */
  readonly rekey?: ExternalId;
}

/** The operation in flight. At most one version of a worker is in flight, except what overtakes: a disable, or a newer version behind an escrowed one. */
export interface Sent {
  readonly operation: OperationId;
  readonly payload: Payload;
  readonly hash: Sha256;
  readonly change: SentChangeKind;
  readonly at: Instant;
  /** It failed and the service keeps trying it again: a newer version takes its place there, and does not wait for it here. */
  readonly escrowed?: true;
  /** The call had no answer, or its process ended before it: nobody knows whether it left. */
  readonly unanswered?: true;
}

export interface Confirmed {
  readonly payload: Payload;
  readonly hash: Sha256;
  readonly at: Instant;
  readonly evidence: Evidence;
  /** The hash of what was confirmed, where a purge left only the names that a rehire keeps in `payload`. */
  readonly erased?: Sha256;
}

/** Why the ledger believes what it says. */
export interface Evidence {
  /** `log`: a provisioning log said so. `adopted`: read from the directory before the first upload. `directory`: no row came, and the account shows all that was sent. */
  readonly kind: 'log' | 'adopted' | 'directory';
  readonly operation?: OperationId;
  readonly outcome?: Outcome;
  /** Ids of the log rows of the whole `changeId` group. */
  readonly rows?: readonly string[];
  readonly changeId?: string;
  /** Attributes that the service warned it could not set. */
  readonly unset?: readonly string[];
  /** Attributes that had a value and were sent empty, or left out: whether the service cleared them is unknown until a log row or the directory shows it. */
  readonly unknown?: readonly string[];
  readonly detail?: Readonly<Record<string, Json>>;
}

export interface Failed {
  /** Hash of the payload that failed. */
  readonly hash: Sha256;
  readonly code: string;
  readonly at: Instant;
}

export interface Missing {
  /** Complete, accepted passes in a row that did not return the key. */
  readonly passes: number;
  readonly since: Instant;
}

/** What a change is a difference against. */
export type Baseline =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'sent' | 'confirmed'; readonly hash: Sha256; readonly payload: Payload };

/**
 * The other pipeline that looks after the worker, if there is one. Whom it only saw, out of its scope or inactive, and never wished an account for, is nobody's: of two pipelines over
 * one table the first to run would else own everybody.
 */
export function otherOwnerOf(entry: LedgerEntry | undefined, pipeline: PipelineName): PipelineName | undefined {
  if (entry === undefined || entry.owner === pipeline) return undefined;
  const known = entry.desired ?? entry.sent ?? entry.confirmed;
  const verdict = entry.evaluated?.verdict;
  return known === undefined && (verdict === 'outOfScope' || verdict === 'inactive') ? undefined : entry.owner;
}

/** `sent` if there is one, else `confirmed`; unknown after silence. */
export function baselineOf(entry: LedgerEntry | undefined): Baseline {
  if (entry === undefined) return { kind: 'none' };
  if (entry.sent !== undefined) return { kind: 'sent', hash: entry.sent.hash, payload: entry.sent.payload };
  if (entry.baselineUnknown) return { kind: 'unknown' };
  if (entry.confirmed !== undefined) return { kind: 'confirmed', hash: entry.confirmed.hash, payload: entry.confirmed.payload };
  return { kind: 'none' };
}

/** A baseline as the plan hash sees it: two plans against the same baselines are the same plan. */
export function baselineKey(baseline: Baseline): string {
  return 'hash' in baseline ? `${baseline.kind}:${baseline.hash}` : baseline.kind;
}
