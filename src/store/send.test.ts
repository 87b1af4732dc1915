import { expect, test } from 'vitest';
import type { FinishSending, Lease, Store } from './contract.ts';
import {
  acceptWorkers,
  batchId,
  leaseOn,
  limits,
  onEveryEngine,
  otherScope,
  payloadOf,
  scope,
  sendBatch,
  sendingInput,
} from '../../test/state.ts';

const b0 = (run: string): string => batchId(run, 0);

async function begin(
  store: Store,
  lease: Lease,
  batch: string,
  at: number,
  members: Parameters<typeof sendingInput>[3] = {},
): Promise<string> {
  const result = await store.operations.beginSending(lease, await sendingInput(store, batch, at, members));
  if (result.kind !== 'granted') throw new Error(JSON.stringify(result));
  return result.call;
}

type Answer = FinishSending extends infer T ? (T extends FinishSending ? Omit<T, 'batch' | 'call' | 'at'> : never) : never;
const accepted: Answer = { kind: 'accepted', acceptedAt: 3050, requestId: 'request-1' };
const unknown: Answer = { kind: 'unknown', detail: 'the connection was reset' };
const refused: Answer = { kind: 'refused', detail: '403', requestId: 'request-2' };
const notSent = (counted: boolean): Answer => ({ kind: 'notSent', detail: '429', counted });

/** One worker in one batch of run r1, sent at 3000 and answered at 3100. */
async function answered(store: Store, answer: Answer): Promise<Lease> {
  const lease = await leaseOn(store);
  await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
  const call = await begin(store, lease, b0('r1'), 3000);
  await store.operations.finishSending(lease, { ...answer, batch: b0('r1'), call, at: 3100 });
  return lease;
}

