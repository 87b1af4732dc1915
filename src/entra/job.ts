import * as z from 'zod';
import { formatInstant, type Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { ask } from './ask.ts';
import type { Graph } from './graph.ts';
import { excerptOf } from './http-answer.ts';
import { jobPath } from './upload.ts';

/** Source: graph-contract 4.3. A word that is not in the list is kept as the service writes it. */
export interface JobStatus {
  readonly id: string;
  readonly templateId?: string;
  /** `NotConfigured` `NotRun` `Active` `Paused` `Quarantine` */
  readonly code: string;
  readonly schedule: { /** `Active` `Disabled` `Paused` */ readonly state: string; /** ISO 8601 duration */ readonly interval?: string };
  readonly quarantine?: {
    readonly reason: string;
    /** The reason for people. */ readonly words: string;
    readonly began?: Instant;
    readonly nextAttempt?: Instant;
  };
  readonly lastExecution?: JobExecution;
  readonly lastSuccessfulExecution?: JobExecution;
  /** The last that changed anything in the directory. */
  readonly lastExportingExecution?: JobExecution;
  /** Cycles in a row that failed as a whole. */
  readonly failures?: number;
  /** Records that the job keeps together with an account. */
  readonly synchronized?: number;
}

export interface JobExecution {
  /** `Succeeded` `Failed` `EntryLevelErrors` */
  readonly state: string;
  readonly began?: Instant;
  readonly ended?: Instant;
  readonly imported?: number;
  readonly exported?: number;
  readonly escrowed?: number;
  readonly error?: string;
}

/** Source: graph-contract 4.3 (reasons) and 2.3 (what they mean). */
const quarantineWords: Readonly<Record<string, string>> = {
  EncounteredBaseEscrowThreshold: 'too many entries failed',
  EncounteredTotalEscrowThreshold: 'too many entries failed in all',
  EncounteredEscrowProportionThreshold: 'too large a share of the entries failed',
  EncounteredQuarantineException: 'the job met an error that stops it, for example a missing notification e-mail or bad credentials',
  Unknown: 'the service gives no reason',
  QuarantinedOnDemand: 'somebody put it there',
  TooManyDeletes:
    'more accounts would have been disabled or deleted than the accidental-deletion threshold allows; allow or reject them in the portal',
  IngestionInterrupted: 'the service stopped taking uploads in',
};

const moment = z
  .string()
  .nullish()
  .transform((value) => {
    const at = Date.parse(value ?? '');
    // The service writes the year 1 for “never”.
    return Number.isNaN(at) || at < 0 ? undefined : at;
  });
const count = z.number().nullish();
const execution = z
  .object({
    state: z.string().catch(''),
    timeBegan: moment,
    timeEnded: moment,
    countImported: count,
    countExported: count,
    countEscrowed: count,
    error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish().catch(null),
  })
  .nullish();
const jobShape = z.object({
  id: z.string(),
  templateId: z.string().nullish(),
  schedule: z.object({ state: z.string().nullish(), interval: z.string().nullish() }).nullish(),
  status: z
    .object({
      code: z.string().nullish(),
      quarantine: z
        .object({
          reason: z.string().nullish(),
          currentBegan: moment,
          nextAttempt: moment,
          error: z.object({ message: z.string().nullish() }).nullish().catch(null),
        })
        .nullish(),
      lastExecution: execution,
      lastSuccessfulExecution: execution,
      lastSuccessfulExecutionWithExports: execution,
      countSuccessiveCompleteFailures: count,
      synchronizedEntryCountByType: z
        .array(z.object({ value: count }))
        .nullish()
        .catch(null),
    })
    .nullish(),
});

/** The sink's job. Needs the role Synchronization.Read.All. Errors: ENT-2xx. */
export async function readJob(graph: Graph, signal?: AbortSignal): Promise<JobStatus> {
  const request = { method: 'GET', location: jobPath(graph.servicePrincipal, graph.job), signal, maximumBody: 4_194_304 } as const;
  const answer = await ask(graph, request, { thing: 'the provisioning job', role: 'Synchronization.Read.All' });
  const read = jobShape.safeParse(answer.json);
  if (!read.success) {
    throw new JoineryError('ENT-203', `Graph described the job in an unknown form (client-request-id ${answer.clientRequestId})`);
  }
  const { id, templateId, schedule, status } = read.data;
  const { quarantine } = status ?? {};
  const last = executionOf(status?.lastExecution);
  const lastSuccessful = executionOf(status?.lastSuccessfulExecution);
  const entries = status?.synchronizedEntryCountByType ?? undefined;
  return {
    id,
    code: status?.code ?? '',
    schedule: { state: schedule?.state ?? '', ...optional('interval', schedule?.interval) },
    ...optional('templateId', templateId),
    ...(quarantine === undefined || quarantine === null
      ? {}
      : {
          quarantine: {
            reason: quarantine.reason ?? 'Unknown',
            words: quarantineText(quarantine.reason ?? 'Unknown', quarantine.error?.message),
            ...optional('began', quarantine.currentBegan),
            ...optional('nextAttempt', quarantine.nextAttempt),
          },
        }),
    ...optional('lastExecution', last),
    ...optional('lastSuccessfulExecution', lastSuccessful),
    ...optional('lastExportingExecution', executionOf(status?.lastSuccessfulExecutionWithExports)),
    ...optional('failures', status?.countSuccessiveCompleteFailures),
    ...optional(
      'synchronized',
      entries?.reduce((sum, { value }) => sum + (value ?? 0), 0),
    ),
  };
}

function quarantineText(reason: string, message: string | null | undefined): string {
  const words = quarantineWords[reason] ?? `the service names ${excerptOf(reason)}`;
  return message === undefined || message === null || message === '' ? words : `${words}; it says: ${excerptOf(message)}`;
}

function executionOf(raw: z.infer<typeof execution>): JobExecution | undefined {
  if (raw === undefined || raw === null) return undefined;
  const error = [raw.error?.code, raw.error?.message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return {
    state: raw.state,
    ...optional('began', raw.timeBegan),
    ...optional('ended', raw.timeEnded),
    ...optional('imported', raw.countImported),
    ...optional('exported', raw.countExported),
    ...optional('escrowed', raw.countEscrowed),
    ...(error === '' ? {} : { error: excerptOf(error) }),
  };
}

function optional<K extends string, V>(name: K, value: V | null | undefined): { readonly [name in K]?: V } | Record<string, never> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed name loses its literal type
  return value === undefined || value === null ? {} : ({ [name]: value } as { readonly [name in K]: V });
}

/** The administrator's calls; the runner's application has no right to them. 204, state kept. Errors: ENT-2xx. */
export async function startJob(graph: Graph, signal?: AbortSignal): Promise<void> {
  await act(graph, 'start', undefined, signal);
}

export async function pauseJob(graph: Graph, signal?: AbortSignal): Promise<void> {
  await act(graph, 'pause', undefined, signal);
}

export type ResetScope = 'Watermark' | 'Escrows' | 'QuarantineState' | 'ConnectorDataStore' | 'ForceDeletes';

/**
 * Danger: a restart of a job that does not run purges everything uploaded before it; uploads of ours then go silent.
 * Source: graph-contract 2.3 and 4.2. `scopes` default to those of the portal's Restart.
 */
export async function restartJob(
  graph: Graph,
  scopes: readonly ResetScope[] = ['Watermark', 'Escrows', 'QuarantineState'],
  signal?: AbortSignal,
): Promise<void> {
  await act(graph, 'restart', { criteria: { resetScope: scopes.join(', ') } }, signal);
}

async function act(graph: Graph, verb: string, body: object | undefined, signal: AbortSignal | undefined): Promise<void> {
  await ask(
    graph,
    {
      method: 'POST',
      location: `${jobPath(graph.servicePrincipal, graph.job)}/${verb}`,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: 'application/json' }),
    },
    // Starting or pausing twice is the same as once; a second restart would purge again what came in between.
    { thing: `${verb} of the provisioning job`, role: 'Synchronization.ReadWrite.All', repeatable: verb !== 'restart' },
  );
}

