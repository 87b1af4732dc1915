import { expect, test } from 'vitest';
import type { AcceptRecord, Lease, Store } from './contract.ts';
import { acceptWorkers, batchId, beginRun, evaluatedAt, leaseOn, onEveryEngine, payloadOf, scope, sendBatch } from '../../test/state.ts';

async function acceptRecords(store: Store, lease: Lease, run: string, records: readonly AcceptRecord[]): Promise<readonly string[]> {
  await beginRun(store, lease, run);
  const input = { scope, run, planHash: 'p', at: 2000, population: records.length, records: [records], batches: [] };
  return (await store.ledger.accept(lease, input)).dropped;
}

onEveryEngine('ownership', (open) => {
  test('a claim stands from the run that makes it to the run that gives it up, and writes nothing else', async () => {
    const store = await open();
    const [owner, other] = [await leaseOn(store), await leaseOn(store, 'fabrikam')];
    await acceptWorkers(store, owner, 'r1', [{ payload: payloadOf('w1') }, { payload: payloadOf('w2') }]);
    const before = await store.ledger.get(scope, 'w1');
    await acceptRecords(store, other, 'f1', [
      { externalId: 'w1', claim: 'active' },
      { externalId: 'w2', claim: 'preHire' },
    ]);
    expect(await store.ledger.claims(scope, 'fabrikam')).toEqual(['w1', 'w2']);
    expect(await store.ledger.claims(scope, 'contoso')).toEqual([]);
    expect(await store.ledger.claimsAgainst(scope, 'contoso')).toEqual(
      new Map([
        ['w1', 'fabrikam'],
        ['w2', 'fabrikam'],
      ]),
    );
    expect(await store.ledger.get(scope, 'w1')).toEqual(before);
    await acceptRecords(store, other, 'f2', [{ externalId: 'w1', claim: 'none' }]);
    expect([...(await store.ledger.claimsAgainst(scope, 'contoso')).keys()]).toEqual(['w2']);
  });

  test('a transfer moves workers with all they have, under both leases, all or none', async () => {
    const store = await open();
    const [from, to] = [await leaseOn(store), await leaseOn(store, 'fabrikam')];
    await acceptWorkers(store, from, 'r1', [
      { payload: payloadOf('w1'), batch: 0 },
      { payload: payloadOf('w2'), batch: 1 },
    ]);
    await sendBatch(store, from, batchId('r1', 0), 3000);
    await acceptRecords(store, to, 'f1', [{ externalId: 'w1', claim: 'active' }]);
    await acceptWorkers(store, to, 'f2', [{ payload: payloadOf('w3') }]);
    const request = { scope, reason: 'moved', by: 'ops', at: 9000 };
    await expect(store.ledger.transfer(to, { ...request, workers: ['w1', 'w3'] }, from)).rejects.toMatchObject({ code: 'STO-303' });
    await expect(store.ledger.transfer(to, { ...request, workers: ['w1', 'w9'] }, from)).rejects.toMatchObject({ code: 'STO-305' });
    expect((await store.ledger.get(scope, 'w1'))?.owner).toBe('contoso');
    await store.ledger.transfer(to, { ...request, workers: ['w1', 'w2'] }, from);
    expect(await store.ledger.get(scope, 'w1')).toMatchObject({
      owner: 'fabrikam',
      sent: { payload: payloadOf('w1') },
      marked: 'again',
      missing: { passes: 1, since: 9000 },
    });
    expect(await store.ledger.claims(scope, 'fabrikam')).toEqual([]);
    expect(await store.operations.tally('r1')).toEqual({ open: 1, dropped: 1 });
    expect(await store.journal.last()).toMatchObject({ kind: 'workers.transferred', data: { from: 'contoso', reason: 'moved' } });
    expect(JSON.stringify(await store.journal.last())).not.toContain('w1');
    await from.release();
    await expect(store.ledger.transfer(to, { ...request, workers: ['w1'] }, from)).rejects.toMatchObject({ code: 'STO-202' });
  });

  test('whom a pipeline only saw, out of scope or inactive, another may take; whom it rejects or wants, it may not', async () => {
    const store = await open();
    const [first, second] = [await leaseOn(store), await leaseOn(store, 'fabrikam')];
    const seen = (externalId: string, verdict: 'outOfScope' | 'inactive' | 'rejected', reasons?: readonly string[]): AcceptRecord => ({
      externalId,
      evaluated: evaluatedAt('r1', { verdict, ...(reasons === undefined ? {} : { reasons }) }),
    });
    await acceptRecords(store, first, 'r1', [
      seen('out', 'outOfScope'),
      seen('gone', 'inactive'),
      seen('odd', 'rejected', ['PLN-101', 'MAP-210']),
      seen('other', 'rejected', ['MAP-210']),
    ]);
    expect(await store.ledger.rejectedFor(scope, 'contoso', 'PLN-101')).toEqual(['odd']);
    expect([...((await store.ledger.standingRejections(scope, 'contoso', 2)) ?? [])].toSorted()).toEqual(['odd', 'other']);
    expect(await store.ledger.standingRejections(scope, 'contoso', 1)).toBeUndefined();
    const dropped = await acceptWorkers(store, second, 'f1', [
      { payload: payloadOf('out') },
      { payload: payloadOf('gone') },
      { payload: payloadOf('odd') },
    ]);
    expect(dropped).toEqual(['odd']);
    expect((await store.ledger.get(scope, 'out'))?.owner).toBe('fabrikam');
    expect(await store.ledger.standingRejections(scope, 'contoso', 2)).toBeUndefined();
    expect((await store.ledger.get(scope, 'odd'))?.owner).toBe('contoso');
  });
});
