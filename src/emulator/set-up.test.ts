import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askToken, becomeStranger, enterpriseSchema, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { commandLineClientId, graphAppId } from './catalog.ts';
import { graphRoles, startEmulator, type Emulator, type EmulatorOptions } from './index.ts';

const clock = new VirtualClock('2026-11-22T08:00:00Z');
let emulator: Emulator;
let stranger: Stranger;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = await startEmulator({ clock, empty: true, ...options });
  stranger = await becomeStranger(emulator);
}

async function find(path: string, filter: string): Promise<any[]> {
  const reply = await stranger.graph('GET', `${path}?$filter=${encodeURIComponent(filter)}`);
  expect(reply.status).toBe(200);
  return reply.json.value;
}

/** Steps 1 to 4 of the set-up sequence. */
async function makeJob(): Promise<{ principal: string; job: string }> {
  const [template] = await find('/applicationTemplates', "displayName eq 'API-driven provisioning to Microsoft Entra ID'");
  const made = await stranger.graph('POST', `/applicationTemplates/${template.id}/instantiate`, { body: { displayName: 'HR inbound' } });
  expect(made.status).toBe(201);
  const principal: string = made.json.servicePrincipal.objectId;
  clock.advance(emulator.switches.principalReadyMilliseconds);
  const templates = await stranger.graph('GET', `/servicePrincipals/${principal}/synchronization/templates`);
  expect(templates.json.value[0].id).toBe('API2AAD');
  const job = await stranger.graph('POST', `/servicePrincipals/${principal}/synchronization/jobs`, { body: { templateId: 'API2AAD' } });
  expect(job).toMatchObject({ status: 201, json: { status: { code: 'NotRun' }, schedule: { state: 'Disabled' } } });
  return { principal, job: job.json.id };
}

afterEach(async () => {
  const { defects } = emulator.stats;
  await emulator.close();
  if (defects.length > 0) throw new Error(defects.join('\n'));
});

