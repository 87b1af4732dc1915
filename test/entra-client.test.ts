import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../src/domain/clock.ts';
import { JoineryError } from '../src/domain/error.ts';
import type { LogRow } from '../src/domain/log-row.ts';
import { Secret } from '../src/domain/masking.ts';
import { bulkRequestSchema, coreUserSchema, enterpriseUserSchema, type Payload } from '../src/domain/payload.ts';
import type { SentChangeKind } from '../src/domain/words.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/index.ts';
import { groupChanges } from '../src/entra/change-group.ts';
import { findByEmployeeId, getUser, listUsers } from '../src/entra/directory.ts';
import { openGraph, type Graph } from '../src/entra/graph.ts';
import { interpret, type Interpretation } from '../src/entra/interpret.ts';
import { pauseJob, preflight, readJob, restartJob, startJob } from '../src/entra/job.ts';
import { openLogs } from '../src/entra/logs.ts';
import { managerPath } from '../src/entra/row-marks.ts';
import { openTokens, type Tokens } from '../src/entra/tokens.ts';
import { upload, type UploadAnswer } from '../src/entra/upload.ts';
import type { AuthDeclaration, SinkDeclaration } from '../src/pipeline/pipeline.ts';
import { makeCertificate } from './certificate.ts';

const minute = 60_000;
let clock: VirtualClock;
let emulator: Emulator;
let tokens: Tokens;
let graph: Graph;

function sinkOf(service: Emulator, auth: Partial<AuthDeclaration> = {}): SinkDeclaration {
  return {
    type: 'entra',
    tenant: service.tenantId,
    servicePrincipal: service.servicePrincipalId,
    job: service.jobId,
    auth: { client: service.clientId, secret: new Secret('SECRET', service.clientSecret), ...auth },
    cloud: { name: 'emulator', login: service.origin, graph: service.origin },
    quota: { name: 'p1', calls: 2000 },
    clearing: [],
    extensions: {},
  };
}

async function start(options: EmulatorOptions = {}): Promise<void> {
  clock = new VirtualClock('2026-11-22T08:00:00Z');
  emulator = await startEmulator({ clock, ...options });
  const sink = sinkOf(emulator);
  tokens = openTokens(sink, { clock });
  graph = openGraph(sink, tokens, { clock });
}

async function stop(): Promise<void> {
  await graph.close();
  await tokens.close();
  await emulator.close();
}

function payloadOf(externalId: string, values: Readonly<Record<string, unknown>> = {}, manager?: string): Payload {
  return {
    schemas: [coreUserSchema, enterpriseUserSchema],
    externalId,
    active: true,
    userName: `worker.${externalId}@contoso.example`,
    displayName: `Worker ${externalId}`,
    name: { givenName: 'Worker', familyName: externalId },
    [enterpriseUserSchema]: { department: 'Finance', ...(manager === undefined ? {} : { manager: { value: manager } }) },
    ...values,
  };
}

async function send(payloads: readonly Payload[]): Promise<UploadAnswer> {
  const Operations = payloads.map((data, index) => ({ method: 'POST', path: '/Users', bulkId: `b${String(index)}`, data }));
  return upload(graph, Buffer.from(JSON.stringify({ schemas: [bulkRequestSchema], Operations })), '2b6a9c8e-1111-4222-8333-444444444444');
}

/** Uploads, lets everything happen and become visible, and judges each operation by the logs. */
async function outcomesOf(payloads: readonly Payload[], change: SentChangeKind = 'joiner'): Promise<Map<string, Interpretation>> {
  const answer = await send(payloads);
  if (answer.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  clock.advance(30 * minute);
  const rows = await readLogs(answer.at - minute);
  const groups = groupChanges(rows);
  return new Map(
    payloads.map((payload) => [
      payload.externalId,
      interpret(groups, { externalId: payload.externalId, payload, change, acceptedAt: answer.at }),
    ]),
  );
}

async function readLogs(from: number, top = 1000): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  const onProblem = (problem: { readonly message: string }): void => {
    throw new Error(problem.message);
  };
  for await (const page of openLogs(graph).read({ from, top, onProblem })) rows.push(...page);
  return rows;
}

afterEach(stop);

