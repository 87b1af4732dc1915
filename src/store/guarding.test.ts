import { expect, test } from 'vitest';
import type { Approval } from '../domain/approval.ts';
import {
  acceptWorkers,
  batchId,
  beginRun,
  collect,
  leaseOn,
  onEveryEngine,
  otherScope,
  payloadOf,
  scope,
  sendBatch,
  sendingInput,
} from '../../test/state.ts';

const day = 86_400_000;
const b0 = (run: string): string => batchId(run, 0);
const leaver = (id: string): Parameters<typeof acceptWorkers>[3][number] => ({
  payload: payloadOf(id, {}, false),
  change: 'leaver',
  batch: 0,
  marks: ['leavers'],
});

onEveryEngine('what was sent', (open) => {
  test('is counted by mark and worker, each worker once, from any instant on', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [leaver('w1'), { ...leaver('w2'), marks: ['leavers', 'emptied.title'] }, leaver('w3')], 1_000);
    expect(await store.operations.sentSince(scope, 'contoso', 0)).toEqual(new Map());
    await sendBatch(store, lease, b0('r1'), 3_000);
    await acceptWorkers(store, lease, 'r2', [{ ...leaver('w1'), baseline: await baselineOf('w1') }], 5_000);
    await sendBatch(store, lease, b0('r2'), 6_000);
    const since = (at: number): Promise<ReadonlyMap<string, number>> => store.operations.sentSince(scope, 'contoso', at);
    expect(Object.fromEntries(await since(0))).toEqual({ leavers: 3, 'emptied.title': 1 });
    expect(Object.fromEntries(await since(3_001))).toEqual({ leavers: 1 });
    expect(await since(6_001)).toEqual(new Map());
    expect(await store.operations.sentSince(scope, 'another', 0)).toEqual(new Map());
    expect(await store.operations.sentSince(otherScope, 'contoso', 0)).toEqual(new Map());
    expect(await store.operations.marksOf(scope, 'contoso', ['w1', 'w2', 'w9'], 0)).toEqual(
      new Map([
        ['w1', new Map([['leavers', 6_000]])],
        ['w2', new Map([['leavers', 3_000], ['emptied.title', 3_000]])], // prettier-ignore
      ]),
    );

    async function baselineOf(id: string): Promise<string> {
      return `sent:${(await store.ledger.get(scope, id))?.sent?.hash ?? ''}`;
    }
  });

  test('does not include what was refused or did not leave, and does include what nobody knows about', async () => {
    const store = await open();
    const answers = {
      w1: { kind: 'refused', detail: '403' },
      w2: { kind: 'notSent', detail: '429', counted: true },
      w3: { kind: 'unknown', detail: 'reset' },
    } as const;
    let lease = await leaseOn(store);
    for (const [index, [worker, answer]] of Object.entries(answers).entries()) {
      const run = `r${String(index)}`;
      await acceptWorkers(store, lease, run, [leaver(worker)], 1_000 + index);
      const result = await store.operations.beginSending(lease, await sendingInput(store, b0(run), 3_000));
      if (result.kind !== 'granted') throw new Error('not granted');
      await store.operations.finishSending(lease, { ...answer, batch: b0(run), call: result.call, at: 3_100 });
    }
    expect([...(await store.operations.marksOf(scope, 'contoso', ['w1', 'w2', 'w3'], 0)).keys()]).toEqual(['w3']);

    await acceptWorkers(store, lease, 'killed', [leaver('w4')], 4_000);
    await store.operations.beginSending(lease, await sendingInput(store, b0('killed'), 5_000));
    await lease.release();
    lease = await leaseOn(store, 'contoso', 6_000);
    expect(Object.fromEntries(await store.operations.sentSince(scope, 'contoso', 0))).toEqual({ leavers: 2 });
  });

  test('is forgotten once no window reaches it', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [leaver('w1')], 1_000);
    await sendBatch(store, lease, b0('r1'), 3_000);
    await acceptWorkers(store, lease, 'r2', [], 7 * day);
    expect((await store.operations.sentSince(scope, 'contoso', 0)).size).toBe(1);
    await acceptWorkers(store, lease, 'r3', [], 9 * day);
    expect((await store.operations.sentSince(scope, 'contoso', 0)).size).toBe(0);
  });
});

onEveryEngine('approvals', (open) => {
  const approval: Approval = {
    id: 'a1',
    pipeline: 'contoso',
    planHash: 'p1',
    guard: 'leavers',
    run: 'r1',
    measured: 900,
    by: 'mkeller',
    reason: 'carve-out of a site',
    at: 2_000,
    until: 90_000,
  };

  test('are kept by plan, told to the journal, and marked with the run that relied on them', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1', { state: 'stopped', by: 'scheduler' });
    await store.approvals.grant(approval);
    expect(await store.approvals.of('contoso', 'p1')).toEqual([approval]);
    expect(await store.approvals.of('contoso', 'p2')).toEqual([]);
    const lines = await collect(store.journal.stream());
    expect(lines.find(({ kind }) => kind === 'guard.approved')?.data).toMatchObject({ plan: 'p1', guard: 'leavers', by: 'mkeller' });
    expect(await store.approvals.lastUse('contoso', 'leavers')).toBeUndefined();

    const input = { scope, run: 'r1', planHash: 'p1', at: 3_000, population: 1, records: [], batches: [], approvals: ['a1'] };
    await store.ledger.accept(lease, input);
    expect(await store.approvals.of('contoso', 'p1')).toEqual([{ ...approval, usedBy: 'r1' }]);
    expect(await store.approvals.lastUse('contoso', 'leavers')).toBe(1_000);
    expect(await store.approvals.lastUse('contoso', 'joiners')).toBeUndefined();
    expect(await store.runs.get('r1')).toMatchObject({ by: 'scheduler', state: 'accepted' });
  });

  test('need their run, and an accept that relies on one that is not there changes nothing', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await expect(store.approvals.grant(approval)).rejects.toMatchObject({ code: 'STO-301' });
    await beginRun(store, lease, 'r1');
    const input = { scope, run: 'r1', planHash: 'p1', at: 3_000, population: 1, records: [], batches: [], approvals: ['a1'] };
    await expect(store.ledger.accept(lease, input)).rejects.toMatchObject({ code: 'STO-301' });
    expect(await store.runs.get('r1')).toMatchObject({ state: 'planned' });
  });
});

onEveryEngine('runs that leave something out', (open) => {
  test('are passed over where the last whole run is asked for; populations are compared over all', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1', { startedAt: 1_000, state: 'finished', population: 50 });
    await beginRun(store, lease, 'r2', { startedAt: 2_000, state: 'finished', population: 40, partial: true });
    await beginRun(store, lease, 'r3', { startedAt: 3_000, state: 'stopped', population: 90 });
    expect((await store.runs.latest('contoso', ['finished']))?.id).toBe('r2');
    expect((await store.runs.latestWhole('contoso', ['finished']))?.id).toBe('r1');
    expect(await store.runs.mostPopulation('contoso', ['finished'], 0)).toBe(50);
    expect(await store.runs.mostPopulation('contoso', ['finished'], 1_001)).toBe(40);
    expect(await store.runs.mostPopulation('contoso', ['finished'], 2_001)).toBeUndefined();
  });
});
