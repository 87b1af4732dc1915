import { createRequire } from 'node:module';
import type { Agent, Dispatcher } from 'undici';

/** Time to make a connection, ms. */
const connectTimeout = 10_000;

export interface DispatcherOptions {
  /** Connections per host at the same time. */
  readonly connections: number;
  /** An emulator on loopback is never asked through a proxy. */
  readonly direct: boolean;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` in either case. Further certificate authorities come through Node’s own `NODE_EXTRA_CA_CERTS`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Connections that begin with the first request: undici takes longer to load than a source takes to answer, and what needs no service never loads it. */
export interface LateDispatcher {
  open(): Promise<Dispatcher>;
  /** Waits for requests in hand. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** Keep-alive connections, by way of a proxy where the environment names one. */
export function openDispatcher(options: DispatcherOptions): LateDispatcher {
  let opened: Promise<Dispatcher> | undefined;
  const open = (): Promise<Dispatcher> => (opened ??= connect(options));
  return {
    open,
    close: async () => (await opened)?.close(),
    destroy: async () => (await opened)?.destroy(),
  };
}

async function connect(options: DispatcherOptions): Promise<Dispatcher> {
  const environment = options.environment ?? process.env;
  const read = (name: string): string | undefined => environment[name.toLowerCase()] ?? environment[name];
  const common = {
    connections: options.connections,
    pipelining: 1,
    // Shorter than Graph's own idle limit: a connection that the other side is about to close makes outcomes unknown.
    // Shorter than any server's: a connection that the server closes while we send leaves an outcome that nobody knows.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
  };
  const [https, http, none] = [read('HTTPS_PROXY'), read('HTTP_PROXY'), read('NO_PROXY')];
  if (options.direct || (https === undefined && http === undefined)) {
    const OwnAgent = loadAgent();
    return new OwnAgent({ ...common, connect: { timeout: connectTimeout } });
  }
  const { EnvHttpProxyAgent } = await import('undici');
  return new EnvHttpProxyAgent({
    ...common,
    ...(https === undefined ? {} : { httpsProxy: https }),
    ...(http === undefined ? {} : { httpProxy: http }),
    ...(none === undefined ? {} : { noProxy: none }),
  });
}

/**
 * undici's own agent, without `fetch`, web sockets, caches and mocks, which its entrance loads with it: they are two thirds of 150 ms, in every run. The danger: these are files of the very version that
 * is installed; a test holds that they give what the entrance does.
 */
function loadAgent(): typeof Agent {
  const require = createRequire(import.meta.url);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what its entrance does first
  const { prototype } = require('undici/lib/dispatcher/dispatcher.js') as { readonly prototype: object };
  Object.assign(prototype, require('undici/lib/api/index.js'));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file without types
  return require('undici/lib/dispatcher/agent.js') as typeof Agent;
}
