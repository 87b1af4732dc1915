import type { GraphRequest } from './endpoint.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import type { Job } from './job.ts';

/** The jobs of the service principal that the address names; an answer if there is none. */
export function findJobs(request: GraphRequest): Job[] | Answer {
  const { tenant, parameters } = request;
  const principal = (parameters['principal'] ?? '').toLowerCase();
  const jobs = [...tenant.jobs.values()].filter((job) => job.identity.servicePrincipalId === principal);
  if (jobs.length > 0 || tenant.catalog.principal(principal, request.now) !== undefined) return jobs;
  if (tenant.foreignServicePrincipals.has(principal)) {
    return failure(
      tenant.switches.foreignPrincipalStatus,
      tenant.switches.foreignPrincipalStatus === 403 ? 'Forbidden' : 'BadRequest',
      `The service principal identifier ${principal} specified in the request URL does not belong to the tenant authenticated in the request.`,
    );
  }
  return answers.notFound(principal);
}

/** The job that the address names; an answer if there is none. */
export function findJob(request: GraphRequest): Job | Answer {
  const jobs = findJobs(request);
  if (!Array.isArray(jobs)) return jobs;
  const id = request.parameters['job'] ?? '';
  return (
    jobs.find((job) => job.identity.jobId.toLowerCase() === id.toLowerCase()) ??
    failure(404, 'ResourceNotFound', `The synchronization job '${id}' does not exist.`)
  );
}
