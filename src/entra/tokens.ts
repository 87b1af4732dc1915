import type { Dispatcher } from 'undici';
import type { Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';
import { acquireToken, type HeldToken, type TokenSource } from './acquire-token.ts';
import { credentialOf, type Credential } from './credential.ts';
import { openDispatcher } from './dispatcher.ts';
import { endpointsOf } from './endpoints.ts';

/** Access tokens of one sink: kept, shared by parallel callers, renewed before they end. */
export interface Tokens {
  /** A token that is good for at least a minute if the service allows it. Errors: ENT-101 to ENT-117. */
  token(signal?: AbortSignal): Promise<string>;
  /**
   * A new token after a 401. `rejected` is the token that was refused: if a newer one has come since, that one is given, so that many
   * refused requests lead to one renewal.
   */
  refresh(rejected?: string, signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

export interface TokenOptions {
  readonly clock: Clock;
  /** The way out to the network; default: connections of its own, through the environment's proxy, closed with the tokens. */
  readonly dispatcher?: Dispatcher;
  /** Instead of the one that the pipeline names. */
  readonly credential?: Credential;
}

/** A token that ends sooner is not given out without trying to renew it; ms. */
const leastRest = 60_000;

/**
 * Opens the tokens of a sink. Nothing is asked and msal-node is not loaded until the first `token()`.
 * Errors: ENT-113 (no credential), ENT-201 (host).
 */
export function openTokens(sink: Pick<SinkDeclaration, 'tenant' | 'auth' | 'cloud'>, options: TokenOptions): Tokens {
  const { clock } = options;
  const endpoints = endpointsOf(sink);
  const credential = options.credential ?? credentialOf(sink.auth);
  // The machine's own identity endpoint is never behind a proxy, and neither is an emulator.
  const direct = endpoints.emulator || credential.kind === 'managedIdentity';
  const dispatcher = options.dispatcher ?? openDispatcher({ connections: 2, direct });
  const source: TokenSource = { client: sink.auth.client, endpoints, credential, clock, dispatcher };
  let held: HeldToken | undefined;
  let flight: Flight | undefined;
  let closed = false;

  const renew = (signal?: AbortSignal): Promise<string> => {
    if (flight === undefined || flight.abort.signal.aborted) {
      const mine = startFlight(source, (token) => {
        if (token !== undefined) held = token;
        if (flight === mine) flight = undefined;
      });
      flight = mine;
    }
    return join(flight, signal);
  };

  return {
    async token(signal) {
      signal?.throwIfAborted();
      const now = clock.now();
      if (held !== undefined && now < held.renewAt) return held.text;
      if (held === undefined || now >= held.endsAt - leastRest) return renew(signal);
      const kept = held.text;
      try {
        return await renew(signal);
      } catch (error) {
        // Renewing early is a courtesy: while the old token is good, a token service that is away for a moment stops nobody.
        if (signal?.aborted === true) throw error;
        return kept;
      }
    },
    async refresh(rejected, signal) {
      signal?.throwIfAborted();
      if (rejected !== undefined && held !== undefined && held.text !== rejected && clock.now() < held.endsAt) return held.text;
      return renew(signal);
    },
    async close() {
      flight?.abort.abort(new JoineryError('DOM-002', 'the tokens were closed'));
      if (options.dispatcher === undefined && !closed) await dispatcher.close();
      closed = true;
    },
  };
}

/** One renewal that several callers wait for; it is given up when nobody waits any more. */
interface Flight {
  readonly result: Promise<string>;
  readonly abort: AbortController;
  waiting: number;
}

function startFlight(source: TokenSource, landed: (token: HeldToken | undefined) => void): Flight {
  const abort = new AbortController();
  const result = acquireToken(source, abort.signal).then(
    (token) => {
      landed(token);
      return token.text;
    },
    (error: unknown) => {
      landed(undefined);
      throw error;
    },
  );
  // Every waiter has its own handler; this one is for a flight whose waiters have all gone.
  result.catch(() => undefined);
  return { result, abort, waiting: 0 };
}

async function join(flight: Flight, signal?: AbortSignal): Promise<string> {
  flight.waiting++;
  const leave = (): void => {
    flight.waiting--;
    if (flight.waiting === 0) flight.abort.abort(signal?.reason);
  };
  if (signal === undefined) return flight.result;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      leave();
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
