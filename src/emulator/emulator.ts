import { createAdaptorServer } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { systemClock, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { AccessTokens } from './access-token.ts';
import { applicationEndpoints } from './application-endpoints.ts';
import { bulkEndpoint } from './bulk-endpoint.ts';
import { controlDispatch } from './control.ts';
import { answerIdentityRequest, DeviceCodes } from './device-code.ts';
import type { Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import { createGraphRouter } from './graph-router.ts';
import { createFrame, type Dispatch, type FramedRequest, type IncomingRequest, type RenderedAnswer } from './http-frame.ts';
import { advanceTenant, nextEventAt } from './job-cycle.ts';
import { answerOverSocket } from './http-socket.ts';
import { jobEndpoints } from './job-endpoints.ts';
import { jobView, type JobView } from './job-view.ts';
import { decodePercent, type JsonObject } from './json.ts';
import { logEndpoint } from './log-endpoint.ts';
import { logRow } from './log-row-shape.ts';
import type { EmulatorOptions } from './options.ts';
import { principalEndpoints } from './principal-endpoints.ts';
import { routeOf, type Route } from './routes.ts';
import { schemaEndpoints } from './schema-endpoints.ts';
import { SharedClockHost } from './shared-clock-host.ts';
import { setSwitches, type EmulatorSwitches } from './switches.ts';
import { statusPage } from './status-page.ts';
import { templateEndpoints } from './template-endpoints.ts';
import { setUpTenant } from './tenant-setup.ts';
import type { EmulatorStats, Tenant } from './tenant.ts';
import { SlidingWindow } from './throttle.ts';
import { answerTokenRequest, instanceDiscovery, openIdConfiguration, type TokenEndpoint } from './token-endpoint.ts';
import { userEndpoints } from './user-endpoints.ts';

/** A running emulator. What stands at the top is what a client needs; the rest is for tests. */
export interface Emulator {
  readonly origin: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly servicePrincipalId: string;
  readonly jobId: string;
  readonly tokenUrl: string;
  readonly bulkUploadUrl: string;
  /** All clients; the first is the one above. */
  readonly clients: readonly { readonly clientId: string; readonly clientSecret: string | undefined }[];
  /** All jobs; the first is the one above, whose members are empty while a tenant has none. */
  readonly jobs: readonly JobView[];
  /** The users, as they are at the last request or `settle`, whether /users shows them yet or not. */
  readonly directory: Pick<Directory, 'users' | 'get' | 'findByEmployeeId' | 'findByUserPrincipalName' | 'size' | 'put' | 'remove'>;
  readonly switches: Readonly<EmulatorSwitches>;
  readonly stats: Readonly<EmulatorStats>;
  /** Answers a request of the same process, without a socket; undefined: the connection would have been cut. */
  answer(incoming: IncomingRequest): Promise<RenderedAnswer | undefined>;
  /** Processes everything that is due at the clock's time. Requests do so by themselves. */
  settle(): void;
  /** The next instant at which an upload is processed, or a row or a created user becomes visible; undefined: nothing is under way. */
  nextDueAt(): Instant | undefined;
  /** All rows in Graph's shape, oldest first, whether the log shows them yet or not. */
  logRows(): readonly JsonObject[];
  setSwitches(changes: Partial<EmulatorSwitches>): void;
  setFaults(faults: Faults): void;
  /** Every token issued so far is refused from now on. */
  expireTokens(): void;
  close(): Promise<void>;
}

const nothingHere = failure(404, 'ResourceNotFound', 'There is nothing here; Graph is at /v1.0 and /beta.');

/**
 * Starts the service on loopback. Throws EMU-101 where it cannot listen, EMU-102 for a data folder that cannot be used,
 * EMU-103 and EMU-105 for options that are not valid.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const clock = options.clock ?? systemClock;
  const host = options.host ?? '127.0.0.1';
  const { tenant, registrations } = setUpTenant(options, clock.now());
  const tokens = new AccessTokens(tenant.tenantId, tenant.journal, tenant.random);
  const calls = new SlidingWindow(restoredCalls(tenant, clock.now()));
  const router = createGraphRouter(
    [
      bulkEndpoint(calls),
      ...jobEndpoints,
      ...schemaEndpoints,
      ...templateEndpoints,
      ...applicationEndpoints,
      ...principalEndpoints,
      logEndpoint(),
      ...userEndpoints,
    ],
    (token, now) => tokens.judge(token, now),
    (clientId) => tenant.catalog.registrationOf(clientId),
  );
  tenant.journal.flush();
  const routes: Route[] = [];
  const frame = createFrame(tenant, clock, (url) => !url.pathname.startsWith('/emulator'));
  const answer = (incoming: IncomingRequest): Promise<RenderedAnswer | undefined> =>
    frame(incoming, routeOf(routes, incoming) ?? (() => nothingHere));
  const server = createAdaptorServer({ fetch: (request, bindings) => answerOverSocket(answer, request, bindings), hostname: host });
  const origin = await listen(server, options.port ?? 0, host);
  const devices = new DeviceCodes(tenant, tokens);
  const endpoint: TokenEndpoint = { ...tenant, origin, tokens, devices };
  const control = controlDispatch(tenant, clock, tokens, devices, origin);
  const firstClient = registrations[0]?.clientId ?? '';
  const graph: Dispatch = (request) => dispatchGraph(tenant, router, origin, request);
  const openId: Dispatch = (request) => openIdConfiguration(endpoint, segmentsOf(request.url)[0] ?? '');
  routes.push(
    ['*', '/v1.0/*', graph],
    ['*', '/beta/*', graph],
    ['GET', '', (request) => statusPage(tenant, devices, origin, request.now)],
    ['GET', '/emulator', (request) => statusPage(tenant, devices, origin, request.now)],
    ['GET', '/emulator/identity', (request) => answerIdentityRequest(tenant, tokens, request, firstClient)],
    ['*', '/emulator/*', control],
    ['*', '/common/discovery/instance', () => instanceDiscovery(endpoint)],
    ['*', '/:tenant/oauth2/v2.0/token', (request) => dispatchToken(tenant, endpoint, request)],
    [
      'POST',
      '/:tenant/oauth2/v2.0/devicecode',
      (request) => devices.begin(new URLSearchParams(Buffer.from(request.body).toString()), origin, request.now),
    ],
    ['*', '/:tenant/v2.0/.well-known/openid-configuration', openId],
    ['*', '/:tenant/.well-known/openid-configuration', openId],
    ['*', '/:tenant/discovery/v2.0/keys', () => ({ status: 200, body: { keys: [{ ...publicKeyBody(tokens) }] } })],
  );
  const shared = clock instanceof SharedClockHost ? clock : undefined;
  server.on('upgrade', (request, socket) => {
    if (shared === undefined || new URL(request.url ?? '/', origin).pathname !== '/emulator/clock') socket.destroy();
    else shared.accept(socket);
  });
  const views = (): JobView[] => [...tenant.jobs.values()].map((job) => jobView(tenant, job, clock, origin));
  const client = registrations[0];
  if (client === undefined) throw new JoineryError('EMU-105', 'The emulator needs at least one client.');
  return {
    origin,
    tenantId: tenant.tenantId,
    clientId: client.clientId,
    clientSecret: client.secrets[0]?.value ?? '',
    get servicePrincipalId() {
      return views()[0]?.servicePrincipalId ?? '';
    },
    get jobId() {
      return views()[0]?.jobId ?? '';
    },
    tokenUrl: `${origin}/${tenant.tenantId}/oauth2/v2.0/token`,
    get bulkUploadUrl() {
      return views()[0]?.bulkUploadUrl ?? '';
    },
    clients: registrations.map((one) => ({ clientId: one.clientId, clientSecret: one.secrets[0]?.value })),
    get jobs() {
      return views();
    },
    directory: tenant.directory,
    switches: tenant.switches,
    stats: tenant.stats,
    answer,
    settle() {
      advanceTenant(tenant, clock.now());
      tenant.journal.flush();
    },
    nextDueAt: () => nextDueAt(tenant, clock.now()),
    logRows: () =>
      tenant.log.all().flatMap((event) => {
        const of = tenant.jobs.get(event.jobId);
        return of === undefined ? [] : [logRow(event, of, tenant.tenantId)];
      }),
    setSwitches(changes) {
      setSwitches(tenant.switches, changes);
      tenant.journal.put('switches', 'switches', tenant.switches);
    },
    setFaults(faults) {
      tenant.faults = faults;
    },
    expireTokens() {
      tokens.revoke(clock.now());
    },
    close: () => closeServer(server, tenant, shared),
  };
}

type Server = ReturnType<typeof createAdaptorServer>;

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new JoineryError('EMU-101', `The emulator cannot listen on ${host} port ${String(port)}.`, { cause }));
    });
    // Node's 5 s would reset clients that reuse a connection just then; gateways in front of Graph keep theirs for a minute and more.
    if ('keepAliveTimeout' in server) server.keepAliveTimeout = 75_000;
    server.listen(port, host, () => {
      const address = server.address();
      resolve(originOf(host, typeof address === 'object' && address !== null ? address : { port }));
    });
  });
}

function originOf(host: string, address: Pick<AddressInfo, 'port'>): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(address.port)}`;
}

function closeServer(server: Server, tenant: Tenant, shared: SharedClockHost | undefined): Promise<void> {
  shared?.disconnectAll();
  tenant.journal.flush();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}

function restoredCalls(tenant: Tenant, now: Instant): Instant[] {
  const calls = tenant.journal.restored<{ readonly at: Instant }>('call').map((call) => call.at);
  return calls.filter((at) => at > now - 86_400_000).toSorted((left, right) => left - right);
}

function publicKeyBody(tokens: AccessTokens): JsonObject {
  const { kty = 'RSA', n = '', e = '', kid, use } = tokens.publicKey;
  return { kty, n, e, kid, use };
}

function segmentsOf(url: URL): string[] {
  return url.pathname.split('/').filter((segment) => segment !== '');
}

function dispatchGraph(tenant: Tenant, router: ReturnType<typeof createGraphRouter>, origin: string, request: FramedRequest): Answer {
  const [version, ...segments] = segmentsOf(request.url);
  count(tenant, request.method, router.patternOf(segments) ?? '(unknown)');
  if (version !== 'v1.0' && version !== 'beta') return answers.notFound(version ?? '');
  return router.answer({
    tenant,
    origin,
    version,
    method: request.method,
    segments,
    query: request.url.searchParams,
    header: request.header,
    body: request.body,
    now: request.now,
  });
}

function dispatchToken(tenant: Tenant, endpoint: TokenEndpoint, request: FramedRequest): Answer {
  count(tenant, request.method, '/token');
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
  const answer = answerTokenRequest(endpoint, {
    tenant: decodePercent(segmentsOf(request.url)[0] ?? ''),
    contentType: request.header('content-type'),
    authorization: request.header('authorization'),
    body: Buffer.from(request.body).toString(),
    now: request.now,
    correlationId: request.header('client-request-id'),
  });
  if (answer.status === 200) tenant.stats.tokens++;
  return answer;
}

function count(tenant: Tenant, method: string, pattern: string): void {
  const name = `${method} ${pattern}`;
  tenant.stats.calls[name] = (tenant.stats.calls[name] ?? 0) + 1;
}

function nextDueAt(tenant: Tenant, now: Instant): Instant | undefined {
  let least = Infinity;
  for (const job of tenant.jobs.values()) {
    if (job.cycle === undefined && job.staged.size === 0) continue;
    least = Math.min(least, nextEventAt(tenant, job, now) ?? Infinity);
  }
  for (const event of tenant.log.all()) if (event.visibleAt > now) least = Math.min(least, event.visibleAt);
  for (const user of tenant.directory.users()) if (user.visibleAt > now) least = Math.min(least, user.visibleAt);
  return least === Infinity ? undefined : least;
}
