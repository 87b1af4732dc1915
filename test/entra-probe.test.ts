import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sinkVariables } from '../samples/sink-variables.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { defaultRoles, startEmulator, type Emulator, type EmulatorOptions, type EmulatorSwitches } from '../src/emulator/index.ts';
import { runEmulatorServer } from '../src/emulator/serve.ts';
import { defaultSwitches } from '../src/emulator/switches.ts';
import { assumptions } from '../src/entra/probe/assumptions.ts';
import { root, seeded, uploadsOf } from './workplace.ts';

const pipeline = join(root, 'pipelines', 'contoso-dirty.yaml');
const department = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department';
let clock: VirtualClock;
let emulator: Emulator;
let folder: string;

async function start(options: EmulatorOptions = {}): Promise<void> {
  clock = new VirtualClock('2026-11-22T08:00:00Z');
  emulator = await startEmulator({ clock, ...options });
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function probe(
  words: readonly string[] = ['--yes'],
  signal = new AbortController().signal,
  onOut?: (text: string) => void,
): Promise<Ended> {
  let [out, err] = ['', ''];
  const profile = join(folder, 'profile.json');
  const code = await runCommandLine(
    [
      'entra',
      'probe',
      pipeline,
      '--state',
      join(folder, 'state'),
      '--write',
      profile,
      '--every',
      '2m',
      '--quiet-time',
      '5m',
      '--patience',
      '30m',
      ...words,
    ],
    {
      out: (text) => {
        out += text;
        onOut?.(text);
      },
      err: (text) => (err += text),
      environment: {
        HR_EXPORT_URL: 'postgres://nowhere/x',
        ...sinkVariables(emulator),
      },
      isTerminal: false,
      colour: false,
      columns: 100,
      clock,
      chance: { random: seeded(7), uuid: randomUUID },
      signal,
    },
  );
  return { code, out, err };
}

const profileText = (): Promise<string> => readFile(join(folder, 'profile.json'), 'utf8');

async function contradicted(): Promise<string[]> {
  const end = await probe(['--yes', '--json']);
  expect(end.err).toBe('');
  const result = JSON.parse(end.out.trim().split('\n').at(-1) ?? '');
  expect(result).toMatchObject({ type: 'result', left: [] });
  expect(end.code).toBe(result.contradictions.length === 0 ? 0 : 5);
  return result.contradictions.map(({ name }: { name: string }) => name);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-probe-'));
});
afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

/** Another value of each switch that a probe looks at. */
const changes: Partial<EmulatorSwitches> = {
  operationsPerRequest: 200,
  badRequestCode: 'invalidRequest',
  requireEnterpriseSchema: true,
  locationVersion: 'request',
  operationOrder: 'inOrder',
  duplicateExternalId: 'fail',
  activeOmitted: 'unchanged',
  inactiveUnknown: 'skip',
  flowNullValues: [department],
  clearingMappings: ['department'],
  managerHeals: true,
  redundantUpdates: true,
  unchangedRows: 'never',
  rowsPerChange: 'one',
  statusInfoFilter: 'both',
  provisioningStatusFilter: true,
  logPageSize: 500,
  createdUserVisible: 'immediately',
};

