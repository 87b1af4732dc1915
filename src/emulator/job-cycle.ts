import type { Instant } from '../domain/clock.ts';
import { processEntry } from './entry-processing.ts';
import type { Cycle, CycleWork, Execution, Job, PendingReference, QuarantineReason, StagedEntry } from './job.ts';
import { memberOf } from './json.ts';
import { beginQuarantine, moveQuarantineOn } from './quarantine.ts';
import { randomGuid, shuffle } from './random.ts';
import { addLogEvent, type Tenant } from './tenant.ts';

/** Does everything that is due at `now`, over all jobs in the order of time. Time comes from the caller: no timer is needed. */
export function advanceTenant(tenant: Tenant, now: Instant): void {
  for (;;) {
    let first: { readonly job: Job; readonly at: Instant } | undefined;
    for (const job of tenant.jobs.values()) {
      const at = nextEventAt(tenant, job, now);
      if (at !== undefined && at <= now && (first === undefined || at < first.at)) first = { job, at };
    }
    if (first === undefined) break;
    if (first.job.cycle === undefined) beginCycle(tenant, first.job, first.at);
    else continueCycle(tenant, first.job, first.job.cycle, now);
  }
  tenant.log.prune(now - tenant.switches.retentionDays * 86_400_000);
}

/** When the job does something next; undefined: never, as things are. */
export function nextEventAt(tenant: Tenant, job: Job, now: Instant): Instant | undefined {
  const { state, cycle } = job;
  // A cycle that is under way finishes even when the job is paused (contract 2.3).
  if (cycle !== undefined) return workAt(tenant, cycle, cycle.index);
  if (state.schedule !== 'Active') return undefined;
  if (state.quarantine !== null) return Math.max(state.notBefore, state.quarantine.nextAttempt);
  const interval = Math.max(1, tenant.switches.cycleIntervalMilliseconds);
  let due = Math.min(job.earliestReady, nextEscrow(job));
  let idle = state.lastCycleBegan + interval;
  // Idle cycles of a long silence leave nothing behind but the last of them.
  const horizon = Math.min(due, now);
  if (horizon - idle > interval) idle += Math.floor((horizon - idle) / interval) * interval;
  due = Math.min(due, idle);
  return Math.max(state.notBefore, due);
}

function nextEscrow(job: Job): Instant {
  let least = Infinity;
  for (const escrow of job.escrows.values()) least = Math.min(least, escrow.nextAttempt);
  return least;
}

function workAt(tenant: Tenant, cycle: Cycle, index: number): Instant {
  const rate = tenant.latency === 0 ? 0 : tenant.switches.entriesPerSecond;
  return rate === 0 ? cycle.began : cycle.began + Math.floor((index * 1000) / rate);
}

function beginCycle(tenant: Tenant, job: Job, at: Instant): void {
  if (job.state.clearEscrows) {
    for (const externalId of job.escrows.keys()) job.dropEscrow(externalId);
  }
  const taken = job.takeReady(at);
  const newer = new Set(taken.map((entry) => entry.externalId));
  const retries: CycleWork[] = [];
  for (const escrow of job.escrows.values()) {
    if (newer.has(escrow.entry.externalId)) job.dropEscrow(escrow.entry.externalId);
    else if (escrow.nextAttempt <= at) retries.push({ entry: escrow.entry, escrow });
  }
  const work = [...retries, ...orderWork(tenant, taken)];
  job.cycle = {
    id: randomGuid(tenant.random),
    began: at,
    work,
    index: 0,
    exported: 0,
    failed: 0,
    imported: 0,
    stageDisables: exceedsDeleteThreshold(tenant, job, work),
  };
  job.update({ lastCycleBegan: at, clearEscrows: false });
}

/** The order of operations is documented nowhere: any, or that of their arrival. */
function orderWork(tenant: Tenant, taken: readonly StagedEntry[]): CycleWork[] {
  const { operationOrder, duplicateExternalId } = tenant.switches;
  const ordered =
    operationOrder === 'random' ? shuffle(taken, tenant.random) : taken.toSorted((left, right) => left.sequence - right.sequence);
  const places = new Map<string, number[]>();
  for (const [index, entry] of ordered.entries()) {
    const key = `${String(entry.batch)}/${entry.externalId}`;
    const list = places.get(key);
    if (list === undefined) places.set(key, [index]);
    else list.push(index);
  }
  const work: CycleWork[] = ordered.map((entry) => ({ entry }));
  for (const indexes of places.values()) {
    if (indexes.length < 2) continue;
    const entries = indexes.flatMap((index) => ordered[index] ?? []);
    if (duplicateExternalId === 'lastWins') entries.sort((left, right) => left.sequence - right.sequence);
    if (duplicateExternalId === 'shuffled') entries.splice(0, entries.length, ...shuffle(entries, tenant.random));
    for (const [place, index] of indexes.entries()) {
      const entry = entries[place];
      if (entry !== undefined)
        work[index] = duplicateExternalId === 'fail' && entry.externalId !== '' ? { entry, duplicate: true } : { entry };
    }
  }
  return work;
}

/** The threshold against accidental deletion counts disables too (contract 2.3). */
function exceedsDeleteThreshold(tenant: Tenant, job: Job, work: readonly CycleWork[]): boolean {
  const { deleteThreshold } = job.state;
  if (!deleteThreshold.enabled) return false;
  const disables = work.filter(({ entry }) => {
    const active = memberOf(entry.data, 'active');
    if (active === true || (active === undefined && tenant.switches.activeOmitted === 'unchanged')) return false;
    return tenant.directory.findByEmployeeId(entry.externalId).some((user) => user.accountEnabled);
  });
  return disables.length > deleteThreshold.value;
}

