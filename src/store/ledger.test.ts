import type { Json } from '../domain/canonical-json.ts';
import { expect, test } from 'vitest';
import type { AcceptRecord } from './contract.ts';
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
  recordOf,
  scope,
  sendBatch,
} from '../../test/state.ts';

onEveryEngine('the ledger', (open) => {
  test('answers many keys at once, each once, and nothing for a job that it does not know', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const names = Array.from({ length: 1200 }, (_, index) => `w${String(index)}`);
    await acceptWorkers(
      store,
      lease,
      'r1',
      names.map((name) => ({ payload: payloadOf(name) })),
    );
    const found = await store.ledger.getMany(scope, [...names, 'w1', 'unknown']);
    expect(found.size).toBe(1200);
    expect(found.get('w777')?.desired?.payload).toEqual(payloadOf('w777'));
    expect((await store.ledger.getMany(otherScope, names)).size).toBe(0);
    expect(await store.ledger.get(otherScope, 'w1')).toBeUndefined();
    expect(await store.ledger.counts(otherScope, 'contoso')).toMatchObject({ entries: 0, enabled: 0 });
  });

  test('streams what the pipeline owns in UTF-8 byte order, over several pages, whatever the language of the database', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const strange = ['B', 'a', 'ä', 'Z', 'z', '10', '9', 'é', 'ﬀ', '😀', '\uFFFD', '-x', 'A b', "O'Neil", '%', '?', '$1'];
    const names = [...strange, ...Array.from({ length: 2100 }, (_, index) => `n${String(index)}`)];
    await acceptWorkers(
      store,
      lease,
      'r1',
      names.map((name) => ({ payload: payloadOf(name) })),
    );
    await acceptWorkers(store, await leaseOn(store, 'fabrikam'), 'f1', [{ payload: payloadOf('theirs') }]);
    const inBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect((await collect(store.ledger.streamEvaluated(scope, 'contoso'))).map((key) => key.externalId)).toEqual(inBytes);
    const entries = await collect(store.ledger.streamEntries(scope, 'contoso'));
    expect(entries.map((entry) => entry.externalId)).toEqual(inBytes);
    expect(entries.find((entry) => entry.externalId === '😀')?.desired?.payload).toEqual(payloadOf('😀'));
    expect(await collect(store.ledger.streamEvaluated(otherScope, 'contoso'))).toEqual([]);
  });

  test('gives the keys of the last evaluation as the next pass compares them', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    const records: AcceptRecord[] = [
      { externalId: 'w1', evaluated: evaluatedAt('r1', { nextDate: 5000, verdict: 'preHire' }) },
      { externalId: 'w2', evaluated: evaluatedAt('r1', { fingerprint: 'f9' }), missing: true },
    ];
    await store.ledger.accept(lease, { scope, run: 'r1', planHash: 'p', at: 1, population: 2, records: [records], batches: [] });
    expect(await collect(store.ledger.streamEvaluated(scope, 'contoso'))).toEqual([
      { externalId: 'w1', fingerprint: 'f1', mappingId: 'm1', verdict: 'preHire', nextDate: 5000, missingPasses: 0 },
      { externalId: 'w2', fingerprint: 'f9', mappingId: 'm1', verdict: 'active', missingPasses: 1 },
    ]);
    expect(await store.ledger.due(scope, 'contoso', 4999)).toEqual([]);
    expect(await store.ledger.due(scope, 'contoso', 5000)).toEqual(['w1']);
    expect(await store.ledger.due(scope, 'fabrikam', 5000)).toEqual([]);
  });

  test('counts enabled workers by what is in flight, or else confirmed', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const workers = ['a', 'b', 'c'].map((name) => ({ payload: payloadOf(name), batch: 0 }));
    await acceptWorkers(store, lease, 'r1', [...workers, { payload: payloadOf('d', {}, false), batch: 0 }]);
    const close = (ids: readonly string[], effect: 'confirm' | 'fail'): Promise<void> =>
      store.operations.close(
        lease,
        scope,
        ids.map((operation) => ({ operation, outcome: 'applied', effect, evidence: { kind: 'log' } })),
        9000,
      );
    expect(await store.ledger.counts(scope, 'contoso')).toMatchObject({ entries: 4, enabled: 0, inFlight: 0 });
    expect(await collect(store.ledger.streamEnabled(scope, 'contoso', []))).toEqual([]);
    expect((await store.ledger.known(scope, ['a', 'd'])).size).toBe(0);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    expect(await store.ledger.counts(scope, 'contoso')).toMatchObject({ enabled: 3, inFlight: 4, confirmed: 0 });
    expect(await store.ledger.standing(scope, 'contoso')).toEqual({ enabled: 3, standingRejections: 0 });
    const enabled = async (): Promise<unknown> =>
      (await collect(store.ledger.streamEnabled(scope, 'contoso', ['externalId']))).map(
        ({ externalId, member }) => externalId === member && member,
      );
    expect(await enabled()).toEqual(['a', 'b', 'c']);
    expect(await store.ledger.known(scope, ['a', 'a', 'd', 'x'])).toEqual(new Set(['a', 'd']));
    expect(await collect(store.ledger.streamEnabled(scope, 'contoso', []))).toEqual(
      ['a', 'b', 'c'].map((name) => ({ externalId: name, member: payloadOf(name) })),
    );
    await close(['r1:a:0', 'r1:d:0'], 'confirm');
    await close(['r1:b:0'], 'fail');
    expect(await enabled()).toEqual(['a', 'c']);
    expect(await store.ledger.known(scope, ['a', 'b', 'c', 'd'])).toEqual(new Set(['a', 'c', 'd']));
    await beginRun(store, lease, 'r2');
    const evaluated = evaluatedAt('r2', { verdict: 'rejected', reasons: ['X'] });
    const records = [[{ externalId: 'e', evaluated, missing: true }]];
    await store.ledger.accept(lease, { scope, run: 'r2', planHash: 'p', at: 1, population: 2, records, batches: [] });
    expect(await store.ledger.counts(scope, 'contoso')).toEqual({
      entries: 5,
      enabled: 2,
      confirmed: 2,
      inFlight: 1,
      standingRejections: 1,
      failed: 1,
      missing: 1,
    });
  });

  test('finds what lies under names in the last payload of whoever is enabled, whatever it is and whatever they are', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const urn = 'urn:contoso:2.0:User';
    const values: readonly Json[] = ['Zo\u00eb "x" \\', '', 7, 1.5, true, null, [1], { department: 'y' }];
    const payloads = [...values.map((department) => ({ [urn]: { department } })), { [urn]: 'text' }, { department: 'outside' }];
    const workers = payloads.map((members, index) => ({
      payload: { ...payloadOf(`w${String(index).padStart(2, '0')}`), ...members },
      batch: 0,
    }));
    await acceptWorkers(store, lease, 'r1', workers);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const found = await collect(store.ledger.streamEnabled(scope, 'contoso', [urn, 'department']));
    expect(found.map(({ member }) => member)).toEqual([...values, undefined, undefined]);
    const inner = await collect(store.ledger.streamEnabled(scope, 'contoso', [urn, 'department', 'department']));
    expect(inner.map(({ member }) => member)).toEqual(payloads.map((_, index) => (index === 7 ? 'y' : undefined)));
  });

  test('holds workers unsettled whose missing manager is confirmed by now', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    const report = recordOf('r1', 0, { payload: payloadOf('report'), batch: 0 });
    const records = [
      { ...report, evaluated: evaluatedAt('r1', { missingManager: 'boss' }) },
      recordOf('r1', 1, { payload: payloadOf('boss'), batch: 0 }),
    ];
    const batches = [{ id: batchId('r1', 0), sequence: 0 }];
    await store.ledger.accept(lease, { scope, run: 'r1', planHash: 'p', at: 1, population: 2, records: [records], batches });
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const close = (operation: string): Promise<void> =>
      store.operations.close(lease, scope, [{ operation, outcome: 'applied', effect: 'confirm', evidence: { kind: 'log' } }], 9000);
    await close('r1:report:0');
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual([]);
    await close('r1:boss:0');
    expect(await store.ledger.unsettled(scope, 'contoso')).toEqual(['report']);
  });

  test('knows taken user names without regard to case, in what is desired, in flight and confirmed, and whose they are', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1', { userName: 'Zoë@contoso.example' }), batch: 0 },
      { payload: payloadOf('w2') },
    ]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const hash = (await store.ledger.get(scope, 'w1'))?.sent?.hash ?? '';
    const next = { payload: payloadOf('w1', { userName: 'new@contoso.example' }), baseline: `sent:${hash}` };
    await acceptWorkers(store, lease, 'r2', [next, { payload: payloadOf('w3', { userName: 'W2@contoso.example' }) }]);
    const asked = ['ZOË@contoso.example', 'NEW@CONTOSO.EXAMPLE', 'w2@contoso.example', 'free@contoso.example'];
    const inFlight = new Map([
      ['ZOË@contoso.example', ['w1']],
      ['NEW@CONTOSO.EXAMPLE', ['w1']],
      ['w2@contoso.example', ['w2', 'w3']],
    ]);
    expect(await store.ledger.userNamesTaken(scope, asked)).toEqual(inFlight);
    await store.operations.close(
      lease,
      scope,
      [{ operation: 'r1:w1:0', outcome: 'applied', effect: 'confirm', evidence: { kind: 'log' } }],
      9000,
    );
    expect(await store.ledger.userNamesTaken(scope, asked)).toEqual(inFlight);
    expect((await store.ledger.userNamesTaken(otherScope, asked)).size).toBe(0);
  });
});

