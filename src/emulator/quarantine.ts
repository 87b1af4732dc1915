import type { Instant } from '../domain/clock.ts';
import type { Job, Quarantine, QuarantineReason } from './job.ts';

const hour = 3_600_000;

const messages: Readonly<Partial<Record<QuarantineReason, string>>> = {
  TooManyDeletes: 'The number of deletions and disables exceeds the accidental deletion threshold.',
  EncounteredQuarantineException: 'No notification e-mail address is set for the job.',
};

/** Attempts after 6, 12 and 24 hours, and then every 24 hours. */
function waitBefore(attempt: number): number {
  return [6 * hour, 12 * hour][attempt] ?? 24 * hour;
}

export function beginQuarantine(job: Job, reason: QuarantineReason, at: Instant): void {
  const quarantine: Quarantine = {
    reason,
    message: messages[reason] ?? 'Too many entries of the job failed.',
    currentBegan: at,
    seriesBegan: at,
    seriesCount: 1,
    nextAttempt: at + waitBefore(0),
  };
  job.update({ quarantine });
}

/** After an attempt that changed nothing. After 28 days the job is disabled. */
export function moveQuarantineOn(job: Job, at: Instant): void {
  const { quarantine } = job.state;
  if (quarantine === null) return;
  if (at - quarantine.seriesBegan >= 28 * 24 * hour) {
    job.update({ schedule: 'Disabled' });
    return;
  }
  const seriesCount = quarantine.seriesCount + 1;
  job.update({ quarantine: { ...quarantine, currentBegan: at, seriesCount, nextAttempt: at + waitBefore(seriesCount - 1) } });
}
