import type { Condition } from '../domain/condition.ts';
import type { Instant } from '../domain/clock.ts';
import type { ConditionName } from '../domain/condition.ts';
import type { JobScope, PipelineName } from '../domain/words.ts';
import type { Lease } from './contract.ts';

/** What people were told of, so that a run every half hour tells it once. */
export interface Conditions {
  /** Those that hold or whose end was not told everywhere, by name. */
  of(pipeline: PipelineName): Promise<readonly Condition[]>;
  /** Puts one in the place of what was known of its name. */
  keep(lease: Lease, condition: Condition, at: Instant): Promise<void>;
  /**
   * Workers of the pipeline whose disable is not confirmed: it left before that instant and has no outcome, it failed before that instant, or it went silent (which takes an hour).
   * Their accounts may be on.
   */
  unconfirmedDisables(scope: JobScope, owner: PipelineName, before: Instant): Promise<number>;
  /** It is over, and whoever was told of it knows. */
  forget(lease: Lease, name: ConditionName, at: Instant): Promise<void>;
}
