import { formatInstant, type Instant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import { wantedAttributes } from './attribute-mapping.ts';
import type { DirectoryUser } from './directory.ts';
import type { Cycle, CycleWork, Escrow, Job } from './job.ts';
import { isObject, textMember } from './json.ts';
import type { LogError, LogEvent, ModifiedProperty } from './provisioning-log.ts';
import { sourceDisplayName } from './log-row-shape.ts';
import { between, randomGuid } from './random.ts';
import { logText, managerPath, readSource } from './scim-source.ts';
import { isInScope } from './scope.ts';
import { addLogEvent, countFault, defaultDomain, type Tenant } from './tenant.ts';
import { userPrincipalNameProblem } from './user-principal-name.ts';

const day = 86_400_000;

/** What an entry came to, before it is written to directory and log. */
type Result =
  | { readonly kind: 'created' | 'updated' | 'disabled'; readonly user: DirectoryUser; readonly modified: readonly ModifiedProperty[] }
  | { readonly kind: 'unchanged'; readonly user: DirectoryUser }
  | { readonly kind: 'stagedDelete'; readonly user: DirectoryUser; readonly modified: readonly ModifiedProperty[] }
  | { readonly kind: 'skipped'; readonly skipReason: string; readonly user?: DirectoryUser }
  | { readonly kind: 'failed'; readonly error: LogError; readonly retried: boolean };

interface Matched {
  readonly users: readonly DirectoryUser[];
  readonly notes: string[];
}

/** Processes one operation of a cycle: import, match, scope, export; its rows become visible minutes later. */
export function processEntry(tenant: Tenant, job: Job, cycle: Cycle, work: CycleWork, at: Instant): void {
  const { entry } = work;
  const fault = tenant.faults.entry?.({
    jobId: job.identity.jobId,
    externalId: entry.externalId,
    data: entry.data,
    at,
    retries: work.escrow?.count ?? 0,
  });
  if (fault !== undefined) countFault(tenant, `entry.${fault.kind}`);
  if (fault?.kind === 'late' && work.escrow === undefined) {
    job.restage({ ...entry, readyAt: at + fault.milliseconds });
    return;
  }
  job.unstage(entry);
  if (fault?.kind === 'lost') {
    job.dropEscrow(entry.externalId);
    return;
  }
  cycle.imported++;
  if (entry.externalId === '' && tenant.switches.missingExternalId === 'dropped') return;
  const matched: Matched = { users: entry.externalId === '' ? [] : tenant.directory.findByEmployeeId(entry.externalId), notes: [] };
  const result: Result =
    fault?.kind === 'fail' ? { kind: 'failed', error: fault.error, retried: true } : evaluate(tenant, job, cycle, work, matched, at);
  record(tenant, job, cycle, work, matched, result, at);
  if (fault?.kind === 'repeat') {
    const again = { users: tenant.directory.findByEmployeeId(entry.externalId), notes: [] };
    record(tenant, job, cycle, { entry }, again, evaluate(tenant, job, cycle, { entry }, again, at), at);
  }
}

function fail(errorCode: string, reason: string, retried = true, errorCategory: LogError['errorCategory'] = 'nonServiceFailure'): Result {
  return { kind: 'failed', retried, error: { errorCode, reason, errorCategory } };
}

function evaluate(tenant: Tenant, job: Job, cycle: Cycle, work: CycleWork, matched: Matched, at: Instant): Result {
  const { entry } = work;
  const { externalId, data } = entry;
  if (externalId === '') return fail('EntryJoiningPropertyValueIsMissing', 'Source identifier of an entry cannot be empty', false);
  if (work.duplicate === true) {
    return fail('DuplicateSourceEntries', `More than one source entry has the matching value '${externalId}'.`);
  }
  if (matched.users.length > 1) {
    return fail('DuplicateTargetEntries', `More than one User in the target has the matching value '${externalId}'.`);
  }
  const user = matched.users[0];
  if (!isInScope(data, job.scope)) return leaveScope(job, cycle, user);
  if (user === undefined) return create(tenant, job, entry.data, externalId, matched.notes, at);
  return update(tenant, job, cycle, user, data, matched.notes);
}

/** A user who leaves the scoping filter gets disabled, unless the job skips that (contract 2.4). */
function leaveScope(job: Job, cycle: Cycle, user: DirectoryUser | undefined): Result {
  if (user === undefined || !user.accountEnabled || job.state.skipOutOfScopeDeletions || !job.anchors.has(user.employeeId ?? '')) {
    return { kind: 'skipped', skipReason: 'NotEffectivelyEntitled', ...(user === undefined ? {} : { user }) };
  }
  return disableOrStage(cycle, { ...user, accountEnabled: false }, [
    { displayName: 'accountEnabled', oldValue: 'True', newValue: 'False' },
  ]);
}

function disableOrStage(cycle: Cycle, user: DirectoryUser, modified: readonly ModifiedProperty[]): Result {
  return { kind: cycle.stageDisables ? 'stagedDelete' : 'disabled', user, modified };
}

function create(tenant: Tenant, job: Job, data: LogEvent['data'], externalId: string, notes: string[], at: Instant): Result {
  if (job.anchors.has(externalId)) {
    return fail(
      'InvalidAnchor',
      `The User '${externalId}' was provisioned before, but its matching property was changed or it was deleted outside.`,
    );
  }
  const { switches } = tenant;
  const wanted = wantedAttributes(data, {
    mappings: job.mappings,
    flowNull: job.flowNull,
    switches,
    defaultDomain: defaultDomain(tenant),
    create: true,
  });
  notes.push(...wanted.notes);
  if (wanted.invalidTarget !== undefined) return invalidTarget(wanted.invalidTarget);
  const values = new Map(wanted.values);
  if (values.get('accountEnabled') === false && switches.inactiveUnknown === 'skip') return { kind: 'skipped', skipReason: 'NotActive' };
  const name = values.get('userPrincipalName');
  if (typeof name !== 'string' || name === '')
    return fail('MandatoryFieldsMissing', "The required attribute 'userPrincipalName' has no value.");
  if ((values.get('displayName') ?? '') === '') {
    if (switches.missingDisplayName === 'fail') return fail('MandatoryFieldsMissing', "The required attribute 'displayName' has no value.");
    values.set('displayName', textMember(data, 'userName') ?? name);
  }
  const problem = nameProblem(tenant, name, undefined);
  if (problem !== undefined) return problem;
  const blank: DirectoryUser = {
    id: randomGuid(tenant.random),
    userPrincipalName: name,
    accountEnabled: false,
    displayName: null,
    employeeId: externalId,
    createdDateTime: formatInstant(at),
    managerId: null,
    onPremisesSyncEnabled: null,
    visibleAt: at,
    userType: 'Member',
  };
  return { kind: 'created', ...applyValues(blank, values, true) };
}

function update(tenant: Tenant, job: Job, cycle: Cycle, user: DirectoryUser, data: LogEvent['data'], notes: string[]): Result {
  const { switches } = tenant;
  const wanted = wantedAttributes(data, {
    mappings: job.mappings,
    flowNull: job.flowNull,
    switches,
    defaultDomain: defaultDomain(tenant),
    create: false,
  });
  notes.push(...wanted.notes);
  if (wanted.invalidTarget !== undefined) return invalidTarget(wanted.invalidTarget);
  const applied = applyValues(user, wanted.values, false);
  if (applied.modified.length === 0) {
    if (!switches.redundantUpdates) return { kind: 'unchanged', user };
    const text = logText(user.accountEnabled);
    return { kind: 'updated', user, modified: [{ displayName: 'accountEnabled', oldValue: text, newValue: text }] };
  }
  if (user.onPremisesSyncEnabled === true) {
    return fail(
      'AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises',
      'The user is mastered in an on-premises directory and cannot be updated.',
    );
  }
  if (applied.user.userPrincipalName.toLowerCase() !== user.userPrincipalName.toLowerCase()) {
    const problem = nameProblem(tenant, applied.user.userPrincipalName, user.id);
    if (problem !== undefined) return problem;
  }
  if (user.accountEnabled && !applied.user.accountEnabled) return disableOrStage(cycle, applied.user, applied.modified);
  return { kind: 'updated', ...applied };
}

function invalidTarget(target: string): Result {
  return fail('SchemaAttributeNotFound', `'${target}' is not a valid propertyName`);
}

function nameProblem(tenant: Tenant, name: string, ownId: string | undefined): Result | undefined {
  const problem = userPrincipalNameProblem(name, tenant.domains);
  if (problem === 'form')
    return fail('AzureActiveDirectoryInvalidUserPrincipalName', 'The userPrincipalName has a form that is not valid.');
  if (problem === 'domain') {
    return fail(
      tenant.switches.unknownDomainCode,
      'The domain portion of the userPrincipalName property is invalid: the domain does not exist in this tenant.',
    );
  }
  const holder = tenant.directory.findByUserPrincipalName(name);
  if (holder === undefined || holder.id === ownId) return undefined;
  return fail(
    'AzureActiveDirectoryDuplicateUserPrincipalName',
    'Another object with the same value for property userPrincipalName already exists.',
  );
}

/** The user with the wanted values, and what differs; a dot in a target steps into an object. */
function applyValues(
  user: DirectoryUser,
  values: ReadonlyMap<string, Json>,
  creating: boolean,
): { readonly user: DirectoryUser; readonly modified: readonly ModifiedProperty[] } {
  const next: Record<string, Json> = { ...user };
  const modified: ModifiedProperty[] = [];
  for (const [target, value] of values) {
    const [outer = '', inner] = target.split('.');
    const holder = inner === undefined ? next : { ...objectOf(next[outer]) };
    const name = inner ?? outer;
    const old = holder[name] ?? null;
    if (!creating && old === value) continue;
    if (creating && value === null) continue;
    holder[name] = value;
    if (inner !== undefined) next[outer] = holder;
    modified.push({ displayName: target, oldValue: creating ? null : logText(old), newValue: logText(value) });
  }
  return { user: { ...user, ...next }, modified };
}

function objectOf(value: Json | undefined): Record<string, Json> {
  return isObject(value) ? { ...value } : {};
}

function record(tenant: Tenant, job: Job, cycle: Cycle, work: CycleWork, matched: Matched, result: Result, at: Instant): void {
  const { entry } = work;
  const changeId = work.escrow?.changeId ?? randomGuid(tenant.random);
  const unmatched = matched.users.length === 0;
  const known = result.kind === 'failed' ? matched.users[0] : result.user;
  const target =
    known === undefined || (unmatched && result.kind !== 'created')
      ? { id: '', displayName: '' }
      : { id: known.id, displayName: known.displayName ?? '' };
  const escrow = escrowOf(tenant, job, work, result, changeId, at);
  const base = {
    at,
    jobId: job.identity.jobId,
    cycleId: cycle.id,
    changeId,
    externalId: entry.externalId,
    data: entry.data,
    notes: matched.notes,
    unmatched,
    target,
    ...(escrow === undefined ? {} : { escrow }),
  };
  const logged = tenant.switches.unchangedRows === 'always' || result.kind !== 'unchanged';
  if (logged && tenant.switches.rowsPerChange === 'several') {
    addLogEvent(tenant, { ...base, kind: 'received', action: 'other', status: 'success', error: null, modified: [] });
  }
  const rowVisible = logged ? addLogEvent(tenant, { ...base, ...outcomeRow(result, unmatched, escrow) }) : at;
  if (result.kind === 'failed') {
    cycle.failed++;
    return;
  }
  if (result.kind === 'created' || result.kind === 'updated' || result.kind === 'disabled') {
    cycle.exported++;
    tenant.directory.put(result.kind === 'created' ? { ...result.user, visibleAt: userVisibleAt(tenant, at, rowVisible) } : result.user);
  }
  if (result.kind === 'skipped' || result.kind === 'stagedDelete') return;
  job.setAnchor(entry.externalId, result.user.id);
  const manager = readSource(entry.data, managerPath);
  if (manager.state !== 'value' || typeof manager.value !== 'string') return;
  job.addReference({
    externalId: entry.externalId,
    userId: result.user.id,
    managerExternalId: manager.value,
    changeId,
    cycleId: cycle.id,
    data: { displayName: sourceDisplayName(entry.data) },
  });
}

function userVisibleAt(tenant: Tenant, at: Instant, rowVisible: Instant): Instant {
  const mode = tenant.switches.createdUserVisible;
  if (mode === 'immediately') return at;
  return mode === 'withRow' ? rowVisible : rowVisible + Math.round(between(tenant.random, 0.1, 0.3) * tenant.latency);
}

/** Keeps, moves on or ends the escrow of the entry; gives what the rows say about it. */
function escrowOf(tenant: Tenant, job: Job, work: CycleWork, result: Result, changeId: string, at: Instant): LogEvent['escrow'] {
  const { switches } = tenant;
  const before = work.escrow;
  if (result.kind !== 'failed' || !result.retried || !switches.escrow || (before?.count ?? 0) >= switches.escrowMaximumRetries) {
    job.dropEscrow(work.entry.externalId);
    return before === undefined ? undefined : { count: before.count + 1, createdAt: before.createdAt, nextAttempt: 0 };
  }
  const count = before === undefined ? 0 : before.count + 1;
  const nextAttempt = at + Math.max(1_000, Math.min(day, switches.escrowIntervalMilliseconds * 2 ** count));
  const escrow: Escrow = { entry: work.entry, changeId, count, createdAt: before?.createdAt ?? at, nextAttempt };
  job.setEscrow(escrow);
  return { count, createdAt: escrow.createdAt, nextAttempt };
}

type OutcomeRow = Pick<LogEvent, 'kind' | 'action' | 'status' | 'error' | 'modified' | 'skipReason'>;

function outcomeRow(result: Result, unmatched: boolean, escrow: LogEvent['escrow']): OutcomeRow {
  switch (result.kind) {
    case 'created':
      return { kind: 'created', action: 'create', status: 'success', error: null, modified: result.modified };
    case 'updated':
      return { kind: 'updated', action: 'update', status: 'success', error: null, modified: result.modified };
    case 'disabled':
      return { kind: 'disabled', action: 'disable', status: 'success', error: null, modified: result.modified };
    case 'stagedDelete':
      return { kind: 'stagedDelete', action: 'stagedDelete', status: 'skipped', error: null, modified: result.modified };
    case 'unchanged':
      return skippedRow('unchanged', 'RedundantExport', 'The state of the entry in both the source and target systems already match.');
    case 'skipped':
      return { ...skippedRow('skipped', 'EntrySynchronizationSkipped', 'The entry was not in scope.'), skipReason: result.skipReason };
    case 'failed':
      break;
  }
  const kept = escrow !== undefined && result.retried && escrow.nextAttempt > 0;
  const reason = kept
    ? `${result.error.reason} This operation was retried ${String(escrow.count)} times. It will be retried again after this date: ${formatInstant(escrow.nextAttempt)} UTC`
    : result.error.reason;
  return { kind: 'failed', action: unmatched ? 'create' : 'update', status: 'failure', error: { ...result.error, reason }, modified: [] };
}

function skippedRow(kind: 'unchanged' | 'skipped', errorCode: string, reason: string): OutcomeRow {
  return { kind, action: 'other', status: 'skipped', error: { errorCode, reason, errorCategory: 'success' }, modified: [] };
}