/**
 * What stands between an upload and its processing. Errors mean that uploading is pointless now; warnings that it is slow or
 * needs a look. Pure.
 * @param tenant lower-case GUID, compared with the one in the job's id
 */
export function preflight(job: JobStatus, tenant: string): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const add = (code: Diagnostic['code'], severity: Diagnostic['severity'], message: string): void => {
    findings.push({ code, severity, message });
  };
  const parts = /^([^.]+)\.([0-9a-f]{32})\./i.exec(job.id);
  const template = job.templateId ?? parts?.[1] ?? '';
  if (template !== 'API2AAD') add('ENT-504', 'error', `the job is of the template ${template === '' ? 'without a name' : template}`);
  if (parts?.[2] !== undefined && parts[2].toLowerCase() !== tenant.replaceAll('-', '').toLowerCase()) {
    add('ENT-507', 'error', 'the tenant in the job’s id is not sink.tenant');
  }
  if (job.code === 'Quarantine' || job.quarantine !== undefined) {
    const since = job.quarantine?.began === undefined ? '' : ` since ${formatInstant(job.quarantine.began)}`;
    add('ENT-503', 'error', `the job is in quarantine${since}: ${job.quarantine?.words ?? 'the service gives no reason'}`);
  }
  if (job.code === 'NotConfigured') add('ENT-505', 'error', 'the job is in the state NotConfigured');
  else if (job.code === 'Paused' || job.schedule.state === 'Paused') add('ENT-502', 'error', 'the job is paused');
  else if (job.code === 'NotRun' || job.schedule.state === 'Disabled')
    add('ENT-501', 'error', 'the job has not been started, or was stopped');
  if (job.lastExecution?.state === 'Failed') {
    add('ENT-506', 'warning', `the job’s last run failed${job.lastExecution.error === undefined ? '' : `: ${job.lastExecution.error}`}`);
  }
  return findings;
}
