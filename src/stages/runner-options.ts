import type { PlanHead } from '../domain/change.ts';
import type { Clock } from '../domain/clock.ts';
import type { EventSink } from '../domain/event.ts';
import type { Run } from '../domain/run.ts';
import type { Chance } from './send-batch.ts';

/** What a `Runner` is opened with. */
export interface RunnerOptions {
  /** Variables that `${NAME}` in the pipeline stands for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder or PostgreSQL URL; goes before JOINERY_STATE and the pipeline's `state`. */
  readonly state?: string;
  /** Makes no state; default: one that is not there is made. Errors: STO-102. */
  readonly stateMustExist?: boolean;
  readonly clock?: Clock;
  readonly emit?: EventSink;
  /** Aborted to stop: the request in hand is finished, the run is left resumable. */
  readonly signal?: AbortSignal;
  readonly chance: Chance;
  /** How long reconcile waits for outcomes, ms; default 3 h, which covers the hour before silence and a slow job. */
  readonly wait?: number;
  /** Plan although the job has accounts that the state does not know; default: refuse with PLN-204. */
  readonly firstRun?: boolean;
  /** Evaluate every worker in both engines, not only a sample; a difference ends the run with JSN-109. */
  readonly verifyEngine?: boolean;
  /** Who holds the lease, for the message to somebody else. */
  readonly holder?: string;
  /** The account that executes, as the operating system authenticated it: an approver must be somebody else. */
  readonly user?: string;
}

/** The same, with what stands where nothing was said. */
export type RunnerSettings = Required<Omit<RunnerOptions, 'state' | 'stateMustExist' | 'environment' | 'verifyEngine' | 'user'>> &
  Pick<RunnerOptions, 'user'>;

/** Which run a command is about. `latest`: the newest one. */
export type RunChoice = { readonly run: string } | { readonly planHash: string };

/** A run that was planned, as it stands in the state. */
export interface Planned {
  readonly run: Run;
  readonly plan: PlanHead;
}

export const defaultWait = 3 * 3_600_000;

/** Every n-th worker of a run is evaluated in both engines: dear enough not to be done to all, cheap enough to be always on. */
export const shadowSample = 1_000;
