import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { Closure, Lease, Store } from './contract.ts';
import { acceptWorkers, batchId, leaseOn, onEveryEngine, otherScope, payloadOf, scope, sendBatch } from '../../test/state.ts';

const operation = 'r1:w1:0';

async function inFlight(store: Store, active = true): Promise<Lease> {
  const lease = await leaseOn(store);
  await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1', {}, active), batch: 0 }]);
  await sendBatch(store, lease, batchId('r1', 0), 3000);
  return lease;
}

function closing(members: Partial<Closure> = {}): Closure {
  return { operation, outcome: 'applied', effect: 'confirm', evidence: { kind: 'log', rows: ['l1', 'l2'], changeId: 'c1' }, ...members };
}

onEveryEngine('closing an operation', (open) => {
  test('confirms its payload with the evidence, frees the worker, and closes the batch', async () => {
    const store = await open();
    const lease = await inFlight(store);
    await store.operations.close(lease, scope, [closing()], 9000);
    const evidence = { kind: 'log', rows: ['l1', 'l2'], changeId: 'c1', operation, outcome: 'applied' };
    const entry = await store.ledger.get(scope, 'w1');
    expect(entry?.confirmed).toEqual({ payload: payloadOf('w1'), hash: hashJson(payloadOf('w1')), at: 9000, evidence });
    expect(entry).toMatchObject({ everEnabled: true, baselineUnknown: false });
    expect(entry?.sent).toBeUndefined();
    expect(await store.operations.get(operation)).toMatchObject({ state: 'closed', outcome: 'applied', closedAt: 9000, evidence });
    expect((await store.operations.batch(batchId('r1', 0)))?.state).toBe('closed');
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
  });

  test('twice does nothing the second time, whatever it says', async () => {
    const store = await open();
    const lease = await inFlight(store);
    await store.operations.close(lease, scope, [closing(), closing({ effect: 'forget', outcome: 'silent' })], 9000);
    const [entry, head] = [await store.ledger.get(scope, 'w1'), await store.journal.head()];
    await store.operations.close(lease, scope, [closing({ effect: 'fail', outcome: 'failed' })], 9900);
    await store.operations.escrow(lease, operation, { code: 'x', reason: 'y' }, 9900);
    expect(await store.ledger.get(scope, 'w1')).toEqual(entry);
    expect(await store.journal.head()).toEqual(head);
  });

  test('that was never enabled does not make the worker one who was', async () => {
    const store = await open();
    const lease = await inFlight(store, false);
    await store.operations.close(lease, scope, [closing()], 9000);
    expect(await store.ledger.get(scope, 'w1')).toMatchObject({ everEnabled: false, confirmed: { payload: { active: false } } });
  });

  test('of which less was taken than was sent confirms what was taken, and leaves the worker unsettled', async () => {
    const store = await open();
    const lease = await inFlight(store);
    const payload = payloadOf('w1', { title: 'Clerk' });
    await store.operations.close(lease, scope, [closing({ payload, outcome: 'appliedWithWarning' })], 9000);
    expect((await store.ledger.get(scope, 'w1'))?.confirmed).toMatchObject({ payload, hash: hashJson(payload) });
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['w1']);
  });

  test('that failed for its data stands: not sent again until the payload differs, and gone with the next success', async () => {
    const store = await open();
    const lease = await inFlight(store);
    const failure = { code: 'DuplicateUserPrincipalName', reason: 'taken' };
    await store.operations.close(lease, scope, [closing({ effect: 'fail', outcome: 'failed', failure })], 9000);
    const entry = await store.ledger.get(scope, 'w1');
    expect(entry?.failed).toEqual({ hash: hashJson(payloadOf('w1')), code: 'DuplicateUserPrincipalName', at: 9000 });
    expect(entry?.confirmed).toBeUndefined();
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
    expect((await store.operations.get(operation))?.failure).toEqual(failure);
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w1', { title: 'Clerk' }), batch: 0 }]);
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['w1']);
    await sendBatch(store, lease, batchId('r2', 0), 10_000);
    await store.operations.close(lease, scope, [closing({ operation: 'r2:w1:0' })], 11_000);
    expect((await store.ledger.get(scope, 'w1'))?.failed).toBeUndefined();
  });

  test('after silence makes the baseline unknown, so that the worker is sent again, until something is confirmed', async () => {
    const store = await open();
    const lease = await inFlight(store);
    await store.operations.close(lease, scope, [closing({ effect: 'forget', outcome: 'silent' })], 9000);
    expect(await store.ledger.get(scope, 'w1')).toMatchObject({ baselineUnknown: true });
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['w1']);
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w1'), baseline: 'unknown', batch: 0 }]);
    await sendBatch(store, lease, batchId('r2', 0), 10_000);
    await store.operations.close(lease, scope, [closing({ operation: 'r2:w1:0' })], 11_000);
    expect(await store.ledger.get(scope, 'w1')).toMatchObject({ baselineUnknown: false });
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
  });

  test('of the same worker in one call moves the entry in the order given', async () => {
    const store = await open();
    const lease = await inFlight(store);
    const hash = hashJson(payloadOf('w1'));
    await acceptWorkers(store, lease, 'r2', [
      { payload: payloadOf('w1', {}, false), baseline: `sent:${hash}`, change: 'leaver', batch: 0 },
    ]);
    await sendBatch(store, lease, batchId('r2', 0), 4000);
    await store.operations.close(lease, scope, [closing(), closing({ operation: 'r2:w1:0' })], 9000);
    expect(await store.ledger.get(scope, 'w1')).toMatchObject({ confirmed: { payload: { active: false } }, everEnabled: true });
  });

  test('that the service retries by itself stays open in escrow', async () => {
    const store = await open();
    const lease = await inFlight(store);
    const failure = { code: 'x', reason: 'y', retryAt: 99 };
    await store.operations.escrow(lease, operation, failure, 9000);
    expect(await store.operations.open(scope)).toMatchObject([{ id: operation, outcome: 'escrowed', failure }]);
    expect(await store.operations.tally('r1')).toEqual({ escrowed: 1 });
    expect(await store.figures.lookAt(scope, 'contoso', 10)).toMatchObject({
      workers: [{ externalId: 'w1', escrowed: { failure } }],
      total: 1,
    });
    expect(await store.figures.lookAt(scope, 'fabrikam', 10)).toEqual({ workers: [], total: 0 });
    await store.operations.close(lease, scope, [closing()], 9900);
    expect(await store.operations.tally('r1')).toEqual({ applied: 1 });
    expect((await store.operations.get(operation))?.failure).toBeUndefined();
    expect(await store.figures.lookAt(scope, 'contoso', 10)).toEqual({ workers: [], total: 0 });
  });

  test('may be done by any pipeline of the job, but not for another job, nor before it was sent', async () => {
    const store = await open();
    const lease = await inFlight(store);
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w2'), batch: 0 }]);
    const fabrikam = await leaseOn(store, 'fabrikam');
    await acceptWorkers(store, fabrikam, 'f1', [], 2000);
    const close = (one: Closure, at = scope): Promise<void> => store.operations.close(fabrikam, at, [one], 9000);
    await expect(close(closing(), otherScope)).rejects.toMatchObject({ code: 'STO-303' });
    await expect(close(closing({ operation: 'r2:w2:0' }))).rejects.toMatchObject({ code: 'STO-302' });
    await expect(close(closing({ operation: 'x' }))).rejects.toMatchObject({ code: 'STO-301' });
    await close(closing());
    expect((await store.ledger.get(scope, 'w1'))?.confirmed).toBeDefined();
  });
});
