import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { ExternalId } from '../domain/words.ts';
import { Walk, step } from '../../test/state-walk.ts';
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
import type { Lease, Store } from './contract.ts';
import { verifyStoredJournal } from './verify-journal.ts';

onEveryEngine('any sequence of verbs', (open, engine) => {
  test('leaves the ledger as the model has it: only close confirms, one version flies unless a disable overtakes, stale leases write nothing', async () => {
    const store = await open();
    let walks = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
        const name = `walk-${String(++walks)}`;
        const walk = new Walk(store, await store.acquireLease(name, 'walk', 1000), name);
        for (const taken of steps) await walk.take(taken);
        await walk.lease.release();
      }),
      { numRuns: engine === 'sqlite' ? 30 : 4 },
    );
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact' });
  });
});

const pipelines = ['contoso', 'fabrikam'];

/** What is told quickly is what counting everybody tells. */
async function expectTold(store: Store): Promise<void> {
  for (const pipeline of pipelines) {
    const { enabled } = await store.ledger.counts(scope, pipeline);
    expect((await store.ledger.standing(scope, pipeline)).enabled).toBe(enabled);
    const entries = await collect(store.ledger.streamEntries(scope, pipeline));
    const managers = await store.ledger.getMany(
      scope,
      entries.flatMap(({ evaluated }) => evaluated?.missingManager ?? []),
    );
    const came = entries.filter(({ evaluated }) => managers.get(evaluated?.missingManager ?? '')?.confirmed !== undefined);
    const unsettled = await store.ledger.unsettled(scope, pipeline);
    // Those who name somebody have nothing else open, but for the mark of a transfer.
    expect(unsettled.filter((key) => key.startsWith('n'))).toEqual(
      entries
        .filter((entry) => entry.marked !== undefined || came.includes(entry))
        .map(({ externalId }) => externalId)
        .filter((key) => key.startsWith('n')),
    );
  }
}

/** Workers of whom nothing is known but whom they name as a manager who is missing. */
async function nameMissing(
  store: Store,
  lease: Lease,
  run: string,
  named: Readonly<Record<ExternalId, ExternalId | undefined>>,
): Promise<void> {
  await beginRun(store, lease, run);
  const records = Object.entries(named).map(([externalId, missingManager]) => ({
    externalId,
    evaluated: evaluatedAt(run, missingManager === undefined ? {} : { missingManager }),
  }));
  await store.ledger.accept(lease, { scope, run, planHash: 'p', at: 900, population: 1, records: [records], batches: [] });
}

onEveryEngine('how many are enabled, and whose missing manager came,', (open) => {
  test('is told rightly whatever verb moves them, from one owner to another, too', async () => {
    const store = await open();
    const [lease, other] = [await leaseOn(store), await leaseOn(store, 'fabrikam')];
    const told: number[] = [];
    const came: string[] = [];
    const look = async (): Promise<void> => {
      await expectTold(store);
      for (const pipeline of pipelines) told.push((await store.ledger.standing(scope, pipeline)).enabled);
      const due = await Promise.all(pipelines.map((pipeline) => store.ledger.unsettled(scope, pipeline)));
      came.push(
        due
          .flat()
          .filter((key) => key.startsWith('n'))
          .join(' '),
      );
    };
    const confirm = async (run: string, at: number): Promise<void> => {
      const closures = (await store.operations.ofBatch(batchId(run, 0))).map(({ id }) => ({
        operation: id,
        outcome: 'applied' as const,
        effect: 'confirm' as const,
        evidence: { kind: 'log' as const, rows: [], unknown: ['title'] },
      }));
      await store.operations.close(lease, scope, closures, at);
    };
    const adopted = (externalId: ExternalId): { payload: ReturnType<typeof payloadOf>; externalId: ExternalId; everEnabled: boolean } => ({
      externalId,
      payload: payloadOf(externalId),
      everEnabled: true,
    });
    await nameMissing(store, lease, 'm1', { n1: 'a1', n2: 'w1', n3: 'b2', n4: 'outside', n5: 'a1' });
    await nameMissing(store, other, 'm2', { n6: 'a1' });
    await store.ledger.adopt(lease, { scope, at: 1000, workers: ['a1', 'a2', 'a3'].map(adopted) });
    await look();
    // Whom the plan did not find, and who was confirmed before it was accepted.
    await nameMissing(store, lease, 'm3', { n1: undefined, n5: 'a2', n7: 'a3' });
    await look();
    await acceptWorkers(
      store,
      lease,
      'r1',
      [
        { payload: payloadOf('w1'), batch: 0 },
        { payload: payloadOf('w2', {}, false), batch: 0 },
      ],
      2000,
    );
    await look();
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await look();
    await confirm('r1', 4000);
    await look();
    const leaving = { payload: payloadOf('w1', {}, false), baseline: `confirmed:${hashJson(payloadOf('w1'))}`, change: 'leaver' as const };
    await acceptWorkers(store, lease, 'r2', [{ ...leaving, batch: 0 }], 5000);
    await sendBatch(store, lease, batchId('r2', 0), 6000);
    await look();
    await confirm('r2', 7000);
    await look();
    await store.ledger.transfer(other, { scope, workers: ['a1', 'n4', 'n7'], reason: 'moved', by: 'ops', at: 8000 }, lease);
    await look();
    await store.ledger.rekey(lease, { scope, from: 'a2', to: 'b2', reason: 'became an employee', by: 'ops', at: 9000 });
    await look();
    await store.ledger.rekey(other, { scope, from: 'a3', to: 'b3', reason: 'became an employee', by: 'ops', at: 9100 }, lease);
    await look();
    await store.ledger.settleUnknown(lease, {
      scope,
      at: 9200,
      workers: [{ externalId: 'w2', attributes: [{ path: 'title', value: 'Chief' }] }],
    });
    await store.ledger.noticeJob(lease, { scope, shape: { hash: 'h', attributes: {} }, attributes: ['displayName'], at: 9300 });
    await look();
    await store.erasure.settled(lease, { scope, before: 90_000, keep: [], at: 91_000, by: 'officer', runs: 0 });
    await store.erasure.forget(lease, { scope, externalId: 'w1', reason: 'request', by: 'officer', at: 92_000 });
    await look();
    expect(came).toEqual([
      'n1 n5 n6',
      ...Array.from({ length: 3 }, () => 'n5 n7 n6'),
      ...Array.from({ length: 3 }, () => 'n2 n5 n7 n6'),
      'n2 n5 n4 n6 n7',
      ...Array.from({ length: 3 }, () => 'n2 n3 n4 n6 n7'),
      'n3 n4 n6 n7',
    ]);
    expect(told).toEqual([3, 0, 3, 0, 3, 0, 4, 0, 4, 0, 3, 0, 3, 0, 2, 1, 2, 1, 1, 2, 1, 2, 1, 2]);
  });
});
