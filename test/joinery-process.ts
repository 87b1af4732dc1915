import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { inject } from 'vitest';
import { root } from './workplace.ts';

/** One line that `joinery --json` printed. */
export interface Line {
  readonly type: string;
  readonly [member: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Line[];
  readonly errors: string;
}

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly state: string;
  /** Called for every line; `true` kills the process at once, as a power cut would. */
  readonly kill?: (line: Line) => boolean;
}

/** Runs the real command line in a process of its own. */
export async function runJoinery(words: readonly string[], options: ProcessOptions): Promise<Ended> {
  const command = [join(await builtFolder(), 'dist', 'cli', 'main.js'), ...words, '--json', '--state', options.state];
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return collect(child, options.kill ?? (() => false));
}

/** Runs the real command line with nobody at the other end of its pipes, or (`full`) with stdout on a disk without space. Answers how it ended, and what it wrote to stderr. */
export async function runUnheard(
  words: readonly string[],
  outlet: 'gone' | 'full',
): Promise<{ readonly code: number | null; readonly errors: string }> {
  const full = outlet === 'full' ? openSync('/dev/full', 'w') : undefined;
  const child = spawn(process.execPath, [join(await builtFolder(), 'dist', 'cli', 'main.js'), ...words], {
    cwd: root,
    stdio: ['ignore', full ?? 'pipe', 'pipe'],
  });
  if (full !== undefined) closeSync(full);
  let errors = '';
  if (outlet === 'gone') for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  else child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, errors });
    });
  });
}

/** The bundled sources; the first call of a test run bundles them. */
async function builtFolder(): Promise<string> {
  const { statusCode, body } = await request(`${inject('postgresStarter')}/-/build`, { headersTimeout: 120_000 });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`the sources were not bundled: ${text}`);
  return text;
}

function collect(
  child: ChildProcess & { readonly stdout: NodeJS.ReadableStream; readonly stderr: NodeJS.ReadableStream },
  kill: (line: Line) => boolean,
): Promise<Ended> {
  const lines: Line[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: Line = JSON.parse(text);
    lines.push(line);
    if (kill(line)) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, lines, errors });
    });
  });
}
