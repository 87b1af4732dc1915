import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Json } from '../domain/canonical-json.ts';
import type { Clock, Instant } from '../domain/clock.ts';
import type { RequestFault } from './faults.ts';
import { errorBody, type Answer, type RequestIds } from './graph-answer.ts';
import { decodePercent, isObject } from './json.ts';
import { holdClock } from './hold.ts';
import { advanceTenant } from './job-cycle.ts';
import { randomGuid } from './random.ts';
import { countFault, type Tenant } from './tenant.ts';

export type EmulatorContext = Context<{ Bindings: HttpBindings }>;

/** A request with its body, at the moment at which it is answered. */
export interface FramedRequest {
  readonly method: string;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
  readonly now: Instant;
  readonly ids: RequestIds;
}

export type Dispatch = (request: FramedRequest) => Answer;

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What all answers have in common: everything due is processed first, virtual time stands still meanwhile, the fault plan is
 * asked, ids and the date are set, and what changed is on disk before the client hears of it.
 */
export function createFrame(
  tenant: Tenant,
  clock: Clock,
  faultable: (url: URL) => boolean,
): (c: EmulatorContext, dispatch: Dispatch) => Promise<Response> {
  let ordinal = 0;
  return async (c, dispatch) => {
    let release = holdClock(clock);
    c.env.outgoing.once('close', () => release());
    const url = new URL(c.req.url);
    const header = (name: string): string | undefined => c.req.header(name);
    const sent = header('client-request-id');
    const requestId = randomGuid(tenant.random);
    const ids: RequestIds = { requestId, clientRequestId: sent !== undefined && guid.test(sent) ? sent : requestId };
    const fault = faultable(url)
      ? tenant.faults.request?.({
          method: c.req.method,
          path: decodePercent(url.pathname),
          query: url.search,
          clientRequestId: sent,
          now: clock.now(),
          ordinal: ++ordinal,
        })
      : undefined;
    if (fault !== undefined) countFault(tenant, `request.${fault.kind}`);
    const pause = async (when: 'before' | 'after'): Promise<void> => {
      if (fault?.kind !== 'delay' || (fault.when ?? 'before') !== when) return;
      release();
      await clock.sleep(fault.milliseconds);
      release = holdClock(clock);
    };
    if (fault?.kind === 'drop') return cut(c);
    await pause('before');
    const body = new Uint8Array(await c.req.arrayBuffer());
    const now = clock.now();
    advanceTenant(tenant, now);
    const request: FramedRequest = { method: c.req.method, url, header, body, now, ids };
    const answer = answerOnce(tenant, request, fault, dispatch);
    tenant.journal.flush();
    if (fault?.kind === 'resetAfterAccept') return cut(c);
    await pause('after');
    tenant.stats.statuses[answer.status] = (tenant.stats.statuses[answer.status] ?? 0) + 1;
    return render(answer, ids, fault?.kind === 'skew' ? now + fault.milliseconds : now);
  };
}

function answerOnce(tenant: Tenant, request: FramedRequest, fault: RequestFault | undefined, dispatch: Dispatch): Answer {
  if (fault?.kind === 'status') {
    const { status, code = 'UnknownError', message = 'The emulator was told to fail.', headers = {} } = fault;
    return { status, error: { code, message }, headers };
  }
  try {
    if (fault?.kind === 'duplicate') dispatch(request);
    return dispatch(request);
  } catch (error) {
    tenant.stats.defects.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { status: 500, error: { code: 'UnknownError', message: 'The emulator itself failed; see its statistics.' } };
  }
}

/** The connection ends without an answer. */
function cut(c: EmulatorContext): Response {
  c.env.incoming.socket.destroy();
  return new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
}

/** Every answer has request-id and client-request-id; the date is the emulator's. */
function render(answer: Answer, ids: RequestIds, now: Instant): Response {
  const headers = new Headers({
    ...answer.headers,
    date: new Date(now).toUTCString(),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
  });
  if (answer.text !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'text/plain');
    return new Response(answer.text, { status: answer.status, headers });
  }
  const body = answer.error === undefined ? answer.body : errorBody(answer.error, ids, now);
  if (body === undefined) {
    if (answer.status !== 204) headers.set('content-length', '0');
    return new Response(null, { status: answer.status, headers });
  }
  if (!headers.has('content-type')) {
    headers.set(
      'content-type',
      answer.error === undefined && !isGraphBody(body)
        ? 'application/json; charset=utf-8'
        : 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
    );
  }
  return new Response(JSON.stringify(body), { status: answer.status, headers });
}

function isGraphBody(body: Json): boolean {
  return isObject(body) && '@odata.context' in body;
}
