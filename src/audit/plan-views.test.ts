import { describe, expect, it } from 'vitest';
import type { AttributeDifference, Change, PlanHead } from '../domain/change.ts';
import { enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import { hashJson } from '../domain/canonical-json.ts';
import type { Masks } from './masks.ts';
import { PlanWorkers, renderPlanPage } from './plan-page.ts';
import { PlanTally } from './plan-views.ts';

const masks: Masks = {
  masked: true,
  classOf: () => 'personal',
  isOpen: () => false,
  attribute: (_path, value) => `${JSON.stringify(value).replaceAll('"', '').slice(0, 1)}•••`,
  named: () => '',
  text: (text) => text,
};

function change(
  externalId: string,
  kind: Change['change'],
  department: string | undefined,
  differences: readonly AttributeDifference[],
  more: Partial<Change> = {},
): Change {
  const extension = department === undefined ? {} : { [enterpriseUserSchema]: { department } };
  const payload: Payload = { schemas: [], externalId, active: kind !== 'leaver', ...extension };
  return {
    externalId,
    change: kind,
    cause: 'attributes',
    baseline: 'none',
    payload,
    payloadHash: hashJson(payload),
    differences,
    send: true,
    failedBefore: false,
    waiting: false,
    warnings: [],
    ...more,
  };
}

const changes: readonly Change[] = [
  change('W1', 'mover', 'Sales', [
    { path: 'title', kind: 'changed', old: 'Clerk', new: 'Chief' },
    { path: 'nickName', kind: 'emptied', old: 'Ann' },
  ]),
  change('W2', 'mover', 'Sales', [{ path: 'title', kind: 'set', new: 'Clerk' }]),
  change('W3', 'leaver', 'Research', [{ path: 'active', kind: 'changed', old: true, new: false }], {
    backDated: 86_400_000,
  }),
  change('W4', 'joiner', undefined, [{ path: 'title', kind: 'set', new: '<b>Boss</b>' }]),
  change('W5', 'mover', 'Sales', [{ path: 'title', kind: 'set', new: 'x' }], { send: false, waiting: true }),
  change('W6', 'none', 'Sales', [], { send: false }),
];

describe('a plan summed up', () => {
  const tally = new PlanTally(masks);
  for (const one of changes) tally.add(one);

  it('counts workers and values by change, in the order of sending, with what is emptied apart', () => {
    expect(tally.view('change').map(({ name, workers, set, changed, emptied }) => [name, workers, set, changed, emptied])).toEqual([
      ['leaver', 1, 0, 1, 0],
      ['joiner', 1, 1, 0, 0],
      ['mover', 2, 1, 1, 1],
    ]);
  });

  it('counts by department, shown as openly as its class allows, and by attribute, the most workers first', () => {
    expect(tally.view('department').map(({ name, workers, changes: kinds }) => [name, workers, kinds])).toEqual([
      ['S•••', 2, { mover: 2 }],
      ['(none)', 1, { joiner: 1 }],
      ['R•••', 1, { leaver: 1 }],
    ]);
    expect(tally.view('attribute').map(({ name, workers, emptied }) => [name, workers, emptied])).toEqual([
      ['title', 3, 0],
      ['active', 1, 0],
      ['nickName', 1, 1],
    ]);
  });

  it('is one page that loads nothing, disables first, then whoever loses a value, without values that are masked', () => {
    const workers = new PlanWorkers(masks);
    for (const one of changes) workers.add(one);
    const plan: PlanHead = {
      run: 'r1',
      pipeline: 'contoso',
      asOf: 0,
      createdAt: 0,
      mappingId: 'm',
      hash: 'abcdef0123456789',
      first: false,
      waiting: 1,
      backDated: 1,
      rescinded: 2,
      guards: [],
      counts: { joiner: 1, 'pre-hire': 0, enable: 0, mover: 2, leaver: 1, rehire: 0, cancelled: 0, none: 1, ignored: 0, frozen: 0 },
      rejections: { fresh: 0, standing: 0, keyless: 0 },
      price: { operations: 4, calls: 2, callsLeft: 1_988, earliestEnd: 3_600_000 },
    };
    const page = renderPlanPage({ plan, tally, workers, masked: true, writtenAt: 0 });
    const order = [...page.matchAll(/<tr data-find="(w\d)/g)].map((match) => match[1]);
    expect(order).toEqual(['w3', 'w1', 'w5', 'w2', 'w4']);
    for (const part of [
      '4 operations in 2 calls',
      '1,988',
      '1970-01-01 01:00:00 UTC',
      'By department',
      '(emptied)',
      'waits behind',
      '1 leaver back-dated',
      'back-dated, ended 1970-01-02 00:00:00 UTC',
      '2 pre-hires cancelled before the first day',
      'Content-Security-Policy',
    ])
      expect(page).toContain(part);
    expect(page).not.toMatch(/Clerk|Chief|Boss|Ann\b|https?:/);
  });
});
