import { JoineryError } from '../domain/error.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';

/** Where one sink's tokens and data are. Origins have no trailing slash. */
export interface Endpoints {
  /** What msal-node is told: always https, the real one even for an emulator (msal refuses http authorities). */
  readonly authority: string;
  /** The cloud's login origins: msal asks the one that it prefers, which is not always the one of `authority`. */
  readonly authorityOrigins: readonly string[];
  /** Where token requests go instead: an emulator's origin. */
  readonly emulatedLogin?: string;
  /** The only origin that a token is sent to. */
  readonly graphOrigin: string;
  /** `https://graph.microsoft.com/.default` */
  readonly scope: string;
  readonly emulator: boolean;
}

interface CloudHosts {
  readonly login: readonly [string, ...string[]];
  readonly graph: string;
}

/** Source: graph-contract 4.7. China's two login hosts are both in use. */
const clouds: Readonly<Record<Exclude<SinkDeclaration['cloud']['name'], 'emulator'>, CloudHosts>> = {
  global: { login: ['login.microsoftonline.com'], graph: 'graph.microsoft.com' },
  usgov: { login: ['login.microsoftonline.us'], graph: 'graph.microsoft.us' },
  dod: { login: ['login.microsoftonline.us'], graph: 'dod-graph.microsoft.us' },
  china: { login: ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'], graph: 'microsoftgraph.chinacloudapi.cn' },
};

/**
 * Checks the sink's cloud against the list of Microsoft's hosts, or against loopback for an emulator.
 * `login` and `graph` may be hosts or origins. Errors: ENT-201.
 */
export function endpointsOf(sink: Pick<SinkDeclaration, 'cloud' | 'tenant'>): Endpoints {
  const { name } = sink.cloud;
  const login = originOf(sink.cloud.login);
  const graph = originOf(sink.cloud.graph);
  if (name === 'emulator') {
    for (const origin of [login, graph]) if (!isLoopback(origin)) throw refusedHost(origin, 'an emulator has to be on loopback');
    return {
      authority: `https://${clouds.global.login[0]}/${sink.tenant}`,
      authorityOrigins: [`https://${clouds.global.login[0]}`],
      emulatedLogin: login.origin,
      graphOrigin: graph.origin,
      scope: `https://${clouds.global.graph}/.default`,
      emulator: true,
    };
  }
  const hosts = clouds[name];
  const loginHost = hosts.login.find((host) => login.origin === `https://${host}`);
  if (loginHost === undefined) throw refusedHost(login, `the login host of ${name} is ${hosts.login.join(' or ')}, over https`);
  if (graph.origin !== `https://${hosts.graph}`) throw refusedHost(graph, `the Graph host of ${name} is ${hosts.graph}, over https`);
  return {
    authority: `${login.origin}/${sink.tenant}`,
    authorityOrigins: hosts.login.map((host) => `https://${host}`),
    graphOrigin: graph.origin,
    scope: `${graph.origin}/.default`,
    emulator: false,
  };
}

/**
 * The URL to ask, if it is on the one allowed origin and under `/v1.0/` or `/beta/`. `location` is a path or a URL that the service
 * returned (`@odata.nextLink`). Errors: ENT-201.
 */
export function graphUrl(endpoints: Endpoints, location: string): URL {
  let url: URL;
  try {
    url = new URL(location, `${endpoints.graphOrigin}/`);
  } catch {
    throw new JoineryError('ENT-201', 'the address that was to be asked is not a URL');
  }
  const trusted = url.origin === endpoints.graphOrigin && url.username === '' && url.password === '';
  if (!trusted) throw refusedHost(url, `only ${endpoints.graphOrigin} is asked`);
  if (!/^\/(?:v1\.0|beta)\//.test(url.pathname)) throw refusedHost(url, 'only paths under /v1.0/ and /beta/ are asked');
  return url;
}

function originOf(text: string): URL {
  try {
    return new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw new JoineryError('ENT-201', 'sink.cloud names something that is not a host');
  }
}

function isLoopback(url: URL): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
}

function refusedHost(url: URL, rule: string): JoineryError {
  return new JoineryError('ENT-201', `no token is sent to ${url.protocol}//${url.host}: ${rule}`);
}
