#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { systemClock, type Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { classOfCode, exitCodes, firstExitClass } from '../domain/exit.ts';
import { keepHeapSmall, keepNewObjectsFew } from './heap.ts';
import { runCommandLine } from './program.ts';
import { nameRuntime } from './runtime.ts';
import { visible } from './visible.ts';

keepNewObjectsFew();
nameRuntime();

const abort = new AbortController();
let interruptions = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second time somebody means it: the state is safe, only the answer in hand is lost and looked for in the logs.
    if (++interruptions > 1) process.exit(exitCodes.interrupted);
    abort.abort(new JoineryError('DOM-002', `stopped by ${signal}`));
  });
}
// A reader that went away (`joinery plan | head`) is no error of ours, and a log that is gone or full must not end a run in the middle of its sending.
let lost: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lost ??= error;
});
process.stderr.on('error', () => undefined);

const { env, stdout, stderr } = process;
const { clock, close } = await openClock(env['JOINERY_CLOCK']);
const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
const code = await runCommandLine(process.argv.slice(2), {
  // Off a terminal what is printed is data.
  out: (text) => stdout.write(stdout.isTTY ? visible(text) : text),
  err: (text) => stderr.write(text),
  environment: env,
  isTerminal: stderr.isTTY && !noColour,
  colour: stdout.isTTY && !noColour,
  columns: stderr.columns ?? 100,
  clock,
  chance: { random: Math.random, uuid: randomUUID },
  signal: abort.signal,
  user: systemUser(),
  keepHeapSmall,
});
process.exitCode = code;
await close();
// Not before: a stream tells of its error a moment after the write.
process.once('exit', () => {
  if (lost === undefined) return;
  stderr.write(`error CLI-102: stdout cannot be written (${lost.code ?? lost.message}); what the command printed is not complete\n`);
  process.exitCode = exitCodes[firstExitClass([classOfCode(code), 'configuration'])];
});

/** By the process's own id, not by what the environment says; in a container the id may have no name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid:${String(process.getuid?.() ?? 'unknown')}`;
  }
}

/** The machine's clock, or the one that an emulator shares with its clients. */
async function openClock(url: string | undefined): Promise<{ clock: Clock; close: () => Promise<void> }> {
  if (url === undefined || url === '') return { clock: systemClock, close: () => Promise.resolve() };
  const { connectSharedClock } = await import('../emulator/shared-clock.ts');
  const shared = await connectSharedClock(url);
  return { clock: shared, close: () => shared.close() };
}
