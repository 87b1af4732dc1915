import { readFile } from 'node:fs/promises';
import type * as Msal from '@azure/msal-node';
import type { Dispatcher } from 'undici';
import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';
import { readCertificate, type Credential } from './credential.ts';
import type { LateDispatcher } from './dispatcher.ts';
import type { Endpoints } from './endpoints.ts';
import { excerptOf } from './http-answer.ts';
import { loadMsal } from './msal.ts';
import { tokenRefused } from './token-errors.ts';
import { createTokenNetwork, routeToIdentityEndpoint, routeToLogin, withLastingNetwork, type TokenNetwork } from './token-network.ts';

/** A token is renewed this long before its end, or after 80 % of its life if that comes later; ms. */
const renewBefore = 300_000;

export interface TokenSource {
  /** Application id. */
  readonly client: string;
  readonly endpoints: Endpoints;
  readonly credential: Credential;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher | LateDispatcher;
}

export interface HeldToken {
  readonly text: string;
  readonly renewAt: Instant;
  readonly endsAt: Instant;
}

/** Asks for one token. Errors: ENT-101 to ENT-117. */
export async function acquireToken(source: TokenSource, signal: AbortSignal): Promise<HeldToken> {
  const { clock, credential, dispatcher, endpoints } = source;
  const route = credential.kind === 'managedIdentity' ? routeToIdentityEndpoint(process.env['IDENTITY_ENDPOINT']) : routeToLogin(endpoints);
  const network = createTokenNetwork({ clock, dispatcher, route, signal });
  const askedAt = clock.now();
  const text = await askMsal(source, network).catch((error: unknown) => {
    throw explain(error, source, network);
  });
  // Counted from before the question, so that a slow answer never makes a token look fresher than it is.
  const lifetime = network.seen.lifetime ?? 3_600_000;
  const early = Math.min(network.seen.refreshIn ?? Infinity, Math.max(lifetime - renewBefore, lifetime * 0.8));
  if (text === '') throw new JoineryError('ENT-108', `no token for application ${source.client}: the answer held none`);
  return { text, renewAt: askedAt + early, endsAt: askedAt + lifetime };
}

/**
 * A new msal application for each renewal: its own cache and its memory of throttled requests live by the system's clock, and both are
 * ours to keep. It costs one object an hour, and no discovery request, because the authority is a known one.
 */
async function askMsal({ client, credential, endpoints, clock }: TokenSource, network: TokenNetwork): Promise<string> {
  const system = { networkClient: network, disableInternalRetries: true, loggerOptions: { loggerCallback: () => undefined } };
  if (credential.kind === 'managedIdentity') {
    const { ManagedIdentityApplication } = loadMsal();
    const resource = endpoints.scope.replace(/\/\.default$/, '');
    return withLastingNetwork(network, async (networkClient) => {
      const application = new ManagedIdentityApplication({
        ...(credential.client === undefined ? {} : { managedIdentityIdParams: { userAssignedClientId: credential.client } }),
        system: { ...system, networkClient },
      });
      return (await application.acquireToken({ resource, forceRefresh: true })).accessToken;
    });
  }
  if (credential.kind === 'device') {
    const { PublicClientApplication } = loadMsal();
    const application = new PublicClientApplication({ auth: { clientId: client, authority: endpoints.authority }, system });
    const resource = endpoints.scope.replace(/\.default$/, '');
    const answer = await application.acquireTokenByDeviceCode({
      scopes: credential.scopes.map((scope) => `${resource}${scope}`),
      deviceCodeCallback: ({ message }) => credential.tell(excerptOf(message)),
    });
    return answer?.accessToken ?? '';
  }
  const auth = { clientId: client, authority: endpoints.authority, ...(await proofOf(credential, clock)) };
  const { ConfidentialClientApplication } = loadMsal();
  const application = new ConfidentialClientApplication({ auth, system });
  return (await application.acquireTokenByClientCredential({ scopes: [endpoints.scope], skipCache: true }))?.accessToken ?? '';
}

type ClientProof = Pick<Msal.Configuration['auth'], 'clientSecret' | 'clientCertificate' | 'clientAssertion'>;

async function proofOf(
  credential: Exclude<Credential, { readonly kind: 'managedIdentity' | 'device' }>,
  clock: Clock,
): Promise<ClientProof> {
  if (credential.kind === 'secret') return { clientSecret: credential.secret.reveal() };
  if (credential.kind === 'certificate') return { clientCertificate: await readCertificate(credential.file, clock.now()) };
  const assertion = await readFederatedToken(credential.file);
  return { clientAssertion: () => Promise.resolve(assertion) };
}

function explain(error: unknown, { client, credential }: TokenSource, network: TokenNetwork): unknown {
  // msal wraps what its network module throws in some flows and passes it on in others.
  if (error instanceof JoineryError) return error;
  if (network.seen.failure !== undefined) return network.seen.failure;
  const secrets = credential.kind === 'secret' ? [credential.secret] : [];
  if (credential.kind === 'managedIdentity') {
    return new JoineryError('ENT-116', `no managed identity: ${error instanceof Error ? excerptOf(error.message) : 'unknown error'}`);
  }
  if (network.seen.refusal !== undefined) return tokenRefused(network.seen.refusal, client, secrets);
  // No `cause`: msal's error objects are not ours, and may hold the request.
  const words = error instanceof Error ? excerptOf(scrubText(error.message, secrets)) : 'unknown error';
  return new JoineryError('ENT-108', `no token for application ${client}: ${words}`);
}

async function readFederatedToken(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch {
    throw new JoineryError('ENT-115', `${file} cannot be read`);
  }
  if (text === '') throw new JoineryError('ENT-115', `${file} is empty`);
  return text;
}
