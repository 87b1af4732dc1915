import { expect, test } from 'vitest';
import type { LogRow } from '../domain/log-row.ts';
import { acceptWorkers, batchId, leaseOn, onEveryEngine, otherScope, payloadOf, scope, sendBatch } from '../../test/state.ts';

function row(id: string, externalId: string | null, minute: number): LogRow {
  return {
    id,
    activityDateTime: new Date(minute * 60_000).toISOString(),
    jobId: scope.job,
    cycleId: 'cycle',
    changeId: `change-${id}`,
    provisioningAction: 'create',
    provisioningStatusInfo: { status: 'success', errorInformation: null },
    sourceIdentity: { id: externalId, displayName: 'Zoë' },
  };
}

onEveryEngine('log rows', (open) => {
  test('are kept once by id, however often and however overlapping they are read', async () => {
    const store = await open();
    expect(await store.logs.put(scope, [row('a', 'w1', 1), row('b', 'w1', 2), row('a', 'w1', 1)], 1)).toEqual(['a', 'b']);
    expect(await store.logs.put(scope, [row('b', 'w1', 2), row('c', 'w2', 3)], 1)).toEqual(['c']);
    expect(await store.logs.put(scope, [row('b', 'w1', 2)], 1)).toEqual([]);
    expect(await store.logs.put(otherScope, [row('b', 'w1', 2)], 1)).toEqual(['b']);
    expect(await store.logs.put(scope, [], 1)).toEqual([]);
  });

  test('about a worker come oldest first, as they were written', async () => {
    const store = await open();
    await store.logs.put(scope, [row('late', 'w1', 9), row('early', 'w1', 1), row('other', 'w2', 5), row('nobody', null, 1)], 1);
    const found = await store.logs.about(scope, ['w1', 'w3']);
    expect([...found.keys()]).toEqual(['w1']);
    expect(found.get('w1')).toEqual([row('early', 'w1', 1), row('late', 'w1', 9)]);
    expect((await store.logs.about(otherScope, ['w1'])).size).toBe(0);
  });

  test('are read from a cursor that moves forward only', async () => {
    const store = await open();
    expect(await store.logs.cursor(scope)).toBeUndefined();
    await store.logs.moveCursor(scope, 5000);
    await store.logs.moveCursor(scope, 4000);
    expect(await store.logs.cursor(scope)).toBe(5000);
    expect(await store.logs.cursor(otherScope)).toBeUndefined();
  });

  test('are pruned when they are old, unless their worker is in flight', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf('open'), batch: 0 }]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    await store.logs.put(scope, [row('1', 'open', 1), row('2', 'done', 1), row('3', null, 1), row('4', 'done', 10)], 1);
    expect(await store.logs.prune(scope, 5 * 60_000)).toBe(2);
    const left = await store.logs.about(scope, ['open', 'done']);
    expect([...left.values()].flatMap((rows) => rows.map((one) => one.id)).toSorted()).toEqual(['1', '4']);
    expect(await store.logs.prune(otherScope, 5 * 60_000)).toBe(0);
  });

  test('remember what was seen of the job, whoever saw it, for two weeks', async () => {
    const store = await open();
    const day = 86_400_000;
    expect(await store.logs.remembered(scope)).toEqual({ executions: [] });
    await store.logs.remember(scope, { executions: [{ began: day, ended: day + 5 }] }, day);
    await store.logs.remember(
      scope,
      {
        executions: [
          { began: day, ended: day + 5 },
          { began: 2 * day, ended: 2 * day + 5 },
        ],
        drainedAt: 70,
      },
      2 * day,
    );
    await store.logs.remember(scope, { executions: [], drainedAt: 60 }, 2 * day);
    await store.logs.remember(scope, { executions: [] }, 2 * day);
    expect(await store.logs.remembered(scope)).toEqual({
      executions: [
        { began: day, ended: day + 5 },
        { began: 2 * day, ended: 2 * day + 5 },
      ],
      drainedAt: 70,
    });
    expect(await store.logs.remembered(otherScope)).toEqual({ executions: [] });
    await store.logs.remember(scope, { executions: [{ began: 15.5 * day, ended: 15.6 * day }] }, 15.6 * day);
    expect((await store.logs.remembered(scope)).executions.map(({ began }) => began)).toEqual([2 * day, 15.5 * day]);
    const kinds: string[] = [];
    for await (const lines of store.journal.stream()) kinds.push(...lines.map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === 'job.observed')).toHaveLength(3);
  });
});