onEveryEngine('sending', (open) => {
  test('is recorded before the bytes leave: batch, operations and the worker are in flight', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    await begin(store, lease, b0('r1'), 3000, { bytes: 321, bodyHash: 'hash', clientRequestId: 'ours' });
    expect(await store.operations.batch(b0('r1'))).toMatchObject({
      state: 'sending',
      sends: 1,
      sentAt: 3000,
      bytes: 321,
      bodyHash: 'hash',
      clientRequestId: 'ours',
    });
    const [operation] = await store.operations.open(scope);
    expect(operation).toMatchObject({ state: 'sending', sentAt: 3000, externalId: 'w1' });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toEqual({
      operation: operation?.id,
      payload: payloadOf('w1'),
      hash: operation?.payloadHash,
      change: 'joiner',
      at: 3000,
    });
  });

  test('a newer version does not wait behind one that the service keeps retrying, but overtakes it', async () => {
    const store = await open();
    const lease = await answered(store, accepted);
    const [older] = await store.operations.open(scope);
    const id = older?.id ?? '';
    await acceptWorkers(store, lease, 'r2', [
      { payload: payloadOf('w1', { displayName: 'New' }), batch: 0, change: 'mover', baseline: `sent:${older?.payloadHash ?? ''}` },
    ]);
    const blocked = await store.operations.beginSending(lease, await sendingInput(store, b0('r2'), 4000));
    expect(blocked).toEqual({ kind: 'blocked', workers: ['w1'] });
    await store.operations.escrow(lease, id, { code: 'c', reason: 'r' }, 4100);
    expect((await store.ledger.get(scope, 'w1'))?.sent).toMatchObject({ operation: id, escrowed: true });
    await begin(store, lease, b0('r2'), 4200);
    const newer = (await store.operations.open(scope)).find((operation) => operation.id !== id);
    expect(newer).toMatchObject({ overtakes: id });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toMatchObject({ operation: newer?.id });
  });

  test('that the service accepted is in flight with the time by the clock of the service', async () => {
    const store = await open();
    await answered(store, accepted);
    expect(await store.operations.batch(b0('r1'))).toMatchObject({ state: 'sent', acceptedAt: 3050, requestId: 'request-1' });
    expect(await store.operations.open(scope)).toMatchObject([{ state: 'sent', acceptedAt: 3050 }]);
    expect(await store.operations.tally('r1')).toEqual({ open: 1 });
  });

  test('that certainly did not arrive makes the batch planned again, the worker free, and can be tried again', async () => {
    const store = await open();
    const lease = await answered(store, notSent(true));
    expect(await store.operations.batch(b0('r1'))).toMatchObject({ state: 'planned', sends: 0, detail: '429' });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toBeUndefined();
    expect(await store.operations.open(scope)).toEqual([]);
    await sendBatch(store, lease, b0('r1'), 4000);
    expect(await store.operations.batch(b0('r1'))).toMatchObject({ state: 'sent', sends: 1, sentAt: 4000 });
    expect(await store.operations.callsUsed(scope.tenant, 0, 5000)).toBe(2);
  });

  test('that never reached the service takes no place of window and quota', async () => {
    const store = await open();
    await answered(store, notSent(false));
    expect(await store.operations.callsUsed(scope.tenant, 0, 5000)).toBe(0);
  });

  test('that was refused as a whole ends the operations and frees the worker', async () => {
    const store = await open();
    await answered(store, refused);
    expect(await store.operations.batch(b0('r1'))).toMatchObject({ state: 'refused', detail: '403', requestId: 'request-2' });
    expect(await store.operations.tally('r1')).toEqual({ refused: 1 });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toBeUndefined();
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['w1']);
  });

  test('whose end nobody knows keeps the worker in flight, may be repeated once, and not twice', async () => {
    const store = await open();
    const lease = await answered(store, unknown);
    expect(await store.operations.open(scope)).toMatchObject([{ state: 'unknown' }]);
    const first = await store.operations.batch(b0('r1'));
    const call = await begin(store, lease, b0('r1'), 5000, { replay: true });
    expect(await store.operations.batch(b0('r1'))).toMatchObject({ state: 'sending', sends: 2, sentAt: first?.sentAt });
    await store.operations.finishSending(lease, { ...unknown, batch: b0('r1'), call, at: 5100 });
    const again = await sendingInput(store, b0('r1'), 6000, { replay: true });
    await expect(store.operations.beginSending(lease, again)).rejects.toMatchObject({ code: 'STO-302' });
  });

  test.each([
    ['refused', refused],
    ['not sent', notSent(true)],
  ] as const)('a repetition that was %s says nothing about the first sending: the batch stays unknown', async (_, answer) => {
    const store = await open();
    const lease = await answered(store, unknown);
    const call = await begin(store, lease, b0('r1'), 5000, { replay: true });
    await store.operations.finishSending(lease, { ...answer, batch: b0('r1'), call, at: 5100 });
    expect((await store.operations.batch(b0('r1')))?.state).toBe('unknown');
    expect((await store.ledger.get(scope, 'w1'))?.sent).toBeDefined();
  });

  test('is refused out of order: not planned, not all operations, unknown call, answered twice, another job', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1'), batch: 0 },
      { payload: payloadOf('w2'), batch: 0 },
    ]);
    const input = await sendingInput(store, b0('r1'), 3000);
    const { operations } = store;
    await expect(operations.beginSending(lease, { ...input, operations: input.operations.slice(1) })).rejects.toMatchObject({
      code: 'STO-302',
    });
    await expect(operations.beginSending(lease, { ...input, replay: true })).rejects.toMatchObject({ code: 'STO-302' });
    await expect(operations.beginSending(lease, { ...input, batch: 'nothing' })).rejects.toMatchObject({ code: 'STO-301' });
    await expect(operations.beginSending(lease, { ...input, scope: otherScope })).rejects.toMatchObject({ code: 'STO-303' });
    const call = await begin(store, lease, b0('r1'), 3000);
    await expect(operations.beginSending(lease, input)).rejects.toMatchObject({ code: 'STO-302' });
    const finish = { ...accepted, batch: b0('r1'), at: 3100 };
    await expect(operations.finishSending(lease, { ...finish, call: 'x' })).rejects.toMatchObject({ code: 'STO-301' });
    await operations.finishSending(lease, { ...finish, call });
    await expect(operations.finishSending(lease, { ...finish, call })).rejects.toMatchObject({ code: 'STO-302' });
  });

  test('dropped operations stay behind, with the reason, and a batch of which nothing is left is dropped', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1'), batch: 0 },
      { payload: payloadOf('w2'), batch: 0 },
    ]);
    const [one, two] = await store.operations.ofBatch(b0('r1'));
    await store.operations.drop(lease, [one?.id ?? ''], 'a newer run took over', 2500);
    await store.operations.drop(lease, [one?.id ?? ''], 'again', 2500);
    expect(await store.operations.get(one?.id ?? '')).toMatchObject({ state: 'dropped', failure: { reason: 'a newer run took over' } });
    await begin(store, lease, b0('r1'), 3000);
    await expect(store.operations.drop(lease, [two?.id ?? ''], 'late', 3500)).rejects.toMatchObject({ code: 'STO-302' });
    await expect(store.operations.drop(lease, ['x'], 'late', 3500)).rejects.toMatchObject({ code: 'STO-301' });
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w3'), batch: 0 }]);
    await store.operations.drop(lease, ['r2:w3:0'], 'no', 3600);
    expect((await store.operations.batch(b0('r2')))?.state).toBe('dropped');
  });

  test('more batches can be added to an accepted run, for workers that the pipeline owns', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    const operation = {
      id: 'second',
      index: 0,
      externalId: 'w1',
      bulkId: 'b',
      change: 'mover' as const,
      payload: payloadOf('w1'),
      payloadHash: 'h',
    };
    await store.operations.add(lease, 'r1', scope, [{ id: 'more', sequence: 1, operations: [operation] }], 2500);
    expect(await store.operations.batches('r1')).toMatchObject([{ operations: 1 }, { id: 'more', operations: 1, state: 'planned' }]);
    const foreign = { ...operation, id: 'third', externalId: 'w2' };
    await expect(store.operations.add(lease, 'r1', scope, [{ id: 'x', sequence: 2, operations: [foreign] }], 2500)).rejects.toMatchObject({
      code: 'STO-303',
    });
    expect(await store.operations.batch('x')).toBeUndefined();
  });
});

