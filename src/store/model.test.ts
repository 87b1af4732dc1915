import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyStoredJournal } from './verify-journal.ts';
import { Walk, step } from '../../test/state-walk.ts';
import { onEveryEngine } from '../../test/state.ts';

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
