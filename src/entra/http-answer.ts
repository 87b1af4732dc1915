import type { Instant } from '../domain/clock.ts';
import { scrubText } from '../domain/masking.ts';

/** Longest text of a foreign answer that goes into a message. */
const excerptLength = 400;

export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** First value of a header; names are lower-case. */
export function headerOf(headers: HeaderFields, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** Foreign text made fit for a message: one line, bounded, without tokens and secrets. */
export function excerptOf(text: string): string {
  // Control characters of a foreign answer must not reach a terminal.
  const line = scrubText(text)
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  return line.length <= excerptLength ? line : `${line.slice(0, excerptLength)}…`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON, or undefined if the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Graph's error object, scrubbed and bounded. Source: graph-contract 1.4. */
export interface GraphError {
  readonly code: string;
  readonly message: string;
}

export function graphErrorOf(body: unknown): GraphError | undefined {
  if (!isRecord(body) || !isRecord(body['error'])) return undefined;
  const { code, message } = body['error'];
  return {
    code: typeof code === 'string' ? excerptOf(code) : '',
    message: typeof message === 'string' ? excerptOf(message) : '',
  };
}

/** Milliseconds to wait by `Retry-After` (seconds, or an HTTP date against the answer's own `Date`); undefined if absent or senseless. */
export function retryAfterOf(headers: HeaderFields, now: Instant): number | undefined {
  const text = headerOf(headers, 'retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  return Math.max(0, until - (dateOf(headers) ?? now));
}

/** The service's own time (`Date` header, whole seconds). */
export function dateOf(headers: HeaderFields): Instant | undefined {
  const at = Date.parse(headerOf(headers, 'date') ?? '');
  return Number.isNaN(at) ? undefined : at;
}
