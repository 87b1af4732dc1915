import type { Instant } from '../domain/clock.ts';
import type { AccessTokens } from './access-token.ts';
import type { Catalog } from './catalog.ts';
import type { Answer } from './graph-answer.ts';
import { randomSecret, type Random } from './random.ts';
import { graphRoles, type GraphRole } from './registration.ts';
import type { EmulatorSwitches } from './switches.ts';

/** As RFC 8628 has it, and the short form that msal sends. */
export const deviceGrants: readonly string[] = ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'];
const lifetimeSeconds = 900;

interface SignIn {
  readonly userCode: string;
  readonly scopes: readonly GraphRole[];
  readonly endsAt: Instant;
  polls: number;
  approved: boolean;
}

export interface DeviceRefusal {
  readonly status: 400;
  readonly error: string;
  readonly code: number;
  readonly text: string;
}

/** People who sign in by typing a code somewhere else; they are the administrator of the tenant. */
export class DeviceCodes {
  readonly #signIns = new Map<string, SignIn>();
  readonly #tenant: { readonly catalog: Catalog; readonly random: Random; readonly switches: EmulatorSwitches };
  readonly #tokens: AccessTokens;

  constructor(tenant: { readonly catalog: Catalog; readonly random: Random; readonly switches: EmulatorSwitches }, tokens: AccessTokens) {
    this.#tenant = tenant;
    this.#tokens = tokens;
  }

  /** Codes that wait for a person. */
  get waiting(): readonly string[] {
    return [...this.#signIns.values()].filter((one) => !one.approved).map((one) => one.userCode);
  }

  begin(form: URLSearchParams, origin: string, now: Instant): Answer {
    const { random, switches } = this.#tenant;
    const wanted = (form.get('scope') ?? '').split(' ').map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
    const all = Object.keys(graphRoles).filter((name): name is GraphRole => Object.hasOwn(graphRoles, name));
    const scopes = all.filter((name) => wanted.includes('.default') || wanted.includes(name));
    const deviceCode = randomSecret(random);
    const userCode = randomSecret(random)
      .replaceAll(/[^A-Z0-9]/gi, '')
      .toUpperCase()
      .slice(0, 9);
    this.#signIns.set(deviceCode, { userCode, scopes, endsAt: now + lifetimeSeconds * 1000, polls: 0, approved: false });
    const address = `${origin}/emulator/`;
    return {
      status: 200,
      body: {
        user_code: userCode,
        device_code: deviceCode,
        verification_uri: address,
        expires_in: lifetimeSeconds,
        interval: switches.devicePollSeconds,
        message: `To sign in, use a web browser to open the page ${address} and enter the code ${userCode} to authenticate.`,
      },
    };
  }

  approve(userCode: string): boolean {
    const found = [...this.#signIns.values()].find((one) => one.userCode === userCode);
    if (found !== undefined) found.approved = true;
    return found !== undefined;
  }

  /** A token, or why there is none yet. */
  poll(form: URLSearchParams, audience: string, now: Instant): { readonly text: string; readonly scope: string } | DeviceRefusal {
    const { catalog, switches } = this.#tenant;
    const code = form.get('device_code') ?? '';
    const found = this.#signIns.get(code);
    const refuse = (error: string, aadsts: number, text: string): DeviceRefusal => ({ status: 400, error, code: aadsts, text });
    if (found === undefined) return refuse('bad_verification_code', 70020, 'The provided value for the device code is not valid.');
    if (found.endsAt <= now) return refuse('expired_token', 70020, 'The provided value for the device code has expired.');
    if (switches.deviceSignIn === 'declined') return refuse('authorization_declined', 70018, 'The person declined to sign in.');
    found.polls++;
    if (switches.deviceSignIn === 'atSecondPoll' && found.polls > 1) found.approved = true;
    if (!found.approved)
      return refuse('authorization_pending', 70016, 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.');
    this.#signIns.delete(code);
    const registration = catalog.registrationOf(form.get('client_id') ?? '');
    if (registration === undefined) return refuse('unauthorized_client', 700016, 'The application was not found in the directory.');
    return {
      text: this.#tokens.issueForPerson({ ...registration, objectId: catalog.administratorId }, found.scopes, audience, now, switches.tokenLifetimeSeconds),
      scope: found.scopes.join(' '),
    }; // prettier-ignore
  }
}

/** What a managed identity asks its machine for (App Service's form): a token of the client that the query names, else of the first. */
export function answerIdentityRequest(
  tenant: { readonly catalog: Catalog; readonly switches: EmulatorSwitches },
  tokens: AccessTokens,
  request: { readonly url: URL; readonly header: (name: string) => string | undefined; readonly now: Instant },
  first: string,
): Answer {
  const refusal = (message: string): Answer => ({ status: 400, body: { statusCode: 400, message } });
  if (request.header('x-identity-header') === undefined) return refusal('The header X-IDENTITY-HEADER is missing.');
  const resource = request.url.searchParams.get('resource') ?? '';
  if (resource !== 'https://graph.microsoft.com') return refusal('The resource is not Microsoft Graph.');
  const registration = tenant.catalog.registrationOf(request.url.searchParams.get('client_id') ?? first);
  if (registration === undefined) return refusal('There is no such identity on this machine.');
  const lifetime = tenant.switches.tokenLifetimeSeconds;
  return {
    status: 200,
    body: {
      access_token: tokens.issue(registration, resource, request.now, lifetime),
      expires_on: String(Math.floor(request.now / 1000) + lifetime),
      resource,
      token_type: 'Bearer',
      client_id: registration.clientId,
    },
  };
}
