/**
 * Tries the packed tarball in the folder it was installed into, as somebody who has no clone: help, check, a run of a pipeline there, the exports.
 * Usage: tsx scripts/try-package.ts FOLDER. The clone only lends a database to read from.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fillDirty } from '../samples/databases.ts';
import { startPostgres } from '../test/postgres.ts';
import { startEmulatorProcess } from './emulator-process.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

const folder = resolve(process.argv[2] ?? '.');
const main = join(folder, 'node_modules', 'joinery', 'dist', 'cli', 'main.js');

function node(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...words], {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  const keep = (chunk: Buffer): void => {
    out += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => {
      done({ code, out });
    });
  });
}

function expectThat(condition: boolean, what: string, ended: Ended): void {
  if (!condition) throw new Error(`the package: ${what} ended with ${String(ended.code)}\n${ended.out}`);
}

const help = await node([main, '--help']);
expectThat(help.code === 0 && help.out.includes('joinery run'), '--help', help);

for (const name of ['pipelines', 'transforms']) cpSync(name, join(folder, name), { recursive: true });
mkdirSync(join(folder, 'samples'), { recursive: true });
cpSync(join('samples', 'country-codes.csv'), join(folder, 'samples', 'country-codes.csv'));
const check = await node([main, 'check', join('pipelines', 'contoso-dirty.yaml')]);
expectThat(check.code === 0, 'check', check);

const postgres = await startPostgres();
const emulator = await startEmulatorProcess([main], folder);
try {
  const url = await postgres.createDatabase('packed');
  await fillDirty(url);
  const run = await node([main, 'run', join('pipelines', 'contoso-dirty.yaml')], {
    ...emulator.variables,
    HR_EXPORT_URL: url,
    JOINERY_CLOCK: emulator.connection.origin,
  });
  // 3: all was done, and the sample's contradictions are new rejections.
  expectThat(run.code === 3 && run.out.includes('applied'), 'run', run);
} finally {
  emulator.process.kill();
  await postgres.stop();
}

for (const name of ['joinery', 'joinery/pipeline', 'joinery/jsonata', 'joinery/emulator']) {
  const script = `const names = Object.keys(await import(${JSON.stringify(name)})); process.exitCode = names.length > 0 ? 0 : 1;`;
  const imported = await node(['--input-type=module', '-e', script]);
  expectThat(imported.code === 0, `import of ${name}`, imported);
}
process.stdout.write('the package installs into an empty folder and works there\n');
