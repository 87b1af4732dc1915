import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../src/domain/masking.ts';
import type { Diagnostic } from '../src/domain/diagnostic.ts';
import { declarationOf } from '../src/domain/errors/registry.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { defaultRoles, startEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/index.ts';
import { examine, type StateFacts } from '../src/entra/doctor/examine.ts';
import { collectFacts } from '../src/entra/doctor/facts.ts';
import { troubles, type Trouble, type TroubleName } from '../src/entra/doctor/troubles.ts';
import { openGraph } from '../src/entra/graph.ts';
import { openTokens } from '../src/entra/tokens.ts';
import { upload } from '../src/entra/upload.ts';
import type { SinkDeclaration } from '../src/pipeline/pipeline.ts';
import { becomeStranger, bulkBody, enterpriseSchema, passLatency, record } from './stranger.ts';

const minute = 60_000;
const extension = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';
const sentPaths = ['userName', 'displayName', `${enterpriseSchema}:department`];
const runnerRoles = defaultRoles.filter((role) => role !== 'Application.ReadWrite.OwnedBy');

let clock: VirtualClock;
let emulator: Emulator;

/** A job that is as it should be: nothing to find. */
async function start(options: EmulatorOptions = {}): Promise<void> {
  clock = new VirtualClock('2026-11-22T08:00:00Z');
  emulator = await startEmulator({ clock, clients: [{ roles: runnerRoles }], jobs: [{ deleteThreshold: 500 }], ...options });
}

interface Change {
  readonly sink?: Partial<SinkDeclaration>;
  readonly paths?: readonly string[];
  readonly state?: Partial<StateFacts>;
}

async function diagnose({ sink: changed = {}, paths = sentPaths, state = {} }: Change = {}): Promise<readonly Diagnostic[]> {
  const sink: SinkDeclaration = {
    type: 'entra',
    tenant: emulator.tenantId,
    servicePrincipal: emulator.servicePrincipalId,
    job: emulator.jobId,
    auth: { client: emulator.clientId, secret: new Secret('SECRET', emulator.clientSecret) },
    cloud: { name: 'emulator', login: emulator.origin, graph: emulator.origin },
    quota: { name: 'p1', calls: 2000 },
    clearing: [],
    extensions: {},
    ...changed,
  };
  const tokens = openTokens(sink, { clock });
  const graph = openGraph(sink, tokens, { clock });
  try {
    const facts = await collectFacts(graph, tokens);
    const known: StateFacts = { now: clock.now(), calls: { used: 0, of: 2000 }, open: [], refusals: [], ...state };
    return examine(facts, { pipeline: 'p.yaml', sink, sent: { paths, sink }, state: known });
  } finally {
    await graph.close();
    await tokens.close();
  }
}

async function codes(change: Change = {}): Promise<string[]> {
  return (await diagnose(change)).map(({ code }) => code);
}

/** Uploads as another client would, and lets everything happen. */
async function process(...records: Record<string, unknown>[]): Promise<void> {
  const stranger = await becomeStranger(emulator);
  expect((await stranger.upload(records)).status).toBe(202);
  passLatency(emulator, clock);
}

/** The words of a call that the service did not take, as load keeps them with the batch. */
async function refusal(body: string): Promise<StateFacts['refusals']> {
  const auth = { client: emulator.clientId, secret: new Secret('SECRET', emulator.clientSecret) };
  const cloud = { name: 'emulator', login: emulator.origin, graph: emulator.origin } as const;
  const sink = { tenant: emulator.tenantId, servicePrincipal: emulator.servicePrincipalId, job: emulator.jobId, auth, cloud };
  const tokens = openTokens(sink, { clock });
  const graph = openGraph(sink, tokens, { clock });
  const answer = await upload(graph, Buffer.from(body), '2b6a9c8e-1111-4222-8333-444444444444');
  await graph.close();
  await tokens.close();
  if (answer.kind === 'refused') return [{ detail: `${answer.code} ${answer.message}` }];
  return [{ detail: answer.kind }];
}

afterEach(() => emulator.close());

