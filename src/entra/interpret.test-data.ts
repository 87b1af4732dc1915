import type { LogRow, LogStep } from '../domain/log-row.ts';
import { coreUserSchema, enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import { groupChanges } from './change-group.ts';
import { interpret, type Interpretation, type JudgedOperation } from './interpret.ts';
import { payloadLeaves, stripKey } from './imported-values.ts';

export const accepted = Date.parse('2026-11-22T08:00:00Z');
export const minute = 60_000;

export function payloadOf(values: Readonly<Record<string, unknown>> = {}): Payload {
  return {
    schemas: [coreUserSchema, enterpriseUserSchema],
    externalId: '10042',
    active: true,
    displayName: 'Mara Keller',
    name: { givenName: 'Mara', familyName: 'Keller' },
    emails: [{ type: 'work', value: 'm.keller@acme.example', primary: true }],
    [enterpriseUserSchema]: { department: 'Finance', manager: { value: '10007' } },
    ...values,
  };
}

export function importStep(payload: Payload, name = 'EntryImportUpdate'): LogStep {
  const details: Record<string, string> = {};
  for (const { path, value } of payloadLeaves(payload)) {
    if (value !== null) details[stripKey(path)] = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
  }
  return { name, provisioningStepType: 'import', status: 'success', description: 'Received User', details };
}

export const exportStep: LogStep = { name: 'EntryExportUpdate', provisioningStepType: 'export', status: 'success', details: {} };

export interface RowParts {
  readonly id?: string;
  readonly at?: number;
  readonly change?: string;
  readonly action?: string;
  readonly status?: string;
  readonly steps?: readonly LogStep[];
  readonly error?: { readonly errorCode?: string; readonly reason?: string; readonly recommendedAction?: string };
  readonly modified?: LogRow['modifiedProperties'];
  readonly externalId?: string;
}

let counter = 0;
export function rowOf(parts: RowParts): LogRow {
  return {
    id: parts.id ?? `row-${String(++counter).padStart(6, '0')}`,
    activityDateTime: new Date(parts.at ?? accepted + 5 * minute).toISOString(),
    jobId: 'API2AAD.x.y',
    cycleId: 'cycle',
    changeId: parts.change ?? 'change-1',
    provisioningAction: parts.action ?? 'update',
    provisioningStatusInfo: { status: parts.status ?? 'success', errorInformation: parts.error ?? null },
    provisioningSteps: parts.steps ?? [importStep(payloadOf()), exportStep],
    sourceIdentity: { id: parts.externalId ?? '10042' },
    modifiedProperties: parts.modified ?? [],
  };
}

export const mover: JudgedOperation = { externalId: '10042', payload: payloadOf(), change: 'mover', acceptedAt: accepted };
export const joiner: JudgedOperation = { ...mover, change: 'joiner' };
export const skipStep = (reason: string): LogStep => ({
  name: 'EntrySynchronizationSkip',
  provisioningStepType: 'processing',
  status: 'skipped',
  details: { SkipReason: reason },
});
export const escrowText = 'This operation was retried 1 times. It will be retried again after this date: 2026-11-22T09:00:00Z UTC';
export const managerRow = (parts: RowParts = {}): LogRow =>
  rowOf({
    at: accepted + 6 * minute,
    steps: [exportStep],
    modified: [{ displayName: 'manager', oldValue: null, newValue: 'x' }],
    ...parts,
  });
export const unresolvedManager = (parts: RowParts = {}): LogRow =>
  rowOf({
    at: accepted + 6 * minute,
    status: 'warning',
    steps: [{ name: 'EntrySynchronizationUpdate', provisioningStepType: 'referenceResolution', status: 'warning' }],
    error: { errorCode: 'UnableToResolveReferenceAttributeValue', reason: 'We were unable to assign 10007 as the manager of 10042.' },
    ...parts,
  });

export function judge(rows: readonly LogRow[], operation: JudgedOperation = mover): Interpretation {
  return interpret(groupChanges(rows), operation);
}
