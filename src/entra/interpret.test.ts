import { describe, expect, test } from 'vitest';
import type { LogRow, LogStep } from '../domain/log-row.ts';
import { enterpriseUserSchema } from '../domain/payload.ts';
import {
  accepted,
  minute,
  payloadOf,
  importStep,
  exportStep,
  rowOf,
  mover,
  joiner,
  skipStep,
  escrowText,
  managerRow,
  unresolvedManager,
  judge,
  type RowParts,
} from './interpret.test-data.ts';
import { managerPath } from './row-marks.ts';

describe('what closes an operation', () => {
  test('an export step of the same change closes it as applied, with the whole group as evidence', () => {
    const rows = [rowOf({ id: 'a', steps: [importStep(payloadOf())], at: accepted + minute }), rowOf({ id: 'b' })];
    expect(judge(rows)).toMatchObject({
      kind: 'closed',
      outcome: 'applied',
      final: true,
      evidence: { rows: ['a', 'b'], changeId: 'change-1', outcome: 'applied' },
    });
  });

  test('a row that was only received, scoped or matched closes nothing', () => {
    expect(judge([rowOf({ steps: [importStep(payloadOf())] })])).toMatchObject({ kind: 'open', because: 'unfinished' });
  });

  test('nothing to do is told by RedundantExport and closes it as unchanged', () => {
    const row = rowOf({ status: 'skipped', action: 'other', steps: [importStep(payloadOf()), skipStep('RedundantExport')] });
    expect(judge([row])).toMatchObject({ kind: 'closed', outcome: 'unchanged', final: true });
  });

  test('a worker out of the job’s scope is skipped, with the code', () => {
    const row = rowOf({
      status: 'skipped',
      steps: [importStep(payloadOf())],
      error: { errorCode: 'EntrySynchronizationSkipped', reason: 'not in scope' },
    });
    expect(judge([row])).toMatchObject({ kind: 'closed', outcome: 'skipped', failure: { code: 'EntrySynchronizationSkipped' } });
  });

  test('an active worker whose account the service disables has left the job’s scope, and is not told as applied', () => {
    const row = rowOf({ action: 'disable', modified: [{ displayName: 'accountEnabled', oldValue: 'True', newValue: 'False' }] });
    expect(judge([row])).toMatchObject({ kind: 'closed', outcome: 'skipped', failure: { code: 'EntrySynchronizationSkipped' } });
  });

  test('a failure closes it with code, reason and action', () => {
    const error = { errorCode: 'AzureActiveDirectoryDuplicateUserPrincipalName', reason: 'it exists', recommendedAction: 'rename' };
    const row = rowOf({ status: 'failure', steps: [{ ...exportStep, status: 'failure' }], error });
    expect(judge([row])).toMatchObject({
      kind: 'closed',
      outcome: 'failed',
      final: true,
      failure: { code: error.errorCode, reason: 'it exists', recommendedAction: 'rename' },
    });
  });

  test('a failure that the service retries is escrowed until the date it names', () => {
    const reason =
      'Timeout. This operation was retried 2 times. It will be retried again after this date: 2026-11-22T09:10:11.1234567Z UTC';
    expect(judge([rowOf({ status: 'failure', error: { errorCode: 'Timeout', reason } })])).toMatchObject({
      outcome: 'escrowed',
      final: false,
      awaits: 'retry',
      failure: { code: 'Timeout', retryAt: Date.parse('2026-11-22T09:10:11.123Z') },
    });
  });

  test('a retry that went well later settles an escrowed operation', () => {
    const rows = [
      rowOf({ status: 'failure', error: { errorCode: 'Timeout', reason: escrowText } }),
      rowOf({ at: accepted + 70 * minute, change: 'change-2' }),
    ];
    expect(judge(rows)).toMatchObject({ outcome: 'applied', final: true });
  });

  test('an account that the deletion threshold holds back is not told as disabled', () => {
    const leaver = payloadOf({ active: false });
    const row = rowOf({ action: 'stagedDelete', steps: [importStep(leaver), exportStep] });
    expect(judge([row], { ...mover, change: 'leaver', payload: leaver })).toMatchObject({ kind: 'open', because: 'staged' });
  });

  test('a null that was not provisioned is named in a warning, by the payload’s path', () => {
    const payload = payloadOf({ [enterpriseUserSchema]: { department: null } });
    const details = {
      SkippedAttributes: "The attribute 'department' has a null value. A null attribute can't be provisioned, so it was skipped.",
    };
    const row = rowOf({ steps: [importStep(payload), { ...exportStep, details }] });
    expect(judge([row], { ...mover, payload })).toMatchObject({
      outcome: 'appliedWithWarning',
      unset: [`${enterpriseUserSchema}:department`],
    });
  });
});

