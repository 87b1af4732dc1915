import { expect, test } from 'vitest';
import { acceptWorkers, leaseOn, onEveryEngine, payloadOf, scope } from '../../test/state.ts';

onEveryEngine('what a job is set to do', (open) => {
  test('is kept, and marks whoever has an attribute that it treats otherwise, of every pipeline', async () => {
    const store = await open();
    const [lease, other] = [await leaseOn(store), await leaseOn(store, 'fabrikam')];
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1', { title: 'Chief' }) }, { payload: payloadOf('w2') }]);
    await acceptWorkers(store, other, 'f1', [{ payload: payloadOf('w3', { title: 'Clerk' }) }]);
    expect(await store.ledger.jobShape(scope)).toBeUndefined();
    const shape = { hash: 'h1', attributes: { title: 'a' } };
    expect(await store.ledger.noticeJob(lease, { scope, shape, attributes: [], at: 1 })).toBe(0);
    expect(await store.ledger.jobShape(scope)).toEqual(shape);
    expect(await store.ledger.noticeJob(lease, { scope, shape: { ...shape, hash: 'h2' }, attributes: ['title'], at: 2 })).toBe(2);
    expect(await store.ledger.noticeJob(lease, { scope, shape: { ...shape, hash: 'h3' }, attributes: ['title'], at: 3 })).toBe(0);
    expect([(await store.ledger.get(scope, 'w1'))?.marked, (await store.ledger.get(scope, 'w2'))?.marked]).toEqual(['resend', undefined]);
    expect((await store.ledger.get(scope, 'w3'))?.marked).toBe('resend');
    const nested = ['addresses[type eq "work"].country', 'emails[type eq "work"].value', 'urn:x:user:manager.value'];
    expect(await store.ledger.noticeJob(lease, { scope, shape: { ...shape, hash: 'h4' }, attributes: nested, at: 4 })).toBe(0);
    expect(await store.journal.last()).toMatchObject({ kind: 'job.noticed', data: { shape: 'h4', marked: 0 } });
  });
});