function continueCycle(tenant: Tenant, job: Job, cycle: Cycle, now: Instant): void {
  while (cycle.index < cycle.work.length) {
    const at = workAt(tenant, cycle, cycle.index);
    if (at > now) return;
    const work = cycle.work[cycle.index++];
    if (work !== undefined) processEntry(tenant, job, cycle, work, at);
  }
  const end = workAt(tenant, cycle, cycle.work.length);
  if (end <= now) endCycle(tenant, job, cycle, end);
}

function endCycle(tenant: Tenant, job: Job, cycle: Cycle, at: Instant): void {
  let resolved = 0;
  for (const reference of job.references.values()) resolved += resolveManager(tenant, job, reference, at);
  finishCycle(tenant, job, cycle, at, resolved);
}

/**
 * Sets a manager once everybody of the cycle is there, so the order inside a cycle does not matter. Somebody whom this job
 * has not processed is a warning, and stays one until the record is sent again (contract 2.7).
 */
function resolveManager(tenant: Tenant, job: Job, reference: PendingReference, at: Instant): number {
  const user = tenant.directory.get(reference.userId);
  const managerId = job.anchors.get(reference.managerExternalId);
  const manager = managerId === undefined ? undefined : tenant.directory.get(managerId);
  if (user === undefined) {
    job.dropReference(reference.externalId);
    return 0;
  }
  const row = {
    at,
    jobId: job.identity.jobId,
    cycleId: reference.cycleId,
    changeId: reference.changeId,
    externalId: reference.externalId,
    action: 'update',
    data: reference.data,
    notes: [],
    unmatched: false,
    target: { id: user.id, displayName: user.displayName ?? '' },
  } as const;
  if (manager === undefined) {
    const heals = tenant.switches.managerHeals;
    if (heals && job.cycle?.id !== reference.cycleId) return 0;
    if (!heals) job.dropReference(reference.externalId);
    const reason =
      `We were unable to assign ${reference.managerExternalId} as the manager of ${reference.externalId}. ` +
      `${reference.managerExternalId} may be out of scope or may not have been provisioned yet. Provision ${reference.managerExternalId} and then ${reference.externalId} on demand, or restart provisioning.`;
    const error = { errorCode: 'UnableToResolveReferenceAttributeValue', reason, errorCategory: 'nonServiceFailure' } as const;
    addLogEvent(tenant, { ...row, kind: 'managerUnresolved', status: 'warning', error, modified: [] });
    return 0;
  }
  job.dropReference(reference.externalId);
  if (user.managerId === manager.id) return 0;
  tenant.directory.put({ ...user, managerId: manager.id });
  const modified = [{ displayName: 'manager', oldValue: user.managerId, newValue: manager.id }];
  addLogEvent(tenant, { ...row, kind: 'manager', status: 'success', error: null, modified });
  return 1;
}

function finishCycle(tenant: Tenant, job: Job, cycle: Cycle, at: Instant, references: number): void {
  job.cycle = undefined;
  const execution: Execution = {
    activityIdentifier: cycle.id,
    state: cycle.failed > 0 ? 'EntryLevelErrors' : 'Succeeded',
    timeBegan: cycle.began,
    timeEnded: at,
    countEntitled: job.anchors.size,
    countEntitledForProvisioning: job.anchors.size,
    countEscrowed: job.escrows.size,
    countEscrowedRaw: job.escrows.size,
    countExported: cycle.exported,
    countExports: cycle.exported + references,
    countImported: cycle.imported,
    countImportedDeltas: cycle.imported,
    countImportedReferenceDeltas: references,
  };
  const { state } = job;
  const steady = job.earliestReady > at;
  const completeFailure = cycle.work.length > 0 && cycle.failed === cycle.work.length;
  job.update({
    notBefore: Math.max(at, cycle.began),
    lastExecution: execution,
    executions: state.executions + 1,
    lastSuccessfulExecution: execution.state === 'Succeeded' ? execution : state.lastSuccessfulExecution,
    lastSuccessfulExecutionWithExports:
      execution.state === 'Succeeded' && execution.countExports > 0 ? execution : state.lastSuccessfulExecutionWithExports,
    steadyStateFirst: state.steadyStateFirst ?? (steady ? at : null),
    steadyStateLast: steady ? at : state.steadyStateLast,
    countSuccessiveCompleteFailures: completeFailure ? state.countSuccessiveCompleteFailures + 1 : 0,
  });
  judge(tenant, job, cycle, at);
}

/** Puts the job into quarantine, keeps it there, or lets it out (contract 2.3). */
function judge(tenant: Tenant, job: Job, cycle: Cycle, at: Instant): void {
  const reason = cycle.stageDisables ? 'TooManyDeletes' : failureReason(tenant, job);
  const current = job.state.quarantine;
  if (current === null) {
    if (reason !== undefined) beginQuarantine(job, reason, at);
    return;
  }
  const stands =
    reason !== undefined ||
    current.reason === 'TooManyDeletes' ||
    current.reason === 'QuarantinedOnDemand' ||
    (current.reason === 'EncounteredQuarantineException' && job.state.notificationEmail === null);
  if (stands) moveQuarantineOn(job, at);
  else job.update({ quarantine: null });
}

function failureReason(tenant: Tenant, job: Job): QuarantineReason | undefined {
  const failures = job.escrows.size;
  const floor = tenant.switches.quarantineFailures;
  if (failures < floor) return undefined;
  // The ceilings are those of the documents, in proportion when a test lowers the floor.
  const scale = floor / 5_000;
  if (failures > 60_000 * scale) return 'EncounteredTotalEscrowThreshold';
  if (failures > 40_000 * scale) return 'EncounteredBaseEscrowThreshold';
  return failures > 0.4 * (failures + job.anchors.size) ? 'EncounteredEscrowProportionThreshold' : undefined;
}
