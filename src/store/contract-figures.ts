import type { Failed, Missing } from '../domain/ledger.ts';
import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope, PipelineName, RunId, SentChangeKind } from '../domain/words.ts';

/** What a report asks of the state; reads only. */
export interface Figures {
  /** Operations of a run by change and by how they ended. */
  ends(run: RunId): Promise<readonly EndFigure[]>;
  /** Operations of a run that failed, went silent, were skipped, refused or dropped, or ended with a warning; by batch and index, in chunks. */
  troubled(run: RunId): AsyncIterable<readonly Operation[]>;
  /** Operations of a run about these workers, each worker's in order of sending. */
  ofWorkers(run: RunId, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, readonly WorkerEnd[]>>;
  /** Calls that the run's batches took of window and quota, replays included. */
  calls(run: RunId): Promise<number>;
  /** Workers whose rejection stands in the ledger, by code of the reason; a worker with two reasons counts in both. Most first. */
  standing(scope: JobScope, owner: PipelineName): Promise<readonly StandingFigure[]>;
  /** Workers of the pipeline with something open that only a person can close, by key: the first ones, and how many there are. */
  lookAt(scope: JobScope, owner: PipelineName, limit: number): Promise<{ readonly workers: readonly LookedAt[]; readonly total: number }>;
  /** Every pipeline that ever had a run, by name. */
  pipelines(): Promise<readonly PipelineName[]>;
}

/** What is open about one worker. */
export interface LookedAt {
  readonly externalId: ExternalId;
  /** His rejection stands; `run` evaluated him. */
  readonly rejected?: { readonly codes: readonly string[]; readonly run: RunId };
  readonly failed?: Failed;
  /** Failed, and the service retries it by itself: open until that succeeds or somebody corrects the data. */
  readonly escrowed?: Operation;
  readonly silent: boolean;
  readonly missing?: Missing;
}

export interface EndFigure {
  readonly change: SentChangeKind;
  /** An outcome, else `open` (in flight), `unsent` (planned), `refused` or `dropped`. */
  readonly end: string;
  readonly operations: number;
}

/** How far one operation came, without what it carried. */
export type WorkerEnd = Pick<Operation, 'change' | 'state' | 'outcome'>;

export interface StandingFigure {
  readonly code: string;
  readonly workers: number;
}
