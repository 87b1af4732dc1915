import type { Caller } from './access-token.ts';
import type { GraphEndpoint, GraphRequest, GraphVersion } from './endpoint.ts';
import { decodePercent } from './json.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import { owns, type Registration } from './registration.ts';

interface Route {
  readonly endpoint: GraphEndpoint;
  readonly segments: readonly string[];
}

/** What is known of a request before an endpoint was found for it. */
type IncomingRequest = Omit<GraphRequest, 'version' | 'path' | 'parameters' | 'caller' | 'registration'> & {
  readonly method: string;
  /** Segments after the version, still percent-encoded. */
  readonly segments: readonly string[];
  readonly version: GraphVersion;
};

export interface GraphRouter {
  /** The path with parameters by name, for statistics; undefined: no such path. */
  readonly patternOf: (segments: readonly string[]) => string | undefined;
  readonly answer: (request: IncomingRequest) => Answer;
}

/** Finds the endpoint of a request and asks, in this order: who are you, is there such a path, such a method, may you. */
export function createGraphRouter(
  endpoints: readonly GraphEndpoint[],
  judge: (token: string, now: number) => Caller | undefined,
  registrationOf: (clientId: string) => Registration | undefined,
): GraphRouter {
  const routes: readonly Route[] = endpoints.map((endpoint) => ({ endpoint, segments: endpoint.path.split('/').slice(1) }));
  const matching = (segments: readonly string[]): readonly { readonly route: Route; readonly parameters: Record<string, string> }[] => {
    const found = routes.flatMap((route) => {
      const parameters = match(route.segments, segments);
      return parameters === undefined ? [] : [{ route, parameters }];
    });
    // A literal path stands before one with a parameter in its place.
    const exact = found.filter(({ route }) => route.segments.at(-1) === segments.at(-1));
    return exact.length > 0 ? exact : found;
  };
  return {
    patternOf: (segments) => matching(segments)[0]?.route.endpoint.path,
    answer(request) {
      const caller = authenticate(request, judge);
      if ('status' in caller) return caller;
      const found = matching(request.segments);
      if (found.length === 0) {
        return failure(404, 'ResourceNotFound', `Resource not found for the segment '${unknownSegment(routes, request.segments)}'.`);
      }
      const one = found.find(({ route }) => route.endpoint.method === request.method);
      if (one === undefined) {
        const allow = found.map(({ route }) => route.endpoint.method).join(', ');
        return failure(405, 'Request_MethodNotAllowed', `The method '${request.method}' is not supported here.`, { allow });
      }
      const registration = registrationOf(caller.clientId);
      if (
        registration === undefined ||
        !mayCall(one.route.endpoint, caller, registration, one.parameters['principal'] ?? one.parameters['application'])
      )
        return answers.forbidden();
      return one.route.endpoint.handle({ ...request, path: one.route.endpoint.path, parameters: one.parameters, caller, registration });
    },
  };
}

function authenticate(request: IncomingRequest, judge: (token: string, now: number) => Caller | undefined): Caller | Answer {
  const header = request.header('authorization');
  const challenge = {
    'www-authenticate': `Bearer realm="", authorization_uri="${request.origin}/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`,
  };
  const [, token] = /^Bearer\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (token === undefined) return failure(401, 'InvalidAuthenticationToken', 'Access token is empty.', challenge);
  return (
    judge(token, request.now) ?? failure(401, 'InvalidAuthenticationToken', 'Access token has expired or is not yet valid.', challenge)
  );
}

function mayCall(endpoint: GraphEndpoint, caller: Caller, registration: Registration, principal: string | undefined): boolean {
  return endpoint.roles.some((role) => {
    if (!caller.roles.includes(role)) return false;
    // What one creates one owns, so that creating needs no ownership.
    if (principal === undefined) return !role.endsWith('.OwnedBy') || endpoint.creates === true;
    return !role.endsWith('.OwnedBy') || owns(registration, principal.toLowerCase());
  });
}

/** The first segment at which no path goes on; the last one if every path goes further. */
function unknownSegment(routes: readonly Route[], segments: readonly string[]): string {
  const fits = (length: number): boolean => {
    const beginning = segments.slice(0, length);
    return routes.some((route) => match(route.segments.slice(0, length), beginning) !== undefined);
  };
  const depth = segments.findIndex((_, index) => !fits(index + 1));
  return segments.at(depth) ?? '';
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = decodePercent(segments[index] ?? '');
    if (part.startsWith(':')) parameters[part.slice(1)] = segment;
    // Graph's paths are not case-sensitive.
    else if (part.toLowerCase() !== segment.toLowerCase()) return undefined;
  }
  return parameters;
}
