import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { failure, type Answer } from './graph-answer.ts';
import { findJob } from './job-lookup.ts';
import { decodeUtf8, isObject, parseJson } from './json.ts';
import { isAnswer } from './odata-query.ts';
import type { GraphRole } from './registration.ts';
import { readSchema } from './schema-document.ts';

const write: readonly GraphRole[] = ['Application.ReadWrite.OwnedBy', 'Synchronization.ReadWrite.All'];
const path = '/servicePrincipals/:principal/synchronization/jobs/:job/schema';

/** The job's attribute mapping. What was put is given back as it was put. */
export const schemaEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path, roles: ['Synchronization.Read.All', ...write], handle: getSchema },
  { method: 'PUT', path, roles: write, handle: putSchema },
  { method: 'DELETE', path, roles: write, handle: resetSchema },
];

function getSchema(request: GraphRequest): Answer {
  const job = findJob(request);
  return isAnswer(job) ? job : { status: 200, text: job.schemaText, headers: { 'content-type': 'application/json; charset=utf-8' } };
}

function putSchema(request: GraphRequest): Answer {
  const job = findJob(request);
  if (isAnswer(job)) return job;
  const text = decodeUtf8(request.body) ?? '';
  const document = parseJson(text);
  if (!isObject(document)) return failure(400, 'BadRequest', 'Unable to read JSON request payload.');
  const schema = readSchema(document);
  if (typeof schema === 'string') return failure(400, 'InvalidSchema', schema);
  job.putSchema(text, schema);
  return { status: 204 };
}

function resetSchema(request: GraphRequest): Answer {
  const job = findJob(request);
  if (isAnswer(job)) return job;
  job.resetSchema();
  return { status: 204 };
}
