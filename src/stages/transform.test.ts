import { describe, expect, test } from 'vitest';
import type { Verdict } from '../domain/verdict.ts';
import type { KnownEvaluation } from '../store/contract.ts';
import type { ExtractItem, TransformItem } from '../store/run-files.ts';
import type { StageContext } from './context.ts';
import { transform } from './transform.ts';

const draftOf = (hash: string): Verdict => ({
  kind: 'draft',
  externalId: 'w1',
  warnings: [],
  draft: { active: true, preHire: false, payload: { schemas: [], externalId: 'w1', active: true }, empty: [], once: [], hash },
});
const item = {
  kind: 'group',
  same: true,
  group: { key: 'w1', fingerprint: 'f1', rows: [{ key: 'w1', fingerprint: 'f1', ordinal: 1, values: {} }] },
} as const satisfies ExtractItem;
const known: KnownEvaluation = {
  owner: 'contoso',
  fingerprint: 'f1',
  verdict: 'active',
  draftHash: 'd1',
  isProtected: false,
  isMissing: false,
};

/** What the stage hands on, with a mapping that gives the verdict and a ledger that knows the evaluation. */
async function handedOn(of: ExtractItem, verdict: Verdict, evaluation: KnownEvaluation | undefined): Promise<readonly TransformItem[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the stage uses of a context
  const context = {
    pipeline: { name: 'contoso', source: {}, sink: { tenant: 't', job: 'j' } },
    mapping: { evaluate: () => verdict, stats: () => ({ evaluations: 0, fallbacks: 0, verified: 0 }) },
    clock: { now: () => 0 },
    emit: () => undefined,
    store: {
      identity: { hashKey: new Uint8Array(32) },
      ledger: { evaluations: () => Promise.resolve(new Map(evaluation === undefined ? [] : [['w1', evaluation]])) },
    },
  } as unknown as StageContext;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const run = { id: 'r2', asOf: 0 } as unknown as Parameters<typeof transform>[1];
  const chunks = (async function* () {
    yield await Promise.resolve([of]);
  })();
  const found: TransformItem[] = [];
  const kept: ExtractItem[] = [];
  for await (const items of transform(context, run, chunks, (rows) => Promise.resolve(void kept.push(...rows)))) found.push(...items);
  expect(kept).toHaveLength(found.length);
  return found;
}

describe('the transform stage', () => {
  test('ends what an accepted run found already', async () => {
    expect(await handedOn(item, draftOf('d1'), known)).toEqual([]);
    expect(await handedOn(item, { kind: 'outOfScope', externalId: 'w1', warnings: [] }, unscoped())).toEqual([]);
  });

  test.each<[string, ExtractItem, Verdict, KnownEvaluation | undefined]>([
    ['whom nobody evaluated', item, draftOf('d1'), undefined],
    ['whose draft differs', item, draftOf('d2'), known],
    ['whose row differs', item, draftOf('d1'), { ...known, fingerprint: 'f0' }],
    ['whose verdict differs', item, draftOf('d1'), { ...known, verdict: 'inactive' }],
    ['whose next date differs', item, { ...draftOf('d1'), nextDate: 5 }, known],
    ['whose identity differs', item, draftOf('d1'), { ...known, identity: 'i' }],
    ['whose candidates differ', item, draftOf('d1'), { ...known, candidates: 'c' }],
    ['whose protection differs', item, { ...draftOf('d1'), protected: true }, known],
    ['who is missing', item, draftOf('d1'), { ...known, isMissing: true }],
    ['whom another pipeline owns', item, draftOf('d1'), { ...known, owner: 'fabrikam' }],
    ['whose row moved', { kind: 'group', group: item.group }, draftOf('d1'), known],
    ['who has work left', { ...item, again: true }, draftOf('d1'), known],
    ['of whom there is a warning', item, { ...draftOf('d1'), warnings: [{ code: 'MAP-214', severity: 'warning', message: 'm' }] }, known],
    ['who is rejected', item, { kind: 'rejected', externalId: 'w1', warnings: [], reasons: [], saysInactive: false }, rejected()],
  ])('hands on %s', async (_who, of, verdict, evaluation) => {
    expect(await handedOn(of, verdict, evaluation)).toMatchObject([{ kind: 'verdict', fingerprint: 'f1', ordinals: [1] }]);
  });
});

function unscoped(): KnownEvaluation {
  const { draftHash: _hash, ...rest } = known;
  return { ...rest, verdict: 'outOfScope' };
}

function rejected(): KnownEvaluation {
  return { ...unscoped(), verdict: 'rejected' };
}