describe('the Entra client against the emulator', () => {
  beforeEach(() => start());

  test('creates workers and their managers, and knows it from the logs alone', async () => {
    const seen = await outcomesOf([payloadOf('1'), payloadOf('2', {}, '1'), payloadOf('3', {}, '2')]);
    expect(seen.get('1')).toMatchObject({ outcome: 'applied', final: true });
    for (const id of ['2', '3']) {
      const managed = (emulator.directory.findByEmployeeId(id)[0]?.managerId ?? null) !== null;
      const expected = managed ? { outcome: 'applied', final: true } : { outcome: 'appliedWithWarning', unset: [managerPath] };
      expect(seen.get(id)).toMatchObject(expected);
    }
    expect(emulator.stats.defects).toEqual([]);
  });

  test('tells a mover, an unchanged worker and a leaver', async () => {
    await outcomesOf([payloadOf('1'), payloadOf('2'), payloadOf('3')]);
    const moved = payloadOf('1', { [enterpriseUserSchema]: { department: 'Sales' } });
    const left = payloadOf('3', { active: false });
    const seen = await outcomesOf([moved, payloadOf('2'), left], 'mover');
    expect(seen.get('1')).toMatchObject({ outcome: 'applied', final: true });
    expect(seen.get('2')).toMatchObject({ outcome: 'unchanged', final: true });
    expect(seen.get('3')).toMatchObject({ outcome: 'applied', final: true });
    expect(emulator.directory.findByEmployeeId('1')[0]?.['department']).toBe('Sales');
    expect(emulator.directory.findByEmployeeId('3')[0]?.accountEnabled).toBe(false);
  });

  test('rows of an earlier version close nothing of a later one', async () => {
    await outcomesOf([payloadOf('1')]);
    const rows = await readLogs(Date.parse('2026-11-22T07:00:00Z'));
    const second = payloadOf('1', { displayName: 'Worker One' });
    // Even if the two uploads had been accepted at the same instant.
    const acceptedAt = Date.parse('2026-11-22T08:00:00Z');
    expect(interpret(groupChanges(rows), { externalId: '1', payload: second, change: 'mover', acceptedAt })).toMatchObject({
      kind: 'open',
      because: 'contradicted',
      contradicted: ['displayName'],
    });
  });

  test('a taken user name and an unknown domain are failures with a reason, retried by the service', async () => {
    const taken = payloadOf('2', { userName: 'worker.1@contoso.example' });
    const foreign = payloadOf('3', { userName: 'worker.3@unknown.example' });
    await outcomesOf([payloadOf('1')]);
    const seen = await outcomesOf([taken, foreign]);
    const code = { failure: { code: 'AzureActiveDirectoryDuplicateUserPrincipalName', retryAt: expect.any(Number) } };
    expect(seen.get('2')).toMatchObject({ outcome: 'escrowed', final: false, ...code });
    expect(seen.get('3')).toMatchObject({ outcome: 'escrowed', failure: { reason: expect.stringMatching(/domain/i) } });
  });

  test('an unknown manager leaves the account applied, with the manager named', async () => {
    const seen = await outcomesOf([payloadOf('1', {}, '999')]);
    expect(seen.get('1')).toMatchObject({ outcome: 'appliedWithWarning', unset: [managerPath] });
  });

  test('the logs are read to the end whatever the page size, without a 429', async () => {
    await outcomesOf(Array.from({ length: 30 }, (_, index) => payloadOf(String(index + 1))));
    const from = Date.parse('2026-11-22T07:00:00Z');
    const whole = await readLogs(from);
    // Another reader paces anew; the service’s window has to pass between the two.
    clock.advance(minute);
    expect((await readLogs(from, 7)).map((row) => row.id)).toEqual(whole.map((row) => row.id));
    expect(new Set(whole.map((row) => row.id)).size).toBe(emulator.logRows().length);
    expect(emulator.stats.throttledLogs).toBe(0);
  });

  test('goes on after every token was revoked', async () => {
    await readJob(graph);
    emulator.expireTokens();
    // Tokens are dated to the second: a new one has to be newer than the revocation.
    clock.advance(1_000);
    expect(await readJob(graph)).toMatchObject({ code: 'Active' });
    emulator.expireTokens();
    clock.advance(1_000);
    expect(await send([payloadOf('1')])).toMatchObject({ kind: 'unauthorized' });
    expect(await send([payloadOf('1')])).toMatchObject({ kind: 'accepted' });
  });

  test('tells an upload that arrived, did not arrive, or nobody knows', async () => {
    for (const kind of ['drop', 'resetAfterAccept'] as const) {
      emulator.setFaults({ request: (request) => (request.path.endsWith('/bulkUpload') ? { kind } : undefined) });
      expect(await send([payloadOf('1')])).toMatchObject({ kind: 'unknown' });
    }
    emulator.setFaults({});
    emulator.setSwitches({ bucketSize: 1 });
    expect(await send([payloadOf('1'), payloadOf('2')])).toMatchObject({ kind: 'bucketFull' });
    emulator.setSwitches({ bucketSize: 1000, windowCalls: 0 });
    expect(await send([payloadOf('1')])).toMatchObject({ kind: 'throttled' });
    emulator.setSwitches({ windowCalls: 40 });
    const tooMany = Array.from({ length: 51 }, (_, index) => payloadOf(String(index)));
    expect(await send(tooMany)).toMatchObject({ kind: 'refused', code: 'ENT-301' });
  });

  test('reads and acts on the job, and says what is wrong with it', async () => {
    const codes = async (): Promise<string[]> => preflight(await readJob(graph), emulator.tenantId).map((finding) => finding.code);
    expect(await codes()).toEqual([]);
    await pauseJob(graph);
    expect(await codes()).toEqual(['ENT-502']);
    await startJob(graph);
    expect(await codes()).toEqual([]);
    emulator.jobs[0]?.quarantine('TooManyDeletes');
    expect(await codes()).toEqual(['ENT-503']);
    await restartJob(graph);
    expect(await codes()).toEqual([]);
  });

  test('reads the directory', async () => {
    await outcomesOf([payloadOf('1'), payloadOf('2')]);
    const users: unknown[] = [];
    for await (const page of listUsers(graph, { select: ['employeeId', 'accountEnabled'] })) users.push(...page);
    expect(users).toContainEqual(expect.objectContaining({ employeeId: '1', accountEnabled: true }));
    expect(await getUser(graph, 'worker.2@contoso.example', ['employeeId'])).toMatchObject({ employeeId: '2' });
    expect(await getUser(graph, 'nobody@contoso.example', ['employeeId'])).toBeUndefined();
    expect(await findByEmployeeId(graph, '2', ['userPrincipalName'])).toHaveLength(1);
  });
});

