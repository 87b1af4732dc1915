import { expect, test } from 'vitest';
import {
  acceptWorkers,
  batchId,
  beginRun,
  freshLocation,
  leaseOn,
  onEveryEngine,
  openForTest,
  payloadOf,
  sendingInput,
} from '../../test/state.ts';

onEveryEngine('the lease', (open, engine) => {
  test('is held by one at a time, and the refusal names the holder and since when', async () => {
    const location = await freshLocation(engine);
    const [one, two] = [await openForTest(location), await openForTest(location)];
    await one.acquireLease('contoso', 'host-a, process 12', Date.parse('2026-11-22T08:00:00Z'));
    await expect(two.acquireLease('contoso', 'host-b', 1)).rejects.toMatchObject({
      code: 'STO-201',
      message: 'The pipeline contoso is being executed by host-a, process 12 since 2026-11-22T08:00:00.000Z.',
    });
    await expect(one.acquireLease('contoso', 'host-a', 1)).rejects.toMatchObject({ code: 'STO-201' });
  });

  test('on one pipeline does not stop another', async () => {
    const store = await open();
    const first = await leaseOn(store, 'contoso');
    const second = await leaseOn(store, 'Contoso');
    expect([first.epoch, second.epoch]).toEqual([1, 1]);
  });

  test('raises the epoch each time, and after release the old one can write nothing', async () => {
    const store = await open();
    const first = await leaseOn(store);
    await beginRun(store, first, 'r1');
    await first.release();
    expect(first.lost.aborted).toBe(true);
    await expect(store.runs.advance(first, 'r1', { state: 'abandoned' })).rejects.toMatchObject({ code: 'STO-202', exit: 'locked' });
    const second = await leaseOn(store);
    expect(second.epoch).toBe(2);
    await store.runs.advance(second, 'r1', { state: 'stopped' });
    expect((await store.runs.get('r1'))?.state).toBe('stopped');
  });

  test('with a stale epoch is refused by every verb, even by one that knows nothing of its end, and nothing is written', async () => {
    const store = await open();
    const first = await leaseOn(store);
    await acceptWorkers(store, first, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    await beginRun(store, first, 'r2');
    const sending = await sendingInput(store, batchId('r1', 0), 3000);
    // What a process looks like that was cut off without noticing.
    const stale = { ...first, lost: new AbortController().signal };
    await first.release();
    await leaseOn(store);
    const before = await store.journal.head();
    const { operations, runs, ledger } = store;
    const run = { tenant: 't', job: 'j', id: 'r3', pipeline: 'contoso', asOf: 1, startedAt: 1, state: 'started' as const, mappingId: 'm' };
    const accept = { scope: sending.scope, run: 'r2', planHash: 'p', at: 1, population: 0, records: [], batches: [] };
    const finish = { kind: 'unknown' as const, detail: '', batch: sending.batch, call: 'x', at: 1 };
    const failure = { code: 'x', reason: 'y' };
    const attempts = [
      () => runs.begin(stale, run),
      () => runs.advance(stale, 'r2', { state: 'stopped' }),
      () => ledger.accept(stale, accept),
      () => operations.beginSending(stale, sending),
      () => operations.finishSending(stale, finish),
      () => operations.add(stale, 'r1', sending.scope, [], 1),
      () => operations.drop(stale, sending.operations, 'no', 1),
      () => operations.close(stale, sending.scope, [], 1),
      () => operations.escrow(stale, sending.operations[0] ?? '', failure, 1),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'STO-202' });
    expect(await store.journal.head()).toEqual(before);
    expect(await store.runs.get('r3')).toBeUndefined();
  });

  test('covers only runs of its own pipeline', async () => {
    const store = await open();
    const mine = await leaseOn(store, 'contoso');
    const theirs = await leaseOn(store, 'fabrikam');
    await beginRun(store, mine, 'r1');
    await expect(store.runs.advance(theirs, 'r1', { state: 'stopped' })).rejects.toMatchObject({ code: 'STO-303' });
    await expect(store.runs.advance(mine, 'nobody', { state: 'stopped' })).rejects.toMatchObject({ code: 'STO-301' });
  });

  test('taken over from a process that ended while sending makes its batch unknown, whose worker stays in flight', async () => {
    const store = await open();
    const first = await leaseOn(store);
    await acceptWorkers(store, first, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    await store.operations.beginSending(first, await sendingInput(store, batchId('r1', 0), 3000));
    await first.release();
    const second = await leaseOn(store, 'contoso', 9000);
    expect(await store.operations.batch(batchId('r1', 0))).toMatchObject({ state: 'unknown', sends: 1 });
    const [operation] = await store.operations.ofBatch(batchId('r1', 0));
    expect(operation?.state).toBe('unknown');
    expect((await store.ledger.get({ ...(await sendingInput(store, batchId('r1', 0), 1)).scope }, 'w1'))?.sent?.operation).toBe(
      operation?.id,
    );
    const replay = await store.operations.beginSending(second, await sendingInput(store, batchId('r1', 0), 9500, { replay: true }));
    expect(replay.kind).toBe('granted');
  });
});

test('on postgres is known to be lost when the connection that held it dies', async () => {
  const location = await freshLocation('postgres');
  const store = await openForTest(location);
  const lease = await leaseOn(store);
  await beginRun(store, lease, 'r1');
  const { Client } = await import('pg');
  const killer = new Client({ connectionString: location });
  await killer.connect();
  const lost = new Promise((resolve) => {
    lease.lost.addEventListener('abort', resolve, { once: true });
  });
  // The client hears of it before the server has given the lock back; the second argument waits for that.
  await killer.query(`SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  await killer.end();
  await lost;
  expect(lease.lost.reason).toMatchObject({ code: 'STO-202' });
  await expect(store.runs.advance(lease, 'r1', { state: 'stopped' })).rejects.toMatchObject({ code: 'STO-202' });
  const again = await leaseOn(store);
  expect(again.epoch).toBe(2);
});
