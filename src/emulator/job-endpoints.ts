import type { Instant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { failure, type Answer } from './graph-answer.ts';
import { pauseJob, restartJob, startJob } from './job-actions.ts';
import { findJob, findJobs } from './job-lookup.ts';
import { jobBody } from './job-body.ts';
import type { Job } from './job.ts';
import { isArray, isObject, parseJson, readBody, textMember, type JsonObject } from './json.ts';
import { isAnswer } from './odata-query.ts';
import type { GraphRole } from './registration.ts';
import type { Tenant } from './tenant.ts';

const base = '/servicePrincipals/:principal/synchronization';
const readRoles: readonly GraphRole[] = ['Synchronization.Read.All', 'Synchronization.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const writeRoles: readonly GraphRole[] = ['Application.ReadWrite.OwnedBy', 'Synchronization.ReadWrite.All'];
const noContent: Answer = { status: 204 };

/** The job endpoints (contract 4.1 to 4.3). */
export const jobEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path: `${base}/jobs`, roles: readRoles, handle: listJobs },
  { method: 'GET', path: `${base}/jobs/:job`, roles: readRoles, handle: getJob },
  { method: 'POST', path: `${base}/jobs/:job/start`, roles: writeRoles, handle: (request) => act(request, startJob) },
  { method: 'POST', path: `${base}/jobs/:job/pause`, roles: writeRoles, handle: (request) => act(request, pauseJob) },
  { method: 'POST', path: `${base}/jobs/:job/restart`, roles: writeRoles, handle: restart },
  { method: 'POST', path: `${base}/jobs/:job/validateCredentials`, roles: writeRoles, handle: (request) => act(request, () => undefined) },
  { method: 'POST', path: `${base}/jobs/:job/provisionOnDemand`, roles: writeRoles, handle: provisionOnDemand },
  { method: 'GET', path: `${base}/secrets`, roles: readRoles, handle: getSecrets },
  { method: 'PUT', path: `${base}/secrets`, roles: writeRoles, handle: putSecrets },
];

function listJobs(request: GraphRequest): Answer {
  const jobs = findJobs(request);
  if (isAnswer(jobs)) return jobs;
  return { status: 200, body: { '@odata.context': context(request, 'jobs'), value: jobs.map((job) => jobBody(job)) } };
}

function getJob(request: GraphRequest): Answer {
  const job = findJob(request);
  return isAnswer(job) ? job : { status: 200, body: { '@odata.context': context(request, 'jobs/$entity'), ...jobBody(job) } };
}

function context(request: GraphRequest, end: string): string {
  return `${request.origin}/${request.version}/$metadata#servicePrincipals('${request.parameters['principal'] ?? ''}')/synchronization/${end}`;
}

function act(request: GraphRequest, action: (tenant: Tenant, job: Job, now: Instant) => void): Answer {
  const job = findJob(request);
  if (isAnswer(job)) return job;
  action(request.tenant, job, request.now);
  return noContent;
}

function restart(request: GraphRequest): Answer {
  const job = findJob(request);
  if (isAnswer(job)) return job;
  const body = request.body.byteLength === 0 ? {} : readBody(request.body);
  if (body === undefined) return failure(400, 'BadRequest', 'Unable to read JSON request payload.');
  const criteria = body['criteria'] ?? {};
  if (!isObject(criteria)) return failure(400, 'BadRequest', "The property 'criteria' is not an object.");
  const problem = restartJob(request.tenant, job, request.now, textMember(criteria, 'resetScope'));
  return problem === undefined ? noContent : failure(400, 'BadRequest', problem);
}

/** API-driven apps do not offer it, although the service's own messages advise it (contract 4.2). */
function provisionOnDemand(request: GraphRequest): Answer {
  const job = findJob(request);
  return isAnswer(job) ? job : failure(400, 'BadRequest', 'On-demand provisioning is not supported for this application.');
}

function getSecrets(request: GraphRequest): Answer {
  const jobs = findJobs(request);
  if (isAnswer(jobs)) return jobs;
  const value: Json[] = jobs.slice(0, 1).map(({ state }) => ({
    key: 'SyncNotificationSettings',
    value: JSON.stringify({
      Enabled: state.notificationEmail !== null,
      Recipients: state.notificationEmail ?? '',
      DeleteThresholdEnabled: state.deleteThreshold.enabled,
      DeleteThresholdValue: state.deleteThreshold.value,
    }),
  }));
  return { status: 200, body: { '@odata.context': context(request, 'secrets'), value } };
}

/** `SyncNotificationSettings` (a JSON document as string) and `SkipOutOfScopeDeletions`; other keys are taken and kept nowhere. */
function putSecrets(request: GraphRequest): Answer {
  const jobs = findJobs(request);
  if (isAnswer(jobs)) return jobs;
  if (jobs.length === 0) return failure(400, 'BadRequest', 'The service principal has no synchronization job yet.');
  const pairs = readBody(request.body)?.['value'];
  if (!isArray(pairs)) return failure(400, 'BadRequest', "The property 'value' is not an array.");
  for (const pair of pairs) {
    const key = isObject(pair) ? textMember(pair, 'key') : undefined;
    const value = isObject(pair) ? textMember(pair, 'value') : undefined;
    if (key === undefined || value === undefined) return failure(400, 'BadRequest', 'A secret has to have a key and a value, both text.');
    for (const job of jobs) {
      if (key === 'SkipOutOfScopeDeletions') job.update({ skipOutOfScopeDeletions: value.toLowerCase() === 'true' });
      if (key !== 'SyncNotificationSettings') continue;
      const settings = parseJson(value);
      if (!isObject(settings)) return failure(400, 'BadRequest', 'The value of SyncNotificationSettings is not a JSON document.');
      setNotifications(job, settings);
    }
  }
  return noContent;
}

function setNotifications(job: Job, settings: JsonObject): void {
  const recipients = textMember(settings, 'Recipients') ?? '';
  const threshold = settings['DeleteThresholdValue'];
  job.update({
    notificationEmail: settings['Enabled'] === true && recipients !== '' ? recipients : null,
    deleteThreshold: {
      enabled: settings['DeleteThresholdEnabled'] === true,
      value: typeof threshold === 'number' ? threshold : job.state.deleteThreshold.value,
    },
  });
}
