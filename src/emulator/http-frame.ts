import type { Json } from '../domain/canonical-json.ts';
import type { Clock, Instant } from '../domain/clock.ts';
import type { RequestFault } from './faults.ts';
import { errorBody, type Answer, type RequestIds } from './graph-answer.ts';
import { decodePercent, isObject } from './json.ts';
import { holdClock } from './hold.ts';
import { advanceTenant } from './job-cycle.ts';
import { randomGuid } from './random.ts';
import { countFault, type Tenant } from './tenant.ts';

/** A request as it came, over a socket or from the same process. */
export interface IncomingRequest {
  readonly method: string;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly readBody: () => Promise<Uint8Array>;
  /** Calls back once the client has its answer, or is gone. */
  readonly whenOver: (listener: () => void) => void;
}

/** An answer as it goes over the wire. */
export interface RenderedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

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
 * asked, ids and the date are set, and what changed is on disk before the client hears of it. No answer: the connection ends.
 */
export function createFrame(
  tenant: Tenant,
  clock: Clock,
  faultable: (url: URL) => boolean,
): (incoming: IncomingRequest, dispatch: Dispatch) => Promise<RenderedAnswer | undefined> {
  let ordinal = 0;
  return async (incoming, dispatch) => {
    let release = holdClock(clock);
    incoming.whenOver(() => {
      release();
    });
    const { method, url, header } = incoming;
    const sent = header('client-request-id');
    const requestId = randomGuid(tenant.random);
    const ids: RequestIds = { requestId, clientRequestId: sent !== undefined && guid.test(sent) ? sent : requestId };
    const fault = faultable(url)
      ? tenant.faults.request?.({
          method,
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
    if (fault?.kind === 'drop') return undefined;
    await pause('before');
    const body = await incoming.readBody();
    const now = clock.now();
    advanceTenant(tenant, now);
    const request: FramedRequest = { method, url, header, body, now, ids };
    const answer = answerOnce(tenant, request, fault, dispatch);
    tenant.journal.flush();
    if (fault?.kind === 'resetAfterAccept') return undefined;
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
    const answer = dispatch(request);
    // Whoever repeated it behind the client's back keeps the second answer, which may be another: a 429 for what was staged would be a lie.
    if (fault?.kind === 'duplicate') dispatch(request);
    return answer;
  } catch (error) {
    tenant.stats.defects.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { status: 500, error: { code: 'UnknownError', message: 'The emulator itself failed; see its statistics.' } };
  }
}

const graphJson = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** Every answer has request-id and client-request-id; the date is the emulator's. */
function render(answer: Answer, ids: RequestIds, now: Instant): RenderedAnswer {
  const { status } = answer;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value;
  headers['date'] = new Date(now).toUTCString();
  headers['request-id'] = ids.requestId;
  headers['client-request-id'] = ids.clientRequestId;
  if (answer.text !== undefined) {
    headers['content-type'] ??= 'text/plain';
    return { status, headers, body: answer.text };
  }
  const body = answer.error === undefined ? answer.body : errorBody(answer.error, ids, now);
  if (body === undefined) {
    if (status !== 204) headers['content-length'] = '0';
    return { status, headers };
  }
  headers['content-type'] ??= answer.error === undefined && !isGraphBody(body) ? 'application/json; charset=utf-8' : graphJson;
  return { status, headers, body: JSON.stringify(body) };
}

function isGraphBody(body: Json): boolean {
  return isObject(body) && '@odata.context' in body;
}
