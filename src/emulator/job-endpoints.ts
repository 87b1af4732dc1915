import { formatInstant, type Instant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { failure, type Answer } from './graph-answer.ts';
import { pauseJob, restartJob, startJob } from './job-actions.ts';
import { findJob, findJobs } from './job-lookup.ts';
import type { Execution, Job } from './job.ts';
import { decodeUtf8, isArray, isObject, parseJson, textMember, type JsonObject } from './json.ts';
import { isAnswer } from './odata-query.ts';
import type { GraphRole } from './registration.ts';
import type { Tenant } from './tenant.ts';

const base = '/servicePrincipals/:principal/synchronization';
const readRoles: readonly GraphRole[] = ['Synchronization.Read.All', 'Synchronization.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const writeRoles: readonly GraphRole[] = ['Application.ReadWrite.OwnedBy', 'Synchronization.ReadWrite.All'];
const noContent: Answer = { status: 204 };
const never = '0001-01-01T00:00:00Z';

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
  const body = request.body.byteLength === 0 ? {} : readBody(request);
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
  const pairs = readBody(request)?.['value'];
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

function readBody(request: GraphRequest): JsonObject | undefined {
  const text = decodeUtf8(request.body);
  const body = text === undefined ? undefined : parseJson(text);
  return isObject(body) ? body : undefined;
}

/** The job in Graph's shape (contract 4.3). */
function jobBody(job: Job): JsonObject {
  const { state, identity } = job;
  return {
    id: identity.jobId,
    templateId: identity.jobId.split('.')[0] ?? 'API2AAD',
    schedule: {
      expiration: null,
      interval: state.schedule === 'NotRun' ? 'P10675199DT2H48M5.4775807S' : 'PT40M',
      state: state.schedule === 'NotRun' ? 'Disabled' : state.schedule,
    },
    synchronizationJobSettings: [{ name: 'QuarantineTooManyDeletesThreshold', value: String(state.deleteThreshold.value) }],
    status: {
      code: statusCode(job),
      countSuccessiveCompleteFailures: state.countSuccessiveCompleteFailures,
      escrowsPruned: false,
      steadyStateFirstAchievedTime: state.steadyStateFirst === null ? never : formatInstant(state.steadyStateFirst),
      steadyStateLastAchievedTime: state.steadyStateLast === null ? never : formatInstant(state.steadyStateLast),
      troubleshootingUrl: null,
      quarantine: quarantineBody(job),
      lastExecution: executionBody(state.lastExecution),
      lastSuccessfulExecution: executionBody(state.lastSuccessfulExecution),
      lastSuccessfulExecutionWithExports: executionBody(state.lastSuccessfulExecutionWithExports),
      progress: [],
      synchronizedEntryCountByType: [
        { key: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User to User', value: job.anchors.size },
      ],
    },
  };
}

function statusCode(job: Job): string {
  const { schedule, quarantine } = job.state;
  if (schedule === 'NotRun') return 'NotRun';
  if (schedule === 'Paused') return 'Paused';
  return quarantine === null ? 'Active' : 'Quarantine';
}

function quarantineBody(job: Job): Json {
  const { quarantine } = job.state;
  if (quarantine === null) return null;
  return {
    currentBegan: formatInstant(quarantine.currentBegan),
    nextAttempt: formatInstant(quarantine.nextAttempt),
    reason: quarantine.reason,
    seriesBegan: formatInstant(quarantine.seriesBegan),
    seriesCount: quarantine.seriesCount,
    error: { code: quarantine.reason, message: quarantine.message, tenantActionable: true },
  };
}

function executionBody(execution: Execution | null): Json {
  if (execution === null) return null;
  return { ...execution, timeBegan: formatInstant(execution.timeBegan), timeEnded: formatInstant(execution.timeEnded), error: null };
}
