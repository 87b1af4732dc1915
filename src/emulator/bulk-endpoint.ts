import { readBulkRequest } from './bulk-request.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import type { Job } from './job.ts';
import { findJob } from './job-lookup.ts';
import { isAnswer } from './odata-query.ts';
import { between, randomGuid } from './random.ts';
import type { Tenant } from './tenant.ts';
import type { SlidingWindow } from './throttle.ts';

const day = 86_400_000;
const bucketFull =
  'The bucket that stores the ingested data is full, please wait for the synchronization service to process the ingested data and retry this request.';

/** `POST …/jobs/{id}/bulkUpload` (contract 1 and 2.1). The window counts the calls of the tenant, over all of its jobs. */
export function bulkEndpoint(calls: SlidingWindow): GraphEndpoint {
  return {
    method: 'POST',
    path: '/servicePrincipals/:principal/synchronization/jobs/:job/bulkUpload',
    roles: ['SynchronizationData-User.Upload.OwnedBy', 'SynchronizationData-User.Upload'],
    handle: (request) => upload(request, calls),
  };
}

function upload(request: GraphRequest, calls: SlidingWindow): Answer {
  const { tenant, now, body } = request;
  const { switches } = tenant;
  const job = findJob(request);
  if (isAnswer(job)) return job;
  const throttled = throttle(tenant, calls, now);
  if (throttled === undefined || switches.throttledCallsCount) {
    calls.record(now);
    tenant.journal.put('call', `${String(now)}/${randomGuid(tenant.random)}`, { at: now });
  }
  if (throttled !== undefined) return throttled;
  if (switches.payloadLimitBytes > 0 && body.byteLength > switches.payloadLimitBytes) {
    return switches.payloadLimitStatus === 413
      ? failure(413, 'RequestEntityTooLarge', 'The request body is too large.')
      : badFormat(tenant, `${String(body.byteLength)} bytes`);
  }
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/scim+json') return badFormat(tenant, `content type ${type ?? 'missing'}`);
  const read = readBulkRequest(body, switches);
  if ('problem' in read) return badFormat(tenant, read.problem);
  if (job.stored + read.records.length > switches.bucketSize) return failure(500, 'InternalServerError', bucketFull);
  job.stage(read.records, now, readyAt(tenant, job, now));
  tenant.stats.uploads++;
  tenant.stats.operations += read.records.length;
  return { status: 202, headers: { location: location(request, job) } };
}

function throttle(tenant: Tenant, calls: SlidingWindow, now: number): Answer | undefined {
  const { switches } = tenant;
  const daily = switches.dailyCalls > 0 ? switches.dailyCalls : tenant.licence === 'governance' ? 6_000 : 2_000;
  // The day is asked first: it keeps the calls that the window looks at.
  const wait = calls.waitFor(now, daily, day) ?? calls.waitInside(now, switches.windowCalls, switches.windowMilliseconds);
  if (wait === undefined) return undefined;
  tenant.stats.throttledUploads++;
  return answers.tooMany(
    'Too many requests. The rate or the daily quota of bulkUpload calls of the tenant is exceeded.',
    switches.bulkRetryAfter === 'present' ? wait : undefined,
  );
}

/** The service takes a while to look at an upload; the order of requests is nowhere promised. */
function readyAt(tenant: Tenant, job: Job, now: number): number {
  const ready = now + Math.round(between(tenant.random, 0.1, 0.2) * tenant.latency);
  if (tenant.switches.operationOrder === 'random') return ready;
  return Math.max(ready, job.latestReady);
}

function badFormat(tenant: Tenant, problem: string): Answer {
  tenant.stats.refusals.push(problem);
  if (tenant.stats.refusals.length > 100) tenant.stats.refusals.shift();
  return failure(400, tenant.switches.badRequestCode, 'Invalid Data Format');
}

/** The documented form: lower-case jobid, a slash before the question mark, spaces encoded, `$` and quotes not. */
function location(request: GraphRequest, job: Job): string {
  const version = request.tenant.switches.locationVersion === 'beta' ? 'beta' : request.version;
  return `${request.origin}/${version}/auditLogs/provisioning/?$filter=jobid%20eq%20'${job.identity.jobId}'`;
}
