import type { Instant } from '../domain/clock.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId, JobScope, PipelineName, RunId } from '../domain/words.ts';
import type { Lease } from './contract.ts';

/**
 * Takes personal data out of the state and leaves ids of records, hashes, counts and times. Nothing here is ever done by a run: a person asks for it. What may
 * still have to be sent is never erased: a payload in flight, and the confirmed payload of a worker whose account is or may be on.
 */
export interface Erasure {
  /** What `run` and `settled` would erase, for the plan that a person looks at. */
  countRun(run: RunId): Promise<number>;
  countSettled(scope: JobScope, owner: PipelineName, before: Instant): Promise<SettledCount>;
  /**
   * Payloads, user names and the service's reasons of the run's operations that have come to their end; the rows are marked. Answers how many. Erased ones are
   * passed over. Errors: STO-301, STO-303.
   */
  run(lease: Lease, input: { readonly run: RunId; readonly at: Instant }): Promise<number>;
  /**
   * Of workers whose disable was confirmed before the instant and of whom nothing is left to do: the confirmed payload, down to `keep`, which a rehire needs. And log
   * rows from before about workers of the pipeline with no operation in flight.
   */
  settled(lease: Lease, input: SettledInput): Promise<SettledCount>;
  /**
   * Everything about one worker: his entry, log rows, payloads and name of his operations, which stay as counts under a keyed hash. A tombstone with that hash stays, so that
   * a key that comes back is known. Errors: STO-301 for nobody, STO-303 for another pipeline's, STO-304 while his account is or may be on.
   */
  forget(lease: Lease, input: ForgetInput): Promise<Forgotten>;
  /** Throws as `forget` would; answers who will still name him as manager. */
  requireForgettable(scope: JobScope, owner: PipelineName, externalId: ExternalId): Promise<readonly ExternalId[]>;
  /** Which of these keys were forgotten, and when. */
  forgotten(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, Instant>>;
  /** Afterwards: rewrites what the engine keeps of deleted and older versions of rows. SQLite rewrites the whole file. */
  compact(): Promise<void>;
  /** The name under which a forgotten worker's operations stand. */
  pseudonym(externalId: ExternalId): string;
}

export interface SettledCount {
  readonly entries: number;
  readonly logRows: number;
}

export interface SettledInput {
  readonly scope: JobScope;
  readonly before: Instant;
  /** Attributes that are kept for life: without them a rehire would get another name. */
  readonly keep: readonly AttributePath[];
  /** For the journal: runs whose records were erased, and who asked. */
  readonly runs: number;
  readonly by: string;
  readonly at: Instant;
}

export interface ForgetInput {
  readonly scope: JobScope;
  readonly externalId: ExternalId;
  /** Why, for the journal; a person wrote it. */
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}

export interface Forgotten {
  readonly operations: number;
  readonly logRows: number;
  /** Other workers whose entry names him as their manager: the complete record is theirs, and stays until it changes. */
  readonly namedBy: readonly ExternalId[];
}
