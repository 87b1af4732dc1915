import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sinkText, sinkVariables } from '../samples/sink-variables.ts';
import { fillDirty } from '../samples/databases.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { defaultRoles, startEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/index.ts';
import { signJwt } from '../src/emulator/jwt.ts';
import { readJob } from '../src/entra/job.ts';
import { openGraph } from '../src/entra/graph.ts';
import { openTokens } from '../src/entra/tokens.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { openStore } from '../src/store/open.ts';
import { freshDatabase } from './database.ts';
import { expectedDirty } from './expected-people.ts';
import { withManagedIdentity } from './managed-identity.ts';
import { becomeStranger, passLatency, record } from './stranger.ts';
import { peopleOf, root, seeded } from './workplace.ts';

const runnerRoles = defaultRoles.filter((role) => role !== 'Application.ReadWrite.OwnedBy');
const pipeline = join(root, 'pipelines', 'contoso-dirty.yaml');
let clock: VirtualClock;
let emulator: Emulator;
let folder: string;
const random = seeded(7);

async function start(options: EmulatorOptions = {}): Promise<void> {
  clock = new VirtualClock('2026-11-22T08:00:00Z');
  const clients = [{ roles: runnerRoles }, { roles: ['Application.ReadWrite.OwnedBy'] as const }];
  emulator = await startEmulator({ clock, clients, ...options });
}

function environment(database: string): Record<string, string> {
  const [, administrator] = emulator.clients;
  return {
    HR_EXPORT_URL: database,
    ...sinkVariables(emulator),
    ENTRA_ADMIN_CLIENT_ID: administrator?.clientId ?? '',
    ENTRA_ADMIN_CLIENT_SECRET: administrator?.clientSecret ?? '',
  };
}

async function joinery(
  words: readonly string[],
  signal = new AbortController().signal,
  database = 'postgres://nowhere/x',
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCommandLine([...words, '--state', join(folder, 'state')], {
    out: (text) => (out += text),
    err: (text) => (err += text),
    environment: environment(database),
    isTerminal: false,
    colour: false,
    columns: 100,
    clock,
    chance: { random, uuid: randomUUID },
    signal,
  });
  return { code, out, err };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-job-'));
});
afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

