import type { EmulatorSwitches } from '../../src/emulator/switches.ts';

/** A row as HR has it. `null` is SQL NULL; a status that the pipeline does not list is dirt. */
export interface HrRow {
  readonly worker_id: string | null;
  readonly is_primary: boolean;
  readonly status: string | null;
  readonly worker_type: string;
  readonly first_name: string | null;
  readonly last_name: string;
  readonly department: string | null;
  readonly job_title: string | null;
  readonly manager_id: string | null;
  /** YYYY-MM-DD */
  readonly hire_date: string;
  readonly last_day: string | null;
}

/** What HR said about one worker on each day: his rows, none where he was not in the view. `key` null: rows without a key. */
export interface WorkerStory {
  readonly key: string | null;
  readonly days: readonly (readonly HrRow[])[];
}

/** Requests of one run by what they ask for. */
export const requestTargets = ['upload', 'logs', 'job', 'token', 'users'] as const;
export type RequestTarget = (typeof requestTargets)[number];

/** Something that goes wrong in a run. Request faults strike the n-th request of their target; the others strike the worker's next operation or its rows. */
export type StoryFault =
  | { readonly on: 'request'; readonly target: RequestTarget; readonly nth: number; readonly what: RequestTrouble }
  | { readonly on: 'entry'; readonly worker: string; readonly what: EntryTrouble }
  | { readonly on: 'row'; readonly worker: string; readonly what: RowTrouble }
  | { readonly on: 'tokens'; readonly target: RequestTarget; readonly nth: number }
  /** Before the run, for the rest of the day. */
  | { readonly on: 'job'; readonly what: 'paused' | 'quarantined' | 'purged' }
  /** Another client of the tenant uploads so many times just before the run. */
  | { readonly on: 'sender'; readonly calls: number }
  /** The tenant's day is used up by others after so many more calls, for the rest of the day. */
  | { readonly on: 'quota'; readonly calls: number }
  /** The ingestion store takes so many operations, for the rest of the day. */
  | { readonly on: 'bucket'; readonly size: number }
  /** The service takes smaller requests than it says, for the rest of the day. */
  | { readonly on: 'limit'; readonly what: 'payloadLimitBytes' | 'operationsPerRequest'; readonly size: number }
  /** The directory is down: so many of the next entries fail, whoever they are of, for the rest of the day. */
  | { readonly on: 'outage'; readonly entries: number };

export type RequestTrouble =
  | { readonly kind: 'drop' | 'resetAfterAccept' | 'duplicate' }
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'skew'; readonly milliseconds: number };

export type EntryTrouble =
  { readonly kind: 'fail' | 'lost' | 'repeat'; readonly times: number } | { readonly kind: 'late'; readonly milliseconds: number };

export type RowTrouble =
  | { readonly kind: 'missing'; readonly rows: number }
  | { readonly kind: 'late'; readonly milliseconds: number; readonly rows: number }
  | { readonly kind: 'repeat'; readonly times: number };

/** The process ends before or after the n-th call of a port. */
export interface Kill {
  readonly port: string;
  readonly nth: number;
  readonly side: 'before' | 'after';
}

export interface StoryRun {
  /** Minutes since the run before, or since the day began. */
  readonly after: number;
  /** `resume` goes on with what was accepted, if there is anything; `reconcile` only looks at outcomes. */
  readonly mode: 'run' | 'resume' | 'reconcile';
  /** How long outcomes are waited for, minutes. */
  readonly wait: number;
  readonly faults: readonly StoryFault[];
  readonly kill?: Kill;
}

export interface StoryDay {
  /** Hours since the day before. */
  readonly hours: number;
  readonly runs: readonly StoryRun[];
}

/** A history of HR, everything that goes wrong in it, and the choices of the service; plain data, so that it can be kept and shrunk. */
export interface Story {
  readonly seed: number;
  /** Milliseconds from a 202 to visible rows. */
  readonly latency: number;
  readonly switches: Partial<EmulatorSwitches>;
  /** Real sockets on loopback, or none of them: the same requests, without what carries them. */
  readonly network: 'sockets' | 'inProcess';
  /** Operations of each stage of a load in stages but the last. */
  readonly stages: readonly number[];
  /** How many operations may be without an outcome. */
  readonly unconfirmed: number;
  readonly workers: readonly WorkerStory[];
  readonly days: readonly StoryDay[];
}

/** First instant of a story. */
export const firstDay = Date.parse('2026-11-02T07:00:00Z');
export const dayMilliseconds = 86_400_000;
export const hourMilliseconds = 3_600_000;
export const minuteMilliseconds = 60_000;

/** YYYY-MM-DD of an instant, UTC. */
export function dateOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}