describe('joinery entra probe', () => {
  it('says what it will do, and does nothing without --yes', async () => {
    await start();
    const refused = await probe([]);
    expect(refused).toMatchObject({ code: 6, err: expect.stringContaining('ENT-617') });
    expect(refused.out).toContain('+ send 51 operations in one call');
    expect(uploadsOf(emulator)).toBe(0);
    expect(existsSync(join(folder, 'profile.json'))).toBe(false);
  });

  it('finds nothing against a tenant that does what Joinery assumes, and leaves ten disabled accounts', async () => {
    await start();
    expect(await contradicted()).toEqual([]);
    expect(uploadsOf(emulator)).toBe(5);
    expect(emulator.directory.users().map(({ accountEnabled }) => accountEnabled)).toEqual(Array.from({ length: 10 }, () => false));
    const profile = JSON.parse(await profileText());
    expect(profile.notObserved).toEqual([]);
    expect(profile.emptiness).toEqual({ omitted: 'unchanged', null: 'unchanged', empty: 'empty' });
    expect(profile.shape).toMatchObject({ unknownMembers: [], missingMembers: [] });
    expect(profile.latencyMilliseconds).toBeGreaterThan(5 * 60_000);
    expect(profile.latencyMilliseconds).toBeLessThanOrEqual(10 * 60_000 + 30_000);
    expect(emulator.stats.throttledUploads).toBe(0);
    expect(emulator.stats.refusals).toHaveLength(1);
    expect(emulator.stats.defects).toEqual([]);
  });

  it('looks at the emulator’s switches, and assumes what their defaults are', () => {
    const defaults: Readonly<Record<string, unknown>> = defaultSwitches();
    expect(Object.fromEntries(Object.entries(assumptions).map(([name, { ours }]) => [name, ours]))).toEqual(
      Object.fromEntries(Object.keys(assumptions).map((name) => [name, defaults[name]])),
    );
    expect(Object.keys(changes).toSorted()).toEqual(Object.keys(assumptions).toSorted());
  });

  it('writes a profile without an id or a name, from which an emulator becomes such a tenant', async () => {
    const names = [
      'operationsPerRequest',
      'locationVersion',
      'operationOrder',
      'activeOmitted',
      'inactiveUnknown',
      'statusInfoFilter',
    ] as const;
    await start({ switches: Object.fromEntries(names.map((name) => [name, changes[name]])) });
    expect(await contradicted()).toEqual(names);
    const text = await profileText();
    const [job, ids] = [emulator.jobs[0], emulator.directory.users().flatMap((user) => [user.id, user.userPrincipalName])];
    const own = [
      emulator.tenantId,
      emulator.clientId,
      emulator.jobId,
      job?.servicePrincipalId ?? '',
      emulator.origin,
      'contoso',
      'jp-',
      'Probe',
      '2026',
    ];
    for (const one of [...own, ...ids]) expect(text).not.toContain(one);
    await emulator.close();

    const stop = new AbortController();
    const line = await new Promise<string>((resolve, reject) => {
      const io = { write: resolve, signal: stop.signal };
      runEmulatorServer({ port: 0, json: true, profile: join(folder, 'profile.json') }, io).catch(reject);
    });
    const served = await (await fetch(`${String(JSON.parse(line).origin)}/emulator/switches`)).json();
    stop.abort();
    expect(served).toMatchObject({ ...JSON.parse(text).switches, operationsPerRequest: 51, activeOmitted: 'unchanged' });
  });

  it.each([
    [['badRequestCode', 'duplicateExternalId', 'managerHeals', 'logPageSize', 'createdUserVisible'], {}],
    [
      ['requireEnterpriseSchema', 'flowNullValues', 'clearingMappings', 'redundantUpdates', 'rowsPerChange', 'provisioningStatusFilter'],
      {},
    ],
    [
      ['duplicateExternalId', 'unchangedRows', 'statusInfoFilter', 'createdUserVisible'],
      { duplicateExternalId: 'shuffled', statusInfoFilter: 'neither', createdUserVisible: 'withRow' },
    ],
  ] as const)('names exactly what differs: %s', async (names, others) => {
    const switches = { ...Object.fromEntries(names.map((name) => [name, changes[name]])), ...others };
    await start({ switches });
    expect((await contradicted()).toSorted()).toEqual(names.toSorted());
    expect(JSON.parse(await profileText()).switches).toMatchObject(switches);
  });

  it('goes on where it was stopped, and sends nothing twice', async () => {
    await start();
    const stop = new AbortController();
    let looks = 0;
    const stopped = await probe(['--yes'], stop.signal, (text) => {
      if (text.includes('wait for the rows') && ++looks === 2) stop.abort();
    });
    expect(stopped.code).not.toBe(0);
    expect(uploadsOf(emulator)).toBe(2);
    const again = await probe();
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toContain('goes on from where it stopped');
    expect(uploadsOf(emulator)).toBe(5);
    expect(emulator.directory.size).toBe(10);
    expect(existsSync(join(folder, 'profile.json.progress'))).toBe(false);
  });

  it('disables everybody and tells no story when nobody knows what became of a call', async () => {
    await start();
    let calls = 0;
    emulator.setFaults({
      request: ({ path }) => (path.endsWith('/bulkUpload') && ++calls === 2 ? { kind: 'resetAfterAccept' } : undefined),
    });
    const end = await probe();
    expect(end.err).toContain('ENT-623');
    expect(emulator.directory.users().filter(({ accountEnabled }) => accountEnabled)).toEqual([]);
    expect(existsSync(join(folder, 'profile.json'))).toBe(false);
    expect(await contradicted()).toEqual([]);
  });

  it('disables what it made when it is given up', async () => {
    await start();
    const stop = new AbortController();
    await probe(['--yes'], stop.signal, (text) => {
      if (text.includes('wait for the rows')) stop.abort();
    });
    const end = await probe(['--yes', '--abandon']);
    expect(end.err).toContain('ENT-623: the probe was given up; 0 throwaways left');
    expect(emulator.directory.users().map(({ accountEnabled }) => accountEnabled)).toEqual(Array.from({ length: 8 }, () => false));
  });

  it('refuses a job that does not run before it makes anybody, and another job’s progress', async () => {
    await start();
    emulator.jobs[0]?.pause();
    expect((await probe()).err).toContain('ENT-502');
    expect(uploadsOf(emulator)).toBe(0);
    await writeFile(join(folder, 'profile.json.progress'), '{}');
    expect((await probe()).err).toContain('ENT-625');
  });

  it('says which assumptions it saw nothing of when the runner may not read users', async () => {
    await start({
      clients: [{ roles: defaultRoles.filter((role) => role !== 'User.Read.All' && role !== 'Application.ReadWrite.OwnedBy') }],
    });
    const end = await probe();
    expect(end.err).toBe('');
    expect(end.out).toContain('Nothing was seen of createdUserVisible.');
  });
});
