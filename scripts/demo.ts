/**
 * `npm run demo`: two sample HR databases in a real PostgreSQL, an emulated Entra tenant on loopback, and two pipelines through two HR days. Hours of provisioning
 * pass on a virtual clock; everything else is what `joinery` does for you: this script only types the commands.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { startEmulator, type Emulator } from '../src/emulator/index.ts';
import { executeSql, fillContoso, fillDirty, sampleText } from '../samples/databases.ts';
import { startPostgres } from '../test/postgres.ts';

const output = resolve('demo-output');
const clean = join('pipelines', 'contoso.yaml');
const dirty = join('pipelines', 'contoso-dirty.yaml');
const colour = process.stdout.isTTY;
const failures: string[] = [];
const reports: { readonly run: string; readonly file: string }[] = [];
let runs = 0;
let day = '';

rmSync(output, { recursive: true, force: true });
mkdirSync(output);
say('Starting PostgreSQL and the emulated Entra tenant on loopback …');
const postgres = await startPostgres();
const clock = new VirtualClock('2026-11-02T07:00:00Z');
const emulator = await startEmulator({ clock, empty: true });
const variables = join('demo-output', '.env');
try {
  const hr = await postgres.createDatabase('contoso_hr');
  const dirtyHr = await postgres.createDatabase('contoso_export');
  await fillContoso(hr);
  await fillDirty(dirtyHr);
  const environment = environmentFor(hr, dirtyHr);

  title('An empty tenant: app, job, two identities with their rights, notification e-mail, start');
  const setUp = ['--tenant', emulator.tenantId, '--emulator', emulator.origin, '--email', 'hr-operations@contoso.example'];
  await joinery(environment, 0, 'entra', 'setup', ...setUp, '--write', variables, '--yes');
  say('A custom attribute is added to the schema of the job, and mapped:\n');
  const map = ['--map', 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate=employeeHireDate'];
  const push = [...map, '--backup', join('demo-output', 'schema-before.json'), '--env-file', `${variables}.administrator`, '--yes'];
  await joinery(environment, 0, 'entra', 'schema', 'push', clean, ...push);

  title('Day 1, Monday 2 November 2026: everybody is provisioned');
  await joinery(environment, 0, 'run', clean);
  say(
    "\nMicrosoft's sample export is dirty: ids that several people share, unknown managers. What the declared rule cannot decide is rejected by name.\n",
  );
  await joinery(environment, 3, 'run', dirty);
  directory('After day 1');

  title('Day 1, noon: two people are dismissed');
  await executeSql(hr, sampleText('contoso/day-1-noon.sql'));
  await joinery(environment, 0, 'run', clean);

  title('Day 2: joiners, movers, leavers, a rehire, dirty rows; only what changed is sent');
  clock.advanceTo('2026-11-03T07:00:00Z');
  await executeSql(hr, sampleText('contoso/day-2.sql'));
  say('First the plan, which sends nothing:\n');
  await joinery(environment, 3, 'plan', clean);
  await joinery(environment, 3, 'run', clean);
  await joinery(environment, 0, 'run', dirty);
  directory('After day 2');

  title('Once more: nothing changed, nothing is sent');
  await joinery(environment, 0, 'run', clean);

  title('A broken day: half of the company is missing from the view');
  await executeSql(hr, sampleText('contoso/broken-day.sql'));
  const calls = uploads(emulator);
  await joinery(environment, 6, 'run', clean);
  expectThat(uploads(emulator) === calls, 'a guard stopped the plan before the first call');

  title('What is left to look at');
  await joinery(environment, 0, 'status', clean);

  title('The reports of the runs, one page each: open them in a browser');
  for (const { run, file } of reports) say(`  ${run.padEnd(34)} ${file}\n`);
  expectThat(reports.length === runs, `${String(runs)} runs named ${String(reports.length)} reports`);
  say(`\nEverything is in ${output}.\n`);
} finally {
  await emulator.close();
  await postgres.stop();
}
if (failures.length > 0) {
  say(`\nThe demo did not go as it should:\n${failures.map((failure) => `  - ${failure}`).join('\n')}\n`);
  process.exitCode = 1;
}

async function joinery(environment: Readonly<Record<string, string>>, expected: number, ...words: readonly string[]): Promise<void> {
  const known = words[0] === 'entra' && words[1] === 'setup' ? [] : ['--env-file', variables];
  say(`$ joinery ${[...words, ...known].join(' ')}\n`);
  if (words[0] === 'run') runs++;
  const code = await runCommandLine([...words, ...known, '--state', output], {
    out: (text) => {
      const file = /^ {2}report {2,}(.+)$/m.exec(text)?.[1];
      if (file !== undefined) reports.push({ run: `${day}, ${words[1] ?? ''}`.replace('pipelines/', ''), file });
      process.stdout.write(text);
    },
    err: (text) => process.stdout.write(text),
    environment,
    isTerminal: colour,
    colour,
    columns: process.stdout.columns ?? 100,
    clock,
    chance: { random: Math.random, uuid: randomUUID },
    signal: new AbortController().signal,
  });
  say(`→ exit ${String(code)}\n\n`);
  expectThat(code === expected, `joinery ${words.join(' ')} ended with ${String(code)}, expected ${String(expected)}`);
}

function environmentFor(hr: string, dirtyHr: string): Readonly<Record<string, string>> {
  return {
    HR_DATABASE_URL: hr,
    HR_EXPORT_URL: dirtyHr,
    ENTRA_SETUP_CLIENT_ID: emulator.clientId,
    ENTRA_SETUP_CLIENT_SECRET: emulator.clientSecret,
  };
}

function directory(when: string): void {
  const users = emulator.directory.users();
  let enabled = 0;
  let managed = 0;
  let all = 0;
  for (const user of users) {
    all++;
    if (user.accountEnabled) enabled++;
    if (user.managerId !== null) managed++;
  }
  say(`${when} the directory holds ${String(all)} users: ${String(enabled)} enabled, ${String(managed)} with a manager.\n`);
}

function uploads(service: Emulator): number {
  return Object.entries(service.stats.calls).reduce((sum, [name, count]) => (name.endsWith('/bulkUpload') ? sum + count : sum), 0);
}

function expectThat(condition: boolean, what: string): void {
  if (!condition) failures.push(what);
}

function title(text: string): void {
  day = text.split(/[:,] /)[0] ?? text;
  say(`\n══ ${text} ${'═'.repeat(Math.max(0, 96 - text.length))}\n\n`);
}

function say(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
