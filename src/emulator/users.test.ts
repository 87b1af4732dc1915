import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

describe('/users', () => {
  const clock = new VirtualClock('2026-11-22T08:00:00Z');
  let emulator: Emulator;
  let stranger: Stranger;
  const eventual = { consistencylevel: 'eventual' };
  const list = async (query: string, headers: Record<string, string> = {}): Promise<any> => {
    const reply = await stranger.graph('GET', `/users?${query}`, { headers });
    return reply.status === 200 ? reply.json : reply.status;
  };
  const found = async (filter: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const query = `$select=employeeId&$filter=${encodeURIComponent(filter)}${headers === eventual ? '&$count=true' : ''}`;
    const reply = await list(query, headers);
    return typeof reply === 'number' ? reply : reply.value.map((user: any) => user.employeeId).toSorted();
  };

  beforeAll(async () => {
    emulator = await startEmulator({ clock });
    stranger = await becomeStranger(emulator);
    await stranger.upload([record('1', { manager: '3' }), record('2', { active: false, department: "O'Brien" }), record('3')]);
    passLatency(emulator, clock);
    stranger = await becomeStranger(emulator);
  });
  afterAll(() => emulator.close());

  it('gives the default properties, or the selected ones and null for what is not there', async () => {
    const [user] = (await list("$filter=employeeId eq '1'")).value;
    expect(Object.keys(user)).toEqual([
      'businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation', 'preferredLanguage', 'surname',
      'userPrincipalName', 'id',
    ]); // prettier-ignore
    const selected = await list("$select=employeeId,accountEnabled,city,department&$filter=employeeId eq '2'");
    expect(selected.value).toEqual([{ employeeId: '2', accountEnabled: false, city: null, department: "O'Brien" }]);
    expect(await list('$select=nonsense')).toBe(400);
  });

  it('filters as the directory does: without case, eq, in and startswith at once, ne and not only as advanced queries', async () => {
    expect(await found("employeeId eq '1'")).toEqual(['1']);
    expect(await found("userPrincipalName eq 'WORKER.2@CONTOSO.example'")).toEqual(['2']);
    expect(await found('accountEnabled eq false')).toEqual(['2']);
    expect(await found("employeeId in ('1', '3', '9')")).toEqual(['1', '3']);
    expect(await found("startswith(displayName,'worker')")).toEqual(['1', '2', '3']);
    expect(await found("department eq 'O''Brien'")).toEqual(['2']);
    expect(await found("employeeId eq '1' or (accountEnabled eq true and employeeId eq '3')")).toEqual(['1', '3']);
    expect(await found("employeeId ne '1'")).toBe(400);
    expect(await found("employeeId ne '1'", eventual)).toEqual(['2', '3']);
    expect(await found("not (employeeId eq '1')", eventual)).toEqual(['2', '3']);
    expect(await found("endswith(userPrincipalName,'2@contoso.example')", eventual)).toEqual(['2']);
    expect(await found("nonsense eq '1'")).toBe(400);
  });

  it('pages to the end', async () => {
    const ids: string[] = [];
    let next: string | undefined = `${emulator.origin}/v1.0/users?$top=2&$select=id`;
    while (next !== undefined) {
      const page: any = (await stranger.graph('GET', next)).json;
      ids.push(...page.value.map((user: any) => user.id));
      next = page['@odata.nextLink'];
    }
    expect(ids.toSorted()).toEqual(emulator.directory.users().map((user) => user.id).toSorted()); // prettier-ignore
    expect([await list('$top=1000'), (await list('$top=999')).value.length]).toEqual([400, 3]);
  });

  it('counts only with ConsistencyLevel eventual', async () => {
    expect((await list('$count=true', eventual))['@odata.count']).toBe(3);
    expect((await list('$count=true'))['@odata.count']).toBeUndefined();
    const counted = await stranger.graph('GET', '/users/$count', { headers: eventual });
    expect([counted.status, counted.text]).toEqual([200, '3']);
    const without = await stranger.graph('GET', `/users/$count?$filter=${encodeURIComponent("employeeId ne '1'")}`, { headers: eventual });
    expect(without.text).toBe('2');
    expect((await stranger.graph('GET', '/users/$count')).status).toBe(400);
    expect(await list('$orderby=displayName')).toBe(400);
  });

  it('finds one by id and by name, with the manager where asked', async () => {
    const boss = emulator.directory.findByEmployeeId('3')[0];
    for (const key of [boss?.id, 'worker.3@contoso.example']) {
      expect((await stranger.graph('GET', `/users/${key ?? ''}`)).json.displayName).toBe('Worker 3');
    }
    const expanded = await stranger.graph('GET', '/users/worker.1@contoso.example?$expand=manager($levels=1;$select=id,employeeId)');
    expect(expanded.json.manager).toMatchObject({ id: boss?.id, employeeId: '3' });
    const manager = await stranger.graph('GET', '/users/worker.1@contoso.example/manager?$select=id');
    expect(manager.json.id).toBe(boss?.id);
    const none = await stranger.graph('GET', '/users/worker.3@contoso.example/manager');
    expect([none.status, none.json.error.code]).toEqual([404, 'Request_ResourceNotFound']);
    const nobody = await stranger.graph('GET', '/users/nobody@contoso.example');
    expect([nobody.status, nobody.json.error.code]).toEqual([404, 'Request_ResourceNotFound']);
    expect((await stranger.graph('PATCH', '/users/worker.1@contoso.example', { body: {} })).status).toBe(405);
  });

  it('names the verified domains of the organization', async () => {
    const [organization] = (await stranger.graph('GET', '/organization')).json.value;
    expect(organization.id).toBe(emulator.tenantId);
    expect(organization.verifiedDomains).toEqual([expect.objectContaining({ name: 'contoso.example', isDefault: true })]);
  });
});
