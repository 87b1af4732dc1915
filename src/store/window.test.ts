import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallLimits, Lease, Store } from './contract.ts';
import {
  batchId,
  freshLocation,
  leaseOn,
  onEveryEngine,
  openForTest,
  payloadOf,
  recordOf,
  sendingInput,
  beginRun,
  scope as wholeScope,
} from '../../test/state.ts';

const window = 5000;
const few: CallLimits = { windowCalls: 4, windowMilliseconds: window, dayCalls: 1e6, dayMilliseconds: 86_400_000 };

/** One call as the world sees it: it arrived at the service at some moment between its reservation and its answer. */
interface Call {
  readonly leaves: number;
  /** How late within its life it arrived, in percent. */
  readonly lateness: number;
  answered: number | undefined;
  readonly finish: (at: number) => Promise<void>;
}

const event = fc.record({
  /** Milliseconds until the next event. */
  pause: fc.oneof(fc.nat(50), fc.nat(2000), fc.constantFrom(0, 1, 4999, 5000, 5001)),
  act: fc.constantFrom('call', 'call', 'call', 'answer', 'answer'),
  process: fc.nat(1),
  pick: fc.nat(1000),
  /** How late within its life a call arrives, in percent. */
  lateness: fc.nat(100),
  /** How long before it is free a place may be taken. */
  ahead: fc.constantFrom(0, 0, 300, 2000),
});

onEveryEngine('the window', (_, engine) => {
  test('never lets more calls arrive in any five seconds than allowed, over two processes and whatever the delays', async () => {
    const location = await freshLocation(engine);
    const stores = [await openForTest(location), await openForTest(location)];
    let walks = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 60, size: 'max' }), async (events) => {
        walks++;
        // A tenant of its own for each walk; one pipeline for each process.
        const scope = { ...wholeScope, tenant: `tenant-${String(walks)}` };
        const callers = await Promise.all(
          stores.map(async (store, index) => {
            const lease = await leaseOn(store, `p${String(walks)}-${String(index)}`);
            const run = `r${String(walks)}-${String(index)}`;
            await plan(store, lease, run, scope, events.length);
            return { store, lease, run, next: 0 };
          }),
        );
        let now = 1_000_000;
        const calls: Call[] = [];
        const waits: number[] = [];
        for (const one of events) {
          now += one.pause;
          const caller = callers[one.process];
          if (caller === undefined) continue;
          if (one.act === 'answer') {
            const waiting = calls.filter((call) => call.answered === undefined && call.leaves <= now);
            const call = waiting[one.pick % Math.max(1, waiting.length)];
            if (call === undefined) continue;
            await call.finish(now);
            call.answered = now;
            continue;
          }
          const { store, lease } = caller;
          const batch = batchId(caller.run, caller.next);
          const input = await sendingInput(store, batch, now, { scope, limits: few });
          const result = await store.operations.beginSending(lease, { ...input, ahead: one.ahead });
          if (result.kind === 'wait') {
            waits.push((result.until ?? 0) - now);
            continue;
          }
          if (result.kind !== 'granted') throw new Error(result.kind);
          caller.next++;
          const finish = (at: number): Promise<void> =>
            store.operations.finishSending(lease, { kind: 'accepted', batch, call: result.call, at, acceptedAt: at, requestId: 'r' });
          expect(result.at - now).toBeLessThanOrEqual(one.ahead);
          calls.push({ leaves: result.at, answered: undefined, finish, lateness: one.lateness });
        }
        const arrivals = calls.map(({ leaves, answered, lateness }) => {
          return leaves + Math.floor((((answered ?? Math.max(now, leaves)) - leaves) * lateness) / 100);
        });
        expect(busiest(arrivals)).toBeLessThanOrEqual(few.windowCalls);
        expect(waits.filter((wait) => wait <= 0 || wait > window)).toEqual([]);
        for (const { lease } of callers) await lease.release();
      }),
      { numRuns: engine === 'sqlite' ? 12 : 3 },
    );
  });

  test('is used to the full: forty calls at once, and the next exactly when the first place frees', async () => {
    const store = await openForTest(await freshLocation(engine));
    const lease = await leaseOn(store);
    await plan(store, lease, 'r1', wholeScope, 42);
    const ask = async (place: number, at: number, ahead = 0): Promise<unknown> =>
      store.operations.beginSending(lease, { ...(await sendingInput(store, batchId('r1', place), at)), ahead });
    for (let place = 0; place < 40; place++) {
      expect(await ask(place, 1000 + place)).toMatchObject({ kind: 'granted' });
      const call = `${batchId('r1', place)}/1`;
      await store.operations.finishSending(lease, { kind: 'unknown', detail: '', batch: batchId('r1', place), call, at: 2000 + place });
    }
    expect(await ask(40, 3000)).toEqual({ kind: 'wait', reason: 'window', until: 7000 });
    expect(await ask(40, 6599, 400)).toEqual({ kind: 'wait', reason: 'window', until: 7000 });
    // Taken already, for the instant at which it is free.
    expect(await ask(40, 6600, 400)).toMatchObject({ kind: 'granted', at: 7000 });
    expect(await ask(41, 7000)).toEqual({ kind: 'wait', reason: 'window', until: 7001 });
  });
});

/** The most instants that lie in any window, its end excluded. */
function busiest(instants: readonly number[]): number {
  return Math.max(0, ...instants.map((start) => instants.filter((other) => other >= start && other < start + window).length));
}

async function plan(store: Store, lease: Lease, run: string, scope: typeof wholeScope, count: number): Promise<void> {
  await beginRun(store, lease, run, scope);
  const records = Array.from({ length: count }, (_, index) =>
    recordOf(run, 0, { payload: payloadOf(`${run}-${String(index)}`), batch: index }),
  );
  const batches = records.map((_, sequence) => ({ id: batchId(run, sequence), sequence }));
  await store.ledger.accept(lease, { scope, run, planHash: 'p', at: 1, population: count, records: [records], batches });
}
