/**
 * `npm run bench:load [-- --workers N] [--reconciled N] [--only sqlite|postgres|reconcile]`: how much of what the tenant allows a load gets, and how long reconcile takes after the last row is visible. The emulator and two processes with a
 * pipeline each are processes of their own over one store, SQLite and PostgreSQL, governance quota, every call half to twice as long as the latency. Time is virtual: the network, the
 * windows and the service are waited for on a shared clock; what store (load) or all of our work (reconcile) takes is measured on this machine and added to it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmulatorProcess } from '../scripts/emulator-process.ts';
import { startPostgres } from '../test/postgres.ts';
import { measureReconcile } from './load-reconcile.ts';
import type { CallSeen, WorkerTask } from './load-worker.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '40000' },
    reconciled: { type: 'string', default: '100000' },
    only: { type: 'string' },
  },
});
const workers = Number(values.workers);
const isWanted = (part: string): boolean => values.only === undefined || values.only === part;
const root = fileURLToPath(new URL('..', import.meta.url));
const command = ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts')];
const windowMilliseconds = 5_000;
const windowCalls = 40;
const wanted = new Map([
  [10, 0.99],
  [250, 0.94],
]);

let failed = false;
let databases = 0;
const postgres = await startPostgres();
try {
  line('store', 'latency', 'calls', 'seconds', 'share', 'wanted', 'ops a call', '429');
  for (const engine of ['sqlite', 'postgres'] as const)
    if (isWanted(engine)) for (const [latency, share] of wanted) await measureLoad(engine, latency, share);
  if (isWanted('reconcile')) await tellReconcile();
} finally {
  await postgres.stop();
}
process.stdout.write(
  `load of the machine at the end: ${loadavg()
    .map((one) => one.toFixed(1))
    .join(', ')}\n`,
);
process.exitCode = failed ? 1 : 0;

async function tellReconcile(): Promise<void> {
  const { operations, rows, pages, virtualSeconds, ratio } = await withState('sqlite', (state) =>
    measureReconcile(command, root, state, Number(values.reconciled)),
  );
  failed ||= ratio > 1.2;
  process.stdout.write(
    `\nreconcile of ${count(operations)} operations, ${count(rows)} rows on ${count(pages)} pages: ${virtualSeconds.toFixed(0)} s from when the last row is visible, ` +
      `${ratio.toFixed(3)} of pages × 2 s (wanted at most 1.2)\nVirtual: network, windows of the service, its processing. Measured here and added: the store’s transactions while loading, all of our work while reconciling.\n`,
  );
}

async function withState<T>(engine: 'sqlite' | 'postgres', work: (state: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'joinery-bench-'));
  try {
    return await work(engine === 'sqlite' ? folder : await postgres.createDatabase(`bench_load_${String(++databases)}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLoad(engine: 'sqlite' | 'postgres', latency: number, share: number): Promise<void> {
  const emulator = await startEmulatorProcess(command, root, ['--licence', 'governance']);
  try {
    const calls = await withState(engine, (state) => {
      const task = { state, origin: emulator.connection.origin, environment: emulator.variables, workers, latency };
      return loadAtOnce([
        { ...task, name: 'east' },
        { ...task, name: 'west' },
      ]);
    });
    // The backlog of both lasts until the first of them has sent its last call.
    const to = Math.min(...calls.map((of) => Math.max(...of.map(({ at }) => at))));
    const arrivals = calls
      .flat()
      .flatMap(({ at }) => (at <= to ? [at] : []))
      .toSorted((left, right) => left - right);
    const got = shareOf(arrivals);
    const perCall = calls.flat().reduce((sum, { operations }) => sum + operations, 0) / calls.flat().length;
    const throttled = calls.flat().filter(({ status }) => status === 'throttled').length;
    failed ||= got < share || perCall < 49.9 || throttled > 0 || calls.flat().some(({ status }) => status !== 'accepted');
    line(
      engine,
      `${String(latency)} ms`,
      count(calls.flat().length),
      ((to - (arrivals[0] ?? to)) / 1_000).toFixed(1),
      `${(got * 100).toFixed(2)} %`,
      `${String(share * 100)} %`,
      perCall.toFixed(2),
      String(throttled),
    );
  } finally {
    emulator.process.kill();
  }
}

/**
 * Calls arrive in bursts of a window's 40, so the pace is taken from each call to the one a whole number of windows later: what part of a burst the ends cut off makes no difference.
 */
function shareOf(arrivals: readonly number[]): number {
  const calls = Math.floor(arrivals.length / windowCalls - 1) * windowCalls;
  let milliseconds = 0;
  for (let index = 0; index < windowCalls; index++) milliseconds += (arrivals[index + calls] ?? 0) - (arrivals[index] ?? 0);
  return calls / ((milliseconds / windowCalls / windowMilliseconds) * windowCalls);
}

/** Each task in a process of its own; all begin together. */
async function loadAtOnce(tasks: readonly WorkerTask[]): Promise<readonly (readonly CallSeen[])[]> {
  const children = tasks.map(() =>
    fork(fileURLToPath(new URL('load-worker.ts', import.meta.url)), ['--worker'], { execArgv: ['--import', 'tsx', '--no-warnings'] }),
  );
  try {
    // One after the other: a store takes one accept at a time.
    for (const [index, task] of tasks.entries()) {
      const child = children[index];
      if (child !== undefined) await answerTo(child, { task });
    }
    return await Promise.all(children.map(async (child) => (await answerTo(child, { go: true })).calls ?? []));
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

interface Answer {
  readonly ready?: true;
  readonly calls?: readonly CallSeen[];
  readonly error?: string;
}

function answerTo(child: ChildProcess, message: { readonly task: WorkerTask } | { readonly go: true }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    child.once('message', (answer: Answer) => {
      if (answer.error === undefined) resolve(answer);
      else reject(new Error(answer.error));
    });
    child.once('exit', (code) => {
      reject(new Error(`the process ended with ${String(code)}`));
    });
    child.send(message);
  });
}

function line(...cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, index) => (index === 0 ? cell.padEnd(10) : cell.padStart(12))).join('')}\n`);
}

function count(value: number): string {
  return value.toLocaleString('en');
}
