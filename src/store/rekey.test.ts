import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { Lease, Store } from './contract.ts';
import {
  acceptWorkers,
  batchId,
  beginRun,
  collect,
  evaluatedAt,
  leaseOn,
  onEveryEngine,
  payloadOf,
  scope,
  sendBatch,
} from '../../test/state.ts';

const decision = { scope, from: 'old', to: 'new', reason: 'became an employee', by: 'ops', at: 9000 };

async function withAccount(store: Store, lease: Lease, externalId = 'old'): Promise<void> {
  const workers = [{ externalId, payload: payloadOf(externalId), everEnabled: true }];
  await store.ledger.adopt(lease, { scope, at: 5000, workers });
}

onEveryEngine('rekeying', (open) => {
  test('moves what is confirmed to the new key and leaves of the old one only where it went', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await withAccount(store, lease);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('new') }]);
    await store.ledger.rekey(lease, decision);
    const payload = { ...payloadOf('old'), externalId: 'new' };
    expect(await store.ledger.get(scope, 'new')).toMatchObject({
      owner: 'contoso',
      confirmed: { payload, hash: hashJson(payload), evidence: { kind: 'adopted', detail: { rekeyedFrom: 'old' } } },
      everEnabled: true,
      marked: 'again',
    });
    expect((await store.ledger.get(scope, 'new'))?.desired).toBeUndefined();
    const old = await store.ledger.get(scope, 'old');
    expect(old).toMatchObject({ rekeyedTo: 'new', everEnabled: false });
    expect(old?.confirmed ?? old?.desired ?? old?.sent).toBeUndefined();
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['new']);
    expect(await store.ledger.userNamesTaken(scope, ['old@contoso.example'])).toEqual(new Map([['old@contoso.example', ['new']]]));
    const line = await store.journal.last();
    expect(line).toMatchObject({ kind: 'worker.rekeyed', data: { reason: 'became an employee', by: 'ops' } });
  });

  test('refuses who is in flight, who has no account, who has one of his own and whom another pipeline looks after', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const other = await leaseOn(store, 'fabrikam');
    await expect(store.ledger.rekey(lease, decision)).rejects.toMatchObject({ code: 'STO-305' });
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('old'), batch: 0 }]);
    await expect(store.ledger.rekey(lease, decision)).rejects.toMatchObject({ code: 'STO-302' });
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await expect(store.ledger.rekey(lease, decision)).rejects.toMatchObject({ code: 'STO-302' });
    await withAccount(store, other, 'theirs');
    await expect(store.ledger.rekey(lease, { ...decision, from: 'theirs' })).rejects.toMatchObject({ code: 'STO-303' });
    await store.ledger.rekey(lease, { ...decision, from: 'theirs' }, other);
    expect((await store.ledger.get(scope, 'new'))?.owner).toBe('contoso');
    await withAccount(store, lease, 'third');
    await expect(store.ledger.rekey(lease, { ...decision, from: 'third' })).rejects.toMatchObject({ code: 'STO-302' });
    await other.release();
    await withAccount(store, await leaseOn(store, 'fabrikam'), 'fourth');
    await expect(store.ledger.rekey(lease, { ...decision, from: 'fourth', to: 'fifth' }, other)).rejects.toMatchObject({ code: 'STO-202' });
  });

  test('drops what an interrupted run would still send for either key', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await withAccount(store, lease);
    const off = payloadOf('old', {}, false);
    const baseline = `confirmed:${hashJson(payloadOf('old'))}`;
    await acceptWorkers(store, lease, 'r1', [
      { payload: off, baseline, change: 'leaver', batch: 0 },
      { payload: payloadOf('new'), batch: 1 },
    ]);
    await store.ledger.rekey(lease, decision);
    expect(await store.operations.tally('r1')).toEqual({ dropped: 2 });
  });
});

onEveryEngine('identities', (open) => {
  test('find whoever has something desired, sent or confirmed, and a case stands until the two are parted', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    const evaluated = evaluatedAt('r1', { identity: 'i1', protected: true });
    const desired = { payload: payloadOf('new'), hash: 'h', change: 'joiner' as const, run: 'r1', rekey: 'old' };
    const records = [
      { externalId: 'new', evaluated, desired, baseline: 'none' },
      { externalId: 'seen', evaluated },
    ];
    await store.ledger.accept(lease, { scope, run: 'r1', planHash: 'p', at: 2000, population: 2, records: [records], batches: [] });
    const shared = await store.ledger.sharingIdentity(scope, ['i1', 'i2']);
    expect([...shared].map(([name, entries]) => [name, entries.map(({ externalId }) => externalId)])).toEqual([['i1', ['new']]]);
    expect(await store.ledger.get(scope, 'new')).toMatchObject({
      evaluated: { identity: 'i1', protected: true },
      desired: { rekey: 'old' },
    });
    expect(await store.ledger.openRekeys(scope)).toEqual([{ externalId: 'new', owner: 'contoso', other: 'old' }]);
    await store.ledger.part(lease, decision);
    expect(await store.ledger.openRekeys(scope)).toEqual([]);
    expect(await store.ledger.get(scope, 'new')).toMatchObject({ apart: ['old'], marked: 'again' });
    await store.ledger.part(lease, { ...decision, from: 'third' });
    expect((await store.ledger.get(scope, 'new'))?.apart).toEqual(['old', 'third']);
    await expect(store.ledger.part(lease, { ...decision, from: 'a', to: 'b' })).rejects.toMatchObject({ code: 'STO-301' });
    expect((await collect(store.journal.stream())).filter(({ kind }) => kind === 'workers.parted')).toHaveLength(2);
  });

  test('a mark brings a worker into the next run and goes when that run has done what it is for', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await withAccount(store, lease);
    await store.ledger.rekey(lease, decision);
    const accept = async (run: string, settlesMark: boolean): Promise<void> => {
      await beginRun(store, lease, run);
      const records = [{ externalId: 'new', evaluated: evaluatedAt(run), settlesMark }];
      await store.ledger.accept(lease, { scope, run, planHash: 'p', at: 2000, population: 1, records: [records], batches: [] });
    };
    await accept('r1', false);
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['new']);
    await accept('r2', true);
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
  });
});