describe('the manager', () => {
  const created = (parts: RowParts = {}): LogRow => rowOf({ action: 'create', ...parts });

  test('is waited for after a creation, and settles it with its own row', () => {
    expect(judge([created()], joiner)).toMatchObject({ outcome: 'applied', final: false, awaits: 'manager' });
    expect(judge([created(), managerRow()], joiner)).toMatchObject({ outcome: 'applied', final: true });
  });

  test('that could not be assigned makes it applied with a warning that names it', () => {
    const seen = judge([created(), unresolvedManager()], joiner);
    expect(seen).toMatchObject({ outcome: 'appliedWithWarning', unset: [managerPath], final: true });
  });

  test('set by a later change heals the warning', () => {
    const seen = judge([created(), unresolvedManager(), managerRow({ change: 'change-2', at: accepted + 90 * minute })], joiner);
    expect(seen).toMatchObject({ outcome: 'applied', unset: [] });
  });

  test('seen before the creation closes nothing', () => {
    expect(judge([managerRow()], joiner)).toMatchObject({ kind: 'open', because: 'unfinished' });
  });

  test('alone, for a worker who existed, may be all there is, and the rest is still looked for', () => {
    expect(judge([managerRow()])).toMatchObject({ outcome: 'applied', final: false, awaits: 'rest' });
  });

  test('is settled by the row of another change of the same record: the service may process a record twice, and asks for a manager once', () => {
    const redundant = (change: string): LogRow =>
      rowOf({ change, status: 'skipped', action: 'other', steps: [importStep(payloadOf()), skipStep('RedundantExport')] });
    const moved = { ...mover, managerChanged: true };
    const twice = [redundant('change-1'), redundant('change-2')];
    expect(judge([...twice, unresolvedManager({ id: 'warns', change: 'change-2' })], moved)).toMatchObject({
      outcome: 'appliedWithWarning',
      unset: [managerPath],
      final: true,
      failure: { code: 'UnableToResolveReferenceAttributeValue' },
      evidence: { rows: expect.arrayContaining(['warns']) },
    });
    expect(judge([...twice, managerRow({ change: 'change-2' })], moved)).toMatchObject({ outcome: 'applied', unset: [], final: true });
  });

  test('is waited for where nothing but the manager changed, although the rest is redundant', () => {
    const redundant = rowOf({ status: 'skipped', action: 'other', steps: [importStep(payloadOf()), skipStep('RedundantExport')] });
    const moved = { ...mover, managerChanged: true };
    expect(judge([redundant], moved)).toMatchObject({ outcome: 'unchanged', final: false, awaits: 'manager' });
    expect(judge([redundant, managerRow()], moved)).toMatchObject({ outcome: 'applied', final: true });
    expect(judge([redundant, unresolvedManager()], moved)).toMatchObject({
      outcome: 'appliedWithWarning',
      unset: [managerPath],
      final: true,
    });
  });

  test('is not waited for where the payload names none', () => {
    const payload = payloadOf({ [enterpriseUserSchema]: { department: 'Finance' } });
    expect(judge([created({ steps: [importStep(payload), exportStep] })], { ...joiner, payload })).toMatchObject({ final: true });
  });
});

