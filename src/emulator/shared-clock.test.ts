import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, record } from '../../test/stranger.ts';
import { useScript } from '../../test/script.ts';
import type { Clock } from '../domain/clock.ts';
import { connectSharedClock, SharedClockHost, startEmulator } from './index.ts';

const start = Date.parse('2026-11-22T08:00:00Z');
const participant = useScript('clock-participant.ts');

interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints, parsed. */
  readonly next: () => Promise<any>;
}

/** A real process that connects, says so, and then sleeps so often. */
function spawnParticipant(origin: string, times: number, milliseconds: number): Child {
  const child = spawn(process.execPath, [participant(), origin, String(times), String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, next: async () => JSON.parse((await lines.next()).value ?? 'null') };
}

describe('the shared clock', () => {
  it('moves only when every participant sleeps, to the earliest sleeper, in one order', async () => {
    const host = new SharedClockHost(start);
    const emulator = await startEmulator({ clock: host });
    const [one, two] = await Promise.all([connectSharedClock(emulator.origin), connectSharedClock(emulator.origin)]);
    const order: string[] = [];
    const walk = async (name: string, clock: Clock & { close?: () => Promise<void> }, step: number): Promise<void> => {
      for (let index = 0; index < 5; index++) {
        await clock.sleep(step);
        order.push(`${name} ${String(clock.now() - start)}`);
      }
      // A participant that is done but stays would keep time from moving.
      await clock.close?.();
    };
    const first = walk('one', one, 100);
    await new Promise((resolve) => setImmediate(resolve));
    expect([host.now(), one.now(), order]).toEqual([start, start, []]);
    await Promise.all([first, walk('two', two, 70), walk('host', host, 35)]);
    expect(order.map((entry) => Number(entry.split(' ')[1]))).toEqual(
      [100, 200, 300, 400, 500, 70, 140, 210, 280, 350, 35, 70, 105, 140, 175].toSorted((left, right) => left - right),
    );
    await emulator.close();
  });

  it('lets a participant hold time, cancels an aborted sleep, and rejects sleepers when the host goes away', async () => {
    const host = new SharedClockHost(start);
    const emulator = await startEmulator({ clock: host });
    const clock = await connectSharedClock(emulator.origin);
    const release = clock.hold();
    const asleep = clock.sleep(60_000);
    const abort = new AbortController();
    const aborted = clock.sleep(10, abort.signal);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const probe = await fetch(`${emulator.origin}/emulator/time`);
    expect(await probe.json()).toEqual({ now: start });
    release();
    await asleep;
    expect([clock.now(), host.now()]).toEqual([start + 60_000, start + 60_000]);
    const busy = clock.hold();
    await Promise.all([expect(clock.sleep(1)).rejects.toMatchObject({ code: 'EMU-104' }), emulator.close()]);
    await expect(clock.sleep(1)).rejects.toMatchObject({ code: 'EMU-104' });
    busy();
  });

  it('does not pass while a request is being answered', async () => {
    const host = new SharedClockHost(start);
    const emulator = await startEmulator({ clock: host });
    const clock = await connectSharedClock(emulator.origin);
    const pacing = clock.sleep(3_600_000);
    const stranger = await becomeStranger(emulator);
    const reply = await stranger.upload([record('1')]);
    expect([reply.status, reply.headers.get('date')]).not.toEqual([202, null]);
    await pacing;
    await Promise.all([clock.close(), emulator.close()]);
  });

  it('is refused where the emulator runs on another clock, or nothing listens', async () => {
    const emulator = await startEmulator({ clock: new VirtualClock(start) });
    await expect(connectSharedClock(emulator.origin)).rejects.toMatchObject({ code: 'EMU-104' });
    await emulator.close();
    await expect(connectSharedClock(emulator.origin)).rejects.toMatchObject({ code: 'EMU-104' });
  });

  it('goes on without a process that was killed, and lets one end that has nothing left to do', async () => {
    const host = new SharedClockHost(start);
    const emulator = await startEmulator({ clock: host });
    const stuck = spawnParticipant(emulator.origin, 0, 0);
    expect(await stuck.next()).toEqual({ connected: start });
    const steady = spawnParticipant(emulator.origin, 3, 1_000);
    expect(await steady.next()).toEqual({ connected: start });
    expect(host.participants).toBe(2);
    const gone = once(stuck.process, 'exit');
    // It never sleeps, so time stands still until it is gone.
    stuck.process.kill('SIGKILL');
    await gone;
    const ended = once(steady.process, 'exit');
    expect([await steady.next(), await steady.next(), await steady.next()]).toEqual([
      { now: start + 1_000 },
      { now: start + 2_000 },
      { now: start + 3_000 },
    ]);
    expect(await ended).toEqual([0, null]);
    await emulator.close();
  });
});
