import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, bulkBody, coreSchema, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

describe('bulkUpload', () => {
  const clock = new VirtualClock('2026-11-22T08:00:00Z');
  let emulator: Emulator;
  let stranger: Stranger;
  beforeEach(async () => {
    emulator = await startEmulator({ clock });
    stranger = await becomeStranger(emulator);
  });
  afterEach(() => emulator.close());

  const post = (body: string | Record<string, unknown>, headers: Record<string, string> = {}) =>
    stranger.graph('POST', emulator.bulkUploadUrl, {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/scim+json', ...headers },
    });

  it('answers 202 with an empty body, a location that names only the job, ids and its own date', async () => {
    const id = '0a0b0c0d-1111-4222-8333-444455556666';
    const reply = await stranger.upload([record('1')], { headers: { 'client-request-id': id } });
    expect(reply.status).toBe(202);
    expect(reply.text).toBe('');
    expect(reply.headers.get('content-length')).toBe('0');
    expect(reply.headers.get('location')).toBe(`${emulator.origin}/beta/auditLogs/provisioning/?$filter=jobid%20eq%20'${emulator.jobId}'`);
    expect(reply.headers.get('client-request-id')).toBe(id);
    expect(reply.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.headers.get('request-id')).not.toBe(id);
    expect(reply.headers.get('date')).toBe(new Date(clock.now()).toUTCString());
  });

  it('gives the same location for every upload and answers it with the rows of the job', async () => {
    const first = await stranger.upload([record('1')]);
    const second = await stranger.upload([record('2')], { version: 'beta' });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    passLatency(emulator, clock);
    const rows = await stranger.graph('GET', first.headers.get('location') ?? '');
    expect(new Set(rows.json.value.map((row: any) => row.sourceIdentity.id))).toEqual(new Set(['1', '2']));
  });

  it('accepts fifty operations, a repeated bulkId, the path /users and a record with the core schema only', async () => {
    const fifty = bulkBody(Array.from({ length: 50 }, (_, index) => record(String(index))));
    expect((await post(fifty)).status).toBe(202);
    const operation = {
      method: 'POST',
      bulkId: 'same',
      path: '/users',
      data: { schemas: [coreSchema], externalId: '7', userName: 'seven' },
    };
    expect((await post({ schemas: fifty['schemas'], Operations: [operation, operation] })).status).toBe(202);
  });

  const good = bulkBody([record('1')]);
  const withOperation = (change: Record<string, unknown>): Record<string, unknown> => ({
    ...good,
    Operations: [{ method: 'POST', bulkId: 'b', path: '/Users', data: record('1'), ...change }],
  });
  const refused: readonly [string, string | Record<string, unknown>][] = [
    ['text that is not JSON', '{'],
    ['a byte order mark', `\uFEFF${JSON.stringify(good)}`],
    ['an array', '[]'],
    ['no schemas', { Operations: good['Operations'] }],
    ['another schema', { ...good, schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }],
    ['no Operations', { schemas: good['schemas'] }],
    ['operations in lower case', { schemas: good['schemas'], operations: good['Operations'] }],
    ['an empty list', { ...good, Operations: [] }],
    ['one operation that an array was unwrapped to', { ...good, Operations: { method: 'POST' } }],
    ['fifty-one operations', bulkBody(Array.from({ length: 51 }, (_, index) => record(String(index))))],
    ['method PATCH', withOperation({ method: 'PATCH' })],
    ['method DELETE', withOperation({ method: 'DELETE' })],
    ['path /Groups', withOperation({ path: '/Groups' })],
    ['no bulkId', withOperation({ bulkId: undefined })],
    ['no data', withOperation({ data: undefined })],
    ['data without schemas', withOperation({ data: { externalId: '1' } })],
    ['data without the core schema', withOperation({ data: { schemas: ['urn:x:y'], externalId: '1' } })],
    ['a number as externalId', withOperation({ data: record('1', { externalId: 1 }) })],
    ['active as text', withOperation({ data: record('1', { active: 'true' }) })],
    ['emails that are no array', withOperation({ data: record('1', { emails: { value: 'x' } }) })],
  ];
  it.each(refused)('refuses %s with 400 Invalid Data Format and stages nothing', async (_name, body) => {
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(reply.json.error.message).toBe('Invalid Data Format');
    expect(reply.json.error.innerError['request-id']).toBe(reply.headers.get('request-id'));
    expect(emulator.jobs[0]?.stored).toBe(0);
    expect(emulator.stats.refusals).toHaveLength(1);
  });

  it.each(['application/json', 'text/plain', ''])('refuses the content type "%s"', async (type) => {
    const reply = await post(good, { 'content-type': type });
    expect([reply.status, reply.json.error.message]).toEqual([400, 'Invalid Data Format']);
    expect((await post(good, { 'content-type': 'Application/SCIM+JSON; charset=utf-8' })).status).toBe(202);
  });

  it('does only POST', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const reply = await stranger.graph(method, emulator.bulkUploadUrl);
      expect([method, reply.status, reply.headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
  });

  it('names the segment at which a path is unknown', async () => {
    for (const [path, segment] of [
      ['/me', 'me'],
      ['/$batch', '$batch'],
      [`/servicePrincipals/${emulator.servicePrincipalId}/synchronization/jobs/${emulator.jobId}/schema/functions`, 'functions'],
      [`/servicePrincipals/${emulator.servicePrincipalId}/synchronization`, 'synchronization'],
    ] as const)
      expect(await stranger.graph('GET', path)).toMatchObject({
        status: 404,
        json: { error: { code: 'ResourceNotFound', message: `Resource not found for the segment '${segment}'.` } },
      });
  });

  it('knows its service principal, its job and nothing else', async () => {
    const foreign = '99999999-1111-4222-8333-444455556666';
    const other = await startEmulator({ clock, tenant: { foreignServicePrincipals: [foreign] } });
    const client = await becomeStranger(other);
    const ask = (principal: string, job: string) =>
      client.graph('POST', `/servicePrincipals/${principal}/synchronization/jobs/${job}/bulkUpload`, {
        body: JSON.stringify(good),
        headers: { 'content-type': 'application/scim+json' },
      });
    expect((await ask(other.servicePrincipalId, other.jobId)).status).toBe(202);
    expect((await ask(other.servicePrincipalId, 'API2AAD.0.0')).status).toBe(404);
    expect((await ask(other.clientId, other.jobId)).status).toBe(404);
    const wrong = await ask(foreign, other.jobId);
    expect(wrong.status).toBe(403);
    expect(wrong.json.error.message).toContain(`The service principal identifier ${foreign} specified in the request URL does not belong`);
    await other.close();
  });

  it('refuses a body above the limit, by the switched status', async () => {
    emulator.setSwitches({ payloadLimitBytes: 400 });
    expect((await post(bulkBody([record('1'), record('2')]))).status).toBe(413);
    emulator.setSwitches({ payloadLimitStatus: 400 });
    expect((await post(bulkBody([record('1'), record('2')]))).status).toBe(400);
  });

  it('answers 500 with the documented text when the bucket is full, also while the job is paused, and takes more once it has room', async () => {
    emulator.setSwitches({ bucketSize: 3 });
    emulator.jobs[0]?.pause();
    expect((await stranger.upload([record('1'), record('2')])).status).toBe(202);
    const full = await stranger.upload([record('3'), record('4')]);
    expect(full.status).toBe(500);
    expect(full.json.error.message).toBe(
      'The bucket that stores the ingested data is full, please wait for the synchronization service to process the ingested data and retry this request.',
    );
    expect((await stranger.upload([record('3')])).status).toBe(202);
    emulator.jobs[0]?.start();
    passLatency(emulator, clock);
    expect((await stranger.upload([record('4')])).status).toBe(202);
  });

  it('asks for the right role: .OwnedBy only for an owned service principal', async () => {
    const upload = 'SynchronizationData-User.Upload';
    const other = await startEmulator({
      clock,
      clients: [
        { roles: [upload] },
        { roles: [`${upload}.OwnedBy`], owns: 'all' },
        { roles: [`${upload}.OwnedBy`], owns: [] },
        { roles: ['ProvisioningLog.Read.All'] },
        { roles: [] },
      ],
    });
    const statuses: number[][] = [];
    for (const { clientId, clientSecret = '' } of other.clients) {
      const client = await becomeStranger(other, { client_id: clientId, client_secret: clientSecret });
      const sent = await client.upload([record('1')]);
      statuses.push([
        sent.status,
        (await client.graph('GET', '/auditLogs/provisioning')).status,
        (await client.graph('GET', '/users')).status,
      ]);
    }
    expect(statuses).toEqual([
      [202, 403, 403],
      [202, 403, 403],
      [403, 403, 403],
      [403, 200, 403],
      [403, 403, 403],
    ]);
    await other.close();
  });
});
