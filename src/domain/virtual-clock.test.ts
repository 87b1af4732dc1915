import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  it('wakes sleepers in the order of their time, whatever the order of their calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 12 }), async (naps) => {
        const clock = new VirtualClock(0);
        const woken: { nap: number; at: number }[] = [];
        await Promise.all(naps.map((nap) => clock.sleep(nap).then(() => woken.push({ nap, at: clock.now() }))));
        expect(woken.map(({ nap }) => nap)).toEqual(naps.toSorted((a, b) => a - b));
        for (const { nap, at } of woken) expect(at).toBeGreaterThanOrEqual(nap);
      }),
      { numRuns: 30 },
    );
  });

  it('stands still while somebody holds it', async () => {
    const clock = new VirtualClock('2026-01-01T00:00:00Z');
    const release = clock.hold();
    const started = clock.now();
    const slept = clock.sleep(60_000);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(clock.now()).toBe(started);
    release();
    await slept;
    expect(clock.now()).toBe(started + 60_000);
  });

  it('rejects a sleep that is aborted and forgets it', async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const slept = clock.sleep(5, abort.signal);
    abort.abort(new Error('stop'));
    await expect(slept).rejects.toThrow('stop');
    clock.advance(10);
    expect(clock.now()).toBe(10);
  });
});
