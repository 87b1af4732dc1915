import { formatInstant, systemClock, type Instant } from '../domain/clock.ts';
import type { AccessTokens } from './access-token.ts';
import type { Catalog } from './catalog.ts';
import { deviceGrants, type DeviceCodes } from './device-code.ts';
import type { Answer } from './graph-answer.ts';
import { decodePercent, textMember, type JsonObject } from './json.ts';
import { readJwt, verifyJwt, type ReadJwt } from './jwt.ts';
import type { FederatedCredential, Registration } from './registration.ts';
import { randomGuid, type Random } from './random.ts';
import type { EmulatorSwitches } from './switches.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const loginHosts = [
  'https://login.microsoftonline.com', 'https://login.microsoftonline.us', 'https://login.chinacloudapi.cn',
  'https://login.partner.microsoftonline.cn',
]; // prettier-ignore

export interface TokenEndpoint {
  readonly tenantId: string;
  readonly domains: readonly string[];
  readonly origin: string;
  readonly catalog: Catalog;
  readonly devices: DeviceCodes;
  readonly tokens: AccessTokens;
  readonly switches: EmulatorSwitches;
  readonly random: Random;
}

export interface TokenRequest {
  /** The segment of the path: tenant id or domain. */
  readonly tenant: string;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly now: Instant;
  readonly correlationId: string | undefined;
}

interface Refusal {
  readonly status: 400 | 401;
  readonly error: string;
  readonly code: number;
  readonly text: string;
}

const refuse = (status: 400 | 401, error: string, code: number, text: string): Refusal => ({ status, error, code, text });

/** True if the segment names this tenant. */
function isTenant(endpoint: Pick<TokenEndpoint, 'tenantId' | 'domains'>, tenant: string): boolean {
  const lower = tenant.toLowerCase();
  return lower === endpoint.tenantId || endpoint.domains.some((domain) => domain.toLowerCase() === lower);
}

/** The client credentials grant with secret, certificate or federated credential (contract 4.6). */
export function answerTokenRequest(endpoint: TokenEndpoint, request: TokenRequest): Answer {
  const form = new URLSearchParams(request.body);
  if (deviceGrants.includes(form.get('grant_type') ?? '') && isTenant(endpoint, request.tenant))
    return answerDevice(endpoint, request, form);
  const result = grant(endpoint, request);
  if (typeof result !== 'string') return refusal(endpoint, request, result);
  const lifetime = endpoint.switches.tokenLifetimeSeconds;
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: result },
    headers: { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
  };
}

function answerDevice(endpoint: TokenEndpoint, request: TokenRequest, form: URLSearchParams): Answer {
  const result = endpoint.devices.poll(form, 'https://graph.microsoft.com', request.now);
  if ('error' in result) return refusal(endpoint, request, result);
  const lifetime = endpoint.switches.tokenLifetimeSeconds;
  const person = { uid: endpoint.catalog.administratorId, utid: endpoint.tenantId };
  return {
    status: 200,
    body: {
      token_type: 'Bearer',
      scope: result.scope,
      expires_in: lifetime,
      ext_expires_in: lifetime,
      access_token: result.text,
      client_info: Buffer.from(JSON.stringify(person)).toString('base64url'),
    },
    headers: { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
  };
}

function refusal(endpoint: TokenEndpoint, request: TokenRequest, reason: Refusal): Answer {
  const timestamp = `${formatInstant(request.now).slice(0, 19).replace('T', ' ')}Z`;
  const trace = randomGuid(endpoint.random);
  const correlation = request.correlationId ?? randomGuid(endpoint.random);
  return {
    status: reason.status,
    body: {
      error: reason.error,
      error_description: `AADSTS${String(reason.code)}: ${reason.text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [reason.code],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `${endpoint.origin}/error?code=${String(reason.code)}`,
    },
    headers: { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
  };
}

function grant(endpoint: TokenEndpoint, request: TokenRequest): string | Refusal {
  if (!isTenant(endpoint, request.tenant)) {
    return refuse(
      400,
      'invalid_request',
      90002,
      `Tenant '${request.tenant}' not found. Check to make sure you have the correct tenant ID.`,
    );
  }
  if (request.contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    return refuse(400, 'invalid_request', 900144, "The request body must contain the following parameter: 'grant_type'.");
  }
  const form = new URLSearchParams(request.body);
  const basic = readBasic(request.authorization);
  const clientId = form.get('client_id') ?? basic?.user;
  for (const [name, value] of [
    ['grant_type', form.get('grant_type')],
    ['client_id', clientId],
    ['scope', form.get('scope')],
  ] as const) {
    if (value === null || value === undefined || value === '') {
      return refuse(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`);
    }
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 70003, `The app requested an unsupported grant type '${form.get('grant_type') ?? ''}'.`);
  }
  const scope = form.get('scope') ?? '';
  const audience = audienceOf(endpoint, scope);
  if (audience === undefined) {
    return refuse(
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  }
  const registration = endpoint.catalog.registrationOf(clientId ?? '');
  if (registration === undefined) {
    return refuse(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId ?? ''}' was not found in the directory '${request.tenant}'.`,
    );
  }
  const problem = authenticate(endpoint, request, registration, form, basic?.password);
  if (problem !== undefined) return problem;
  return endpoint.tokens.issue(registration, audience, request.now, endpoint.switches.tokenLifetimeSeconds);
}

