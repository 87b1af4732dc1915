import { applicationBody, listBody, principalBody } from './catalog-body.ts';
import { applicationTemplates } from './catalog.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import { jobBody } from './job-body.ts';
import { findJob, findJobs } from './job-lookup.ts';
import { Job, type JobIdentity } from './job.ts';
import { readBody, textMember, type JsonObject } from './json.ts';
import { isAnswer } from './odata-query.ts';
import type { GraphRole } from './registration.ts';
import { buildSchema } from './schema-document.ts';
import { blankJobState, blankSchema } from './tenant-setup.ts';

const write: readonly GraphRole[] = ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const jobRead: readonly GraphRole[] = ['Synchronization.Read.All', 'Synchronization.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const jobWrite: readonly GraphRole[] = ['Application.ReadWrite.OwnedBy', 'Synchronization.ReadWrite.All'];
const base = '/servicePrincipals/:principal/synchronization';

/** From a template to a job (contract 4.1, steps 1 to 4). */
export const templateEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path: '/applicationTemplates', roles: ['Application.Read.All', ...write], creates: true, handle: listTemplates },
  { method: 'POST', path: '/applicationTemplates/:template/instantiate', roles: write, creates: true, handle: instantiate },
  { method: 'GET', path: `${base}/templates`, roles: jobRead, handle: listJobTemplates },
  { method: 'POST', path: `${base}/jobs`, roles: jobWrite, handle: createJob },
  { method: 'DELETE', path: `${base}/jobs/:job`, roles: jobWrite, handle: deleteJob },
];

function listTemplates(request: GraphRequest): Answer {
  const items = applicationTemplates.map(({ id, displayName }) => ({
    id,
    displayName,
    publisher: 'Microsoft',
    categories: ['hr'],
    supportedProvisioningTypes: ['sync'],
  }));
  return listBody(request, 'applicationTemplate', items, ['displayName', 'id']);
}

function instantiate(request: GraphRequest): Answer {
  const { catalog, switches } = request.tenant;
  const template = applicationTemplates.find((one) => one.id === request.parameters['template']);
  if (template === undefined) return answers.notFound(request.parameters['template'] ?? '');
  const displayName = textMember(readBody(request.body) ?? {}, 'displayName') ?? '';
  if (displayName === '') return failure(400, 'Request_BadRequest', "A value is required for 'displayName'.");
  const owner = request.caller.objectId;
  const application = catalog.createApplication(displayName, {}, owner, request.now);
  catalog.putApplication({ ...application, applicationTemplateId: template.id });
  const principal = catalog.createPrincipal({
    appId: application.appId,
    displayName,
    owners: [owner],
    applicationTemplateId: template.id,
    readyAt: request.now + switches.principalReadyMilliseconds,
  });
  return {
    status: 201,
    body: {
      '@odata.context': `${request.origin}/${request.version}/$metadata#microsoft.graph.applicationServicePrincipal`,
      application: { objectId: application.id, ...applicationBody({ ...application, applicationTemplateId: template.id }) },
      servicePrincipal: { objectId: principal.id, ...principalBody(principal) },
    },
  };
}

function templateOf(request: GraphRequest): (typeof applicationTemplates)[number] | undefined {
  const principal = request.tenant.catalog.principal(request.parameters['principal'] ?? '', request.now);
  return applicationTemplates.find((one) => one.id === principal?.applicationTemplateId);
}

function listJobTemplates(request: GraphRequest): Answer {
  const jobs = findJobs(request);
  if (isAnswer(jobs)) return jobs;
  const template = templateOf(request);
  const value: JsonObject[] =
    template === undefined
      ? []
      : [
          {
            id: template.factoryTag,
            applicationId: '00000000-0000-0000-0000-000000000000',
            default: true,
            description: template.displayName,
            discoverable: true,
            factoryTag: template.factoryTag,
            metadata: [],
            schema: buildSchema(template.factoryTag, { ...blankSchema, flowNull: [] }),
          },
        ];
  return { status: 200, body: { '@odata.context': `${request.origin}/${request.version}/$metadata#templates`, value } };
}

function createJob(request: GraphRequest): Answer {
  const { tenant } = request;
  const { catalog, journal } = tenant;
  const jobs = findJobs(request);
  if (isAnswer(jobs)) return jobs;
  const template = templateOf(request);
  const wanted = textMember(readBody(request.body) ?? {}, 'templateId');
  const principal = catalog.principal(request.parameters['principal'] ?? '', request.now);
  if (principal === undefined || template === undefined || wanted !== template.factoryTag) {
    return failure(400, 'BadRequest', `The template '${wanted ?? ''}' is not one of this application.`);
  }
  const identity: JobIdentity = {
    servicePrincipalId: principal.id,
    jobId: `${wanted}.${tenant.tenantId.replaceAll('-', '')}.${catalog.newId()}`,
    appId: principal.appId,
    displayName: principal.displayName,
    sourceSystemId: catalog.newId(),
    targetSystemId: catalog.newId(),
  };
  journal.put('createdJob', identity.jobId, identity);
  const job = new Job(identity, blankJobState(request.now), blankSchema, journal);
  job.update({});
  tenant.jobs.set(identity.jobId, job);
  return { status: 201, body: { '@odata.context': `${request.origin}/${request.version}/$metadata#jobs/$entity`, ...jobBody(job) } };
}

function deleteJob(request: GraphRequest): Answer {
  const job = findJob(request);
  if (isAnswer(job)) return job;
  job.purge();
  request.tenant.jobs.delete(job.identity.jobId);
  request.tenant.journal.remove('createdJob', job.identity.jobId);
  return { status: 204 };
}
