import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import { baselineKey, baselineOf } from '../domain/ledger.ts';
import type { AcceptRecord } from './contract.ts';
import {
  acceptWorkers,
  batchId,
  beginRun,
  evaluatedAt,
  leaseOn,
  onEveryEngine,
  operationOfWorker,
  otherScope,
  payloadOf,
  recordOf,
  scope,
  sendBatch,
} from '../../test/state.ts';

onEveryEngine('accept', (open) => {
  test('writes evaluated and desired, plans the operations, and moves the run; it sends and confirms nothing', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const payload = payloadOf('w1');
    expect(await acceptWorkers(store, lease, 'r1', [{ payload, batch: 0 }, { payload: payloadOf('w2') }])).toEqual([]);
    expect(await store.ledger.get(scope, 'w1')).toEqual({
      externalId: 'w1',
      owner: 'contoso',
      evaluated: { fingerprint: 'f1', mappingId: 'm1', verdict: 'active', run: 'r1' },
      desired: { payload, hash: hashJson(payload), change: 'joiner', run: 'r1' },
      baselineUnknown: false,
      everEnabled: false,
    });
    expect(await store.runs.get('r1')).toMatchObject({ state: 'accepted', planHash: 'p1', population: 2 });
    expect(await store.operations.batches('r1')).toMatchObject([
      { id: batchId('r1', 0), sequence: 0, state: 'planned', operations: 1, sends: 0 },
    ]);
    expect(await store.operations.ofBatch(batchId('r1', 0))).toEqual([
      { ...operationOfWorker('r1', 0, { payload, batch: 0 }), run: 'r1', batch: batchId('r1', 0), state: 'planned' },
    ]);
  });

  test('a run with nothing to send is accepted too, but none is accepted twice', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', []);
    const input = { scope, run: 'r1', planHash: 'p', at: 1, population: 0, records: [], batches: [] };
    await expect(store.ledger.accept(lease, input)).rejects.toMatchObject({ code: 'STO-302' });
    await beginRun(store, lease, 'r2');
    await expect(store.ledger.accept(lease, { ...input, run: 'r2', scope: otherScope })).rejects.toMatchObject({ code: 'STO-303' });
  });

  test('what a record does not carry is left as it is', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1') }]);
    await beginRun(store, lease, 'r2');
    const reasons = ['MAP-101'];
    const evaluated = evaluatedAt('r2', {
      fingerprint: 'f2',
      verdict: 'rejected',
      reasons,
      nextDate: 77,
      missingManager: 'w9',
      draftHash: 'd',
    });
    const input = { scope, run: 'r2', planHash: 'p', at: 1, population: 1, batches: [] };
    await store.ledger.accept(lease, { ...input, records: [[{ externalId: 'w1', evaluated }]] });
    const entry = await store.ledger.get(scope, 'w1');
    expect(entry?.evaluated).toEqual(evaluated);
    expect(entry?.desired?.run).toBe('r1');
    await beginRun(store, lease, 'r3');
    await store.ledger.accept(lease, { ...input, run: 'r3', records: [[{ externalId: 'w1', evaluated: evaluatedAt('r3') }]] });
    expect((await store.ledger.get(scope, 'w1'))?.evaluated).toEqual(evaluatedAt('r3'));
  });

  test('a worker whose baseline moved after planning, or who has another owner, is dropped and named, and nothing of him is written but that his next run looks at him', async () => {
    const store = await open();
    const theirs = await leaseOn(store, 'fabrikam');
    await acceptWorkers(store, theirs, 'f1', [{ payload: payloadOf('theirs') }]);
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1'), batch: 0 }]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const before = [await store.ledger.get(scope, 'w1'), await store.ledger.get(scope, 'theirs')];
    const dropped = await acceptWorkers(store, lease, 'r2', [
      { payload: payloadOf('w1', { displayName: 'New' }), baseline: 'none', batch: 0 },
      { payload: payloadOf('theirs', { displayName: 'New' }), batch: 0 },
      { payload: payloadOf('w2'), batch: 1 },
    ]);
    expect(dropped).toEqual(['w1', 'theirs']);
    expect([await store.ledger.get(scope, 'w1'), await store.ledger.get(scope, 'theirs')]).toEqual([
      { ...before[0], marked: 'again' },
      before[1],
    ]);
    expect(await store.operations.batches('r2')).toMatchObject([
      { state: 'dropped', operations: 2 },
      { state: 'planned', operations: 1 },
    ]);
    const operations = await store.operations.ofBatch(batchId('r2', 0));
    expect(operations.map((operation) => [operation.state, operation.failure?.reason])).toEqual([
      ['dropped', 'the baseline moved after the plan was made'],
      ['dropped', 'the worker belongs to the pipeline fabrikam'],
    ]);
    expect(await store.operations.tally('r2')).toEqual({ dropped: 2, unsent: 1 });
  });

  test('compares with the baseline as the domain words it: none, sent, confirmed and unknown', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const baselines: string[] = [];
    const step = async (run: string): Promise<void> => {
      const baseline = baselineKey(baselineOf(await store.ledger.get(scope, 'w1')));
      baselines.push(baseline.split(':')[0] ?? '');
      expect(await acceptWorkers(store, lease, run, [{ payload: payloadOf('w1', { displayName: run }), baseline, batch: 0 }])).toEqual([]);
    };
    await step('r1');
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await step('r2');
    const close = (effect: 'confirm' | 'forget', operation: string): Promise<void> =>
      store.operations.close(lease, scope, [{ operation, outcome: 'applied', effect, evidence: { kind: 'log' } }], 4000);
    await close('confirm', 'r1:w1:0');
    await step('r3');
    await sendBatch(store, lease, batchId('r3', 0), 5000);
    await close('forget', 'r3:w1:0');
    await step('r4');
    expect(baselines).toEqual(['none', 'sent', 'confirmed', 'unknown']);
  });

  test('passes without the key are counted from the first, and a key that is there again resets the count', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('w1') }]);
    const pass = async (run: string, at: number, missing?: boolean): Promise<unknown> => {
      await beginRun(store, lease, run);
      const record: AcceptRecord = { externalId: 'w1', ...(missing === undefined ? {} : { missing }) };
      await store.ledger.accept(lease, { scope, run, planHash: 'p', at, population: 0, records: [[record]], batches: [] });
      return (await store.ledger.get(scope, 'w1'))?.missing;
    };
    expect(await pass('r2', 5000, true)).toEqual({ passes: 1, since: 5000 });
    expect(await pass('r3', 6000, true)).toEqual({ passes: 2, since: 5000 });
    expect(await store.ledger.missing(scope, 'contoso')).toEqual(['w1']);
    expect(await pass('r4', 7000)).toEqual({ passes: 2, since: 5000 });
    expect(await pass('r5', 8000, false)).toBeUndefined();
    expect(await store.ledger.missing(scope, 'contoso')).toEqual([]);
  });

  test('is all or nothing: a source of records that breaks leaves no trace, and the store goes on', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    const before = await store.journal.head();
    async function* breaking(): AsyncGenerator<readonly AcceptRecord[]> {
      yield [recordOf('r1', 0, { payload: payloadOf('w1'), batch: 0 })];
      // Readers are not kept waiting, and see nothing of what is not committed.
      expect(await store.ledger.get(scope, 'w1')).toBeUndefined();
      throw new Error('the file ended early');
    }
    const batches = [{ id: batchId('r1', 0), sequence: 0 }];
    const input = { scope, run: 'r1', planHash: 'p', at: 1, population: 1, batches };
    await expect(store.ledger.accept(lease, { ...input, records: breaking() })).rejects.toThrow('the file ended early');
    expect(await store.journal.head()).toEqual(before);
    expect(await store.operations.batches('r1')).toEqual([]);
    expect((await store.runs.get('r1'))?.state).toBe('planned');
    await store.ledger.accept(lease, { ...input, records: [[recordOf('r1', 0, { payload: payloadOf('w1'), batch: 0 })]] });
    expect((await store.ledger.counts(scope, 'contoso')).entries).toBe(1);
  });

  test('a record source that writes to the store would wait for itself and is refused instead', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await beginRun(store, lease, 'r1');
    async function* writing(): AsyncGenerator<readonly AcceptRecord[]> {
      await store.runs.advance(lease, 'r1', { population: 1 });
      yield [];
    }
    const input = { scope, run: 'r1', planHash: 'p', at: 1, population: 1, batches: [], records: writing() };
    await expect(store.ledger.accept(lease, input)).rejects.toMatchObject({ code: 'DOM-001' });
  });
});
