import type { Instant } from '../domain/clock.ts';
import type { Job } from './job.ts';
import { beginQuarantine } from './quarantine.ts';
import type { Tenant } from './tenant.ts';

const resetFlags = ['None', 'ConnectorDataStore', 'Escrows', 'Watermark', 'QuarantineState', 'Full', 'ForceDeletes'] as const;
type ResetFlag = (typeof resetFlags)[number];

/** Starts or resumes; what was uploaded meanwhile is processed. A job without notification e-mail goes into quarantine. */
export function startJob(tenant: Tenant, job: Job, now: Instant): void {
  const { state } = job;
  job.update({
    schedule: 'Active',
    notBefore: Math.max(now, state.notBefore),
    lastCycleBegan: Math.max(state.lastCycleBegan, now - tenant.switches.cycleIntervalMilliseconds),
  });
  quarantineWithoutEmail(tenant, job, now);
}

/** The state is kept and uploads go on being accepted; a cycle that is under way finishes. */
export function pauseJob(_tenant: Tenant, job: Job): void {
  if (job.state.schedule !== 'NotRun') job.update({ schedule: 'Paused' });
}

/**
 * Restarts (contract 2.3 and 4.2). While the job is not running, what was uploaded before is purged; while it runs, that is
 * still processed and the next cycle clears the escrows. Without a scope it acts as the portal's button: watermark, escrows,
 * quarantine. Gives the problem of a scope that is none.
 */
export function restartJob(tenant: Tenant, job: Job, now: Instant, resetScope: string | undefined): string | undefined {
  const flags = readFlags(resetScope);
  if (flags === undefined) return `Invalid value '${resetScope ?? ''}' for resetScope.`;
  const has = (flag: ResetFlag): boolean => flags.has(flag) || (flags.has('Full') && flag !== 'ForceDeletes');
  const running = job.state.schedule === 'Active' && job.state.quarantine === null;
  const { restartPurges } = tenant.switches;
  if (has('Watermark') && (restartPurges === 'always' || (restartPurges === 'whenStopped' && !running))) job.purge();
  if (has('Escrows')) {
    if (running) job.update({ clearEscrows: true });
    else for (const externalId of job.escrows.keys()) job.dropEscrow(externalId);
  }
  if (has('Watermark') || has('ConnectorDataStore')) forgetBrokenAnchors(tenant, job);
  if (has('QuarantineState')) job.update({ quarantine: null });
  job.update({ schedule: 'Active', notBefore: Math.max(now, job.state.notBefore) });
  quarantineWithoutEmail(tenant, job, now);
  return undefined;
}

/** After a restart somebody whose matching property was changed outside is looked for afresh. */
function forgetBrokenAnchors(tenant: Tenant, job: Job): void {
  for (const [externalId, id] of job.anchors) {
    if (tenant.directory.get(id)?.employeeId?.toLowerCase() !== externalId.toLowerCase()) job.dropAnchor(externalId);
  }
}

function quarantineWithoutEmail(tenant: Tenant, job: Job, now: Instant): void {
  if (job.state.notificationEmail !== null || tenant.switches.startWithoutEmail === 'allow' || job.state.quarantine !== null) return;
  beginQuarantine(job, 'EncounteredQuarantineException', now);
}

function readFlags(text: string | undefined): Set<ResetFlag> | undefined {
  if (text === undefined || text.trim() === '') return new Set(['Watermark', 'Escrows', 'QuarantineState']);
  const flags = new Set<ResetFlag>();
  for (const name of text.split(',')) {
    const flag = resetFlags.find((one) => one === name.trim());
    if (flag === undefined) return undefined;
    flags.add(flag);
  }
  return flags;
}