onEveryEngine('a worker in flight', (open) => {
  test('blocks his next operation and names himself; nothing is written', async () => {
    const store = await open();
    const lease = await answered(store, accepted);
    await acceptWorkers(store, lease, 'r2', [
      { payload: payloadOf('w1', { displayName: 'New' }), baseline: await baseline(store), change: 'mover', batch: 0 },
      { payload: payloadOf('w2'), batch: 0 },
    ]);
    const before = await store.journal.head();
    const input = await sendingInput(store, b0('r2'), 4000);
    expect(await store.operations.beginSending(lease, input)).toEqual({ kind: 'blocked', workers: ['w1'] });
    expect(await store.journal.head()).toEqual(before);
    expect((await store.operations.batch(b0('r2')))?.state).toBe('planned');
  });

  test('is overtaken by a disable: the older operation stays open, and the ledger names the disable', async () => {
    const store = await open();
    const lease = await answered(store, accepted);
    await disable(store, lease);
    const call = await begin(store, lease, b0('r2'), 4000);
    expect(await store.operations.open(scope)).toMatchObject([
      { id: 'r1:w1:0', state: 'sent' },
      { id: 'r2:w1:0', state: 'sending', overtakes: 'r1:w1:0' },
    ]);
    expect((await store.ledger.get(scope, 'w1'))?.sent?.operation).toBe('r2:w1:0');
    await store.operations.finishSending(lease, { ...accepted, batch: b0('r2'), call, at: 4100 });
    const superseded = {
      operation: 'r1:w1:0',
      outcome: 'superseded' as const,
      effect: 'none' as const,
      evidence: { kind: 'log' as const },
    };
    await store.operations.close(lease, scope, [superseded], 5000);
    expect((await store.ledger.get(scope, 'w1'))?.sent?.operation).toBe('r2:w1:0');
    await acceptWorkers(store, lease, 'r3', [{ payload: payloadOf('w1'), baseline: await baseline(store), change: 'rehire', batch: 0 }]);
    expect((await store.operations.beginSending(lease, await sendingInput(store, b0('r3'), 6000))).kind).toBe('blocked');
  });

  test('whose disable was not sent is again in flight with the older operation', async () => {
    const store = await open();
    const lease = await answered(store, accepted);
    const older = (await store.ledger.get(scope, 'w1'))?.sent;
    await disable(store, lease);
    const call = await begin(store, lease, b0('r2'), 4000);
    await store.operations.finishSending(lease, { ...notSent(true), batch: b0('r2'), call, at: 4100 });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toEqual(older);
    expect((await store.operations.get('r2:w1:0'))?.overtakes).toBeUndefined();
  });

  test('whose older operation closed meanwhile is in flight with nothing when the disable was not sent', async () => {
    const store = await open();
    const lease = await answered(store, accepted);
    await disable(store, lease);
    const call = await begin(store, lease, b0('r2'), 4000);
    await store.operations.close(
      lease,
      scope,
      [{ operation: 'r1:w1:0', outcome: 'applied', effect: 'confirm', evidence: { kind: 'log' } }],
      4050,
    );
    await store.operations.finishSending(lease, { ...refused, batch: b0('r2'), call, at: 4100 });
    expect((await store.ledger.get(scope, 'w1'))?.sent).toBeUndefined();
  });

  test('is not enabled by repeating the payload that his disable overtook', async () => {
    const store = await open();
    const lease = await answered(store, unknown);
    await disable(store, lease);
    await sendBatch(store, lease, b0('r2'), 4000);
    const input = await sendingInput(store, b0('r1'), 5000, { replay: true });
    expect(await store.operations.beginSending(lease, input)).toEqual({ kind: 'blocked', workers: ['w1'] });
  });
});

