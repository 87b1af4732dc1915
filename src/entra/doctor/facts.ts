import { JoineryError } from '../../domain/error.ts';
import type { LogRow } from '../../domain/log-row.ts';
import { ask } from '../ask.ts';
import type { Graph } from '../graph.ts';
import { isRecord } from '../http-answer.ts';
import { readJob, type JobStatus } from '../job.ts';
import { openLogs, pageOf } from '../logs.ts';
import { readNotifications, type Notifications } from '../notifications.ts';
import { parseSchema, readSchemaText, type JobSchema } from '../schema/job-schema.ts';
import { readClaims, type TokenClaims } from '../token-claims.ts';
import type { Tokens } from '../tokens.ts';

/** What a question came to. */
export type Known<T> = { readonly kind: 'known'; readonly value: T } | { readonly kind: 'refused'; readonly error: JoineryError };

/** Everything that the service says about one sink. Collected once, judged by `examine`. */
export interface ServiceFacts {
  readonly token: Known<TokenClaims | undefined>;
  readonly job: Known<JobStatus>;
  /** Ids of the principal's jobs; only asked for when the job could not be read. */
  readonly jobs?: Known<readonly string[]>;
  readonly notifications: Known<Notifications>;
  readonly schema: Known<JobSchema>;
  readonly rows: Known<readonly LogRow[]>;
  /** The service's clock less ours, ms; undefined: it gave no date. */
  readonly skew?: number;
}

/** How far back the logs are read, ms: what is older was known yesterday. */
const lookBack = 24 * 3_600_000;
/** Rows that are looked at; failures repeat. */
const mostRows = 5_000;

/** Asks everything that `examine` judges; reads only. Never throws but for an abort. */
export async function collectFacts(graph: Graph, tokens: Tokens, signal?: AbortSignal): Promise<ServiceFacts> {
  const token = await attempt(async () => readClaims(await tokens.token(signal)), signal);
  if (token.kind === 'refused') return { token, job: token, notifications: token, schema: token, rows: token };
  const skew = await skewOf(graph, signal);
  const job = await attempt(() => readJob(graph, signal), signal);
  const jobs = job.kind === 'refused' ? await attempt(() => listJobs(graph, signal), signal) : undefined;
  return {
    token,
    job,
    notifications: await attempt(() => readNotifications(graph, graph.servicePrincipal, signal), signal),
    schema: await attempt(async () => parseSchema(await readSchemaText(graph, signal)), signal),
    rows: await attempt(() => recentRows(graph, signal), signal),
    ...(jobs === undefined ? {} : { jobs }),
    ...(skew === undefined ? {} : { skew }),
  };
}

async function attempt<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<Known<T>> {
  try {
    return { kind: 'known', value: await work() };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof JoineryError) return { kind: 'refused', error };
    throw error;
  }
}

function jobsPath(servicePrincipal: string): string {
  return `/v1.0/servicePrincipals/${encodeURIComponent(servicePrincipal)}/synchronization/jobs`;
}

async function skewOf(graph: Graph, signal: AbortSignal | undefined): Promise<number | undefined> {
  await graph.send({ method: 'GET', location: jobsPath(graph.servicePrincipal), signal });
  return graph.skew();
}

async function listJobs(graph: Graph, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const request = { method: 'GET', location: jobsPath(graph.servicePrincipal), signal, maximumBody: 4_194_304 } as const;
  const page = pageOf(await ask(graph, request, { thing: 'the provisioning jobs', role: 'Synchronization.Read.All' }));
  return page.values.flatMap((value) => (isRecord(value) && typeof value['id'] === 'string' ? [value['id']] : []));
}

async function recentRows(graph: Graph, signal: AbortSignal | undefined): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  const query = { from: graph.clock.now() - lookBack, onProblem: () => undefined, ...(signal === undefined ? {} : { signal }) };
  for await (const page of openLogs(graph).read(query)) {
    rows.push(...page);
    if (rows.length >= mostRows) break;
  }
  return rows;
}
