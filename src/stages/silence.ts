import type { Instant } from '../domain/clock.ts';
import type { Operation } from '../domain/operation.ts';
import type { JobExecution, JobStatus } from '../entra/job.ts';

/** No operation is called silent earlier after its 202. */
export const silenceAfter = 60 * 60_000;
/** Two executions that began after the 202 must have ended: the first may have read the queue before the operation was in it. */
export const executionsNeeded = 2;

/**
 * Watches the job while reconcile waits, because the service tells only its last execution. An operation is silent when its hour is over, two executions
 * that began after it have ended, and the job is active: a paused or quarantined job is not silent, it has not begun.
 */
export class JobWatch {
  readonly #executions = new Map<Instant, JobExecution>();
  #job: JobStatus | undefined;

  observe(job: JobStatus): void {
    this.#job = job;
    for (const execution of [job.lastExecution, job.lastSuccessfulExecution]) {
      if (execution?.began !== undefined && execution.ended !== undefined) this.#executions.set(execution.began, execution);
    }
  }

  isSilent(operation: Operation, now: Instant): boolean {
    const since = operation.acceptedAt ?? operation.sentAt ?? now;
    if (now - since < silenceAfter || this.diagnosis() !== undefined) return false;
    const begunAfter = [...this.#executions.keys()].filter((began) => began > since).length;
    return begunAfter >= executionsNeeded;
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
