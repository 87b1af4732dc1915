import { spawn, type ChildProcess } from 'node:child_process';
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