async function baseline(store: Store): Promise<string> {
  return `sent:${(await store.ledger.get(scope, 'w1'))?.sent?.hash ?? ''}`;
}

async function disable(store: Store, lease: Lease): Promise<void> {
  await acceptWorkers(store, lease, 'r2', [
    { payload: payloadOf('w1', {}, false), baseline: await baseline(store), change: 'leaver', batch: 0 },
  ]);
}

onEveryEngine('window and quota', (open) => {
  test('name the earliest instant worth another try, count by tenant, and write nothing while full', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const workers = Array.from({ length: 4 }, (_, index) => ({ payload: payloadOf(`w${String(index)}`), batch: index }));
    await acceptWorkers(store, lease, 'r1', workers);
    const few = { ...limits, windowCalls: 2, dayCalls: 3 };
    const ask = async (batch: number, at: number): Promise<unknown> =>
      store.operations.beginSending(lease, await sendingInput(store, batchId('r1', batch), at, { limits: few }));
    const finish = (batch: number, at: number): Promise<void> =>
      store.operations.finishSending(lease, { ...accepted, batch: batchId('r1', batch), call: `${batchId('r1', batch)}/1`, at });
    expect(await ask(0, 10_000)).toMatchObject({ kind: 'granted' });
    expect(await ask(1, 10_100)).toMatchObject({ kind: 'granted' });
    // Both are unanswered: the soonest that a place can free is one window from now.
    expect(await ask(2, 10_200)).toEqual({ kind: 'wait', reason: 'window', until: 15_200 });
    await finish(1, 10_300);
    await finish(0, 10_900);
    expect(await ask(2, 11_000)).toEqual({ kind: 'wait', reason: 'window', until: 15_300 });
    expect(await ask(2, 15_299)).toEqual({ kind: 'wait', reason: 'window', until: 15_300 });
    expect(await ask(2, 15_300)).toMatchObject({ kind: 'granted' });
    await finish(2, 15_400);
    const before = await store.journal.head();
    expect(await ask(3, 30_000)).toEqual({ kind: 'wait', reason: 'quota', until: 10_000 + 86_400_000 });
    expect(await store.journal.head()).toEqual(before);
    expect(await ask(3, 10_000 + 86_400_000)).toMatchObject({ kind: 'granted' });
    expect(await store.operations.callsUsed(scope.tenant, 10_000, 15_300)).toBe(2);
    expect(await store.operations.callsUsed('another tenant', 0, 99_999_999)).toBe(0);
  });

  test('a share of nothing allows no call on any day', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    const input = await sendingInput(store, b0('r1'), 3000, { limits: { ...limits, dayCalls: 0 } });
    expect(await store.operations.beginSending(lease, input)).toEqual({ kind: 'wait', reason: 'quota' });
  });

  test('the unanswered call of another process frees its place when no request can last any longer', async () => {
    const store = await open();
    const [mine, theirs] = [await leaseOn(store, 'contoso'), await leaseOn(store, 'fabrikam')];
    await acceptWorkers(store, theirs, 'f1', [{ payload: payloadOf('w1'), batch: 0 }]);
    await acceptWorkers(store, mine, 'r1', [{ payload: payloadOf('w2'), batch: 0 }]);
    const one = { ...limits, windowCalls: 1 };
    await begin(store, theirs, batchId('f1', 0), 10_000, { limits: one });
    const ask = async (at: number): Promise<unknown> =>
      store.operations.beginSending(mine, await sendingInput(store, b0('r1'), at, { limits: one }));
    expect(await ask(304_000)).toEqual({ kind: 'wait', reason: 'window', until: 309_000 });
    expect(await ask(314_999)).toEqual({ kind: 'wait', reason: 'window', until: 315_000 });
    expect(await ask(315_000)).toMatchObject({ kind: 'granted' });
  });
});
