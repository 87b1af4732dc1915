import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRow } from '../domain/log-row.ts';
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
