import { expect, test } from 'vitest';
import type { Condition } from '../domain/condition.ts';
import { acceptWorkers, batchId, beginRun, leaseOn, onEveryEngine, otherScope, payloadOf, scope, sendBatch } from '../../test/state.ts';

const condition: Condition = { pipeline: 'contoso', name: 'guard', signature: 'leavers', since: 10, figures: { leavers: 40 }, told: {} };

onEveryEngine('conditions that people were told of', (open) => {
  test('are one of a name, kept and forgotten under the lease, each with a line in the journal', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    expect(await store.conditions.of('contoso')).toEqual([]);
    await store.conditions.keep(lease, condition, 11);
    const later: Condition = { ...condition, run: 'r1', over: 30, told: { webhook: 12, smtp: 13 } };
    await store.conditions.keep(lease, later, 12);
    await store.conditions.keep(lease, { ...condition, name: 'disables' }, 13);
    expect(await store.conditions.of('contoso')).toEqual([{ ...condition, name: 'disables' }, later]);
    expect(await store.conditions.of('other')).toEqual([]);
    await store.conditions.forget(lease, 'disables', 14);
    await store.conditions.forget(lease, 'disables', 15);
    expect(await store.conditions.of('contoso')).toEqual([later]);
    const kinds: string[] = [];
    for await (const lines of store.journal.stream())
      kinds.push(...lines.map(({ kind }) => kind).filter((kind) => kind.startsWith('condition')));
    expect(kinds).toEqual(['condition.kept', 'condition.kept', 'condition.kept', 'condition.over']);
    await lease.release();
    await expect(store.conditions.keep(lease, condition, 16)).rejects.toMatchObject({ code: 'STO-202' });
  });

  test('count the disables that left long ago, failed or went silent, until they are confirmed', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const leaver = (id: string): Parameters<typeof acceptWorkers>[3][number] => ({
      payload: payloadOf(id, {}, false),
      change: 'leaver',
      batch: 0,
    });
    await acceptWorkers(store, lease, 'r1', [leaver('w1'), leaver('w2'), leaver('w3'), { payload: payloadOf('w4'), batch: 1 }]);
    const late = (before: number): Promise<number> => store.conditions.unconfirmedDisables(scope, 'contoso', before);
    expect(await late(9_000_000)).toBe(0);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await sendBatch(store, lease, batchId('r1', 1), 3000);
    expect([await late(2999), await late(3000)]).toEqual([0, 3]);
    expect(await store.conditions.unconfirmedDisables(otherScope, 'contoso', 9000)).toBe(0);
    expect(await store.conditions.unconfirmedDisables(scope, 'other', 9000)).toBe(0);
    const of = async (id: string): Promise<string> => (await store.operations.ofWorker(scope, id))[0]?.id ?? '';
    const evidence = { kind: 'log' as const, rows: [] };
    await store.operations.close(
      lease,
      scope,
      [
        { operation: await of('w1'), outcome: 'applied', effect: 'confirm', evidence },
        { operation: await of('w2'), outcome: 'silent', effect: 'forget', evidence },
        { operation: await of('w3'), outcome: 'failed', effect: 'fail', evidence, failure: { code: 'InsufficientRights', reason: 'no' } },
      ],
      5000,
    );
    expect([await late(4999), await late(5000)]).toEqual([1, 2]);
  });
});