function audienceOf(endpoint: TokenEndpoint, scope: string): string | undefined {
  const own = [endpoint.origin, endpoint.origin.replace('127.0.0.1', 'localhost')];
  const resource = ['https://graph.microsoft.com', ...own].find((one) => scope === `${one}/.default` || scope === `${one}//.default`);
  return resource;
}

function readBasic(authorization: string | undefined): { readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^Basic\s+(\S+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return { user: decodePercent(user), password: decodePercent(password.join(':')) };
}

function authenticate(
  endpoint: TokenEndpoint,
  request: TokenRequest,
  registration: Registration,
  form: URLSearchParams,
  basicPassword: string | undefined,
): Refusal | undefined {
  const secret = form.get('client_secret') ?? basicPassword;
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== assertionType) {
      return refuse(400, 'invalid_request', 900144, "The request body must contain the following parameter: 'client_assertion_type'.");
    }
    return judgeAssertion(endpoint, request, registration, assertion);
  }
  if (secret === undefined || secret === '') {
    return refuse(
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  const known = registration.secrets.find((one) => one.value === secret);
  if (known === undefined) {
    return refuse(
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${registration.clientId}'.`,
    );
  }
  if (known.expiresAt <= request.now) {
    return refuse(401, 'invalid_client', 7000222, `The provided client secret keys for app '${registration.clientId}' are expired.`);
  }
  return undefined;
}

function judgeAssertion(
  endpoint: TokenEndpoint,
  request: TokenRequest,
  registration: Registration,
  assertion: string,
): Refusal | undefined {
  const jwt = readJwt(assertion);
  if (jwt === undefined) return refuse(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.');
  const now = endpoint.switches.assertionClock === 'system' ? systemClock.now() : request.now;
  const issuer = textMember(jwt.claims, 'iss');
  const federated = registration.federatedCredentials.filter((one) => one.issuer === issuer);
  if (federated.length > 0) return judgeFederated(jwt, federated, now);
  return judgeCertificateAssertion(endpoint, registration, jwt, now);
}

function judgeCertificateAssertion(endpoint: TokenEndpoint, registration: Registration, jwt: ReadJwt, now: Instant): Refusal | undefined {
  const { header, claims } = jwt;
  if (claims['iss'] !== registration.clientId || claims['sub'] !== registration.clientId) {
    return refuse(
      401,
      'invalid_client',
      700021,
      'Client assertion application identifier doesn’t match ‘client_id’ parameter.'.replaceAll(/[‘’]/g, "'"),
    );
  }
  const certificate = registration.certificates.find(
    (one) => (header['x5t#S256'] ?? one.x5tS256) === one.x5tS256 && (header['x5t'] ?? one.x5t) === one.x5t,
  );
  const named = header['x5t#S256'] !== undefined || header['x5t'] !== undefined;
  if (certificate === undefined || !named || !verifyJwt(jwt, certificate.key)) {
    return refuse(
      401,
      'invalid_client',
      700027,
      'Client assertion failed signature validation. The certificate used to sign the assertion is not registered on the application, or the signature is wrong.',
    );
  }
  if (!audiencesOf(endpoint).has(textMember(claims, 'aud') ?? '')) {
    return refuse(401, 'invalid_client', 700023, 'Client assertion audience claim does not match Realm issuer.');
  }
  if (typeof claims['jti'] !== 'string' || claims['jti'] === '') {
    return refuse(401, 'invalid_client', 50027, "JWT token is invalid or malformed: the claim 'jti' is missing.");
  }
  return (
    judgeTimes(claims, now) ??
    (now < certificate.validFrom || now >= certificate.validTo
      ? refuse(401, 'invalid_client', 700027, 'Client assertion failed signature validation. The certificate is not valid at this time.')
      : undefined)
  );
}

function judgeFederated(jwt: ReadJwt, credentials: Registration['federatedCredentials'], now: Instant): Refusal | undefined {
  const { claims } = jwt;
  const subject = textMember(claims, 'sub') ?? '';
  const credential = credentials.find((one) => one.subject === subject);
  if (credential === undefined) {
    return refuse(
      401,
      'invalid_client',
      700213,
      `No matching federated identity record found for presented assertion subject '${subject}'.`,
    );
  }
  const audiences = ([] as unknown[]).concat(claims['aud']);
  if (!audiences.includes(expectedAudience(credential))) {
    return refuse(401, 'invalid_client', 700212, 'No matching federated identity record found for presented assertion audience.');
  }
  if (!credential.publicKeys.some((key) => verifyJwt(jwt, key))) {
    return refuse(401, 'invalid_client', 700027, 'Client assertion failed signature validation.');
  }
  return judgeTimes(claims, now);
}

function expectedAudience(credential: FederatedCredential): string {
  return credential.audience ?? 'api://AzureADTokenExchange';
}

/** Five minutes of tolerance, as the service gives for clocks that differ. */
function judgeTimes(claims: JsonObject, now: Instant): Refusal | undefined {
  const { nbf, exp } = claims;
  const tolerance = 300_000;
  const early = typeof nbf === 'number' && nbf * 1000 > now + tolerance;
  if (typeof exp !== 'number' || exp * 1000 + tolerance <= now || early) {
    return refuse(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.');
  }
  return undefined;
}

function audiencesOf(endpoint: TokenEndpoint): Set<string> {
  const hosts = [...loginHosts, endpoint.origin, endpoint.origin.replace('127.0.0.1', 'localhost')];
  const tenants = [endpoint.tenantId, ...endpoint.domains];
  const ends = ['/oauth2/v2.0/token', '/oauth2/token', '/v2.0', '/'];
  return new Set(hosts.flatMap((host) => tenants.flatMap((tenant) => ends.map((end) => `${host}/${tenant}${end}`))));
}

/** The tenant's discovery document, as client libraries ask for it. */
export function openIdConfiguration(endpoint: TokenEndpoint, tenant: string): Answer {
  if (!isTenant(endpoint, tenant) && tenant !== 'common' && tenant !== 'organizations') {
    return {
      status: 400,
      body: { error: 'invalid_tenant', error_description: `AADSTS90002: Tenant '${tenant}' not found.`, error_codes: [90002] },
    };
  }
  const base = `${endpoint.origin}/${tenant}`;
  return {
    status: 200,
    body: {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: `${endpoint.origin}/${endpoint.tenantId}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      tenant_region_scope: 'EU',
      cloud_instance_name: 'microsoftonline.com',
      cloud_graph_host_name: 'graph.windows.net',
      msgraph_host: new URL(endpoint.origin).host,
    },
  };
}

/** What msal asks of the public instance discovery: this host is its own cloud. */
export function instanceDiscovery(endpoint: TokenEndpoint): Answer {
  const { host } = new URL(endpoint.origin);
  return {
    status: 200,
    body: {
      tenant_discovery_endpoint: `${endpoint.origin}/${endpoint.tenantId}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    },
  };
}