describe('a worker out of the job’s scope', () => {
  beforeEach(() => start({ jobs: [{ scope: [{ attribute: 'title', operator: 'NOT EQUALS', value: 'External' }] }] }));

  test('is skipped when he is new, and told as skipped when the service disables him', async () => {
    const outside = await outcomesOf([payloadOf('1', { title: 'External' })]);
    expect(outside.get('1')).toMatchObject({ kind: 'closed', outcome: 'skipped' });
    await outcomesOf([payloadOf('2', { title: 'Analyst' })]);
    const moved = await outcomesOf([payloadOf('2', { title: 'External' })], 'mover');
    expect(emulator.directory.findByEmployeeId('2')[0]?.accountEnabled).toBe(false);
    expect(moved.get('2')).toMatchObject({ kind: 'closed', outcome: 'skipped', failure: { code: 'EntrySynchronizationSkipped' } });
  });
});

describe('credentials', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joinery-entra-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('a certificate gets a token that Graph accepts', async () => {
    const day = 86_400_000;
    const made = makeCertificate(new Date(systemClock.now() - day), new Date(systemClock.now() + day));
    await start({ clock: systemClock, clients: [{ secrets: ['another-credential'], certificates: [made.certificate] }] });
    const file = join(folder, 'runner.pem');
    await writeFile(file, made.both);
    const sink = { ...sinkOf(emulator), auth: { client: emulator.clientId, certificate: file } };
    const certified = openTokens(sink, { clock: systemClock });
    const own = openGraph(sink, certified, { clock: systemClock });
    expect(await readJob(own)).toMatchObject({ code: 'Active' });
    await own.close();
    await certified.close();
  });

  test('no error, answer or finding shows a secret or a token', async () => {
    await start();
    const token = await tokens.token();
    const told: unknown[] = [];
    const hear = async (work: Promise<unknown>): Promise<void> => {
      told.push(await work.catch((error: unknown) => error));
    };
    const wrong = `${emulator.clientSecret}-wrong`;
    for (const auth of [{ secret: new Secret('WRONG', wrong) }, { client: '00000000-0000-0000-0000-000000000000' }]) {
      const refused = openTokens(sinkOf(emulator, auth), { clock });
      const blind = openGraph(sinkOf(emulator), refused, { clock });
      await hear(refused.token());
      await hear(upload(blind, Buffer.from('{}'), 'x'));
      await hear(readJob(blind));
      await blind.close();
      await refused.close();
    }
    await hear(upload(graph, Buffer.from(`{"Authorization":"Bearer ${token}"}`), 'x'));
    const foreign = openGraph({ ...sinkOf(emulator), job: 'API2AAD.nobody' }, tokens, { clock });
    await hear(readJob(foreign));
    await hear(upload(foreign, Buffer.from('{}'), 'x'));
    await hear(graph.send({ method: 'GET', location: 'https://evil.example/v1.0/me' }));
    const message = `you sent Bearer ${token} and ${token}, client_secret=${emulator.clientSecret}`;
    for (const status of [400, 403, 429, 500]) {
      emulator.setFaults({
        request: (request) => (request.path.startsWith('/v1.0') ? { kind: 'status', status, code: token, message } : undefined),
      });
      await hear(upload(graph, Buffer.from('{}'), 'x'));
      await hear(readJob(graph));
    }
    emulator.setFaults({});
    await foreign.close();
    expect(told.filter((one) => one instanceof JoineryError).length).toBeGreaterThanOrEqual(8);
    for (const one of told) {
      const text = one instanceof Error ? [one.message, JSON.stringify(one), one.stack, String(one.cause)].join('\n') : JSON.stringify(one);
      expect(text).not.toContain(token);
      expect(text).not.toContain(emulator.clientSecret);
    }
  });
});
