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
  otherScope,
  payloadOf,
  scope,
  sendBatch,
} from '../../test/state.ts';

onEveryEngine('adopting', (open) => {
  test('takes what the directory shows as confirmed, with the pipeline as owner, and knows that nothing was sent', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    expect(await store.ledger.isEmpty(scope)).toBe(true);
    const on = payloadOf('w1');
    const off = payloadOf('w2', {}, false);
    const waits = payloadOf('w3', {}, false);
    const result = await store.ledger.adopt(lease, {
      scope,
      at: 5000,
      workers: [
        { externalId: 'w1', payload: on, everEnabled: true },
        { externalId: 'w2', payload: off, everEnabled: true },
        { externalId: 'w3', payload: waits, everEnabled: false },
      ],
    });
    expect(result).toEqual({ adopted: 3, passedOver: [] });
    const evidence = { kind: 'adopted' };
    expect(await store.ledger.get(scope, 'w1')).toEqual({
      externalId: 'w1',
      owner: 'contoso',
      confirmed: { payload: on, hash: hashJson(on), at: 5000, evidence },
      baselineUnknown: false,
      everEnabled: true,
    });
    expect(await store.ledger.get(scope, 'w2')).toMatchObject({ confirmed: { payload: { active: false } }, everEnabled: true });
    expect(await store.ledger.get(scope, 'w3')).toMatchObject({ everEnabled: false });
    expect(await store.ledger.counts(scope, 'contoso')).toMatchObject({ entries: 3, confirmed: 3, enabled: 1, inFlight: 0 });
    expect(await store.ledger.isEmpty(scope)).toBe(false);
    expect(await store.ledger.isEmpty(otherScope)).toBe(true);
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
    expect(await store.ledger.userNamesTaken(scope, ['W1@contoso.example'])).toEqual(new Map([['W1@contoso.example', ['w1']]]));
  });

  test('has whoever was evaluated against nothing looked at again, and nobody else', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('wished') }]);
    await beginRun(store, lease, 'r2');
    const ignored = { externalId: 'ignored', evaluated: evaluatedAt('r2', { verdict: 'inactive' }) };
    await store.ledger.accept(lease, { scope, run: 'r2', planHash: 'p', at: 1, population: 2, batches: [], records: [[ignored]] });
    const workers = ['wished', 'ignored'].map((externalId) => ({ externalId, payload: payloadOf(externalId), everEnabled: true }));
    expect(await store.ledger.adopt(lease, { scope, at: 9000, workers })).toMatchObject({ adopted: 2 });
    expect(await store.ledger.due(scope, 'contoso', 9000)).toEqual(['ignored']);
  });

  test('passes over who is confirmed, in flight or of another pipeline, and takes who was only wished for', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('flies'), batch: 0 }, { payload: payloadOf('wished') }]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await acceptWorkers(store, await leaseOn(store, 'fabrikam'), 'f1', [{ payload: payloadOf('theirs') }]);
    const workers = ['flies', 'wished', 'theirs', 'fresh'].map((externalId) => ({
      externalId,
      payload: payloadOf(externalId, { title: 'as found' }),
      everEnabled: true,
    }));
    const result = await store.ledger.adopt(lease, { scope, at: 9000, workers });
    expect(result.adopted).toBe(2);
    expect(result.passedOver.toSorted()).toEqual(['flies', 'theirs']);
    expect(await store.ledger.adopt(lease, { scope, at: 9001, workers })).toMatchObject({ adopted: 0 });
    expect((await store.ledger.get(scope, 'wished'))?.desired?.payload).toEqual(payloadOf('wished'));
    expect((await store.ledger.get(scope, 'theirs'))?.owner).toBe('fabrikam');
    expect((await store.ledger.get(scope, 'flies'))?.confirmed).toBeUndefined();
  });

  test('leaves lines in the journal that name nobody, and nothing to a lease that was lost', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const workers = [{ externalId: 'W-secret', payload: payloadOf('W-secret'), everEnabled: true }];
    await store.ledger.adopt(lease, { scope, at: 1, workers });
    await store.ledger.release(lease, { scope, externalId: 'W-secret', reason: 'case 17 closed', by: 'ops', at: 2 });
    const lines = (await collect(store.journal.stream())).filter(({ kind }) => kind === 'workers.adopted' || kind === 'hold.released');
    expect(lines.map(({ kind }) => kind)).toEqual(['workers.adopted', 'hold.released']);
    expect(JSON.stringify(lines)).not.toContain('W-secret');
    expect(lines[1]?.data).toMatchObject({ reason: 'case 17 closed', by: 'ops' });
    await lease.release();
    await expect(store.ledger.adopt(lease, { scope, at: 3, workers })).rejects.toMatchObject({ code: 'STO-202' });
  });

  test('keeps a release until an enabled payload is confirmed, and refuses one for somebody unknown', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await store.ledger.adopt(lease, {
      scope,
      at: 1,
      workers: [{ externalId: 'w1', payload: payloadOf('w1', {}, false), everEnabled: true }],
    });
    await store.ledger.release(lease, { scope, externalId: 'w1', reason: 'returned', by: 'ops', at: 7 });
    expect((await store.ledger.get(scope, 'w1'))?.released).toBe(7);
    const baseline = `confirmed:${hashJson(payloadOf('w1', {}, false))}`;
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1', { title: 'x' }, false), baseline, change: 'mover', batch: 0 }]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await confirm(store, lease, 'r1:w1:0');
    expect((await store.ledger.get(scope, 'w1'))?.released).toBe(7);
    const next = `confirmed:${hashJson(payloadOf('w1', { title: 'x' }, false))}`;
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w1'), baseline: next, change: 'rehire', batch: 0 }], 4000);
    await sendBatch(store, lease, batchId('r2', 0), 5000);
    await confirm(store, lease, 'r2:w1:0');
    expect((await store.ledger.get(scope, 'w1'))?.released).toBeUndefined();
    await expect(store.ledger.release(lease, { scope, externalId: 'w9', reason: 'x', by: 'ops', at: 8 })).rejects.toMatchObject({
      code: 'STO-305',
    });
  });
});

async function confirm(store: Store, lease: Lease, operation: string): Promise<void> {
  await store.operations.close(lease, scope, [{ operation, outcome: 'applied', effect: 'confirm', evidence: { kind: 'log' } }], 6000);
}
