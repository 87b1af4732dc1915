import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { LogRow, LogStep } from '../domain/log-row.ts';
import type { Operation } from '../domain/operation.ts';
import { coreUserSchema, enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import type { StageContext } from './context.ts';
import { EarlyJudgements } from './early-judgements.ts';
import { judgeWorker } from './judge.ts';

const accepted = Date.parse('2026-11-22T08:00:00Z');
const minute = 60_000;
const scope = { tenant: 't', job: 'API2AAD.x.y' };

function payloadOf(externalId: string): Payload {
  return {
    schemas: [coreUserSchema, enterpriseUserSchema],
    externalId,
    active: true,
    displayName: `Worker ${externalId}`,
    [enterpriseUserSchema]: { manager: { value: 'boss' } },
  };
}

function operationOf(externalId: string): Operation {
  return {
    id: `o-${externalId}`,
    run: 'r',
    batch: 'b',
    index: 0,
    externalId,
    bulkId: 'k',
    change: 'joiner',
    state: 'sent',
    payload: payloadOf(externalId),
    payloadHash: 'h',
    sentAt: accepted,
    acceptedAt: accepted,
  };
}

const shown = (externalId: string, name = `Worker ${externalId}`): LogStep => ({
  name: 'EntryImportAdd',
  provisioningStepType: 'import',
  status: 'success',
  description: 'Received User',
  details: { active: 'True', displayName: name },
});
const exported: LogStep = { name: 'EntryExportAdd', provisioningStepType: 'export', status: 'success', details: {} };
const kinds = ['imported', 'created', 'manager', 'unresolved', 'failed', 'retried', 'redundant', 'older'] as const;

/** Parts of a row of one kind; together they make changes that are whole, halves of them, retries and versions of somebody else. */
function partsOf(kind: (typeof kinds)[number], externalId: string): Partial<LogRow> {
  const of = (status: string, steps: readonly LogStep[], errorCode?: string, reason = 'words'): Partial<LogRow> => ({
    provisioningStatusInfo: { status, errorInformation: errorCode === undefined ? null : { errorCode, reason } },
    provisioningSteps: steps,
  });
  const modified = [{ displayName: 'manager', oldValue: null, newValue: 'x' }];
  switch (kind) {
    case 'imported':
      return of('success', [shown(externalId)]);
    case 'created':
      return of('success', [shown(externalId), exported]);
    case 'manager':
      return { ...of('success', [exported]), modifiedProperties: modified };
    case 'unresolved':
      return of('warning', [{ name: 'x', provisioningStepType: 'referenceResolution', status: 'warning' }], 'UnableToResolve');
    case 'failed':
      return of('failure', [shown(externalId), { ...exported, status: 'failure' }], 'Bad');
    case 'retried':
      return of(
        'failure',
        [shown(externalId)],
        'Bad',
        'This operation was retried 1 times. It will be retried again after this date: 2026-11-22T09:00:00Z UTC',
      );
    case 'redundant':
      return of('skipped', [shown(externalId), { name: 'EntrySynchronizationSkip', provisioningStepType: 'processing', status: 'skipped', details: { SkipReason: 'RedundantExport' } }]); // prettier-ignore
    case 'older':
      return of('success', [shown(externalId, 'Another name'), exported]);
    default:
      return kind satisfies never;
  }
}

const workers = ['W1', 'W2', 'W3', 'W4'];
const row = fc
  .record({
    worker: fc.constantFrom(...workers),
    kind: fc.constantFrom(...kinds),
    change: fc.constantFrom('c1', 'c2'),
    minutes: fc.integer({ min: -2, max: 40 }),
    id: fc.uuid(),
  })
  .map(({ worker, kind, change, minutes, id }): LogRow => {
    const at = new Date(accepted + minutes * minute).toISOString();
    const status = { status: 'success', errorInformation: null };
    return {
      id,
      activityDateTime: at,
      jobId: scope.job,
      cycleId: 'cycle',
      changeId: `${worker}-${change}`,
      provisioningAction: 'create',
      provisioningStatusInfo: status,
      sourceIdentity: { id: worker },
      ...partsOf(kind, worker),
    };
  });

it('what is judged between pages is what would have been judged after the last one, however the rows are split into pages and whichever come late', async () => {
  let early = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 8 }), async (pages) => {
      let now = accepted + 45 * minute;
      const open = workers.map(operationOf);
      const entries = new Map(
        open.map((operation): [string, LedgerEntry] => {
          const { externalId, id, payload, change } = operation;
          const sent = { operation: id, payload, hash: 'h', change, at: accepted };
          // One of them belongs to another pipeline, whose plans may move him meanwhile.
          return [
            externalId,
            { externalId, owner: externalId === 'W4' ? 'other' : 'mine', sent, baselineUnknown: false, everEnabled: false },
          ];
        }),
      );
      const kept: LogRow[] = [];
      const about = (): Map<string, LogRow[]> =>
        new Map(workers.map((worker) => [worker, kept.filter(({ sourceIdentity }) => sourceIdentity?.id === worker)]));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is asked of a context here
      const context = {
        pipeline: { name: 'mine' },
        clock: { now: () => now },
        store: { ledger: { getMany: () => Promise.resolve(entries) }, logs: { about: () => Promise.resolve(about()) } },
      } as unknown as StageContext;
      const judgements = new EarlyJudgements(context, scope, open);
      for (const page of [...pages, [], []]) {
        kept.push(...page);
        await judgements.pageRead(page);
        now += 2_000;
      }
      now += 60 * minute;
      for (const operation of open) {
        const found = judgements.of(operation.externalId);
        if (found === undefined) continue;
        early++;
        expect(operation.externalId).not.toBe('W4');
        const rows = about().get(operation.externalId) ?? [];
        const known = { entry: entries.get(operation.externalId), open: [operation], rows, overtakers: new Map(), overtaken: new Map() };
        expect(found).toEqual(judgeWorker(known, now));
      }
    }),
    { numRuns: 300 },
  );
  expect(early).toBeGreaterThan(50);
});
