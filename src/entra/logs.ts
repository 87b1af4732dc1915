import { formatInstant, type Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { LogRow } from '../domain/log-row.ts';
import { ask, type Answered } from './ask.ts';
import { CallPace } from './call-pace.ts';
import { logLimits } from './call-limits.ts';
import type { Graph } from './graph.ts';
import { excerptOf, isRecord } from './http-answer.ts';
import { parseLogRow } from './log-row.ts';

const logPath = '/v1.0/auditLogs/provisioning';
/** A page of 1,000 rows with all details is a few MB. */
const maximumPage = 64 * 1024 * 1024;

export interface LogQuery {
  /** Default: the sink's job. */
  readonly job?: string;
  /** Inclusive. */
  readonly from: Instant;
  /** Exclusive; absent: until now. */
  readonly to?: Instant;
  /** Only this worker's rows. */
  readonly externalId?: string;
  /** Rows per page, 1 to 1,000 (default); `any`: as many as the service gives by itself. */
  readonly top?: number | 'any';
  readonly signal?: AbortSignal;
  /** Rows that could not be read, once each: they are left out of the pages and must not be lost silently. */
  readonly onProblem: (problem: Diagnostic) => void;
  /** Told before each wait that the service asked for, ms. */
  readonly onWait?: (reason: string, milliseconds: number) => void;
}

/** The provisioning logs of one Graph; its readers share one pace. */
export interface Logs {
  /**
   * Pages of rows, oldest first as far as the service sorts them, to the end; each row once, by id. An empty page is not given.
   * Needs the role ProvisioningLog.Read.All. Errors: ENT-2xx, ENT-402.
   */
  read(query: LogQuery): AsyncIterable<readonly LogRow[]>;
}

export function openLogs(graph: Graph): Logs {
  const pace = new CallPace(graph.clock, logLimits);
  const pages: PageSize = { top: logLimits.rowsPerPage };
  return { read: (query) => readPages(graph, pace, pages, query) };
}

/** What is asked for where a query says nothing. */
interface PageSize {
  top: number | 'any';
}

/** `$filter` and the rest; literals are case-sensitive for the service. Source: graph-contract 3.1. */
export function logLocation(job: string, query: Pick<LogQuery, 'from' | 'to' | 'externalId' | 'top'>): string {
  const clauses = [`jobId eq ${quote(job)}`, `activityDateTime ge ${formatInstant(query.from)}`];
  if (query.to !== undefined) clauses.push(`activityDateTime lt ${formatInstant(query.to)}`);
  if (query.externalId !== undefined) clauses.push(`sourceIdentity/id eq ${quote(query.externalId)}`);
  const options = [
    `$filter=${encodeURIComponent(clauses.join(' and '))}`,
    `$orderby=${encodeURIComponent('activityDateTime asc')}`,
    ...(query.top === 'any' ? [] : [`$top=${String(query.top ?? logLimits.rowsPerPage)}`]),
  ];
  return `${logPath}?${options.join('&')}`;
}

/** A text literal of OData: quotes are doubled. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function* readPages(graph: Graph, pace: CallPace, pages: PageSize, query: LogQuery): AsyncGenerator<readonly LogRow[]> {
  const job = query.job ?? graph.job;
  const seenRows = new Set<string>();
  const seenPages = new Set<string>();
  let location: string | undefined = logLocation(job, { top: pages.top, ...query });
  while (location !== undefined) {
    if (seenPages.has(location))
      throw new JoineryError('ENT-402', `page ${String(seenPages.size)} of the provisioning logs leads back to an earlier one`);
    seenPages.add(location);
    // No page says how large a page may be: 1,000 is what the sibling logs take. A service that takes less is asked for what it gives by itself.
    const mayBeTooLarge = seenPages.size === 1 && pages.top !== 'any';
    const answer: Answered = await ask(
      graph,
      { method: 'GET', location, signal: query.signal, maximumBody: maximumPage },
      {
        thing: 'the provisioning logs',
        role: 'ProvisioningLog.Read.All',
        pace,
        mayBeRefused: mayBeTooLarge,
        ...(query.onWait === undefined ? {} : { onWait: query.onWait }),
      },
    );
    if (answer.status === 400) {
      pages.top = 'any';
      location = logLocation(job, { ...query, top: 'any' });
      continue;
    }
    const page = pageOf(answer);
    const rows = freshRows(page.values, job, seenRows, query.onProblem);
    if (rows.length > 0) yield rows;
    location = page.next;
  }
}

/** The list and the address of the next one, in Graph's envelope. Errors: ENT-203. */
export function pageOf(answer: Answered): { readonly values: readonly unknown[]; readonly next: string | undefined } {
  const values = isRecord(answer.json) ? answer.json['value'] : undefined;
  if (!isRecord(answer.json) || !Array.isArray(values)) {
    throw new JoineryError(
      'ENT-203',
      `Graph answered ${String(answer.status)} without a list (client-request-id ${answer.clientRequestId})`,
    );
  }
  const next = answer.json['@odata.nextLink'];
  return { values, next: typeof next === 'string' && next !== '' ? next : undefined };
}

function freshRows(values: readonly unknown[], job: string, seen: Set<string>, onProblem: LogQuery['onProblem']): LogRow[] {
  const rows: LogRow[] = [];
  for (const value of values) {
    const parsed = parseLogRow(value);
    if (parsed.kind === 'problem') {
      onProblem(parsed.problem);
      continue;
    }
    const { row } = parsed;
    if (seen.has(row.id)) continue;
    seen.add(row.id);
    if (row.jobId.toLowerCase() === job.toLowerCase()) rows.push(row);
    else
      onProblem({
        code: 'ENT-401',
        severity: 'warning',
        message: `provisioning log row ${excerptOf(row.id)} is left out: it is of another job`,
      });
  }
  return rows;
}
