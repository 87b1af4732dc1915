import type { Instant } from '../domain/clock.ts';
import type { Caller } from './access-token.ts';
import type { Answer } from './graph-answer.ts';
import type { GraphRole, Registration } from './registration.ts';
import type { Tenant } from './tenant.ts';

export type GraphVersion = 'v1.0' | 'beta';

/** An authenticated request to Graph, as an endpoint sees it. */
export interface GraphRequest {
  readonly tenant: Tenant;
  readonly origin: string;
  readonly version: GraphVersion;
  /** The endpoint's own path, with its parameters by name. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
  readonly now: Instant;
  readonly caller: Caller;
  readonly registration: Registration;
}

/** One method of one path under /v1.0 and /beta. */
export interface GraphEndpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments that begin with a colon are parameters. */
  readonly path: string;
  /**
   * Any of these lets the caller in. A role that ends in `.OwnedBy` does so only for service principals that the caller owns.
   */
  readonly roles: readonly GraphRole[];
  /** Makes something that the caller then owns: an `.OwnedBy` role is enough. */
  readonly creates?: boolean;
  readonly handle: (request: GraphRequest) => Answer;
}
