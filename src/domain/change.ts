import type { Approval } from './approval.ts';
import type { Json } from './canonical-json.ts';
import type { Instant } from './clock.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { AttributePath, Payload } from './payload.ts';
import type { ChangeKind, ExternalId, PipelineName, RunId, Sha256 } from './words.ts';

/** One attribute of a change. `emptied` is its own kind because a tenant may be set so that emptiness clears. */
export interface AttributeDifference {
  readonly path: AttributePath;
  readonly kind: 'set' | 'changed' | 'emptied';
  readonly old?: Json;
  readonly new?: Json;
}

/** Why the change is this kind, for people and for the report. */
export type ChangeCause =
  'new' | 'attributes' | 'status' | 'vanished' | 'outOfScope' | 'rejectedInactive' | 'silence' | 'manager' | 'unsettled' | 'resend';

/** Why a worker is held: see `plan/hold`. `forgotten`: the key of somebody who was erased came back. `protected`: nothing is sent about him at all. */
export type HoldCause = 'directory' | 'list' | 'ambiguous' | 'onPremises' | 'forgotten' | 'protected' | 'rekey' | 'exists';

/** A pre-hire who was called off: his account was created disabled and is as it has to be. */
export function isRescinded({ change, send, waiting, held, differences }: Change): boolean {
  return change === 'cancelled' && !send && !waiting && held === undefined && differences.length === 0;
}

/** Two keys that are probably one person: a new number for somebody who has an account, or two rows for one who has none. */
export interface RekeyCase {
  /** Who has the account, or of two who have none the first by key. */
  readonly old: ExternalId;
  readonly new: ExternalId;
  /** What the two share. `key`: they differ only in the case of letters, which the service does not see. */
  readonly by: 'identity' | 'userName' | 'key';
  /** False: the case stood in the last accepted run. */
  readonly fresh: boolean;
}

/** In words, after “share”. */
export const rekeyWords: Readonly<Record<RekeyCase['by'], string>> = {
  identity: 'the columns of source.identity',
  userName: 'a user name',
  key: 'a key but for the case of letters, which the service takes for one',
};

/** One worker of a plan. Only the kinds that are sent become operations; the others are counted. */
export interface Change {
  readonly externalId: ExternalId;
  readonly change: ChangeKind;
  readonly cause: ChangeCause;
  /** `baselineKey` of the baseline the differences are against. */
  readonly baseline: string;
  /** The complete record that would be sent. */
  readonly payload: Payload;
  readonly payloadHash: Sha256;
  readonly differences: readonly AttributeDifference[];
  /** Becomes an operation of this plan. False when it waits, stands failed, or nothing would differ. */
  readonly send: boolean;
  /** The same payload failed for its data before: not sent again until it differs. */
  readonly failedBefore: boolean;
  /** An operation is in flight: recorded as desired, sent after it has closed. Never true for a disable. */
  readonly waiting: boolean;
  /** Would be sent, and must not be: recorded as desired, looked at again by each run. */
  readonly held?: HoldCause;
  /** When his employment ended: before the last accepted run, which still took him for employed. */
  readonly backDated?: Instant;
  /** The case of which this worker is one half. */
  readonly rekey?: RekeyCase;
  readonly manager?: ExternalId;
  readonly warnings: readonly Diagnostic[];
}

/** A worker that a run could not map, or a row that could not become a worker. */
export interface Rejection {
  /** undefined: the row has no key. */
  readonly externalId?: ExternalId;
  /** Places of the rows in the source's result, from 1. */
  readonly ordinals: readonly number[];
  readonly reasons: readonly Diagnostic[];
  /** False: the same rejection stood in the last accepted run. */
  readonly fresh: boolean;
}

export interface GuardVerdict {
  /** As in the pipeline: `leavers`, `population`, `first.joiners`; of an attribute `emptied.department`, of a group `changes.title@Sales`. */
  readonly guard: string;
  readonly tripped: boolean;
  readonly measured: number;
  readonly limit: number;
  /** The figure includes what was sent within it; absent: it is this plan's alone. */
  readonly window?: 'day' | 'week';
  /** Nobody can approve it. */
  readonly final?: true;
  /** Who let it pass all the same, why and until when. */
  readonly approved?: Pick<Approval, 'id' | 'by' | 'reason' | 'at' | 'until'>;
  /** One sentence with the figures and the way out. */
  readonly words: string;
}

/** How many of each, by change kind. */
export type ChangeCounts = Readonly<Record<ChangeKind, number>>;

/** The head of a plan; the changes and batches stand in run files of their own. */
export interface PlanHead {
  readonly run: RunId;
  readonly pipeline: PipelineName;
  readonly asOf: Instant;
  readonly createdAt: Instant;
  readonly mappingId: Sha256;
  readonly hash: Sha256;
  readonly first: boolean;
  /** What the plan is confined to; absent: it is the whole. */
  readonly only?: 'leavers' | readonly ExternalId[];
  readonly counts: ChangeCounts;
  readonly waiting: number;
  /** How many are held, by cause; absent: nobody. */
  readonly held?: Readonly<Partial<Record<HoldCause, number>>>;
  /** Pre-hires who were called off and whose accounts are as they have to be, off: there is nothing to send; absent: nobody. */
  readonly rescinded?: number;
  /** Leavers whose end lies before the last accepted run; absent: nobody. */
  readonly backDated?: number;
  /** Rekey cases of which a half stands in this plan; absent: none. */
  readonly rekeys?: { readonly fresh: number; readonly standing: number };
  readonly rejections: { readonly fresh: number; readonly standing: number; readonly keyless: number };
  readonly guards: readonly GuardVerdict[];
  readonly price: Price;
  /** The load goes in stages; absent: at once. Disables are in none. */
  readonly staging?: Staging;
  /** What the plan was made with besides the mapping: apply refuses it once something of that is another. Absent in plans of older versions. */
  readonly ground?: PlanGround;
}

/** Hashes of what decides over a plan, by section of the pipeline; `job`: what the provisioning job makes of attributes, where it could be read. */
export type PlanGround = Readonly<Record<string, Sha256>>;

/** A load in stages: each waits for the outcomes of the one before it. */
export interface Staging {
  /** Why, in words; at least one. */
  readonly because: readonly string[];
  /** In order; at least two. `from`: the sequence of the stage's first batch. */
  readonly stages: readonly { readonly operations: number; readonly from: number }[];
}

/** What the plan costs. */
export interface Price {
  readonly operations: number;
  readonly calls: number;
  /** Calls left in the rolling 24 h when the plan was made. */
  readonly callsLeft: number;
  /** The earliest instant at which the last call can be sent, by window and quota. */
  readonly earliestEnd: Instant;
  /** At most so many are sent once more, when the manager who comes with this plan is confirmed; absent: nobody. */
  readonly secondPass?: { readonly operations: number; readonly calls: number };
}
