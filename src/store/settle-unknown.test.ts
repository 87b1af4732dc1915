import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import { collect, leaseOn, onEveryEngine, payloadOf, acceptWorkers, batchId, scope, sendBatch } from '../../test/state.ts';

onEveryEngine('attributes that were sent empty', (open) => {
  test('are known again once the directory shows them: with what the account has, and only of workers at rest', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1'), batch: 0 },
      { payload: payloadOf('w2'), batch: 0 },
    ]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const closures = [...(await store.operations.ofBatch(batchId('r1', 0)))].map(({ id }) => ({
      operation: id,
      outcome: 'applied' as const,
      effect: 'confirm' as const,
      evidence: { kind: 'log' as const, rows: [], unknown: ['title', 'department', 'nickName'] },
    }));
    await store.operations.close(lease, scope, closures, 4000);
    await acceptWorkers(store, lease, 'r2', [
      { payload: payloadOf('w2', { title: 'Clerk' }), baseline: `confirmed:${hashJson(payloadOf('w2'))}`, change: 'mover', batch: 0 },
    ]);
    await sendBatch(store, lease, batchId('r2', 0), 5000);
    const before = await store.ledger.get(scope, 'w1');
    expect(before?.confirmed?.evidence.unknown).toHaveLength(3);

    const attributes = [{ path: 'title' }, { path: 'department', value: 'Sales' }, { path: 'displayName', value: 'Nobody asked' }];
    const workers = ['w1', 'w2', 'w9'].map((externalId) => ({ externalId, attributes }));
    expect(await store.ledger.settleUnknown(lease, { scope, at: 6000, workers })).toBe(2);
    const after = await store.ledger.get(scope, 'w1');
    expect(after?.confirmed).toMatchObject({ payload: { ...payloadOf('w1'), department: 'Sales' }, evidence: { unknown: ['nickName'] } });
    // The account has what the pipeline wished away: the next run looks at him.
    expect(await store.ledger.unsettled(scope, 'contoso')).toContain('w1');
    expect((await store.ledger.get(scope, 'w2'))?.confirmed?.evidence.unknown).toHaveLength(3);
    expect(await store.ledger.settleUnknown(lease, { scope, at: 6001, workers })).toBe(0);
    const lines = (await collect(store.journal.stream())).filter(({ kind }) => kind === 'attributes.seen');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toMatch(/w1|Sales/);
    const other = await leaseOn(store, 'fabrikam');
    expect(
      await store.ledger.settleUnknown(other, { scope, at: 6002, workers: [{ externalId: 'w1', attributes: [{ path: 'nickName' }] }] }),
    ).toBe(0);
  });
});