onEveryEngine('runs', (open) => {
  test('are listed newest first, and the newest in a state is found', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const begun = await beginRun(store, lease, 'r1', { startedAt: 1 });
    expect(await store.runs.get('r1')).toEqual(begun);
    await beginRun(store, lease, 'r2', { startedAt: 2 });
    await beginRun(store, lease, 'r3', { startedAt: 2 });
    await store.runs.advance(lease, 'r2', { state: 'finished', planHash: 'p', population: 7, finishedAt: 9 });
    expect((await store.runs.list('contoso', 2)).map((run) => run.id)).toEqual(['r3', 'r2']);
    expect(await store.runs.latest('contoso', ['finished'])).toMatchObject({ id: 'r2', planHash: 'p', population: 7, finishedAt: 9 });
    expect((await store.runs.latest('contoso'))?.id).toBe('r3');
    expect(await store.runs.latest('fabrikam')).toBeUndefined();
    await expect(store.runs.begin(lease, { ...begun, id: 'r4', pipeline: 'fabrikam' })).rejects.toMatchObject({ code: 'STO-303' });
  });

  test('give their operations by batch and index', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const workers = Array.from({ length: 150 }, (_, index) => ({ payload: payloadOf(`w${String(index)}`), batch: 24 - (index % 25) }));
    await acceptWorkers(store, lease, 'r1', workers);
    const places = (await collect(store.operations.stream('r1'))).map((operation) => [operation.batch, operation.index]);
    expect(places).toEqual(Array.from({ length: 150 }, (_, place) => [batchId('r1', Math.floor(place / 6)), place % 6]));
    await acceptWorkers(store, lease, 'r2', [{ payload: payloadOf('w7', { title: 'x' }), batch: 0 }]);
    expect((await store.operations.ofWorker(scope, 'w7')).map((operation) => operation.run)).toEqual(['r1', 'r2']);
    expect(await store.operations.ofWorker(otherScope, 'w7')).toEqual([]);
    expect(await store.operations.get('nothing')).toBeUndefined();
  });
});
