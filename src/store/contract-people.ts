import type { Json } from '../domain/canonical-json.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { Instant } from '../domain/clock.ts';
import type { ExternalId, JobScope, PipelineName, Sha256 } from '../domain/words.ts';
import type { Lease } from './contract.ts';

/** Who is who and whose, and what the job was set to do: the part of the ledger that people decide about. */
export interface People {
  /** What the job was set to do when it was last looked at; undefined: never. */
  jobShape(scope: JobScope): Promise<JobShape | undefined>;
  /** Records what the job is set to do, and marks whoever has one of the attributes, of any pipeline of the job, to be sent again. Answers how many. */
  noticeJob(lease: Lease, input: NoticeJobInput): Promise<number>;
  /**
   * What the directory shows of attributes that were sent empty and are unknown since: they are known again. Where the account still has a value, it is confirmed with it, so that the next
   * plan finds the difference. Whoever is in flight, or another pipeline's, is passed over. Answers how many attributes.
   */
  settleUnknown(lease: Lease, input: SeenInput): Promise<number>;
  /** Keys that the pipeline claims and another owns, as of its last accepted run. */
  claims(scope: JobScope, pipeline: PipelineName): Promise<readonly ExternalId[]>;
  /** Keys that the pipeline owns and others claim: who. */
  claimsAgainst(scope: JobScope, owner: PipelineName): Promise<ReadonlyMap<ExternalId, PipelineName>>;
  /** Workers of the pipeline whose standing rejection has this code among its reasons. */
  rejectedFor(scope: JobScope, owner: PipelineName, code: string): Promise<readonly ExternalId[]>;
  /**
   * Every worker whom the pipeline rejects; undefined: there are more than `most`, or another pipeline has workers in the job, of whom the ledger keeps only what their own makes of them.
   */
  standingRejections(scope: JobScope, owner: PipelineName, most: number): Promise<readonly ExternalId[] | undefined>;
  /**
   * The pipeline of `lease` looks after these workers from now on; before it was that of `other`. Its next run looks at each of them: who is not in its source begins to count as
   * missing. What the other has not sent of them is dropped. All or nothing. Errors: STO-301 for a worker who is not there, STO-303 for one of a third pipeline.
   */
  transfer(lease: Lease, input: TransferInput, other: Lease): Promise<void>;
  /** Halves of rekey cases that are held, whoever owns them: the worker and the key of his other half. */
  openRekeys(scope: JobScope): Promise<readonly OpenRekey[]>;
  /**
   * The worker `from` is known under the key `to` from now on: what was confirmed of him is confirmed of `to`, with the evidence `adopted`, and `from` is left with
   * nothing but the place he went to. Operations of both that have not left are dropped. `from` may belong to the pipeline of `other`.
   * Errors: STO-301 for a worker who is not there, STO-302 when one of them is in flight, `from` has nothing confirmed or `to` has, STO-303.
   */
  rekey(lease: Lease, input: RekeyInput, other?: Lease): Promise<void>;
  /** The two are different people: they are no rekey case any more, and the next run looks at them again. Errors: STO-301. */
  part(lease: Lease, input: RekeyInput): Promise<void>;
}

/** What a job makes of its attributes: a hash for each, by path in lower case, and one over all. */
export interface JobShape {
  readonly hash: Sha256;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NoticeJobInput {
  readonly scope: JobScope;
  readonly shape: JobShape;
  /** Paths in lower case. */
  readonly attributes: readonly string[];
  readonly at: Instant;
}

export interface SeenInput {
  readonly scope: JobScope;
  readonly workers: readonly { readonly externalId: ExternalId; readonly attributes: readonly SeenAttribute[] }[];
  readonly at: Instant;
}

export interface SeenAttribute {
  readonly path: AttributePath;
  /** What the account has; undefined: nothing. */
  readonly value?: Json | undefined;
}

export interface TransferInput {
  readonly scope: JobScope;
  readonly workers: readonly ExternalId[];
  /** Why, for the journal. */
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}

export interface OpenRekey {
  readonly externalId: ExternalId;
  readonly owner: PipelineName;
  readonly other: ExternalId;
}

/** A decision of a person about two keys. */
export interface RekeyInput {
  readonly scope: JobScope;
  readonly from: ExternalId;
  readonly to: ExternalId;
  /** Why, for the journal. */
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}