describe('joinery entra start, pause and restart', () => {
  it('states what it does, does nothing without --yes, and is kept in the journal', async () => {
    await start();
    const refused = await joinery(['entra', 'pause', pipeline]);
    expect(refused.err).toContain('ENT-617');
    expect(emulator.jobs[0]?.state.schedule).toBe('Active');
    expect(await joinery(['entra', 'pause', pipeline, '--yes'])).toMatchObject({ code: 0, err: '' });
    expect(emulator.jobs[0]?.state.schedule).toBe('Paused');
    const restarted = await joinery(['entra', 'restart', pipeline]);
    expect(restarted.out).toContain('PURGES everything that is queued');
    expect(emulator.jobs[0]?.state.schedule).toBe('Paused');
    expect((await joinery(['entra', 'start', pipeline, '--yes'])).out).toContain('the job is Active now');
    expect((await joinery(['entra', 'restart', pipeline])).out).toContain('still processed');
    const store = await openStore(join(folder, 'state'), { clock });
    const kinds: string[] = [];
    for await (const lines of store.journal.stream()) kinds.push(...lines.map((line) => line.kind));
    await store.close();
    expect(kinds.filter((kind) => kind.startsWith('job '))).toEqual(['job pause', 'job start']);
  });

  it('tells the ledger what a restart purged: the next run sends these workers at once', async () => {
    await start();
    const exported = await freshDatabase('purged');
    await fillDirty(exported);
    const run = (...more: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
      joinery(['run', pipeline, ...more], undefined, exported);
    await run('--wait', '0');
    const accepted = emulator.stats.operations;
    expect(accepted).toBeGreaterThan(0);
    expect((await joinery(['entra', 'pause', pipeline, '--yes'])).out).toContain(`${String(accepted)} operations of ours are in flight`);
    const restarted = await joinery(['entra', 'restart', pipeline, '--yes']);
    expect(restarted.out).toContain(`${String(accepted)} operations marked as lost`);
    expect(JSON.parse((await joinery(['entra', 'status', pipeline, '--json'])).out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      open: 0,
    });
    await joinery(['entra', 'start', pipeline, '--yes']);
    expect(emulator.directory.size).toBe(0);
    const again = await run();
    expect(again).toMatchObject({ code: 0 });
    expect(again.out).not.toContain('silent');
    expect(peopleOf(emulator)).toEqual(await expectedDirty(exported));
  });

  it('brings a job out of quarantine, and says so where it goes back into it', async () => {
    await start();
    emulator.jobs[0]?.quarantine('TooManyDeletes');
    expect((await joinery(['entra', 'restart', pipeline, '--yes'])).code).toBe(0);
    emulator.jobs[0]?.set({ notificationEmail: null });
    const again = await joinery(['entra', 'restart', pipeline, '--yes']);
    expect(again.code).not.toBe(0);
    expect(again.out).toContain('the job is Quarantine now');
  });
});

describe('joinery entra schema', () => {
  it('finds a drift, adds exactly what is missing, and puts the old schema back byte for byte', async () => {
    await start();
    const before = emulator.jobs[0]?.schemaText;
    const differs = await joinery(['entra', 'schema', 'diff', pipeline]);
    expect(differs.out).toMatch(/ENT-605: urn:.*HireDate is sent, and the job’s schema does not have it/);
    const hire = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate';
    const map = ['--map', `${hire}=employeeHireDate`];
    expect((await joinery(['entra', 'schema', 'push', pipeline, ...map])).err).toContain('ENT-617');
    expect(emulator.jobs[0]?.schemaText).toBe(before);
    const backup = join(folder, 'before.json');
    expect(await joinery(['entra', 'schema', 'push', pipeline, ...map, '--backup', backup, '--yes'])).toMatchObject({ code: 0, err: '' });
    expect((await joinery(['entra', 'schema', 'diff', pipeline])).out).not.toContain('HireDate');
    const stranger = await becomeStranger(emulator);
    await stranger.upload([record('1', { [hire.slice(0, hire.lastIndexOf(':'))]: { HireDate: '2026-11-22T00:00:00Z' } })]);
    passLatency(emulator, clock);
    expect(emulator.directory.findByEmployeeId('1')[0]).toMatchObject({ employeeHireDate: '2026-11-22T00:00:00Z' });
    expect((await joinery(['entra', 'schema', 'push', pipeline, ...map, '--yes'])).out).toContain('nothing to change');
    const restored = await joinery([
      'entra',
      'schema',
      'push',
      pipeline,
      '--rollback',
      backup,
      '--backup',
      join(folder, 'after.json'),
      '--yes',
    ]);
    expect(restored.code).toBe(0);
    expect(emulator.jobs[0]?.schemaText).toBe(before);
    expect((await joinery(['entra', 'schema', 'pull', pipeline])).out.trim()).toBe(before);
  });

  it('does not undo what somebody else changed between the plan and the push', async () => {
    await start();
    const [, other] = emulator.clients;
    const stranger = await becomeStranger(emulator, { client_id: other?.clientId ?? '', client_secret: other?.clientSecret ?? '' });
    const path = `/servicePrincipals/${emulator.servicePrincipalId}/synchronization/jobs/${emulator.jobId}/schema`;
    const theirs = (emulator.jobs[0]?.schemaText ?? '').replace('"priority":1', '"priority":2');
    let reads = 0;
    let meddling: Promise<unknown> = Promise.resolve();
    emulator.setFaults({
      request: (request) => {
        if (!request.path.endsWith('/schema') || request.method !== 'GET' || ++reads !== 2) return undefined;
        meddling = stranger.graph('PUT', path, { body: JSON.parse(theirs) });
        return { kind: 'delay', milliseconds: 1_000 };
      },
    });
    // The second look waits until the other change is made.
    vi.spyOn(clock, 'sleep').mockImplementation(async () => {
      await meddling;
    });
    const backup = join(folder, 'before.json');
    const pushed = await joinery(['entra', 'schema', 'push', pipeline, '--backup', backup, '--yes']);
    await meddling;
    expect(pushed.err).toContain('ENT-622');
    expect(emulator.jobs[0]?.schemaText).toBe(theirs);
  });
});

describe('joinery entra logs', () => {
  async function fill(): Promise<void> {
    const stranger = await becomeStranger(emulator);
    await stranger.upload([record('1'), record('2', { userName: 'a@unknown.example' }), record('3', { manager: '999' })]);
    passLatency(emulator, clock);
  }

  it('groups and explains errors, and shows no value of a person', async () => {
    await start();
    await fill();
    const all = await joinery(['entra', 'logs', pipeline]);
    expect(all.out).toContain('AzureActiveDirectoryInvalidUserPrincipalName: 1 worker');
    expect(all.out).toContain('verify the domain');
    expect(all.out).not.toContain('worker.1@contoso.example');
    expect(all.code).toBe(4);
    const one = await joinery(['entra', 'logs', pipeline, '--worker', '1', '--json']);
    const rows = one.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'row');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ externalId }) => externalId === '1')).toBe(true);
    const failures = await joinery(['entra', 'logs', pipeline, '--status', 'failure', '--json']);
    expect(failures.out).toContain('"status":"failure"');
    expect(failures.out).not.toContain('"status":"success"');
    for (const { out } of [one, failures]) expect(out).not.toMatch(/contoso\.example|Worker \d/);
    expect((await joinery(['entra', 'logs', pipeline, '--since', '1s'])).out).toContain('0 rows');
    expect((await joinery(['entra', 'logs', pipeline, '--since', 'yesterday'])).err).toContain('CLI-101');
  });

  it('follows: a row that becomes visible later is shown once, and the end is no failure', async () => {
    await start();
    const stranger = await becomeStranger(emulator);
    await stranger.upload([record('1')]);
    const abort = new AbortController();
    const end = clock.now() + 60 * 60_000;
    // The clock is virtual: each pause of the command ends at once, until an hour of them has passed.
    const sleep = clock.sleep.bind(clock);
    clock.sleep = async (milliseconds, signal) => {
      if (clock.now() > end) abort.abort();
      await sleep(milliseconds, signal);
    };
    const followed = await joinery(['entra', 'logs', pipeline, '--follow', '--every', '2m', '--json'], abort.signal);
    const ids = followed.out.trim().split('\n').map((line) => JSON.parse(line)).filter(({ type }) => type === 'row').map(({ id }) => id); // prettier-ignore
    expect(ids).toHaveLength(new Set(ids).size);
    expect(new Set(ids)).toEqual(new Set(emulator.logRows().map((row) => row['id'])));
    expect(followed.code).toBe(0);
  });
});

