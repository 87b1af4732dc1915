import type { Clock } from '../domain/clock.ts';
import { pauseJob, restartJob, startJob } from './job-actions.ts';
import { advanceTenant } from './job-cycle.ts';
import type { Job, JobState, QuarantineReason } from './job.ts';
import { beginQuarantine } from './quarantine.ts';
import type { Tenant } from './tenant.ts';

/** A job as tests see and steer it, past the Graph endpoints. Each action takes effect at the clock's time. */
export interface JobView {
  readonly jobId: string;
  readonly servicePrincipalId: string;
  readonly displayName: string;
  readonly bulkUploadUrl: string;
  readonly state: JobState;
  /** The schema document as the service gives it. */
  readonly schemaText: string;
  /** Operations in the ingestion store, escrows included. */
  readonly stored: number;
  readonly escrowed: number;
  start(): void;
  pause(): void;
  restart(resetScope?: string): void;
  quarantine(reason: QuarantineReason): void;
  /** What an administrator sets in the portal. */
  set(change: Partial<Pick<JobState, 'notificationEmail' | 'deleteThreshold' | 'skipOutOfScopeDeletions'>>): void;
}

export function jobView(tenant: Tenant, job: Job, clock: Clock, origin: string): JobView {
  const { jobId, servicePrincipalId, displayName } = job.identity;
  const act = (action: (now: number) => void): void => {
    advanceTenant(tenant, clock.now());
    action(clock.now());
    tenant.journal.flush();
  };
  return {
    jobId,
    servicePrincipalId,
    displayName,
    bulkUploadUrl: `${origin}/v1.0/servicePrincipals/${servicePrincipalId}/synchronization/jobs/${jobId}/bulkUpload`,
    get state() {
      return job.state;
    },
    get schemaText() {
      return job.schemaText;
    },
    get stored() {
      return job.stored;
    },
    get escrowed() {
      return job.escrows.size;
    },
    start: () => {
      act((now) => {
        startJob(tenant, job, now);
      });
    },
    pause: () => {
      act(() => {
        pauseJob(tenant, job);
      });
    },
    restart: (resetScope) => {
      act((now) => {
        restartJob(tenant, job, now, resetScope);
      });
    },
    quarantine: (reason) => {
      act((now) => {
        beginQuarantine(job, reason, now);
      });
    },
    set: (change) => {
      act(() => {
        job.update(change);
      });
    },
  };
}
