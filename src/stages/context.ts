import { dayIn, type Clock, type Instant } from '../domain/clock.ts';
import type { EventSink } from '../domain/event.ts';
import type { JobScope } from '../domain/words.ts';
import type { Mapping } from '../mapping/contract.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Lease, Store } from '../store/contract.ts';

/** What every stage is given. A stage knows nothing of the terminal, the environment or the process. */
export interface StageContext {
  readonly pipeline: Pipeline;
  readonly mapping: Mapping;
  readonly store: Store;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** Aborted when the process was asked to stop: the request in hand is finished, nothing new is begun. */
  readonly signal: AbortSignal;
  /** The account that executes, as the operating system authenticated it; absent: nobody is known, as in a library call that does not say. */
  readonly user?: string;
}

/** The day of a run, for `:as_of`. */
export function dayOf(pipeline: Pipeline, asOf: Instant): string {
  return dayIn(pipeline.timezone ?? 'UTC', asOf);
}

export function scopeOf(pipeline: Pipeline): JobScope {
  return { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
}
