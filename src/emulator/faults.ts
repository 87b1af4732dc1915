import type { Instant } from '../domain/clock.ts';
import type { JsonObject } from './json.ts';
import type { LogError, LogEvent } from './provisioning-log.ts';

/** A request as a fault plan sees it, before anything is done with it. */
export interface FaultRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: string;
  readonly clientRequestId: string | undefined;
  readonly now: Instant;
  /** Requests since the start, this one included. */
  readonly ordinal: number;
}

/**
 * What may go wrong with a request.
 * - `drop`: the connection is cut, nothing was done. `resetAfterAccept`: all was done, then the connection is cut.
 * - `delay`: done after (`before`) or answered after (`after`) so many milliseconds of the emulator's clock.
 * - `status`: answered without doing anything. `duplicate`: done twice, answered once. `skew`: the Date header is off.
 */
export type RequestFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'resetAfterAccept' }
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly when?: 'before' | 'after' }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'skew'; readonly milliseconds: number };

/** An operation that was accepted and is about to be processed. */
export interface FaultEntry {
  readonly jobId: string;
  readonly externalId: string;
  readonly data: JsonObject;
  readonly at: Instant;
  /** Retries that the service made of it. */
  readonly retries: number;
}

/** What may go wrong with an operation: it fails, it waits, it is lost without a trace, it is processed twice. */
export type EntryFault =
  | { readonly kind: 'fail'; readonly error: LogError }
  | { readonly kind: 'late'; readonly milliseconds: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'repeat' };

/** What may go wrong with a row: it never shows, it shows late, it shows more than once (same id). */
export type RowFault =
  | { readonly kind: 'missing' }
  | { readonly kind: 'late'; readonly milliseconds: number }
  | { readonly kind: 'repeat'; readonly times: number };

/** A fault plan: asked before each request, each operation and each row. Undefined: nothing goes wrong. */
export interface Faults {
  readonly request?: (request: FaultRequest) => RequestFault | undefined;
  readonly entry?: (entry: FaultEntry) => EntryFault | undefined;
  readonly row?: (row: LogEvent) => RowFault | undefined;
}