describe('an empty tenant', () => {
  beforeEach(() => start());

  it('has an administrator, Microsoft Graph with its roles, and nothing that provisions', async () => {
    expect(emulator.jobs).toEqual([]);
    expect([emulator.jobId, emulator.servicePrincipalId, emulator.bulkUploadUrl]).toEqual(['', '', '']);
    const [graph] = await find('/servicePrincipals', `appId eq '${graphAppId}'`);
    expect(graph.appRoles).toContainEqual(
      expect.objectContaining({ value: 'ProvisioningLog.Read.All', id: graphRoles['ProvisioningLog.Read.All'] }),
    );
    expect((await stranger.graph('GET', '/auditLogs/provisioning')).status).toBe(403);
  });

  it('becomes one that provisions, step by step as the documents describe it', async () => {
    const { principal, job } = await makeJob();
    const base = `/servicePrincipals/${principal}/synchronization`;
    const settings = JSON.stringify({
      Enabled: true,
      Recipients: 'ops@contoso.example',
      DeleteThresholdEnabled: true,
      DeleteThresholdValue: 50,
    });
    const secrets = { value: [{ key: 'SyncNotificationSettings', value: settings }] };
    expect((await stranger.graph('PUT', `${base}/secrets`, { body: secrets })).status).toBe(204);
    expect((await stranger.graph('POST', `${base}/jobs/${job}/start`)).status).toBe(204);

    const application = (await stranger.graph('POST', '/applications', { body: { displayName: 'Runner' } })).json;
    const client = (await stranger.graph('POST', '/servicePrincipals', { body: { appId: application.appId } })).json;
    expect((await stranger.graph('POST', '/servicePrincipals', { body: { appId: application.appId } })).status).toBe(409);
    const secret = (await stranger.graph('POST', `/applications/${application.id}/addPassword`, { body: {} })).json.secretText;
    const shown = await stranger.graph('GET', `/applications/${application.id}`);
    expect(shown.text).not.toContain(secret);
    const [graph] = await find('/servicePrincipals', `appId eq '${graphAppId}'`);
    const grant = (role: keyof typeof graphRoles): ReturnType<Stranger['graph']> =>
      stranger.graph('POST', `/servicePrincipals/${graph.id}/appRoleAssignedTo`, {
        body: { principalId: client.id, resourceId: graph.id, appRoleId: graphRoles[role] },
      });
    expect((await grant('SynchronizationData-User.Upload.OwnedBy')).status).toBe(201);
    expect((await grant('SynchronizationData-User.Upload.OwnedBy')).status).toBe(400);

    const runner = await becomeStranger(emulator, { client_id: application.appId, client_secret: secret });
    expect((await runner.upload([record('1')])).status).toBe(403);
    const owner = { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${client.id}` };
    expect((await stranger.graph('POST', `/servicePrincipals/${principal}/owners/$ref`, { body: owner })).status).toBe(204);
    expect((await runner.upload([record('1')])).status).toBe(202);
    passLatency(emulator, clock);
    expect(emulator.directory.findByEmployeeId('1')).toHaveLength(1);
    // The runner may upload and nothing else.
    expect((await runner.graph('POST', `${base}/jobs/${job}/pause`)).status).toBe(403);
    expect((await runner.graph('GET', '/applications')).status).toBe(403);
  });

  it('refuses a schema without rules, keeps one as it was put, and forgets it on demand', async () => {
    const { principal, job } = await makeJob();
    const path = `/servicePrincipals/${principal}/synchronization/jobs/${job}/schema`;
    const before = await stranger.graph('GET', path);
    const schema = before.json;
    expect((await stranger.graph('PUT', path, { body: { directories: [] } })).status).toBe(400);
    schema.directories[0].objects[0].attributes.push({
      ...schema.directories[0].objects[0].attributes[0],
      name: 'urn:x:1.0:User:Badge',
      anchor: false,
    });
    const mappings = schema.synchronizationRules[0].objectMappings[0].attributeMappings;
    const office = { type: 'Attribute', name: 'urn:x:1.0:User:Badge', expression: '[urn:x:1.0:User:Badge]', parameters: [] };
    mappings.push({ ...mappings[0], targetAttributeName: 'officeLocation', matchingPriority: 0, source: office });
    const text = `${JSON.stringify({ ...schema, unknownProperty: { kept: 1 } }, undefined, 3)}\n`;
    expect((await stranger.graph('PUT', path, { body: text })).status).toBe(204);
    expect((await stranger.graph('GET', path)).text).toBe(text);
    expect((await stranger.graph('DELETE', path)).status).toBe(204);
    expect((await stranger.graph('GET', path)).text).toBe(before.text);
  });

  it('signs a person in by device code, with the scopes that were asked for and no more', async () => {
    const client = { client_id: commandLineClientId };
    const ask = async (scope: string): Promise<any> => {
      const body = new URLSearchParams({ ...client, scope });
      return (await fetch(`${emulator.origin}/${emulator.tenantId}/oauth2/v2.0/devicecode`, { method: 'POST', body })).json();
    };
    const poll = (code: string): ReturnType<typeof askToken> =>
      askToken(emulator, { ...client, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code });
    const { device_code: code } = await ask('https://graph.microsoft.com/Application.ReadWrite.All');
    expect((await poll(code)).json.error).toBe('authorization_pending');
    const token: string = (await poll(code)).json.access_token;
    expect((await stranger.graph('GET', '/applications', { token })).status).toBe(200);
    expect((await stranger.graph('POST', `/servicePrincipals/x/appRoleAssignments`, { token, body: {} })).status).toBe(403);
    expect((await poll(code)).json.error).toBe('bad_verification_code');

    emulator.setSwitches({ deviceSignIn: 'manual' });
    const manual = await ask('https://graph.microsoft.com/.default');
    for (let time = 0; time < 3; time++) expect((await poll(manual.device_code)).json.error).toBe('authorization_pending');
    for (const path of ['/emulator/', '/']) expect(await (await fetch(`${emulator.origin}${path}`)).text()).toContain(manual.user_code);
    expect((await fetch(`${emulator.origin}/elsewhere`)).status).toBe(404);
    const approval = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userCode: manual.user_code }),
    };
    expect((await fetch(`${emulator.origin}/emulator/device`, approval)).status).toBe(204);
    expect((await poll(manual.device_code)).status).toBe(200);
    emulator.setSwitches({ deviceSignIn: 'declined' });
    expect((await poll((await ask('https://graph.microsoft.com/.default')).device_code)).json.error).toBe('authorization_declined');
  });

  it('gives a machine’s identity a token only with the header that no browser sends', async () => {
    const address = `${emulator.origin}/emulator/identity?resource=https://graph.microsoft.com&api-version=2019-08-01`;
    expect((await fetch(address)).status).toBe(400);
    const reply: any = await (await fetch(address, { headers: { 'x-identity-header': 'x' } })).json();
    expect((await stranger.graph('GET', '/applications', { token: reply.access_token })).status).toBe(200);
  });
});

describe('a service principal that was just made', () => {
  beforeEach(() => start({ switches: { principalReadyMilliseconds: 5_000 } }));

  it('is not there for some seconds', async () => {
    const [template] = await find('/applicationTemplates', "displayName eq 'API-driven provisioning to Microsoft Entra ID'");
    const made = await stranger.graph('POST', `/applicationTemplates/${template.id}/instantiate`, { body: { displayName: 'HR inbound' } });
    const path = `/servicePrincipals/${made.json.servicePrincipal.objectId}`;
    expect((await stranger.graph('GET', path)).status).toBe(404);
    clock.advance(5_000);
    expect((await stranger.graph('GET', path)).status).toBe(200);
  });
});

describe('what was set up', () => {
  it('is there after a restart: job, schema, applications, secrets, rights and owners', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'joinery-emulator-'));
    try {
      await start({ dataDir });
      const { principal, job } = await makeJob();
      const path = `/servicePrincipals/${principal}/synchronization/jobs/${job}/schema`;
      const schema = (await stranger.graph('GET', path)).json;
      schema.synchronizationRules[0].objectMappings[0].attributeMappings.pop();
      await stranger.graph('PUT', path, { body: schema });
      const made = (await stranger.graph('POST', '/applications', { body: { displayName: 'Runner', tags: ['joinery'] } })).json;
      await stranger.graph('POST', '/servicePrincipals', { body: { appId: made.appId } });
      const secret = (await stranger.graph('POST', `/applications/${made.id}/addPassword`, { body: {} })).json.secretText;
      const [graph] = await find('/servicePrincipals', `appId eq '${graphAppId}'`);
      await emulator.close();
      await start({ dataDir });
      expect((await find('/servicePrincipals', `appId eq '${graphAppId}'`))[0].id).toBe(graph.id);
      expect((await stranger.graph('GET', path)).json).toEqual(schema);
      expect((await find('/applications', "displayName eq 'runner'"))[0]).toMatchObject({ appId: made.appId, tags: ['joinery'] });
      expect((await askToken(emulator, { client_id: made.appId, client_secret: secret })).status).toBe(200);
      expect(emulator.jobs.map((one) => one.jobId)).toEqual([job]);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('a mapping in a schema', () => {
  it('decides what reaches the directory', async () => {
    emulator = await startEmulator({ clock });
    stranger = await becomeStranger(emulator);
    const path = `/servicePrincipals/${emulator.servicePrincipalId}/synchronization/jobs/${emulator.jobId}/schema`;
    const schema = (await stranger.graph('GET', path)).json;
    const mappings = schema.synchronizationRules[0].objectMappings[0].attributeMappings;
    const department = mappings.find((one: any) => one.targetAttributeName === 'department');
    department.targetAttributeName = 'companyName';
    department.source = { ...department.source, name: 'title', expression: 'ToUpper([title])', type: 'Function' };
    schema.synchronizationRules[0].objectMappings[0].scope = {
      groups: [
        {
          name: 'no externals',
          clauses: [{ operatorName: 'NOT EQUALS', sourceOperandName: 'userType', targetOperand: { values: ['External'] } }],
        },
      ],
    };
    expect((await stranger.graph('PUT', path, { body: schema })).status).toBe(204);
    await stranger.upload([
      record('1', { title: 'Analyst', [enterpriseSchema]: { department: 'Sales' } }),
      record('2', { userType: 'External' }),
    ]);
    passLatency(emulator, clock);
    expect(emulator.directory.findByEmployeeId('1')[0]).toMatchObject({ companyName: 'Analyst' });
    expect(emulator.directory.findByEmployeeId('1')[0]?.['department']).toBeUndefined();
    expect(emulator.directory.findByEmployeeId('2')).toEqual([]);
  });
});