describe('rows that close nothing', () => {
  test('of an older change: its first row is older than the 202, however late the others came', () => {
    const rows = [rowOf({ at: accepted - minute, steps: [importStep(payloadOf())] }), rowOf({ at: accepted + 20 * minute })];
    expect(judge(rows)).toMatchObject({ kind: 'open', because: 'older' });
  });

  test('a row a few seconds before the 202 is taken, because the two clocks are not one', () => {
    expect(judge([rowOf({ at: accepted - 3000 })])).toMatchObject({ outcome: 'applied' });
  });

  test('whose imported values are another version’s, naming the attributes', () => {
    const older = payloadOf({ [enterpriseUserSchema]: { department: 'Sales', manager: { value: '10007' } } });
    expect(judge([rowOf({ steps: [importStep(older), exportStep] })])).toMatchObject({
      kind: 'open',
      because: 'contradicted',
      contradicted: [`${enterpriseUserSchema}:department`],
    });
  });

  test('of another worker', () => {
    expect(judge([rowOf({ externalId: '10043' })])).toMatchObject({ kind: 'open', because: 'noRows' });
  });

  test('of a change that was evidence for an earlier operation', () => {
    const operation = { ...mover, settledChanges: new Set(['change-1']) };
    expect(judge([rowOf({})], operation)).toMatchObject({ kind: 'open', because: 'older' });
  });

  test('of a retry of data that failed before the 202 and does not show ours', () => {
    const retry: LogStep = {
      name: 'EntryEscrowRetry',
      provisioningStepType: 'import',
      status: 'success',
      details: { CreationTime: new Date(accepted - 60 * minute).toISOString() },
    };
    expect(judge([rowOf({ steps: [retry, exportStep] })])).toMatchObject({ kind: 'open', because: 'older' });
  });

  test('that do not tell the payload from another version in flight', () => {
    const rival = payloadOf({ active: false });
    const bare = rowOf({ steps: [exportStep] });
    expect(judge([bare], { ...mover, rivals: [rival] })).toMatchObject({ kind: 'open', because: 'unconfirmed' });
    expect(judge([rowOf({})], { ...mover, rivals: [rival] })).toMatchObject({ outcome: 'applied' });
    expect(judge([bare], { ...mover, rivals: [payloadOf()] })).toMatchObject({ outcome: 'applied' });
  });

  test('values that the service shows redacted, cut or in its own date form speak against nothing', () => {
    const payload = payloadOf({
      title: 'A title that is far too long for a log',
      nickName: 'secret',
      hireDate: '2026-10-01T00:00:00+00:00',
    });
    const step = importStep(payload);
    const details = { ...step.details, title: 'A title that is far t…', nickName: '[Redacted]', hireDate: '10/1/2026 12:00:00 AM' };
    expect(judge([rowOf({ steps: [{ ...step, details }, exportStep] })], { ...mover, payload })).toMatchObject({ outcome: 'applied' });
  });

  test('two entries of one type speak against neither', () => {
    const payload = payloadOf({
      emails: [
        { type: 'work', value: 'a@acme.example' },
        { type: 'work', value: 'b@acme.example' },
      ],
    });
    const first = payloadOf({ emails: [{ type: 'work', value: 'a@acme.example' }] });
    expect(judge([rowOf({ steps: [importStep(first), exportStep] })], { ...mover, payload })).toMatchObject({ outcome: 'applied' });
  });

  test('what the match showed of the target’s old values says nothing about the source', () => {
    const target: LogStep = {
      name: 'EntryImport',
      provisioningStepType: 'import',
      status: 'success',
      description: 'Retrieved User from Microsoft Entra ID',
      details: { displayName: 'Old Name' },
    };
    expect(judge([rowOf({ steps: [importStep(payloadOf()), target, exportStep] })])).toMatchObject({ outcome: 'applied' });
  });
});
