import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

describe('the provisioning logs', () => {
  let clock: VirtualClock;
  let emulator: Emulator;
  let stranger: Stranger;
  const accepted = Date.parse('2026-11-22T08:00:00Z');
  beforeEach(async () => {
    clock = new VirtualClock(accepted);
    emulator = await startEmulator({ clock, switches: { logCalls: 1_000 } });
    stranger = await becomeStranger(emulator);
  });
  afterEach(() => emulator.close());
  async function provision(count: number): Promise<void> {
    await stranger.upload(Array.from({ length: count }, (_, index) => record(String(index))));
    passLatency(emulator, clock);
  }
  const ask = (query: string, version: 'v1.0' | 'beta' = 'v1.0') => stranger.graph('GET', `/auditLogs/provisioning?${query}`, { version });
  const filter = async (text: string, version: 'v1.0' | 'beta' = 'v1.0'): Promise<unknown> => {
    const reply = await ask(`$filter=${encodeURIComponent(text)}`, version);
    return reply.status === 200 ? reply.json.value.length : reply.status;
  };

  it('show a row five to ten minutes after the upload, and a created user later than that', async () => {
    await stranger.upload(Array.from({ length: 50 }, (_, index) => record(String(index))));
    clock.advanceTo(accepted + 299_000);
    expect((await ask('')).json.value).toEqual([]);
    clock.advanceTo(accepted + 601_000);
    const rows = (await ask('')).json.value;
    expect(rows).toHaveLength(100);
    const visible: number[] = (await stranger.graph('GET', '/users?$top=999')).json.value.length;
    expect(visible).toBeLessThan(50);
    passLatency(emulator, clock);
    expect((await stranger.graph('GET', '/users?$top=999')).json.value).toHaveLength(50);
  });

  it('come newest first, in pages of $top, to the end and without a link at the end, on both versions', async () => {
    await provision(5);
    for (const version of ['v1.0', 'beta'] as const) {
      const sizes: number[] = [];
      const rows: any[] = [];
      let next: string | undefined = `${emulator.origin}/${version}/auditLogs/provisioning?$top=4&$filter=jobId%20eq%20'${emulator.jobId}'`;
      while (next !== undefined) {
        const page: any = (await stranger.graph('GET', next)).json;
        sizes.push(page.value.length);
        rows.push(...page.value);
        next = page['@odata.nextLink'];
        expect(next ?? '').not.toContain(' ');
      }
      expect(sizes).toEqual([4, 4, 2]);
      expect(new Set(rows.map((row) => row.id)).size).toBe(10);
      const times: string[] = rows.map((row) => row.activityDateTime);
      expect(times).toEqual(times.toSorted((left, right) => right.localeCompare(left)));
    }
  });

  it('neither lose nor repeat a row when rows become visible between two pages', async () => {
    await provision(6);
    const first = (await ask('$top=7')).json;
    await stranger.upload([record('new')]);
    passLatency(emulator, clock);
    const second = (await stranger.graph('GET', first['@odata.nextLink'])).json;
    const old = [...first.value, ...second.value].filter((row: any) => row.sourceIdentity.id !== 'new');
    expect(new Set(old.map((row: any) => row.id)).size).toBe(12);
    expect(old).toHaveLength(12);
  });

  it('are filtered as documented', async () => {
    await provision(3);
    const [row] = (await ask('$top=1')).json.value;
    const all = 6;
    expect(await filter(`jobId eq '${emulator.jobId}'`)).toBe(all);
    expect(await filter(`jobid eq '${emulator.jobId}'`)).toBe(all);
    expect(await filter(`jobId eq '${emulator.jobId.toUpperCase()}'`)).toBe(0);
    expect(await filter(`jobid eq '${emulator.jobId}' and sourceIdentity/id eq '1'`)).toBe(2);
    expect(await filter("sourceIdentity/displayName eq 'worker 1'")).toBe(0);
    expect(await filter("contains(sourceIdentity/displayName,'Worker')")).toBe(all);
    expect(await filter(`cycleId eq '${row.cycleId}'`)).toBe(all);
    expect(await filter(`cycleId ne '${row.cycleId}'`)).toBe(0);
    expect(await filter(`changeId eq '${row.changeId}'`)).toBe(2);
    expect(await filter("provisioningAction eq 'create'")).toBe(3);
    expect(await filter(`servicePrincipal/id eq '${emulator.servicePrincipalId}'`)).toBe(all);
    expect(await filter(`tenantId eq '${emulator.tenantId}'`)).toBe(all);
    expect(await filter(`activityDateTime ge ${row.activityDateTime}`)).toBe(2);
    expect(await filter(`activityDateTime gt ${row.activityDateTime}`)).toBe(0);
    expect(await filter(`activityDateTime lt ${row.activityDateTime}`)).toBe(4);
    expect(await filter('activityDateTime ge 2026-11-22T00:00:00Z and activityDateTime le 2026-11-23T00:00:00.5+02:00')).toBe(all);
    expect(await filter("statusInfo/status eq 'success'", 'beta')).toBe(all);
  });

  it.each([
    "JobId eq 'x'",
    "nonsense eq 'x'",
    "statusInfo/status eq 'success'",
    "provisioningStatusInfo/status eq 'success'",
    "activityDateTime ge '2026-11-22T00:00:00Z'",
    "contains(activityDateTime,'2026')",
    "startswith(jobId,'API')",
    "jobId eq 'a' or jobId eq 'b'",
    "not (jobId eq 'a')",
    "jobId eq 'a",
    "bulkId eq 'x'",
  ])('refuse the filter %s with 400', async (text) => {
    expect(await filter(text)).toBe(400);
  });

  it.each(['$top=0', '$top=1001', '$top=x', '$skip=1', '$count=true', '$orderby=jobId', '$skiptoken=x', '$select=id', '$top=1&$top=2'])(
    'refuse %s with 400',
    async (query) => {
      expect((await ask(query)).status).toBe(400);
    },
  );

  it('come oldest first when asked', async () => {
    await provision(3);
    const times = (await ask('$orderby=activityDateTime asc')).json.value.map((row: any) => row.activityDateTime);
    expect(times).toEqual(times.toSorted((left: string, right: string) => left.localeCompare(right)));
  });

  it('take five calls in ten seconds from each application', async () => {
    const own = await startEmulator({ clock, clients: [{}, {}] });
    const clients = await Promise.all(
      own.clients.map((one) => becomeStranger(own, { client_id: one.clientId, client_secret: one.clientSecret ?? '' })),
    );
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error('no clients');
    const call = (client: Stranger) => client.graph('GET', '/auditLogs/provisioning');
    for (let index = 0; index < 5; index++) expect((await call(first)).status).toBe(200);
    const refused = await call(first);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await call(second)).status).toBe(200);
    clock.advance(10_000);
    expect((await call(first)).status).toBe(200);
    await own.close();
  });

  it('keep rows for thirty days', async () => {
    await provision(1);
    clock.advance(29 * 86_400_000);
    stranger = await becomeStranger(emulator);
    expect((await ask('')).json.value).toHaveLength(2);
    clock.advance(86_400_000);
    stranger = await becomeStranger(emulator);
    expect((await ask('')).json.value).toEqual([]);
  });

  it('show one row for each change when switched', async () => {
    emulator.setSwitches({ rowsPerChange: 'one' });
    await provision(1);
    const [row, ...rest] = (await ask('')).json.value;
    expect(rest).toEqual([]);
    expect(row.provisioningSteps.map((step: any) => step.provisioningStepType)).toEqual([
      'import',
      'scoping',
      'matching',
      'processing',
      'export',
    ]);
  });

  it('have the documented members and nothing that names the upload', async () => {
    await provision(1);
    const [row] = (await ask('')).json.value;
    expect(Object.keys(row).toSorted()).toEqual(
      [
        'activityDateTime', 'changeId', 'cycleId', 'durationInMilliseconds', 'id', 'initiatedBy', 'jobId', 'modifiedProperties',
        'provisioningAction', 'provisioningStatusInfo', 'provisioningSteps', 'servicePrincipal', 'sourceIdentity', 'sourceSystem',
        'targetIdentity', 'targetSystem', 'tenantId',
      ], // prettier-ignore
    );
    expect(row.initiatedBy).toEqual({ id: '', displayName: 'Azure AD Provisioning Service', initiatorType: 'system' });
    expect(row.sourceIdentity).toEqual({ id: '0', displayName: 'Worker 0', identityType: 'User', details: { id: '0' } });
    for (const property of row.modifiedProperties)
      expect([null, 'string']).toContain(property.newValue === null ? null : typeof property.newValue);
    expect(row.modifiedProperties).toContainEqual({ displayName: 'accountEnabled', oldValue: null, newValue: 'True' });
  });
});
