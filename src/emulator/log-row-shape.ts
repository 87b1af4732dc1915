import { formatInstant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import { memberOf, textMember, type JsonObject } from './json.ts';
import type { Job } from './job.ts';
import type { LogEvent } from './provisioning-log.ts';
import { importedDetails, logText } from './scim-source.ts';

const source = 'API';
const target = 'Microsoft Entra ID';

/** The row in the documented shape (contract 3.2 and 3.3). */
export function logRow(event: LogEvent, job: Job, tenantId: string): JsonObject {
  const { identity } = job;
  return {
    id: event.id,
    activityDateTime: formatInstant(event.at),
    tenantId,
    jobId: event.jobId,
    cycleId: event.cycleId,
    changeId: event.changeId,
    provisioningAction: event.action,
    durationInMilliseconds: 80 + (event.sequence % 700),
    initiatedBy: { id: '', displayName: 'Azure AD Provisioning Service', initiatorType: 'system' },
    servicePrincipal: { id: identity.servicePrincipalId, displayName: identity.displayName },
    sourceSystem: { id: identity.sourceSystemId, displayName: source, details: {} },
    targetSystem: {
      id: identity.targetSystemId,
      displayName: target,
      details: {
        ApplicationId: identity.appId,
        ServicePrincipalId: identity.servicePrincipalId,
        ServicePrincipalDisplayName: identity.displayName,
      },
    },
    sourceIdentity: {
      id: event.externalId,
      displayName: sourceDisplayName(event.data),
      identityType: 'User',
      details: event.externalId === '' ? {} : { id: event.externalId },
    },
    targetIdentity: { id: event.target.id, displayName: event.target.displayName, identityType: 'User', details: {} },
    provisioningStatusInfo: statusInfo(event),
    provisioningSteps: steps(event, job),
    modifiedProperties: event.modified.map((one) => ({ ...one })),
  };
}

/** The name that the source side shows: nothing but what the record says. */
export function sourceDisplayName(data: JsonObject): string {
  return textMember(data, 'displayName') ?? textMember(data, 'userName') ?? '';
}

function statusInfo(event: LogEvent): Json {
  const { error } = event;
  return {
    status: event.status,
    errorInformation:
      error === null
        ? null
        : {
            errorCode: error.errorCode,
            errorCategory: error.errorCategory,
            reason: error.reason,
            additionalDetails: null,
            recommendedAction: error.recommendedAction ?? null,
          },
  };
}

type StepStatus = 'success' | 'failure' | 'skipped' | 'warning';

function step(name: string, provisioningStepType: string, status: StepStatus, description: string, details: JsonObject): JsonObject {
  return { name, provisioningStepType, status, description, details };
}

function steps(event: LogEvent, job: Job): Json[] {
  const id = event.externalId;
  const about = { ReportableIdentifier: id };
  if (event.kind === 'manager') {
    return [
      step(
        'EntrySynchronizationUpdate',
        'referenceResolution',
        'success',
        `The reference 'manager' of User '${id}' was resolved in ${target}`,
        about,
      ),
      step('EntryExportUpdate', 'export', 'success', `User '${id}' was updated in ${target}`, exported(event)),
    ];
  }
  if (event.kind === 'managerUnresolved') {
    return [step('EntrySynchronizationUpdate', 'referenceResolution', 'warning', event.error?.reason ?? '', about)];
  }
  const out = [...importSteps(event, job)];
  if (event.kind === 'received') return out;
  return [...out, ...outcomeSteps(event)];
}

function importSteps(event: LogEvent, job: Job): Json[] {
  const id = event.externalId;
  const change = event.unmatched ? 'Add' : 'Update';
  const { escrow } = event;
  const first =
    escrow !== undefined && escrow.count > 0
      ? step('EntryEscrowRetry', 'import', 'success', 'We are retrying an operation that previously failed.', {
          CountProcessed: String(escrow.count),
          CreationTime: formatInstant(escrow.createdAt),
          Identifier: id,
          ModificationType: change,
          NextAttempt: escrow.nextAttempt === 0 ? '' : formatInstant(escrow.nextAttempt),
          Origin: 'Import',
          TypeName: 'EscrowedEntryDefault',
          ...importedDetails(event.data, job.schemaExtensions),
        })
      : step(
          event.unmatched ? 'EntryImportAdd' : 'EntryImportUpdate',
          'import',
          'success',
          `Received User '${id}' change of type (${change}) from ${source}`,
          importedDetails(event.data, job.schemaExtensions),
        );
  const active = logText(memberOf(event.data, 'active')) ?? 'False';
  const inScope = event.kind === 'skipped' && event.skipReason === 'NotEffectivelyEntitled' ? 'False' : 'True';
  return [
    first,
    step('EntrySynchronizationScoping', 'scoping', 'success', `Determined whether User '${id}' is in scope`, {
      IsActive: active,
      Assigned: 'True',
      IsEffectivelyEntitledForProvisioning: inScope,
      IsInProvisioningScopeDisplayName: inScope,
      ScopeEvaluationResult: '{}',
      ReportableIdentifier: id,
    }),
    event.unmatched
      ? step('EntryImportObjectNotFound', 'matching', 'success', `No User matching '${id}' was found in ${target}`, {
          ReportableIdentifier: id,
        })
      : step('EntryImport', 'matching', 'success', `Retrieved User '${id}' from ${target}`, {
          ReportableIdentifier: id,
          employeeId: id,
        }),
  ];
}

function outcomeSteps(event: LogEvent): Json[] {
  const id = event.externalId;
  const notes = event.notes.length === 0 ? {} : { SkippedAttributes: event.notes.join(' ') };
  const about = { ReportableIdentifier: id, ...notes };
  switch (event.kind) {
    case 'created':
      return [
        step(
          'EntrySynchronizationAdd',
          'processing',
          'success',
          `User '${id}' will be created in ${target} (User is active and assigned in ${source}, but no matching User was found in ${target})`,
          about,
        ),
        step('EntryExportAdd', 'export', 'success', `User '${id}' was created in ${target}`, exported(event)),
      ];
    case 'updated':
    case 'disabled':
      return [
        step('EntrySynchronizationUpdate', 'processing', 'success', `User '${id}' will be updated in ${target}`, about),
        step('EntryExportUpdate', 'export', 'success', `User '${id}' was updated in ${target}`, exported(event)),
      ];
    case 'unchanged':
      return [
        step(
          'EntrySynchronizationSkip',
          'processing',
          'skipped',
          `The state of the user in both the source and target systems already match. No change to User '${id}' needs to be made.`,
          { ...about, SkipReason: 'RedundantExport' },
        ),
      ];
    case 'skipped':
      return [
        step('EntrySynchronizationSkip', 'scoping', 'skipped', `User '${id}' will be skipped`, {
          ...about,
          SkipReason: event.skipReason ?? 'NotEffectivelyEntitled',
        }),
      ];
    case 'stagedDelete':
      return [
        step('EntrySynchronizationUpdate', 'processing', 'success', `The disable of User '${id}' was staged: too many deletes`, about),
      ];
    case 'failed':
      return event.error?.errorCode === 'EntryJoiningPropertyValueIsMissing' || event.error?.errorCode === 'DuplicateSourceEntries'
        ? [step('EntrySynchronizationError', 'processing', 'failure', event.error.reason, about)]
        : [
            step(
              event.unmatched ? 'EntryExportAdd' : 'EntryExportUpdate',
              'export',
              'failure',
              `Failed to ${event.unmatched ? 'create' : 'update'} User '${id}' in ${target}`,
              about,
            ),
          ];
    case 'received':
    case 'manager':
    case 'managerUnresolved':
      break;
  }
  return [];
}

function exported(event: LogEvent): JsonObject {
  const details: Record<string, string> = { ReportableIdentifier: event.externalId };
  for (const property of event.modified) if (property.newValue !== null) details[property.displayName] = property.newValue;
  return details;
}
