import type { Instant } from '../domain/clock.ts';
import type { JoineryError } from '../domain/error.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import type { Graph, GraphAnswer } from './graph.ts';

/** The answer to one bulk upload: a closed union. `retryRules` says what load does with each. */
export type UploadAnswer =
  /** 202: staged, and no more than that. */
  | {
      readonly kind: 'accepted';
      /** The service's time from the `Date` header: lower bound of the log rows. */
      readonly at: Instant;
      /** `own`: there was no `Date` header, and `at` is our clock before the request. */
      readonly clock: 'service' | 'own';
      readonly requestId: string;
      /** Where the logs of the job are; the same for every call, so that no call can be told from it. */
      readonly location?: string;
    }
  /** 429. `retryAfter` in ms. */
  | { readonly kind: 'throttled'; readonly retryAfter?: number; readonly requestId?: string }
  /** 500 with the text about the full bucket. */
  | { readonly kind: 'bucketFull'; readonly retryAfter?: number; readonly requestId?: string }
  /** Any other 5xx, and 408: the service, or a gateway in front of it; it may have staged the call. `retryAfter` in ms. */
  | { readonly kind: 'unavailable'; readonly status: number; readonly retryAfter?: number; readonly requestId?: string }
  /** 401. The next request asks for a new token by itself. */
  | { readonly kind: 'unauthorized'; readonly message: string; readonly requestId?: string }
  /** Any other 4xx, or a redirect: nothing was staged, and sending the same again does not help. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: ErrorCode;
      /** Graph's own code, often empty. */ readonly graphCode: string;
      /** Cause in words. */ readonly message: string;
      readonly requestId?: string;
    }
  /** The bytes left and nobody knows what became of them. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly aborted: boolean }
  /** No byte left. With `error`: because there is no token. */
  | { readonly kind: 'notSent'; readonly reason: string; readonly aborted: boolean; readonly error?: JoineryError };

/** Source: graph-contract 1.4, of 2026-07-07. Compared by its beginning, in any case. */
const bucketFullText = 'the bucket that stores the ingested data is full';

/** `/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/bulkUpload` */
function bulkUploadPath(servicePrincipal: string, job: string): string {
  return `${jobPath(servicePrincipal, job)}/bulkUpload`;
}

export function jobPath(servicePrincipal: string, job: string): string {
  return `/v1.0/servicePrincipals/${encodeURIComponent(servicePrincipal)}/synchronization/jobs/${encodeURIComponent(job)}`;
}

/**
 * Sends the exact bytes of one batch, once. No retry, not even after a 401.
 * @param body the bulk request as UTF-8 JSON
 * @param clientRequestId GUID; Microsoft's support finds the call by it. It appears in no log row.
 */
export async function upload(graph: Graph, body: Uint8Array, clientRequestId: string, signal?: AbortSignal): Promise<UploadAnswer> {
  const before = graph.clock.now();
  const answer = await graph.send({
    method: 'POST',
    location: bulkUploadPath(graph.servicePrincipal, graph.job),
    contentType: 'application/scim+json',
    body,
    clientRequestId,
    signal,
    renewToken: false,
  });
  return classify(answer, before, graph);
}

function classify(answer: GraphAnswer, before: Instant, graph: Pick<Graph, 'job' | 'servicePrincipal'>): UploadAnswer {
  if (answer.kind !== 'answered') return answer;
  const { status } = answer;
  const retryAfter = answer.retryAfter === undefined ? {} : { retryAfter: answer.retryAfter };
  const requestId = answer.requestId === undefined ? {} : { requestId: answer.requestId };
  const words = answer.error?.message ?? answer.excerpt;
  if (status === 202) {
    const clock = answer.at === undefined ? ('own' as const) : ('service' as const);
    const location = answer.location === undefined ? {} : { location: answer.location };
    return { kind: 'accepted', at: answer.at ?? before, clock, requestId: answer.requestId ?? '', ...location };
  }
  // Another 2xx did not come from bulkUpload; a proxy may have answered, or passed the call on.
  if (status < 300) return { kind: 'unknown', reason: `the answer was ${String(status)} instead of 202`, aborted: false };
  if (status === 401) return { kind: 'unauthorized', message: words, ...requestId };
  if (status === 429) return { kind: 'throttled', ...retryAfter, ...requestId };
  if (status >= 500 && words.toLowerCase().includes(bucketFullText)) return { kind: 'bucketFull', ...retryAfter, ...requestId };
  if (status >= 500 || status === 408) return { kind: 'unavailable', status, ...retryAfter, ...requestId };
  const { code, message } = explainRefusal(status, words, graph);
  return { kind: 'refused', status, code, graphCode: answer.error?.code ?? '', message, ...requestId };
}

/** Codes and causes of the 4xx. Source: graph-contract 1.4 and 6; Graph's `code` is undocumented for these, so status and text decide. */
function explainRefusal(
  status: number,
  words: string,
  { job, servicePrincipal }: Pick<Graph, 'job' | 'servicePrincipal'>,
): { readonly code: ErrorCode; readonly message: string } {
  const said = words === '' ? '' : `: ${words}`;
  const answered = `Graph answered ${String(status)}`;
  if (/does not belong to the tenant/i.test(words)) return { code: 'ENT-303', message: `${answered}${said}` };
  switch (status) {
    case 400: {
      return { code: 'ENT-301', message: `${answered} to the upload${said}` };
    }
    case 403: {
      const roles = 'SynchronizationData-User.Upload, or SynchronizationData-User.Upload.OwnedBy and ownership of the service principal';
      return { code: 'ENT-205', message: `${answered}; the application needs the role ${roles}${said}` };
    }
    case 404: {
      return { code: 'ENT-206', message: `${answered}; no service principal ${shorten(servicePrincipal)} with job ${shorten(job)}${said}` };
    }
    case 413: {
      return { code: 'ENT-302', message: `${answered}${said}` };
    }
    default: {
      return { code: status < 400 ? 'ENT-203' : 'ENT-207', message: `${answered}${said}` };
    }
  }
}

/** Ids of the tenant are no secrets, but they are long: the ends tell them apart. */
function shorten(id: string): string {
  return id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}
