import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateContoso, type ContosoTables } from '../samples/contoso/generate.ts';
import { fillContoso } from '../samples/databases.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/index.ts';
import { makeCertificate } from './certificate.ts';
import { freshDatabase } from './database.ts';
import { expectedContoso } from './expected-people.ts';
import { becomeStranger } from './stranger.ts';
import { peopleOf, root, seeded } from './workplace.ts';

let clock: VirtualClock;
let emulator: Emulator;
let folder: string;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function start(options: EmulatorOptions = {}): Promise<void> {
  clock = new VirtualClock('2026-11-02T07:00:00Z');
  emulator = await startEmulator({ clock, empty: true, ...options });
}

async function joinery(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  let [out, err] = ['', ''];
  const code = await runCommandLine(words, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    environment: { ENTRA_SETUP_CLIENT_ID: emulator.clientId, ENTRA_SETUP_CLIENT_SECRET: emulator.clientSecret, ...environment },
    isTerminal: false,
    colour: false,
    columns: 100,
    clock,
    chance: { random: seeded(7), uuid: randomUUID },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

const setUp = (more: readonly string[] = ['--yes'], environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  joinery(
    [
      'entra',
      'setup',
      '--tenant',
      emulator.tenantId,
      '--emulator',
      emulator.origin,
      '--email',
      'ops@contoso.example',
      '--write',
      join(folder, '.env'),
      ...more,
    ],
    environment,
  );

/** The demo's company with some of its people: the management, and everybody whose dates are near the first day. `npm run demo` takes all of them. */
function someOfContoso(): ContosoTables {
  const tables = generateContoso();
  const isIn = (index: unknown): boolean => typeof index === 'number' && (index <= 150 || index > 5090);
  const person = tables.person.filter(([index]) => isIn(index));
  return { ...tables, person, assignment: tables.assignment.filter(([, index]) => isIn(index)) };
}

/** Requests that change something. */
const changes = (): number =>
  Object.entries(emulator.stats.calls).reduce(
    (sum, [name, count]) => (/^(?:POST|PUT|PATCH|DELETE) \/(?!token)/.test(name) ? sum + count : sum),
    0,
  );

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-setup-'));
});
afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

describe('joinery entra setup', () => {
  it('takes an empty tenant to one that provisions the demo, and changes nothing the second time', async () => {
    await start({ switches: { principalReadyMilliseconds: 5_000 } });
    const hr = await freshDatabase('contoso');
    await fillContoso(hr, someOfContoso());
    const planned = await setUp([]);
    expect(planned.code).not.toBe(0);
    expect(planned.out).toContain('+ make the provisioning app');
    expect(planned.err).toContain('ENT-617');
    expect(changes()).toBe(0);

    const made = await setUp();
    expect(made).toMatchObject({ code: 0, err: '' });
    const environment = join(folder, '.env');
    expect((await stat(environment)).mode & 0o777).toBe(0o600);
    expect((await stat(`${environment}.administrator`)).mode & 0o777).toBe(0o600);

    const run = await joinery(
      ['run', join(root, 'pipelines', 'contoso.yaml'), '--env-file', environment, '--state', join(folder, 'state'), '--json'],
      { HR_DATABASE_URL: hr },
    );
    expect(run.err).toBe('');
    const secrets = [/ENTRA_CLIENT_SECRET=(\S+)/.exec(await readFile(environment, 'utf8'))?.[1] ?? '', 'eyJhbGciOi'];
    expect(secrets[0]).toHaveLength(40);
    // What shows the service, and what goes wrong: a wrong password, a wrong secret, a service that refuses the token and quotes it.
    const typed = ['password-of-hr', 'secret-of-nobody'];
    const demo = join(root, 'pipelines', 'contoso.yaml');
    const asOf = new Date(clock.now()).toISOString();
    const more = ['--env-file', environment, '--state', join(folder, 'state')];
    const said: Ended[] = [];
    for (const words of [
      ['entra', 'logs', demo, '--json'],
      ['entra', 'status', demo],
      ['entra', 'doctor', demo, '--json'],
      ['report', demo, '--out', join(folder, 'report.html')],
    ])
      said.push(await joinery([...words, ...more], { HR_DATABASE_URL: hr }));
    const failing: Ended[] = [];
    for (const json of [[], ['--json']]) {
      failing.push(await joinery(['plan', demo, ...more, ...json], { HR_DATABASE_URL: `postgres://hr:${typed[0] ?? ''}@127.0.0.1:1/hr` }));
      const wrong = { HR_DATABASE_URL: hr, ENTRA_CLIENT_SECRET: typed[1] ?? '' };
      failing.push(await joinery(['entra', 'status', demo, ...more, ...json], wrong));
      emulator.setFaults({
        request: ({ path }) =>
          path.startsWith('/v1.0')
            ? { kind: 'status', status: 401, code: 'InvalidAuthenticationToken', message: 'the token eyJhbGciOi.eyJhdWQi.c2ln is bad' }
            : undefined,
      });
      failing.push(await joinery(['entra', 'status', demo, ...more, ...json], { HR_DATABASE_URL: hr }));
      emulator.setFaults({});
    }
    for (const { code, out, err } of failing) expect([code > 2, out + err]).toEqual([true, expect.stringMatching(/(?:SRC|ENT)-\d+/)]);
    const state = join(folder, 'state');
    const kept = (await readdir(state, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(kept.length).toBeGreaterThan(1);
    const texts = await Promise.all(kept.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')));
    // Neither the secret nor a token (its header begins so) is in the output, the plan, the journal, the report or the store.
    const written = [run.out, ...texts, await readFile(join(folder, 'report.html'), 'utf8')];
    const shown = [...said, ...failing].map(({ out, err }) => out + err);
    for (const text of [...written, ...shown]) for (const one of [...secrets, ...typed]) expect(text).not.toContain(one);
    expect(peopleOf(emulator)).toEqual(await expectedContoso(hr, asOf));

    const before = [changes(), await readFile(environment, 'utf8')];
    const again = await setUp();
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toContain('nothing to change');
    expect([changes(), await readFile(environment, 'utf8')]).toEqual(before);
    expect(emulator.stats.defects).toEqual([]);
  });

  it('gives the runner what it needs and nothing that changes a tenant, and shows no secret', async () => {
    await start();
    const made = await setUp();
    const values = await readFile(join(folder, '.env'), 'utf8');
    const secret = /ENTRA_CLIENT_SECRET=(\S+)/.exec(values)?.[1] ?? '';
    expect(secret).toHaveLength(40);
    const administrator = /ENTRA_ADMIN_CLIENT_SECRET=(\S+)/.exec(await readFile(join(folder, '.env.administrator'), 'utf8'))?.[1] ?? '';
    for (const text of [secret, administrator, emulator.clientSecret]) expect(made.out + made.err).not.toContain(text);
    const doctor = await joinery(
      [
        'entra',
        'doctor',
        join(root, 'pipelines', 'contoso-dirty.yaml'),
        '--env-file',
        join(folder, '.env'),
        '--state',
        join(folder, 'state'),
        '--json',
      ],
      { HR_EXPORT_URL: 'postgres://nowhere/x' },
    );
    const codes: string[] = JSON.parse(doctor.out).findings.map((finding: { code: string }) => finding.code);
    // Only the pipeline's custom attribute and attributes that no default mapping reads are left to say.
    expect([...new Set(codes)]).toEqual(['ENT-605']);
    const status = await joinery(
      [
        'entra',
        'status',
        join(root, 'pipelines', 'contoso-dirty.yaml'),
        '--env-file',
        join(folder, '.env'),
        '--state',
        join(folder, 'state'),
      ],
      { HR_EXPORT_URL: 'postgres://nowhere/x' },
    );
    expect(status.code).toBe(0);
    expect(status.out).toContain('ops@contoso.example');
    expect(status.out).toContain('500 deletions');
  });

  it('goes on where it was interrupted, whatever request that was', async () => {
    await start();
    const steps = (await setUp(['--json'])).out;
    const total: number = JSON.parse(steps.split('\n')[0] ?? '').steps.length;
    for (let fails = 1; fails <= total; fails++) {
      let sent = 0;
      emulator.setFaults({
        request: ({ method, path }) =>
          path.startsWith('/v1.0') && method !== 'GET' && ++sent === 2 ? { kind: 'status', status: 400, message: 'not now' } : undefined,
      });
      const { code } = await setUp();
      if (code === 0) break;
    }
    emulator.setFaults({});
    expect((await setUp()).out).toContain('nothing to change');
    expect(emulator.jobs).toHaveLength(1);
    expect(emulator.jobs[0]?.state).toMatchObject({ schedule: 'Active', quarantine: null });
  });

  it('prints the requests with the right each needs, and sends none', async () => {
    await start();
    const printed = await setUp(['--print']);
    expect(changes()).toBe(0);
    expect(printed.out).toMatch(/^# make the provisioning app .*needs Application\.ReadWrite\.All$/m);
    expect(printed.out).toContain('# {provisioning} = servicePrincipal.objectId of the answer');
    expect(printed.out).toContain(`POST ${emulator.origin}/v1.0/servicePrincipals/{provisioning}/synchronization/jobs`);
    expect(printed.out).toContain('"appRoleId": "25c32ff3-849a-494b-b94f-20a8ac4e6774"');
  });

  it('prints everything, the look-ups too, for somebody who cannot sign in, and asks nothing', async () => {
    await start();
    const before = JSON.stringify(emulator.stats);
    const printed = await setUp(['--print', '--no-users'], { ENTRA_SETUP_CLIENT_ID: '' });
    expect(printed).toMatchObject({ code: 0, err: '' });
    expect(JSON.stringify(emulator.stats)).toBe(before);
    expect(printed.out).toContain('# {template} = value[0].id of the answer');
    expect(printed.out).toContain('/v1.0/applicationTemplates/{template}/instantiate');
    expect(printed.out).toContain('"resourceId": "{graph}"');
    expect(printed.out).not.toContain('User.Read.All');
  });

  it('gives fewer rights, or wider ones instead of ownership, when it is told to, and names rights that are too many', async () => {
    await start();
    const made = await setUp(['--yes', '--no-ownership', '--no-users']);
    expect(made.out).toContain('grant the runner SynchronizationData-User.Upload\n');
    expect(made.out).not.toContain('make the runner an owner');
    const again = await setUp([]);
    expect(again.out).toContain('! the runner has the role SynchronizationData-User.Upload, which it does not need');
    expect(again.out).toContain('+ grant the runner User.Read.All');
  });

  it('lets a person sign in by device code', async () => {
    await start({ switches: { devicePollSeconds: 0 } });
    const made = await setUp(['--yes'], { ENTRA_SETUP_CLIENT_ID: '', ENTRA_SETUP_CLIENT_SECRET: '' });
    expect(made.err).toMatch(/enter the code [A-Z0-9]+ to authenticate/);
    expect(made.code).toBe(0);
    expect(emulator.jobs).toHaveLength(1);
  });

  it('attaches a certificate or trust in another issuer, and makes no secret for the runner', async () => {
    await start();
    const { certificate } = makeCertificate(new Date('2026-01-01'), new Date('2027-01-01'));
    const file = join(folder, 'runner.pem');
    await writeFile(file, certificate);
    const made = await setUp(['--yes', '--certificate', file]);
    expect(made.out).toContain('attach the certificate');
    expect(await readFile(join(folder, '.env'), 'utf8')).not.toContain('SECRET=');
    expect((await setUp(['--certificate', file])).out).toContain('nothing to change');
    // Another one beside it: the one that is in use goes on working until somebody removes it.
    await writeFile(file, makeCertificate(new Date('2026-06-01'), new Date('2027-06-01')).certificate);
    expect((await setUp(['--yes', '--certificate', file])).code).toBe(0);
    const stranger = await becomeStranger(emulator);
    const { json } = await stranger.graph('GET', "/applications?$filter=displayName eq 'Joinery HR inbound runner'");
    expect(json.value[0].keyCredentials).toHaveLength(2);
    expect(await readFile(join(folder, '.env'), 'utf8')).toContain(`ENTRA_CERTIFICATE_FILE=${file}`);
    const trust = [
      '--federated-issuer',
      'https://token.actions.githubusercontent.com',
      '--federated-subject',
      'repo:contoso/hr:ref:refs/heads/main',
    ];
    expect((await setUp(['--yes', ...trust])).out).toContain('trust https://token.actions.githubusercontent.com');
    expect((await setUp(trust)).out).toContain('nothing to change');
  });

  it('refuses to guess between two applications of one name', async () => {
    await start();
    await setUp();
    await setUp(['--yes', '--name', 'Another']);
    expect(emulator.jobs).toHaveLength(2);
    const stranger = await becomeStranger(emulator);
    await stranger.graph('POST', '/applications', { body: { displayName: 'Joinery HR inbound runner' } });
    expect((await setUp()).err).toContain('ENT-616');
  });
});
