import { performance } from 'node:perf_hooks';
import type { Clock } from '../src/domain/clock.ts';
import { connectSharedClock } from '../src/emulator/index.ts';
import { reconcile } from '../src/stages/reconcile.ts';
import { startEmulatorProcess } from '../scripts/emulator-process.ts';
import { prepareWorker } from './load-worker.ts';

export interface ReconcileFigures {
  readonly operations: number;
  readonly rows: number;
  readonly pages: number;
  /** From when the last row is visible until everything is closed. */
  readonly virtualSeconds: number;
  /** Of two seconds a page, which the logs' throttle of 5 calls in 10 s allows. */
  readonly ratio: number;
}

/** Loads so many operations, lets every row become visible, and reads them all in one reconcile that has seen none before. */
export async function measureReconcile(
  command: readonly string[],
  root: string,
  state: string,
  operations: number,
): Promise<ReconcileFigures> {
  const emulator = await startEmulatorProcess(command, root, ['--licence', 'governance']);
  const { origin } = emulator.connection;
  try {
    const loading = await prepareWorker({ name: 'east', state, origin, environment: emulator.variables, workers: operations, latency: 10 });
    await loading.send();
    await loading.close();
    const shared = await connectSharedClock(origin);
    // An hour and a half: the service has worked through its queue and the last row is visible.
    await shared.sleep(5_400_000);
    await shared.close();
    const looking = await prepareWorker({ name: 'east', state, origin, environment: emulator.variables, workers: 0, latency: 0 });
    const clock = workingClock(looking.context.clock);
    let pages = 0;
    let rows = 0;
    const logs = looking.openLogs(clock);
    const started = clock.now();
    const result = await reconcile(
      { ...looking.context, clock },
      {
        job: (signal) => logs.job(signal),
        async *read(from, onProblem, signal) {
          for await (const page of logs.read(from, onProblem, signal)) {
            pages++;
            rows += page.length;
            yield page;
          }
        },
      },
      { wait: 0 },
    );
    const milliseconds = clock.now() - started;
    await looking.close();
    if (result.open > 0) throw new Error(`${String(result.open)} of ${String(operations)} operations are still open`);
    return { operations, rows, pages, virtualSeconds: milliseconds / 1_000, ratio: milliseconds / (pages * 2_000) };
  } finally {
    emulator.process.kill();
  }
}

/** Time passes as on this machine while there is work, and jumps over what is slept. */
function workingClock(shared: Clock): Clock {
  let virtual = shared.now();
  let since = performance.now();
  const now = (): number => Math.round(virtual + (performance.now() - since));
  return {
    now,
    async sleep(milliseconds, signal) {
      const until = now() + Math.ceil(milliseconds);
      await shared.sleep(Math.max(0, until - shared.now()), signal);
      virtual = until;
      since = performance.now();
    },
  };
}