describe('doctor', () => {
  it('finds nothing where nothing is wrong, before and after people were provisioned', async () => {
    await start();
    expect(await diagnose()).toEqual([]);
    await process(record('1'), record('2'));
    expect(await diagnose()).toEqual([]);
  });

  it('names a secret that is wrong, and asks nothing more', async () => {
    await start();
    const auth = { client: emulator.clientId, secret: new Secret('SECRET', 'wrong-secret-value') };
    const found = await diagnose({ sink: { auth } });
    expect(found.map(({ code }) => code)).toEqual(['ENT-101']);
    expect(JSON.stringify(found)).not.toContain('wrong-secret-value');
  });

  it.each([
    ['SynchronizationData-User.Upload', 'to upload'],
    ['ProvisioningLog.Read.All', 'to read the provisioning logs'],
    ['Synchronization.Read.All', 'to read the job'],
    ['User.Read.All', 'to find taken user names'],
  ] as const)('names the role %s when it is missing', async (missing, purpose) => {
    await start({ clients: [{ roles: runnerRoles.filter((role) => role !== missing) }] });
    expect(await diagnose()).toContainEqual(
      expect.objectContaining({ code: 'ENT-601', message: expect.stringContaining(purpose), fix: 'joinery entra setup' }),
    );
  });

  it('names roles that a runner does not need', async () => {
    await start({ clients: [{ roles: [...runnerRoles, 'Application.ReadWrite.All'] }] });
    expect(await diagnose()).toMatchObject([{ code: 'ENT-602', message: expect.stringContaining('Application.ReadWrite.All') }]);
    // Either right to upload is enough; the one for every app of the tenant is too much beside the one for its own.
    await emulator.close();
    await start({ clients: [{ roles: [...runnerRoles, 'SynchronizationData-User.Upload.OwnedBy'] }] });
    expect(await diagnose()).toMatchObject([{ code: 'ENT-602', message: expect.stringMatching(/: SynchronizationData-User\.Upload$/) }]);
  });

  it('tells a wrong principal, a wrong job and a principal of another tenant apart', async () => {
    const foreign = '77777777-1111-4222-8333-444444444444';
    await start({ tenant: { foreignServicePrincipals: [foreign] } });
    expect(await codes({ sink: { servicePrincipal: emulator.clientId } })).toContain('ENT-615');
    const job = emulator.jobId.replace(/.{12}$/, '000000000000');
    expect(await diagnose({ sink: { job } })).toContainEqual(
      expect.objectContaining({ code: 'ENT-615', message: expect.stringContaining(emulator.jobId) }),
    );
    expect(await codes({ sink: { servicePrincipal: foreign } })).toContain('ENT-303');
  });

  it('tells a job that was never started, is paused or in quarantine, with the command for each', async () => {
    await start({ jobs: [{ deleteThreshold: 500, started: false }] });
    expect(await diagnose()).toMatchObject([{ code: 'ENT-501', fix: 'joinery entra start p.yaml' }]);
    emulator.jobs[0]?.start();
    emulator.jobs[0]?.pause();
    expect(await diagnose()).toMatchObject([{ code: 'ENT-502', fix: 'joinery entra start p.yaml' }]);
    emulator.jobs[0]?.start();
    emulator.jobs[0]?.quarantine('TooManyDeletes');
    expect(await diagnose()).toMatchObject([{ code: 'ENT-503', fix: 'joinery entra restart p.yaml' }]);
  });

  it('finds a clock that goes wrong', async () => {
    await start();
    emulator.setFaults({ request: () => ({ kind: 'skew', milliseconds: 7 * minute }) });
    expect(await diagnose()).toMatchObject([{ code: 'ENT-604', message: 'this machine’s clock is 420 s behind the service’s' }]);
    emulator.setFaults({ request: () => ({ kind: 'skew', milliseconds: -7 * minute }) });
    expect(await diagnose()).toMatchObject([{ code: 'ENT-604', message: 'this machine’s clock is 420 s ahead of the service’s' }]);
  });

  it('refuses a host that is no cloud and no loopback before a token is asked for', async () => {
    await start();
    const cloud = { name: 'emulator', login: emulator.origin, graph: 'http://graph.example' } as const;
    await expect(diagnose({ sink: { cloud } })).rejects.toMatchObject({ code: 'ENT-201' });
    expect(emulator.stats.tokens).toBe(0);
  });
});

type Found = Awaited<ReturnType<typeof diagnose>>;

const custom = `${extension}:HireDate`;

