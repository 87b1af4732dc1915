import { AsyncLocalStorage } from 'node:async_hooks';
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import type { Dispatcher } from 'undici';
import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { LateDispatcher } from './dispatcher.ts';
import type { Endpoints } from './endpoints.ts';
import { exchange } from './exchange.ts';
import { isRecord, parseJson, retryAfterOf } from './http-answer.ts';
import type { TokenRefusal } from './token-errors.ts';

/** Tries of one token request; waits between them are the service's `Retry-After`, or 1, 2, 4 s. */
const tries = 4;
/** Longest single wait that a run accepts for a token, ms. */
const longestTokenWait = 300_000;
const maximumTokenBody = 256 * 1024;

export interface TokenNetworkOptions {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher | LateDispatcher;
  /** Where a request of msal's really goes; throws for a host that may not see the credential. */
  readonly route: (address: string) => URL;
  readonly signal: AbortSignal;
}

/** msal's network module over undici, and what it saw: msal itself neither retries 429 nor tells how long a token lasts by our clock. */
export interface TokenNetwork extends INetworkModule {
  readonly seen: { lifetime?: number; refreshIn?: number; refusal?: TokenRefusal; failure?: unknown };
}

/** Retries 429 and 5xx and what was not answered. Errors: ENT-109, ENT-110, and what `route` throws. */
export function createTokenNetwork(options: TokenNetworkOptions): TokenNetwork {
  const seen: TokenNetwork['seen'] = {};
  const ask = async <T>(method: 'GET' | 'POST', address: string, request?: NetworkRequestOptions): Promise<NetworkResponse<T>> => {
    const answer = await askPatiently(options, method, address, request).catch((error: unknown) => {
      seen.failure = error;
      throw error;
    });
    const body = parseJson(answer.body);
    if (answer.status >= 400) seen.refusal = { status: answer.status, body: answer.body };
    if (isRecord(body)) {
      const lifetime = secondsOf(body['expires_in']) ?? untilOf(body['expires_on'], options.clock.now());
      const refreshIn = secondsOf(body['refresh_in']);
      if (lifetime !== undefined) seen.lifetime = lifetime;
      if (refreshIn !== undefined) seen.refreshIn = refreshIn;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- msal's interface promises its own type for whatever JSON came
    return { status: answer.status, headers: answer.headers, body: body as T };
  };
  return {
    seen,
    sendGetRequestAsync: (url, request) => ask('GET', url, request),
    sendPostRequestAsync: (url, request) => ask('POST', url, request),
  };
}

const current = new AsyncLocalStorage<TokenNetwork>();

function currentNetwork(): TokenNetwork {
  const network = current.getStore();
  if (network === undefined) throw new TypeError('a managed identity was asked for outside a request of ours');
  return network;
}

/**
 * msal keeps the network module of a process's first managed identity for good, with its closed connections and its aborted signal. So it
 * is given this one, which passes each request to the network of the call that it belongs to.
 */
const lastingNetwork: INetworkModule = {
  sendGetRequestAsync: (url, request) => currentNetwork().sendGetRequestAsync(url, request),
  sendPostRequestAsync: (url, request) => currentNetwork().sendPostRequestAsync(url, request),
};

/** Calls `work` with a network module that msal may keep. */
export function withLastingNetwork<T>(network: TokenNetwork, work: (lasting: INetworkModule) => Promise<T>): Promise<T> {
  return current.run(network, () => work(lastingNetwork));
}

/**
 * The login service of the sink. The origin is rewritten for an emulator, so that msal, which refuses http authorities, keeps to the real
 * authority's path. Errors: ENT-201.
 */
export function routeToLogin(endpoints: Endpoints): (address: string) => URL {
  return (address) => {
    const url = new URL(address);
    if (!endpoints.authorityOrigins.includes(url.origin)) throw new JoineryError('ENT-201', `no credential is sent to ${url.origin}`);
    return endpoints.emulatedLogin === undefined ? url : new URL(`${url.pathname}${url.search}`, endpoints.emulatedLogin);
  };
}

/** Azure's own metadata address, or the endpoint that the platform names. Errors: ENT-201. */
export function routeToIdentityEndpoint(named: string | undefined): (address: string) => URL {
  const origins = new Set(['http://169.254.169.254', ...(named !== undefined && URL.canParse(named) ? [new URL(named).origin] : [])]);
  return (address) => {
    const url = new URL(address);
    if (!origins.has(url.origin)) throw new JoineryError('ENT-201', `no managed identity is asked for at ${url.origin}`);
    return url;
  };
}

/** The login service gives numbers, identity endpoints give text. */
function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function untilOf(value: unknown, now: Instant): number | undefined {
  const until = secondsOf(value);
  return until === undefined ? undefined : Math.max(0, until - now);
}

interface TokenAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function askPatiently(
  { clock, dispatcher, route, signal }: TokenNetworkOptions,
  method: 'GET' | 'POST',
  address: string,
  request?: NetworkRequestOptions,
): Promise<TokenAnswer> {
  const url = route(address);
  for (let attempt = 1; ; attempt++) {
    const answer = await exchange(dispatcher, {
      url,
      method,
      headers: request?.headers ?? {},
      ...(request?.body === undefined ? {} : { body: request.body }),
      signal,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
      maximumBody: maximumTokenBody,
    });
    signal.throwIfAborted();
    const answered = answer.kind === 'answered';
    if (answered && answer.status !== 429 && answer.status < 500 && !answer.cut) {
      return { status: answer.status, headers: flatten(answer.headers), body: answer.body };
    }
    const wait = (answered ? retryAfterOf(answer.headers, clock.now()) : undefined) ?? 1000 * 2 ** (attempt - 1);
    if (attempt >= tries || wait > longestTokenWait) throw giveUp(answer, url.origin, wait);
    await clock.sleep(wait, signal);
  }
}

function giveUp(answer: Awaited<ReturnType<typeof exchange>>, origin: string, wait: number): JoineryError {
  if (answer.kind !== 'answered') return new JoineryError('ENT-109', `${origin} gave no token: ${answer.reason}`);
  if (answer.status !== 429) {
    const words = answer.cut ? 'with an answer that broke off' : String(answer.status);
    return new JoineryError('ENT-109', `${origin} answered ${words} to every token request`);
  }
  return new JoineryError('ENT-110', `${origin} answered 429 and asks to wait ${String(Math.ceil(wait / 1000))} s`);
}

function flatten(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}
