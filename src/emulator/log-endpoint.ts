import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { matchesFilter, orderOperators, stringOperators, type FilterableProperty, type PropertyValue } from './filter-evaluation.ts';
import { answers, type Answer } from './graph-answer.ts';
import { logRow, sourceDisplayName } from './log-row-shape.ts';
import { isAnswer, nextLink, readFilter, readOptions, readSkipToken, readTop, writeSkipToken } from './odata-query.ts';
import type { LogEvent } from './provisioning-log.ts';
import type { Tenant } from './tenant.ts';
import { SlidingWindow } from './throttle.ts';

const text: FilterableProperty = { type: 'string', operators: stringOperators };

/** How each property that may be filtered on is read from a row. Names are case-sensitive, but `jobid` is taken too. */
const readers: Readonly<Record<string, (event: LogEvent, tenant: Tenant) => PropertyValue>> = {
  id: (event) => event.id,
  activityDateTime: (event) => event.at,
  changeId: (event) => event.changeId,
  cycleId: (event) => event.cycleId,
  jobId: (event) => event.jobId,
  jobid: (event) => event.jobId,
  tenantId: (_event, tenant) => tenant.tenantId,
  provisioningAction: (event) => event.action,
  'initiatedBy/id': () => '',
  'initiatedBy/displayName': () => 'Azure AD Provisioning Service',
  'initiatedBy/initiatorType': () => 'system',
  'servicePrincipal/id': (event, tenant) => tenant.jobs.get(event.jobId)?.identity.servicePrincipalId ?? '',
  'servicePrincipal/displayName': (event, tenant) => tenant.jobs.get(event.jobId)?.identity.displayName ?? '',
  'sourceIdentity/id': (event) => event.externalId,
  'sourceIdentity/displayName': (event) => sourceDisplayName(event.data),
  'sourceIdentity/identityType': () => 'User',
  'targetIdentity/id': (event) => event.target.id,
  'targetIdentity/displayName': (event) => event.target.displayName,
  'targetIdentity/identityType': () => 'User',
  'sourceSystem/id': (event, tenant) => tenant.jobs.get(event.jobId)?.identity.sourceSystemId ?? '',
  'sourceSystem/displayName': () => 'API',
  'targetSystem/id': (event, tenant) => tenant.jobs.get(event.jobId)?.identity.targetSystemId ?? '',
  'targetSystem/displayName': () => 'Microsoft Entra ID',
  'statusInfo/status': (event) => event.status,
  'provisioningStatusInfo/status': (event) => event.status,
};

/** `GET /auditLogs/provisioning` (contract 3.1), with a throttle of its own for each application. */
export function logEndpoint(): GraphEndpoint {
  const windows = new Map<string, SlidingWindow>();
  return {
    method: 'GET',
    path: '/auditLogs/provisioning',
    roles: ['ProvisioningLog.Read.All', 'AuditLog.Read.All', 'Directory.Read.All'],
    handle: (request) => listRows(request, windows),
  };
}

function listRows(request: GraphRequest, windows: Map<string, SlidingWindow>): Answer {
  const { tenant, query } = request;
  const throttled = throttle(request, windows);
  if (throttled !== undefined) return throttled;
  const options = readOptions(query, ['$filter', '$orderby', '$top', '$skiptoken']);
  if (isAnswer(options)) return options;
  const filter = readFilter(options.get('$filter'), {
    property: (path) => filterable(path, request),
    logic: 'and',
    typeName: 'microsoft.graph.provisioningObjectSummary',
  });
  if (filter !== undefined && isAnswer(filter)) return filter;
  const top = readTop(options.get('$top'), tenant.switches.logPageSize, tenant.switches.logPageSize);
  if (typeof top !== 'number') return top;
  const after = readSkipToken(options.get('$skiptoken'));
  if (after !== undefined && isAnswer(after)) return after;
  const order = /^activityDateTime(?: (asc|desc))?$/.exec(options.get('$orderby') ?? 'activityDateTime desc');
  if (order === null) return answers.badQuery(`The $orderby '${options.get('$orderby') ?? ''}' is not supported.`);
  const oldestFirst = order[1] !== 'desc';
  const keep = (event: LogEvent): boolean =>
    filter === undefined ||
    matchesFilter(
      filter,
      (path) => readers[path]?.(event, tenant) ?? null,
      (value) => value,
    );
  const page = pageOf(request, oldestFirst, after, top + 1, keep);
  const rows = page.slice(0, top);
  const last = rows.at(-1);
  const address = `${request.origin}/${request.version}/auditLogs/provisioning`;
  return {
    status: 200,
    body: {
      '@odata.context': `${request.origin}/${request.version}/$metadata#auditLogs/provisioning`,
      ...(page.length > top && last !== undefined
        ? { '@odata.nextLink': nextLink(address, query, writeSkipToken([last.at, last.sequence])) }
        : {}),
      value: rows.flatMap((event) => {
        const job = tenant.jobs.get(event.jobId);
        return job === undefined ? [] : [logRow(event, job, tenant.tenantId)];
      }),
    },
  };
}

/** The next rows in order, after the one that the token names; rows that became visible meanwhile are not given twice. */
function pageOf(
  request: GraphRequest,
  oldestFirst: boolean,
  after: readonly (string | number)[] | undefined,
  count: number,
  keep: (event: LogEvent) => boolean,
): LogEvent[] {
  const { tenant, now } = request;
  const events = tenant.log.all();
  const oldest = now - tenant.switches.retentionDays * 86_400_000;
  const key = after === undefined ? undefined : { at: Number(after[0]), sequence: Number(after[1]) };
  const page: LogEvent[] = [];
  for (let step = 0; step < events.length && page.length < count; step++) {
    const event = events[oldestFirst ? step : events.length - 1 - step];
    if (event === undefined || event.visibleAt > now || event.at < oldest) continue;
    if (key !== undefined) {
      const order = event.at - key.at || event.sequence - key.sequence;
      if (oldestFirst ? order <= 0 : order >= 0) continue;
    }
    if (keep(event)) page.push(event);
  }
  return page;
}

function filterable(path: string, request: GraphRequest): FilterableProperty | undefined {
  const { switches } = request.tenant;
  if (path === 'activityDateTime') return { type: 'date', operators: orderOperators };
  if (path === 'statusInfo/status') {
    const taken = switches.statusInfoFilter === 'both' || (switches.statusInfoFilter === 'beta' && request.version === 'beta');
    return taken ? text : undefined;
  }
  if (path === 'provisioningStatusInfo/status') return switches.provisioningStatusFilter ? text : undefined;
  return Object.hasOwn(readers, path) ? text : undefined;
}

function throttle(request: GraphRequest, windows: Map<string, SlidingWindow>): Answer | undefined {
  const { tenant, now, caller } = request;
  const { logCalls, logWindowMilliseconds, logRetryAfter } = tenant.switches;
  const window = windows.get(caller.clientId) ?? new SlidingWindow();
  windows.set(caller.clientId, window);
  const wait = window.waitFor(now, logCalls, logWindowMilliseconds);
  if (wait === undefined) {
    window.record(now);
    return undefined;
  }
  tenant.stats.throttledLogs++;
  return answers.tooMany('Too many requests.', logRetryAfter === 'present' ? wait : undefined);
}
