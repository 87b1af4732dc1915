import type { Instant } from './clock.ts';
import type { Counts } from './event.ts';
import type { PipelineName, RunId } from './words.ts';

/**
 * What a person is told of without looking.
 * - `guard`: a guard stopped the plan. `setUp`: rights, credentials, mapping or state of the job refuse everybody.
 * - `quarantine`: the service took the job out of operation. `quota`: the day's calls are used up.
 * - `disables`: a disable is without an outcome for too long. `stale`: no run has succeeded for too long.
 */
export const conditionNames = ['guard', 'setUp', 'quarantine', 'quota', 'disables', 'stale'] as const;
export type ConditionName = (typeof conditionNames)[number];

/** The ways by which people are told. */
export const channelNames = ['webhook', 'smtp', 'command'] as const;
export type ChannelName = (typeof channelNames)[number];

/** A condition of a pipeline that holds, or that is over and whose end was not told everywhere yet. Ids and counts only. */
export interface Condition {
  readonly pipeline: PipelineName;
  readonly name: ConditionName;
  /** What exactly holds: names of guards, a code. Where it becomes another, people are told anew. */
  readonly signature: string;
  readonly since: Instant;
  /** The run that met it last. */
  readonly run?: RunId;
  readonly figures: Counts;
  /** When it was found to be over; absent: it holds. */
  readonly over?: Instant;
  /** When each channel was told last. */
  readonly told: Readonly<Partial<Record<ChannelName, Instant>>>;
}