it('a port that is taken is an error of the contract, with --json too', async () => {
  await start();
  const { port } = new URL(emulator.origin);
  const json = await joinery(['emulator', '--port', port, '--json']);
  expect([json.code, json.err]).toEqual([8, '']);
  expect(JSON.parse(json.out)).toMatchObject({ type: 'error', error: { code: 'EMU-101', fix: expect.stringContaining('--port') } });
  const plain = await joinery(['emulator', '--port', port]);
  expect([plain.code, plain.out]).toEqual([8, '']);
  expect(plain.err).toContain('EMU-101');
});

describe('credentials of a pipeline', () => {
  const text = (auth: string): string => `pipeline: p
source: { type: postgres, connection: "\${HR_EXPORT_URL}", table: t, key: id }
transform: { attributes: { active: "true", userName: id, displayName: id } }
${sinkText(auth)}`;

  async function codeOfJob(auth: string): Promise<string> {
    const file = join(folder, 'p.yaml');
    await writeFile(file, text(auth));
    const loaded = loadPipeline(file, { environment: environment('postgres://nowhere/x') });
    if (loaded.pipeline === undefined) return loaded.diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n');
    const { sink } = loaded.pipeline;
    const tokens = openTokens(sink, { clock });
    const graph = openGraph(sink, tokens, { clock });
    try {
      return (await readJob(graph)).code;
    } finally {
      await graph.close();
      await tokens.close();
    }
  }

  it('a token of another issuer in a file gets access, and another subject does not', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const issuer = 'https://token.actions.githubusercontent.com';
    const subject = 'repo:contoso/hr:ref:refs/heads/main';
    await start({
      clients: [{ roles: runnerRoles, federatedCredentials: [{ issuer, subject, keys: [publicKey.export({ format: 'jwk' })] }] }],
    });
    const seconds = Math.floor(clock.now() / 1000);
    const write = (sub: string): Promise<void> =>
      writeFile(join(folder, 'token'), signJwt({ kid: 'k' }, { iss: issuer, sub, aud: 'api://AzureADTokenExchange', nbf: seconds, iat: seconds, exp: seconds + 600 }, createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })))); // prettier-ignore
    await write(subject);
    expect(await codeOfJob('federated: { file: token }')).toBe('Active');
    await write(`${subject}x`);
    await expect(codeOfJob('federated: { file: token }')).rejects.toMatchObject({ code: 'ENT-114' });
    await expect(codeOfJob('federated: { file: nowhere }')).rejects.toMatchObject({ code: 'ENT-115' });
  });

  it('a managed identity gets access by its machine’s endpoint', async () => {
    await start();
    await withManagedIdentity(`${emulator.origin}/emulator/identity`, 'a-header-that-is-a-secret', async () => {
      expect(await codeOfJob('managedIdentity: userAssigned')).toBe('Active');
      expect(await codeOfJob('managedIdentity: systemAssigned')).toBe('Active');
    });
  });

  it('are exactly one', async () => {
    await start();
    expect(await codeOfJob('managedIdentity: systemAssigned, federated: { file: token }')).toContain('PIP-106');
    expect(await codeOfJob('managedIdentity: yes')).toMatch(/PIP-\d+/);
    await expect(codeOfJob('secret: "${ENTRA_CLIENT_SECRET}"')).resolves.toBe('Active');
  });
});
