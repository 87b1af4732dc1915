import type { Instant } from '../domain/clock.ts';
import type { Operation } from '../domain/operation.ts';
import type { JobStatus } from '../entra/job.ts';
import type { JobMemory } from '../store/contract.ts';

/** No operation is called silent earlier after its 202. */
export const silenceAfter = 60 * 60_000;
/** Two executions that began after the 202 must have ended: the first may have read the queue before the operation was in it. */
export const executionsNeeded = 2;

/** Rows of operations that waited longer than this in the service's queue say that it is behind: a large load drains. */
const drainLag = silenceAfter;
/** So long after the last such row the drain is over. */
const drainQuiet = 60 * 60_000;
/** When an escrow without a date is given up, from its 202 on; the service doubles its pauses up to a day. */
const escrowDay = 24 * 60 * 60_000;

/**
 * Watches the job over all looks at it, because the service tells only its last execution. An operation is silent when its hour is over, two executions
 * that began after it have ended, the job is active, and no drain is in progress: a paused or quarantined job is not silent, it has not begun, and one that works
 * through what is hours old has not come to it yet. What is in escrow is silent when its retry is due for an hour and an execution that began since has ended:
 * a restart throws escrows away, and the service gives up some day.
 */
export class JobWatch {
  /** When they began → ended. */
  readonly #executions: Map<Instant, Instant>;
  #job: JobStatus | undefined;
  #drain: Instant | undefined;
  #fresh: { readonly began: Instant; readonly ended: Instant }[] = [];
  #drainIsFresh = false;

  /** `memory`: what processes before this one have seen. */
  constructor(memory: JobMemory = { executions: [] }) {
    this.#executions = new Map(memory.executions.map(({ began, ended }) => [began, ended]));
    this.#drain = memory.drainedAt;
  }

  observe(job: JobStatus): void {
    this.#job = job;
    for (const execution of [job.lastExecution, job.lastSuccessfulExecution]) {
      const { began, ended } = execution ?? {};
      if (began === undefined || ended === undefined || this.#executions.has(began)) continue;
      this.#executions.set(began, ended);
      this.#fresh.push({ began, ended });
    }
  }

  /** What was seen since the last time this was asked, for the processes that come after this one. */
  news(): JobMemory {
    const news = { executions: this.#fresh, ...(this.#drainIsFresh && this.#drain !== undefined ? { drainedAt: this.#drain } : {}) };
    this.#fresh = [];
    this.#drainIsFresh = false;
    return news;
  }

  /** A row about an operation that is in flight and not in escrow. */
  noteRow(operation: Pick<Operation, 'acceptedAt'>, at: Instant): void {
    if (operation.acceptedAt === undefined || at - operation.acceptedAt <= drainLag || at <= (this.#drain ?? 0)) return;
    this.#drain = at;
    this.#drainIsFresh = true;
  }

  isSilent(operation: Operation, now: Instant): boolean {
    if (this.diagnosis() !== undefined) return false;
    const accepted = operation.acceptedAt ?? operation.sentAt ?? now;
    const escrowed = operation.outcome === 'escrowed';
    const since = escrowed ? (operation.failure?.retryAt ?? accepted + escrowDay) : accepted;
    if (now - since < silenceAfter) return false;
    if (!escrowed && this.#drain !== undefined && now - this.#drain < drainQuiet) return false;
    const begunAfter = [...this.#executions.keys()].filter((began) => began > (escrowed ? since + silenceAfter : since)).length;
    return begunAfter >= (escrowed ? 1 : executionsNeeded);
  }

  /** Why nothing happens, in words; undefined: the job is active, or nobody knows. */
  diagnosis(): string | undefined {
    const job = this.#job;
    if (job === undefined) return undefined;
    if (job.quarantine !== undefined || job.code === 'Quarantine')
      return `the job is in quarantine: ${job.quarantine?.words ?? 'no reason given'}`;
    if (job.code === 'Paused' || job.schedule.state === 'Paused') return 'the job is paused: uploads are queued until it is started again';
    if (job.code === 'NotRun' || job.schedule.state === 'Disabled') return 'the job was not started: uploads are queued until it is';
    return undefined;
  }
}
