import type { Instant } from '../domain/clock.ts';
import type { Operation } from '../domain/operation.ts';
import type { JobExecution, JobStatus } from '../entra/job.ts';

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
 * Watches the job while reconcile waits, because the service tells only its last execution. An operation is silent when its hour is over, two executions
 * that began after it have ended, the job is active, and no drain is in progress: a paused or quarantined job is not silent, it has not begun, and one that works
 * through what is hours old has not come to it yet. What is in escrow is silent when its retry is due for an hour and an execution that began since has ended:
 * a restart throws escrows away, and the service gives up some day.
 */
export class JobWatch {
  readonly #executions = new Map<Instant, JobExecution>();
  #job: JobStatus | undefined;
  #drain: Instant | undefined;

  observe(job: JobStatus): void {
    this.#job = job;
    for (const execution of [job.lastExecution, job.lastSuccessfulExecution]) {
      if (execution?.began !== undefined && execution.ended !== undefined) this.#executions.set(execution.began, execution);
    }
  }

  /** A row about an operation that is in flight and not in escrow. */
  noteRow(operation: Pick<Operation, 'acceptedAt'>, at: Instant): void {
    if (operation.acceptedAt !== undefined && at - operation.acceptedAt > drainLag) this.#drain = Math.max(this.#drain ?? 0, at);
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
