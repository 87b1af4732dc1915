import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';
import { callOf } from './calls.ts';
import { openDispatcher } from './dispatcher.ts';
import { endpointsOf, graphUrl, type Endpoints } from './endpoints.ts';
import { exchange } from './exchange.ts';
import { dateOf, excerptOf, graphErrorOf, headerOf, parseJson, retryAfterOf, type GraphError } from './http-answer.ts';
import type { Tokens } from './tokens.ts';

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1.0/…`, or an absolute URL that Graph returned; any other host is refused. */
  readonly location: string;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  /** GUID for support; made up if absent. */
  readonly clientRequestId?: string;
  readonly signal?: AbortSignal | undefined;
  /** Ask once more with a new token after a 401 (which certainly did nothing). Default true. */
  readonly renewToken?: boolean;
  /** Keep the body's text beside the parsed one: for documents that go back as they came. */
  readonly keepText?: boolean;
  /** Bytes; default 64 KiB, enough for every error. */
  readonly maximumBody?: number;
}

/**
 * What became of one request. `notSent`: it certainly did not reach the service; with `error` because there was no token for it.
 * `unknown`: bytes left and no answer came.
 */
export type GraphAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The service's own time, from the `Date` header. */
      readonly at?: Instant;
      /** ms */
      readonly retryAfter?: number;
      readonly requestId?: string;
      /** The `location` header as it came. It is not followed, and nothing is asked at it. */
      readonly location?: string;
      readonly clientRequestId: string;
      /** undefined: the body is no JSON, or too long. */
      readonly json: unknown;
      /** The body as it came, when the request asked for it and the answer is a success. */
      readonly text?: string;
      readonly error?: GraphError;
      /** The body's beginning, scrubbed. */
      readonly excerpt: string;
      readonly cut: boolean;
    }
  | { readonly kind: 'notSent'; readonly reason: string; readonly aborted: boolean; readonly error?: JoineryError }
  | { readonly kind: 'unknown'; readonly reason: string; readonly aborted: boolean };

/** One sink's Graph. */
export interface Graph {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly tenant: string;
  /** Object id of the provisioning app's service principal. */
  readonly servicePrincipal: string;
  readonly job: string;
  /** Never throws but for a host or a call that is not one of ours (ENT-201). No retry but the one after a 401. */
  send(request: GraphRequest): Promise<GraphAnswer>;
  /** Makes sure that a token is at hand, so that what is wrong with credentials is known before anything is recorded. Errors: ENT-1xx. */
  prepare(signal?: AbortSignal): Promise<void>;
  /** How far the service's clock is ahead of ours, ms, by the `Date` header of the last answer; undefined: there was none. */
  skew(): number | undefined;
  /** Waits for requests in hand. Closing twice is allowed. */
  close(): Promise<void>;
}

export interface GraphOptions {
  readonly clock: Clock;
  /** Default: keep-alive connections of its own, through the environment's proxy, closed with the Graph. */
  readonly dispatcher?: Dispatcher;
  readonly connections?: number;
  /** ms until the answer begins; default 100 s, Graph's own gateway limit. */
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
}

/** Errors: ENT-201 for a cloud that is not one of Microsoft's and not a loopback emulator. */
export function openGraph(
  sink: Pick<SinkDeclaration, 'tenant' | 'servicePrincipal' | 'job' | 'cloud'>,
  tokens: Tokens,
  options: GraphOptions,
): Graph {
  const endpoints = endpointsOf(sink);
  const { clock, headersTimeout = 100_000, bodyTimeout = 60_000 } = options;
  const dispatcher = options.dispatcher ?? openDispatcher({ connections: options.connections ?? 16, direct: endpoints.emulator });
  /** Tokens that Graph refused: the next request renews instead of failing again. */
  let rejected: string | undefined;
  let skew: number | undefined;
  let closed = false;

  const tokenFor = async (signal: AbortSignal | undefined): Promise<string> => {
    const token = await tokens.token(signal);
    return token === rejected ? tokens.refresh(token, signal) : token;
  };

  const sendOnce = async (url: URL, request: GraphRequest, clientRequestId: string): Promise<GraphAnswer> => {
    let token: string;
    try {
      token = await tokenFor(request.signal);
    } catch (error) {
      const aborted = request.signal?.aborted === true;
      if (error instanceof JoineryError) return { kind: 'notSent', reason: error.message, aborted, error };
      return { kind: 'notSent', reason: aborted ? 'the request was aborted' : 'no token', aborted };
    }
    const before = clock.now();
    const answer = await exchange(dispatcher, {
      url,
      method: request.method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'client-request-id': clientRequestId,
        'user-agent': 'joinery',
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: request.signal,
      headersTimeout,
      bodyTimeout,
      maximumBody: request.maximumBody ?? 65_536,
    });
    if (answer.kind !== 'answered') return answer;
    if (answer.status === 401) rejected = token;
    const json = parseJson(answer.body);
    const at = dateOf(answer.headers);
    if (at !== undefined) skew = skewBetween(before, clock.now(), at);
    const retryAfter = retryAfterOf(answer.headers, clock.now());
    const requestId = headerOf(answer.headers, 'request-id');
    const target = headerOf(answer.headers, 'location');
    const error = graphErrorOf(json);
    return {
      kind: 'answered',
      status: answer.status,
      clientRequestId,
      json,
      cut: answer.cut,
      ...(request.keepText === true && answer.status < 300 ? { text: answer.body } : {}),
      excerpt: answer.status < 300 ? '' : excerptOf(answer.body.slice(0, 4096).replaceAll(token, '•••')),
      ...(at === undefined ? {} : { at }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(requestId === undefined ? {} : { requestId: excerptOf(requestId) }),
      ...(target === undefined ? {} : { location: target }),
      ...(error === undefined
        ? {}
        : { error: { code: error.code.replaceAll(token, '•••'), message: error.message.replaceAll(token, '•••') } }),
    };
  };

  return {
    endpoints,
    clock,
    tenant: sink.tenant,
    servicePrincipal: sink.servicePrincipal,
    job: sink.job,
    async send(request) {
      const url = graphUrl(endpoints, request.location);
      if (callOf(request.method, url.pathname) === undefined)
        throw new JoineryError('ENT-201', `no token is sent with ${request.method} ${url.pathname}: Joinery has no such call`);
      const clientRequestId = request.clientRequestId ?? randomUUID();
      const answer = await sendOnce(url, request, clientRequestId);
      const again = answer.kind === 'answered' && answer.status === 401 && request.renewToken !== false;
      return again ? sendOnce(url, request, clientRequestId) : answer;
    },
    skew: () => skew,
    async prepare(signal) {
      await tokenFor(signal);
    },
    async close() {
      if (options.dispatcher === undefined && !closed) await dispatcher.close();
      closed = true;
    },
  };
}

/** The answer lies between question and now; the header has whole seconds. */
function skewBetween(before: Instant, after: Instant, at: Instant): number {
  if (at < before - 1_000) return at - before;
  return at > after + 1_000 ? at - after : 0;
}
