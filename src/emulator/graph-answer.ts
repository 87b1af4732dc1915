import { formatInstant, type Instant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';

/** What an endpoint answers, before it becomes bytes. */
export interface Answer {
  readonly status: number;
  readonly body?: Json;
  /** Instead of `body`: text that is not JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Graph's error object; the frame adds innerError with date and ids. */
  readonly error?: { readonly code: string; readonly message: string };
}

export function failure(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, error: { code, message }, headers };
}

export interface RequestIds {
  readonly requestId: string;
  readonly clientRequestId: string;
}

/** Graph's error shape; the date has no zone, as in the documented examples. */
export function errorBody(error: { readonly code: string; readonly message: string }, ids: RequestIds, now: Instant): Json {
  return {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: formatInstant(now).slice(0, 19),
        'request-id': ids.requestId,
        'client-request-id': ids.clientRequestId,
      },
    },
  };
}

export const answers = {
  badQuery: (message: string): Answer => failure(400, 'BadRequest', message),
  notFound: (what: string): Answer =>
    failure(
      404,
      'Request_ResourceNotFound',
      `Resource '${what}' does not exist or one of its queried reference-property objects are not present.`,
    ),
  forbidden: (): Answer => failure(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
  tooMany: (message: string, retryAfterMilliseconds: number | undefined): Answer =>
    failure(
      429,
      'TooManyRequests',
      message,
      retryAfterMilliseconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMilliseconds / 1000))) },
    ),
};
