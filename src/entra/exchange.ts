import type { Dispatcher } from 'undici';
import type { LateDispatcher } from './dispatcher.ts';
import { excerptOf, type HeaderFields } from './http-answer.ts';

/** One HTTP request over a dispatcher. Redirects are not followed: a token must not travel. */
export interface ExchangeRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** ms until the first byte of the answer, and between bytes of its body. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Longest body that is read, in bytes; more is an error for a wanted body and cut off for an error's. */
  readonly maximumBody: number;
}

/**
 * - `answered`: status and headers arrived, and the body as far as it is wanted.
 * - `notSent`: no byte of the request left this machine, for certain: no name, no connection, no TLS, aborted in the queue.
 * - `unknown`: bytes left, and no answer came; the service may have acted.
 */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: HeaderFields;
      readonly body: string;
      /** The body was longer than wanted or broke off. */ readonly cut: boolean;
    }
  | { readonly kind: 'notSent'; readonly reason: string; readonly aborted: boolean }
  | { readonly kind: 'unknown'; readonly reason: string; readonly aborted: boolean };

/** Never throws: what goes wrong on the way is a value. */
export async function exchange(dispatcher: Dispatcher | LateDispatcher, request: ExchangeRequest): Promise<Exchange> {
  if (isAborted(request.signal)) return { kind: 'notSent', reason: 'the request was aborted', aborted: true };
  let started = false;
  try {
    const opened = 'open' in dispatcher ? await dispatcher.open() : dispatcher;
    const watched = opened.compose(noticeStart(() => (started = true)));
    const answer = await watched.request({
      origin: request.url.origin,
      path: `${request.url.pathname}${request.url.search}`,
      method: request.method,
      headers: { ...request.headers },
      body: request.body ?? null,
      signal: request.signal ?? null,
      headersTimeout: request.headersTimeout,
      bodyTimeout: request.bodyTimeout,
    });
    const { text, cut } = await readBody(answer.body, request.maximumBody);
    return { kind: 'answered', status: answer.statusCode, headers: answer.headers, body: text, cut };
  } catch (error) {
    const aborted = isAborted(request.signal);
    // undici calls onRequestStart just before it writes; without it nothing was written on any socket.
    return { kind: started ? 'unknown' : 'notSent', reason: aborted ? 'the request was aborted' : describeFailure(error), aborted };
  }
}

/** A function, because the compiler would take an answer of before for one of after. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function readBody(body: AsyncIterable<unknown>, maximum: number): Promise<{ readonly text: string; readonly cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let cut = false;
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.length;
      if (size > maximum) {
        cut = true;
        break;
      }
      chunks.push(chunk);
    }
  } catch {
    // The status has arrived, and it is what decides; that the body broke off is told by `cut`.
    cut = true;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), cut };
}

/** Calls `onStart` when the request is about to be written to a socket. */
function noticeStart(onStart: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context: unknown) => {
        handler.onRequestStart?.(controller, context);
        // An abort that waited for this moment stops the request before it is written.
        if (!controller.aborted) onStart();
      },
      onResponseStart: (controller, status, headers, message) => handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
}

const failureWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there (connection refused)',
  ENOTFOUND: 'the host name is unknown (DNS)',
  EAI_AGAIN: 'the host name could not be looked up (DNS)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer broke off',
  UND_ERR_SOCKET: 'the connection was closed by the other side',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS names further ones)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate signs itself (NODE_EXTRA_CA_CERTS names further authorities)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS names further ones)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority (NODE_EXTRA_CA_CERTS names further ones)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function describeFailure(error: unknown): string {
  const code = codeOf(error);
  const words = code === undefined ? undefined : failureWords[code];
  if (words !== undefined) return words;
  const text = error instanceof Error ? excerptOf(error.message) : 'an unknown error';
  return code === undefined ? text : `${text} (${code})`;
}

/** The code of an error, of the first of an aggregate (both families of a host name), or of its cause. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
