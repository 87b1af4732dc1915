import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRow, LogStep } from '../domain/log-row.ts';
import { coreUserSchema, enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import { groupChanges } from './change-group.ts';
import { interpret, type JudgedOperation } from './interpret.ts';
import { payloadLeaves, stripKey } from './imported-values.ts';
import { managerPath } from './row-marks.ts';

const accepted = Date.parse('2026-11-22T08:00:00Z');
const minute = 60_000;

function payloadOf(values: Readonly<Record<string, unknown>> = {}): Payload {
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

function importStep(payload: Payload, name = 'EntryImportUpdate'): LogStep {
  const details: Record<string, string> = {};
  for (const { path, value } of payloadLeaves(payload)) {
    if (value !== null) details[stripKey(path)] = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
  }
  return { name, provisioningStepType: 'import', status: 'success', description: 'Received User', details };
}

const exportStep: LogStep = { name: 'EntryExportUpdate', provisioningStepType: 'export', status: 'success', details: {} };

interface RowParts {
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
function rowOf(parts: RowParts): LogRow {
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

const mover: JudgedOperation = { externalId: '10042', payload: payloadOf(), change: 'mover', acceptedAt: accepted };
const joiner: JudgedOperation = { ...mover, change: 'joiner' };
const skipStep = (reason: string): LogStep => ({
  name: 'EntrySynchronizationSkip',
  provisioningStepType: 'processing',
  status: 'skipped',
  details: { SkipReason: reason },
});
const escrowText = 'This operation was retried 1 times. It will be retried again after this date: 2026-11-22T09:00:00Z UTC';
const managerRow = (parts: RowParts = {}): LogRow =>
  rowOf({
    at: accepted + 6 * minute,
    steps: [exportStep],
    modified: [{ displayName: 'manager', oldValue: null, newValue: 'x' }],
    ...parts,
  });
const unresolvedManager = (parts: RowParts = {}): LogRow =>
  rowOf({
    at: accepted + 6 * minute,
    status: 'warning',
    steps: [{ name: 'EntrySynchronizationUpdate', provisioningStepType: 'referenceResolution', status: 'warning' }],
    error: { errorCode: 'UnableToResolveReferenceAttributeValue', reason: 'We were unable to assign 10007 as the manager of 10042.' },
    ...parts,
  });

function judge(rows: readonly LogRow[], operation: JudgedOperation = mover) {
  return interpret(groupChanges(rows), operation);
}

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

/** Rows of every kind, by name. */
const shapes: Readonly<Record<string, (base: RowParts) => LogRow>> = {
  received: (base) => rowOf({ ...base, steps: [importStep(payloadOf())] }),
  exported: rowOf,
  unchanged: (base) => rowOf({ ...base, status: 'skipped', steps: [importStep(payloadOf()), skipStep('RedundantExport')] }),
  skipped: (base) => rowOf({ ...base, status: 'skipped', error: { errorCode: 'EntrySynchronizationSkipped' } }),
  failed: (base) => rowOf({ ...base, status: 'failure', error: { errorCode: 'Conflict' } }),
  escrowed: (base) => rowOf({ ...base, status: 'failure', error: { errorCode: 'Timeout', reason: escrowText } }),
  manager: managerRow,
  unresolved: unresolvedManager,
  older: (base) => rowOf({ ...base, steps: [importStep(payloadOf({ displayName: 'M. Keller' })), exportStep] }),
};

const rowPool: fc.Arbitrary<LogRow[]> = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: -30, max: 30 }),
      change: fc.constantFrom('change-1', 'change-2', 'change-3'),
      shape: fc.constantFrom(...Object.values(shapes)),
    }),
    { maxLength: 8 },
  )
  .map((rows) =>
    rows.map(({ minutes, change, shape }, index) => shape({ id: `id-${String(index)}`, at: accepted + minutes * minute, change })),
  );

describe('laws', () => {
  test('any order of the rows and any repetition of them gives the same result', () => {
    const shuffled = rowPool.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }), fc.subarray(rows), fc.constantFrom(mover, joiner)),
    );
    fc.assert(
      fc.property(shuffled, ([rows, order, again, operation]) => {
        expect(judge([...again, ...order, ...again], operation)).toEqual(judge(rows, operation));
      }),
      { numRuns: 500 },
    );
  });

  test('late rows of an older operation never close a newer one', () => {
    const older = { ...mover, acceptedAt: accepted - 60 * minute };
    const lateRows = fc.array(
      fc.record({
        minutes: fc.integer({ min: 1, max: 60 }),
        status: fc.constantFrom('success', 'failure', 'skipped', 'warning'),
        bare: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const newer = payloadOf({ displayName: 'Mara Brandt' });
    fc.assert(
      fc.property(lateRows, (late) => {
        const old = importStep(older.payload);
        // The change of the older operation began before the newer 202; its later rows carry values or not.
        const begun = rowOf({ at: accepted - 10 * minute, change: 'old', steps: [old] });
        const rows = late.map((one) =>
          rowOf({
            at: accepted + one.minutes * minute,
            change: 'old',
            status: one.status,
            steps: one.bare ? [exportStep] : [old, exportStep],
          }),
        );
        // Or it began after it, and then shows the older values.
        const late2 = rowOf({ at: accepted + minute, change: 'late', steps: [old, exportStep] });
        expect(judge([begun, ...rows, late2], { ...mover, payload: newer }).kind).toBe('open');
        expect(
          judge([begun, ...rows, late2, rowOf({ change: 'new', steps: [importStep(newer), exportStep] })], { ...mover, payload: newer }),
        ).toMatchObject({
          outcome: 'applied',
          evidence: { changeId: 'new' },
        });
      }),
    );
  });

  test('more rows of any kind never turn a worker who was written back into one who was not', () => {
    fc.assert(
      fc.property(rowPool, (rows) => {
        const good = new Set(['applied', 'appliedWithWarning', 'unchanged']);
        const own = rowOf({ id: 'own', change: 'own', at: accepted + minute });
        const seen = judge([...rows, own]);
        expect(seen.kind === 'closed' && good.has(seen.outcome)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
