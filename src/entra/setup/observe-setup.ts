import * as z from 'zod';
import { JoineryError } from '../../domain/error.ts';
import { ask } from '../ask.ts';
import type { Graph } from '../graph.ts';
import { pageOf, quote } from '../logs.ts';
import { readNotifications } from '../notifications.ts';
import { graphAppId } from '../roles.ts';
import type { ObservedIdentity, ObservedSetup, WantedCredential } from './plan-setup.ts';

/** The gallery template, found by its name: its id is documented nowhere. Source: graph-contract 4.1. */
export const templateName = 'API-driven provisioning to Microsoft Entra ID';
const reading = { role: 'Application.Read.All' } as const;

const entity = z.object({ id: z.string(), appId: z.string().catch('') });
const keyCredential = z.record(z.string(), z.json());
const application = entity.extend({ keyCredentials: z.array(keyCredential).nullish() });
const federated = z.object({ issuer: z.string(), subject: z.string() });
const assignment = z.object({ appRoleId: z.string() });
const job = z.object({ id: z.string(), templateId: z.string().nullish(), status: z.object({ code: z.string().nullish() }).nullish() });

/** Reads what the tenant has already. Errors: ENT-2xx, ENT-616 (several of one name), ENT-619. */
export async function observeSetup(graph: Graph, name: string, credential: WantedCredential, signal?: AbortSignal): Promise<ObservedSetup> {
  const all = async <T>(path: string, shape: z.ZodType<T>, thing: string): Promise<readonly T[]> => {
    const page = pageOf(await ask(graph, { method: 'GET', location: path, signal, maximumBody: 4_194_304 }, { ...reading, thing }));
    return page.values.map((value) => shape.parse(value));
  };
  const named = async <T>(path: string, shape: z.ZodType<T>, displayName: string): Promise<T | undefined> => {
    const filter = `$filter=${encodeURIComponent(`displayName eq ${quote(displayName)}`)}`;
    const found = await all(`${path}?${filter}`, shape, `“${displayName}”`);
    if (found.length > 1)
      throw new JoineryError('ENT-616', `the tenant has ${String(found.length)} of “${displayName}” under ${path.slice(6)}`);
    return found[0];
  };
  const template = await named('/v1.0/applicationTemplates', entity, templateName);
  if (template === undefined) throw new JoineryError('ENT-619', `there is no application template “${templateName}”`);
  const filter = encodeURIComponent(`appId eq '${graphAppId}'`);
  const [graphPrincipal] = await all(`/v1.0/servicePrincipals?$filter=${filter}`, entity, 'Microsoft Graph’s service principal');
  if (graphPrincipal === undefined) throw new JoineryError('ENT-203', 'the tenant has no service principal of Microsoft Graph');
  const rolesOf = async (id: string): Promise<readonly string[]> =>
    (await all(`/v1.0/servicePrincipals/${id}/appRoleAssignments`, assignment, 'application roles')).map(({ appRoleId }) => appRoleId);
  const identity = async (kind: 'runner' | 'administrator'): Promise<ObservedIdentity> => {
    if (kind === 'runner' && credential.kind === 'managedIdentity') {
      const location = `/v1.0/servicePrincipals/${encodeURIComponent(credential.principal)}`;
      const own = await ask(graph, { method: 'GET', location, signal }, { ...reading, thing: 'the managed identity' });
      const { id, appId } = entity.parse(own.json);
      return { principal: { id, appId, roleIds: await rolesOf(id) } };
    }
    const found = await named('/v1.0/applications', application, `${name} ${kind}`);
    if (found === undefined) return {};
    const trusted = await all(`/v1.0/applications/${found.id}/federatedIdentityCredentials`, federated, 'federated credentials');
    const own = await all(
      `/v1.0/servicePrincipals?$filter=${encodeURIComponent(`appId eq '${found.appId}'`)}`,
      entity,
      'a service principal',
    );
    const principal = own[0];
    return {
      application: {
        id: found.id,
        appId: found.appId,
        thumbprints: (found.keyCredentials ?? []).map(({ customKeyIdentifier: print }) => (typeof print === 'string' ? print : '')),
        keyCredentials: found.keyCredentials ?? [],
        federated: trusted,
      },
      ...(principal === undefined ? {} : { principal: { id: principal.id, appId: principal.appId, roleIds: await rolesOf(principal.id) } }),
    };
  };
  const provisioning = await named('/v1.0/servicePrincipals', entity, name);
  const found = {
    template: template.id,
    graphPrincipal: graphPrincipal.id,
    runner: await identity('runner'),
    administrator: await identity('administrator'),
  };
  if (provisioning === undefined) return { ...found, owners: [] };
  const base = `/v1.0/servicePrincipals/${provisioning.id}`;
  const owners = await all(`${base}/owners`, z.object({ id: z.string() }), 'owners');
  const jobs = (await all(`${base}/synchronization/jobs`, job, 'the provisioning jobs')).filter((one) =>
    /^API2AAD\b/i.test(one.templateId ?? one.id),
  );
  if (jobs.length > 1) throw new JoineryError('ENT-616', `the provisioning app “${name}” has ${String(jobs.length)} jobs`);
  const [only] = jobs;
  const notifications = only === undefined ? {} : await readNotifications(graph, provisioning.id, signal);
  return {
    ...found,
    provisioning: provisioning.id,
    owners: owners.map(({ id }) => id),
    ...(only === undefined ? {} : { job: { id: only.id, code: only.status?.code ?? '' } }),
    ...notifications,
  };
}