/** How each row of Microsoft's table comes about in the emulator. A row without a case does not compile, a case without its finding fails. */
const cases: Readonly<Record<TroubleName, () => Promise<Found>>> = {
  async invalidFormat() {
    await start();
    const found = await diagnose({ state: { refusals: await refusal('{"schemas":[]}') } });
    expect(found).toMatchObject([{ message: expect.stringContaining('Invalid Data Format') }]);
    return found;
  },
  async invalidToken() {
    await start();
    const message = 'Access token has expired or is not yet valid.';
    const status = { kind: 'status', status: 401, code: 'InvalidAuthenticationToken', message } as const;
    emulator.setFaults({ request: ({ path }) => (path.startsWith('/v1.0') ? status : undefined) });
    return diagnose();
  },
  async forbidden() {
    await start({ clients: [{ roles: ['User.Read.All'] }] });
    const found = await diagnose();
    expect(found.map(({ code }) => code)).toContain('ENT-601');
    return found;
  },
  async throttled() {
    await start();
    emulator.setSwitches({ windowCalls: 0 });
    const found = await diagnose({ state: { calls: { used: 2000, of: 2000 }, refusals: await refusal('{}') } });
    expect(found).toMatchObject([
      { code: 'ENT-612', severity: 'error' },
      { code: 'ENT-613', message: expect.stringContaining('throttled') },
    ]);
    return found;
  },
  async bucketFull() {
    await start({ switches: { bucketSize: 0 } });
    const found = await diagnose({ state: { refusals: await refusal(JSON.stringify(bulkBody([record('1')]))) } });
    expect(found).toMatchObject([{ message: expect.stringContaining('bucketFull') }]);
    return found;
  },
  async noRows() {
    await start();
    emulator.jobs[0]?.pause();
    const acceptedAt = clock.now();
    await process(record('1'));
    clock.advance(2 * 60 * minute);
    const found = await diagnose({ state: { now: clock.now(), open: [{ externalId: '1', acceptedAt }] } });
    expect(found.map(({ code }) => code)).toContain('ENT-502');
    expect(found.find(({ code }) => code === 'ENT-608')?.message).toContain('the job is Paused');
    return found;
  },
  async quarantineAtStart() {
    await start({ jobs: [{ started: false, notificationEmail: null }] });
    emulator.jobs[0]?.start();
    const found = await diagnose();
    expect(found.map(({ code }) => code)).toEqual(expect.arrayContaining(['ENT-503', 'ENT-614']));
    return found;
  },
  unknownDomain: () => failing({ userName: 'a@unknown.example' }, 'AzureActiveDirectoryInvalidUserPrincipalName'),
  nameExists: () => failing({ userName: 'worker.1@contoso.example' }, 'AzureActiveDirectoryDuplicateUserPrincipalName'),
  managerNotSet: () => failing({ manager: '999' }, 'manager could not be set'),
  async disabledByUpdate() {
    await start();
    await process(record('1'), record('2'));
    const { active: _left, ...blind } = record('1');
    await process(blind, record('2', { active: false }));
    expect(emulator.directory.findByEmployeeId('1')[0]?.accountEnabled).toBe(false);
    const found = await diagnose();
    expect(found).toMatchObject([{ message: '1 worker disabled by a record without active (1)' }]);
    return found;
  },
  async notOfWork() {
    await start();
    const found = await diagnose({ paths: [...sentPaths, 'phoneNumbers[type eq "mobile"].value'] });
    expect(found).toMatchObject([{ message: expect.stringContaining('mobile is ignored') }]);
    return found;
  },
  async notCleared() {
    await start();
    const found = await diagnose({ sink: { clearing: [`${enterpriseSchema}:department`] } });
    expect(found).toMatchObject([
      { message: expect.stringContaining('department'), fix: 'joinery entra schema push p.yaml --clearing --yes' },
    ]);
    return found;
  },
  async sameUpdate() {
    await start({ switches: { redundantUpdates: true } });
    await process(record('1'));
    await process(record('1'));
    const found = await diagnose();
    expect(found).toMatchObject([{ severity: 'notice' }]);
    return found;
  },
  async customWithoutEffect() {
    await start();
    const found = await diagnose({ paths: [...sentPaths, custom] });
    expect(found).toMatchObject([{ message: expect.stringContaining('does not have it'), fix: 'joinery entra schema push p.yaml --yes' }]);
    return found;
  },
};

async function failing(members: Record<string, unknown>, words: string): Promise<Found> {
  await start();
  await process(record('1'));
  await process(record('2', members));
  const found = await diagnose();
  expect(found).toMatchObject([{ message: expect.stringContaining(words) }]);
  expect(found[0]?.message).toContain('2');
  return found;
}

describe('doctor knows every row of the troubleshooting table:', () => {
  it.each(Object.entries<Trouble>(troubles))('%s', async (name, { codes: [code] }) => {
    const provoke = cases[name as TroubleName]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the names of that record
    const found = await provoke();
    const finding = found.find((one) => one.code === code);
    expect(finding?.message).not.toBe('');
    expect([finding?.fix ?? declarationOf(code ?? 'DOM-001').fix, code]).not.toEqual(['', code]);
    expect(found.map((one) => one.code)).toContain(code);
  });

  it('all fifteen of them', () => {
    // Counted in the contract: nobody may take a row out without being noticed.
    expect(Object.keys(troubles)).toHaveLength(15);
    expect(Object.keys(cases).toSorted()).toEqual(Object.keys(troubles).toSorted());
  });

  it('says nothing of what is over: a manager who came later, a user name that was corrected', async () => {
    await start();
    await process(record('1', { manager: '2' }), record('3', { userName: 'a@unknown.example' }));
    expect(await codes()).toEqual(['ENT-609', 'ENT-609']);
    await process(record('2'));
    await process(record('1', { manager: '2' }), record('3'));
    expect(await diagnose()).toEqual([]);
  });

  it('a custom attribute that the job has and does not map, or has as another type', async () => {
    const change = { paths: [...sentPaths, custom] };
    await start({ jobs: [{ deleteThreshold: 500, schemaExtensions: [custom] }] });
    expect(await diagnose(change)).toMatchObject([
      {
        code: 'ENT-605',
        message: expect.stringContaining('no mapping reads it'),
        fix: expect.stringContaining(`--map '${custom}=TARGET'`),
      },
    ]);
    await emulator.close();
    await start({
      jobs: [{ deleteThreshold: 500, schemaExtensions: [custom], mappings: [{ source: custom, target: 'employeeHireDate' }] }],
    });
    expect(await diagnose(change)).toEqual([]);
    const sink = { extensions: { [extension]: { HireDate: 'boolean' } } } as const;
    expect(await diagnose({ ...change, sink })).toMatchObject([{ code: 'ENT-606' }]);
  });
});
