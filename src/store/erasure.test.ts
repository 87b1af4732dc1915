import { expect, test } from 'vitest';
import { hashJson, keyedHash } from '../domain/canonical-json.ts';
import { enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import type { LogRow } from '../domain/log-row.ts';
import {
  acceptWorkers,
  batchId,
  beginRun,
  collect,
  leaseOn,
  onEveryEngine,
  payloadOf,
  recordOf,
  scope,
  sendBatch,
} from '../../test/state.ts';
import type { Closure, Lease, Store } from './contract.ts';

/** Sends a version of the workers and lets the service confirm it at the instant, but for those who fail. */
async function confirm(
  store: Store,
  lease: Lease,
  run: string,
  workers: readonly { readonly id: string; readonly active: boolean; readonly baseline?: string }[],
  at: number,
  failed: readonly string[] = [],
): Promise<void> {
  const planned = workers.map(({ id, active, baseline }) => ({
    payload: payloadOf(id, { displayName: `Name of ${id}` }, active),
    change: active ? ('joiner' as const) : ('leaver' as const),
    batch: 0,
    ...(baseline === undefined ? {} : { baseline }),
  }));
  await acceptWorkers(store, lease, run, planned, at);
  await sendBatch(store, lease, batchId(run, 0), at);
  const closures = (await store.operations.ofBatch(batchId(run, 0))).map((operation): Closure => {
    const evidence = { kind: 'log', operation: operation.id, outcome: 'applied', rows: [`row-${operation.id}`] } as const;
    return failed.includes(operation.externalId)
      ? {
          operation: operation.id,
          outcome: 'failed',
          effect: 'fail',
          evidence,
          failure: { code: 'Bad', reason: `Name of ${operation.externalId} is bad` },
        }
      : { operation: operation.id, outcome: 'applied', effect: 'confirm', evidence };
  });
  await store.operations.close(lease, scope, closures, at + 1000);
  await store.logs.put(
    scope,
    workers.map(({ id }) => logRow(`${run}-${id}`, id, at)),
    at,
  );
}

function logRow(id: string, worker: string, at: number): LogRow {
  return {
    id,
    activityDateTime: new Date(at).toISOString(),
    jobId: scope.job,
    cycleId: 'cycle',
    changeId: id,
    provisioningAction: 'update',
    provisioningStatusInfo: { status: 'success' },
    sourceIdentity: { id: worker },
  };
}

const confirmedOf = (id: string, active = true): string => `confirmed:${hashJson(payloadOf(id, { displayName: `Name of ${id}` }, active))}`;
const day = 86_400_000;
const joined = (...ids: readonly string[]): readonly { readonly id: string; readonly active: boolean }[] =>
  ids.map((id) => ({ id, active: true }));
const purge = (store: Store, lease: Lease, before: number): ReturnType<Store['erasure']['settled']> =>
  store.erasure.settled(lease, { scope, before, keep: ['userName'], runs: 1, by: 'officer', at: 50 * day });

onEveryEngine('erasing', (open) => {
  test('takes payloads, names and reasons of ended operations, and leaves hashes, kinds, outcomes and times', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await confirm(store, lease, 'r1', joined('w1', 'w2'), day, ['w2']);
    const before = await collect(store.operations.stream('r1'));
    expect(await store.erasure.countRun('r1')).toBe(2);
    expect(await store.erasure.run(lease, { run: 'r1', at: 40 * day })).toBe(2);
    const after = await collect(store.operations.stream('r1'));
    expect(after).toEqual(
      before.map(({ payload: { externalId, active }, failure, ...kept }) => ({
        ...kept,
        payload: { schemas: [], externalId, active },
        erasedAt: 40 * day,
        ...(failure === undefined ? {} : { failure: { code: 'Bad', reason: '' } }),
      })),
    );
    expect(await store.operations.tally('r1')).toEqual({ applied: 1, failed: 1 });
    // What the service has of the worker is still known in full: he may have to be disabled.
    expect((await store.ledger.get(scope, 'w1'))?.confirmed?.payload).toEqual(payloadOf('w1', { displayName: 'Name of w1' }));
    expect(await store.journal.last()).toMatchObject({ kind: 'run.erased', data: { run: 'r1', operations: 2 } });
    // A second time there is nothing left, and no line.
    const { sequence } = (await store.journal.last()) ?? { sequence: 0 };
    expect(await store.erasure.run(lease, { run: 'r1', at: 41 * day })).toBe(0);
    expect((await store.journal.last())?.sequence).toBe(sequence);
  });

  test('leaves operations that are in flight or not sent yet as they are', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1'), batch: 0 },
      { payload: payloadOf('w2'), batch: 1 },
    ]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    expect(await store.erasure.countRun('r1')).toBe(0);
    expect(await store.erasure.run(lease, { run: 'r1', at: 40 * day })).toBe(0);
    expect((await collect(store.operations.stream('r1'))).map(({ payload }) => payload['userName'])).toEqual([
      'w1@contoso.example',
      'w2@contoso.example',
    ]);
  });

  test('cuts the confirmed payload of a leaver down to what a rehire keeps, and of nobody who may still have to be disabled', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const all = ['gone', 'fresh', 'back', 'wished', 'silent', 'on'];
    await confirm(
      store,
      lease,
      'r1',
      all.map((id) => ({ id, active: true })),
      day,
    );
    const left = all.filter((id) => id !== 'on' && id !== 'fresh');
    await confirm(
      store,
      lease,
      'r2',
      left.map((id) => ({ id, active: false, baseline: confirmedOf(id) })),
      2 * day,
    );
    await confirm(store, lease, 'r3', [{ id: 'fresh', active: false, baseline: confirmedOf('fresh') }], 30 * day);
    // One comes back and is in flight, one is wished for and not sent, of one nobody knows.
    await acceptWorkers(
      store,
      lease,
      'r4',
      ['back', 'wished', 'silent'].map((id, batch) => ({
        payload: payloadOf(id),
        change: 'rehire',
        batch,
        baseline: confirmedOf(id, false),
      })),
      31 * day,
    );
    await sendBatch(store, lease, batchId('r4', 0), 31 * day);
    await sendBatch(store, lease, batchId('r4', 2), 31 * day);
    const [lost] = await store.operations.ofBatch(batchId('r4', 2));
    const evidence = { kind: 'log', rows: [] } as const;
    await store.operations.close(lease, scope, [{ operation: lost?.id ?? '', outcome: 'silent', effect: 'forget', evidence }], 32 * day);

    const before = await collect(store.ledger.streamEntries(scope, 'contoso'));
    // Six joined and four left before; the two rows about him who is in flight stay.
    expect(await store.erasure.countSettled(scope, 'contoso', 20 * day)).toEqual({ entries: 1, logRows: 8 });
    expect(await purge(store, lease, 20 * day)).toEqual({ entries: 1, logRows: 8 });
    const after = await collect(store.ledger.streamEntries(scope, 'contoso'));
    expect(after.filter(({ externalId }) => externalId !== 'gone')).toEqual(before.filter(({ externalId }) => externalId !== 'gone'));
    const kept = { schemas: payloadOf('gone').schemas, externalId: 'gone', active: false, userName: 'gone@contoso.example' };
    const full = hashJson(payloadOf('gone', { displayName: 'Name of gone' }, false));
    expect(after.find(({ externalId }) => externalId === 'gone')).toMatchObject({
      confirmed: { payload: kept, hash: hashJson(kept), erased: full },
      desired: { payload: kept, hash: hashJson(kept) },
    });
    // Nothing becomes work by it, the name stays taken, and the second time nobody is left.
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['silent', 'wished']);
    expect((await store.ledger.userNamesTaken(scope, ['gone@contoso.example'])).size).toBe(1);
    expect(await purge(store, lease, 20 * day)).toEqual({ entries: 0, logRows: 0 });
    expect(await store.journal.last()).toMatchObject({ kind: 'pipeline.purged', data: { by: 'officer', pipeline: 'contoso' } });
  });

  test('knows the whole payload again once a rehire is confirmed', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await confirm(store, lease, 'r1', joined('w1'), day);
    await confirm(store, lease, 'r2', [{ id: 'w1', active: false, baseline: confirmedOf('w1') }], 2 * day);
    await purge(store, lease, 20 * day);
    const cut = await store.ledger.get(scope, 'w1');
    await confirm(store, lease, 'r3', [{ id: 'w1', active: true, baseline: `confirmed:${cut?.confirmed?.hash ?? ''}` }], 30 * day);
    const entry = await store.ledger.get(scope, 'w1');
    expect(entry?.confirmed?.payload).toEqual(payloadOf('w1', { displayName: 'Name of w1' }));
    expect(entry?.confirmed).not.toHaveProperty('erased');
  });

  test('forgets nobody whose account is or may be on, or who is another pipeline’s, and writes nothing then', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const forget = (externalId: string, under = lease): Promise<unknown> =>
      store.erasure.forget(under, { scope, externalId, reason: 'request', by: 'officer', at: 9 * day });
    await confirm(store, lease, 'r1', joined('on', 'off'), day);
    await acceptWorkers(
      store,
      lease,
      'r2',
      [{ payload: payloadOf('off', {}, false), change: 'leaver', batch: 0, baseline: confirmedOf('off') }],
      2 * day,
    );
    const refused = { code: 'STO-304', message: expect.stringContaining('his account is on') };
    await expect(forget('on')).rejects.toMatchObject(refused);
    await expect(forget('off')).rejects.toMatchObject(refused);
    await sendBatch(store, lease, batchId('r2', 0), 2 * day);
    await expect(forget('off')).rejects.toMatchObject({ code: 'STO-304', message: expect.stringContaining('in flight') });
    await expect(store.erasure.requireForgettable(scope, 'contoso', 'off')).rejects.toMatchObject({ code: 'STO-304' });
    await expect(forget('nobody')).rejects.toMatchObject({ code: 'STO-305' });
    const other = await leaseOn(store, 'other');
    await expect(forget('off', other)).rejects.toMatchObject({ code: 'STO-303' });
    expect((await store.journal.last())?.kind).not.toBe('worker.forgotten');
    expect(await store.erasure.forgotten(scope, ['on', 'off'])).toEqual(new Map());
  });

  test('forgets a former worker: entry, log rows, payloads and name go, counts stay, and the key is known by its hash', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await confirm(store, lease, 'r1', joined('w1', 'w2'), day);
    await confirm(store, lease, 'r2', [{ id: 'w1', active: false, baseline: confirmedOf('w1') }], 2 * day);
    const done = await store.erasure.forget(lease, { scope, externalId: 'w1', reason: 'request 23', by: 'officer', at: 9 * day });
    expect(done).toEqual({ operations: 2, logRows: 2, namedBy: [] });
    expect(await store.ledger.get(scope, 'w1')).toBeUndefined();
    expect(await store.operations.ofWorker(scope, 'w1')).toEqual([]);
    const pseudonym = store.erasure.pseudonym('w1');
    expect(pseudonym).toBe(`forgotten:${keyedHash(store.identity.hashKey, 'w1')}`);
    expect((await store.operations.ofWorker(scope, pseudonym)).map(({ change, outcome }) => [change, outcome])).toEqual([
      ['joiner', 'applied'],
      ['leaver', 'applied'],
    ]);
    expect(await store.operations.tally('r1')).toEqual({ applied: 2 });
    expect((await store.logs.about(scope, ['w1', 'w2'])).size).toBe(1);
    expect(await store.erasure.forgotten(scope, ['w1', 'w2'])).toEqual(new Map([['w1', 9 * day]]));
    const line = await store.journal.last();
    expect(line).toMatchObject({ kind: 'worker.forgotten', data: { by: 'officer', reason: 'request 23', operations: 2, logRows: 2 } });
    expect(JSON.stringify(line)).not.toContain('w1');
    await store.erasure.compact();
    expect(await store.ledger.get(scope, 'w2')).toBeDefined();
  });

  test('forgets who was never sent, and lets a key come back once somebody released it', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    const { desired, ...rejected } = recordOf('r1', 0, { payload: payloadOf('w1') });
    expect(desired).toBeDefined();
    const input = {
      scope,
      run: 'r1',
      planHash: 'p1',
      at: 2000,
      population: 1,
      records: [[{ ...rejected, baseline: 'none' }]],
      batches: [],
    };
    await store.ledger.accept(lease, input);
    await store.erasure.forget(lease, { scope, externalId: 'w1', reason: 'request', by: 'officer', at: 9 * day });
    expect((await store.erasure.forgotten(scope, ['w1'])).size).toBe(1);
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w1') }], 10 * day);
    await store.ledger.release(lease, { scope, externalId: 'w1', reason: 'it is him', by: 'hr', at: 11 * day });
    expect((await store.erasure.forgotten(scope, ['w1'])).size).toBe(0);
  });

  test('names a forgotten manager nowhere but where others need him: in their record as it is, and in what is in flight', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const under = (id: string, manager: string): Payload => ({ ...payloadOf(id), [enterpriseUserSchema]: { manager: { value: manager } } });
    await confirm(store, lease, 'r1', joined('boss'), day);
    const close = async (run: string, at: number): Promise<void> => {
      await sendBatch(store, lease, batchId(run, 0), at);
      const closures = (await store.operations.ofBatch(batchId(run, 0))).map(({ id }): Closure => {
        return { operation: id, outcome: 'applied', effect: 'confirm', evidence: { kind: 'log', operation: id, rows: [] } };
      });
      await store.operations.close(lease, scope, closures, at);
    };
    await acceptWorkers(
      store,
      lease,
      'r2',
      ['moved', 'stays', 'flies'].map((id) => ({ payload: under(id, 'boss'), batch: 0 })),
    );
    await close('r2', 2 * day);
    const mover = (id: string, manager: string): Parameters<typeof acceptWorkers>[3][number] => ({
      payload: under(id, manager),
      baseline: `confirmed:${hashJson(under(id, 'boss'))}`,
      change: 'mover',
      batch: 0,
    });
    await acceptWorkers(store, lease, 'r3', [mover('moved', 'other')]);
    await close('r3', 3 * day);
    await acceptWorkers(store, lease, 'r4', [mover('flies', 'other')]);
    await sendBatch(store, lease, batchId('r4', 0), 3 * day);
    const rows = ['moved', 'flies'].map((id) => ({
      ...logRow(`about-${id}`, id, day),
      modifiedProperties: [{ displayName: 'manager', newValue: 'boss' }],
    }));
    await store.logs.put(scope, rows, day);
    await confirm(store, lease, 'r5', [{ id: 'boss', active: false, baseline: confirmedOf('boss') }], 4 * day);

    expect(await store.erasure.requireForgettable(scope, 'contoso', 'boss')).toEqual(['flies', 'stays']);
    const { namedBy } = await store.erasure.forget(lease, { scope, externalId: 'boss', reason: 'request 23', by: 'officer', at: 9 * day });
    expect(namedBy).toEqual(['flies', 'stays']);
    const naming = async (id: string): Promise<readonly boolean[]> =>
      (await store.operations.ofWorker(scope, id)).map((operation) => JSON.stringify(operation).includes('"boss"'));
    expect(await naming('moved')).toEqual([false, false]);
    expect(await naming('flies')).toEqual([false, false]);
    expect((await store.ledger.get(scope, 'stays'))?.confirmed?.payload).toEqual(under('stays', 'boss'));
    const about = await store.logs.about(scope, ['moved', 'flies']);
    expect(JSON.stringify(about.get('moved'))).toContain(store.erasure.pseudonym('boss'));
    // The operation in flight is still judged by its rows.
    expect(JSON.stringify(about.get('flies'))).toContain('"boss"');
  });
});
