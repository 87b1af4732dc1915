import { ConfidentialClientApplication, type INetworkModule, type NetworkRequestOptions, type NetworkResponse } from '@azure/msal-node';
import { createHash, createPrivateKey, generateKeyPairSync, X509Certificate, constants, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../domain/clock.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { makeCertificate, type TestCertificate } from '../../test/certificate.ts';
import { askToken, becomeStranger, type GraphReply } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

const start = '2026-11-22T08:00:00Z';
const seconds = Date.parse(start) / 1000;
const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const issuer = 'https://token.actions.example';
const subject = 'repo:contoso/hr:ref:refs/heads/main';

function makeJwt(header: Record<string, unknown>, claims: Record<string, unknown>, key: string): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ typ: 'JWT', ...header })}.${encode(claims)}`;
  const pss = { key: createPrivateKey(key), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const signature = sign('sha256', Buffer.from(signed), header['alg'] === 'PS256' ? pss : createPrivateKey(key));
  return `${signed}.${signature.toString('base64url')}`;
}

function code(reply: GraphReply): unknown[] {
  return [reply.status, reply.json.error, reply.json.error_codes?.[0]];
}

describe('the token endpoint', () => {
  const clock = new VirtualClock(start);
  let certificate: TestCertificate;
  let emulator: Emulator;
  let keys: { readonly private: string; readonly other: string };
  beforeAll(async () => {
    certificate = makeCertificate(new Date(start), new Date('2027-11-22T08:00:00Z'));
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = (key: typeof pair.privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
    keys = { private: pem(pair.privateKey), other: pem(other.privateKey) };
    emulator = await startEmulator({
      clock,
      clients: [
        { secrets: ['right', { value: 'old', expiresAt: Date.parse(start) }] },
        { certificates: [certificate.certificate] },
        { federatedCredentials: [{ issuer, subject, keys: [pair.publicKey.export({ format: 'jwk' })] }] },
      ],
    });
  });
  afterAll(() => emulator.close());

  it('gives a bearer token of about an hour, for the tenant’s id, for its domain, and by basic authentication', async () => {
    const granted = await askToken(emulator);
    expect(granted.json).toMatchObject({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
    const claims = JSON.parse(Buffer.from(granted.json.access_token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({
      aud: 'https://graph.microsoft.com',
      tid: emulator.tenantId,
      appid: emulator.clientId,
      nbf: seconds,
      exp: seconds + 3599,
    });
    expect(claims.roles).toContain('SynchronizationData-User.Upload');
    const byDomain = await fetch(`${emulator.origin}/contoso.example/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${emulator.clientId}:right`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: `${emulator.origin}/.default` }),
    });
    expect(byDomain.status).toBe(200);
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, [401, 'invalid_client', 7000215]],
    ['an expired secret', { client_secret: 'old' }, [401, 'invalid_client', 7000222]],
    ['no secret', { client_secret: '' }, [401, 'invalid_client', 7000218]],
    ['an unknown client', { client_id: '00000000-0000-4000-8000-000000000000' }, [400, 'unauthorized_client', 700016]],
    ['another grant', { grant_type: 'password' }, [400, 'unsupported_grant_type', 70003]],
    ['a single scope', { scope: 'https://graph.microsoft.com/User.Read.All' }, [400, 'invalid_scope', 1002012]],
    ['another resource', { scope: 'https://vault.example/.default' }, [400, 'invalid_scope', 1002012]],
    ['no scope', { scope: '' }, [400, 'invalid_request', 900144]],
  ])('refuses %s as the service does', async (_name, form, expected) => {
    const reply = await askToken(emulator, form);
    expect(code(reply)).toEqual(expected);
    expect(reply.json.error_description).toMatch(
      /^AADSTS\d+: .* Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: 2026-11-22 08:00:00Z$/,
    );
    expect(reply.json).toHaveProperty('trace_id');
    expect(reply.json).toHaveProperty('correlation_id');
  });

  it('refuses an unknown tenant', async () => {
    const body = new URLSearchParams({ client_id: emulator.clientId, grant_type: 'client_credentials' });
    const reply = await fetch(`${emulator.origin}/fabrikam.example/oauth2/v2.0/token`, { method: 'POST', body });
    expect([reply.status, await reply.json()]).toEqual([400, expect.objectContaining({ error_codes: [90002] })]);
  });

  function assertion(change: { header?: Record<string, unknown>; claims?: Record<string, unknown>; key?: string } = {}): string {
    const raw = new X509Certificate(certificate.certificate).raw;
    const client = emulator.clients[1]?.clientId;
    const header = { alg: 'PS256', 'x5t#S256': createHash('sha256').update(raw).digest('base64url'), ...change.header };
    const claims = {
      aud: emulator.tokenUrl,
      iss: client,
      sub: client,
      jti: 'one',
      nbf: seconds,
      iat: seconds,
      exp: seconds + 600,
      ...change.claims,
    };
    return makeJwt(header, claims, change.key ?? certificate.key);
  }
  const present = (client: number, client_assertion: string): Promise<GraphReply> =>
    askToken(emulator, {
      client_id: emulator.clients[client]?.clientId ?? '',
      client_secret: '',
      client_assertion_type: type,
      client_assertion,
    });

  it('takes an assertion signed with a registered certificate, in the current form and in the older one', async () => {
    expect((await present(1, assertion())).status).toBe(200);
    const x5t = createHash('sha1').update(new X509Certificate(certificate.certificate).raw).digest('base64url');
    expect((await present(1, assertion({ header: { alg: 'RS256', 'x5t#S256': undefined, x5t } }))).status).toBe(200);
    const official = `https://login.microsoftonline.com/${emulator.tenantId}/oauth2/v2.0/token`;
    expect((await present(1, assertion({ claims: { aud: official } }))).status).toBe(200);
  });

  it.each([
    ['another key', () => ({ key: keys.other }), 700027],
    ['a thumbprint that is not registered', () => ({ header: { 'x5t#S256': 'AAAA' } }), 700027],
    ['no thumbprint', () => ({ header: { 'x5t#S256': undefined } }), 700027],
    ['no signature algorithm', () => ({ header: { alg: 'none' } }), 700027],
    ['another issuer', () => ({ claims: { iss: 'x' } }), 700021],
    ['another subject', () => ({ claims: { sub: 'x' } }), 700021],
    ['another audience', () => ({ claims: { aud: 'https://x.example' } }), 700023],
    ['an expiry in the past', () => ({ claims: { exp: seconds - 301 } }), 700024],
    ['a beginning in the future', () => ({ claims: { nbf: seconds + 301 } }), 700024],
    ['no jti', () => ({ claims: { jti: undefined } }), 50027],
  ])('refuses an assertion with %s', async (_name, change, expected) => {
    expect(code(await present(1, assertion(change())))).toEqual([401, 'invalid_client', expected]);
  });

  it('takes a token of a trusted outside issuer, with exactly its subject and audience', async () => {
    const claims = { iss: issuer, sub: subject, aud: 'api://AzureADTokenExchange', iat: seconds, exp: seconds + 300 };
    const token = (change: Record<string, unknown>, key = keys.private): string => makeJwt({ alg: 'RS256' }, { ...claims, ...change }, key);
    expect((await present(2, token({}))).status).toBe(200);
    expect(code(await present(2, token({ sub: `${subject}2` })))[2]).toBe(700213);
    expect(code(await present(2, token({ aud: 'api://other' })))[2]).toBe(700212);
    expect(code(await present(2, token({}, keys.other)))[2]).toBe(700027);
    expect(code(await present(2, token({ exp: seconds - 400 })))[2]).toBe(700024);
    expect((await present(1, token({}))).status).toBe(401);
  });

  it('serves a token until it expires, then says so in the documented words', async () => {
    const ownClock = new VirtualClock(start);
    const own = await startEmulator({ clock: ownClock });
    const stranger = await becomeStranger(own);
    ownClock.advance(3_598_999);
    expect((await stranger.graph('GET', '/users')).status).toBe(200);
    ownClock.advance(1);
    const expired = await stranger.graph('GET', '/users');
    expect(expired.status).toBe(401);
    expect(expired.json.error).toMatchObject({
      code: 'InvalidAuthenticationToken',
      message: 'Access token has expired or is not yet valid.',
    });
    const fresh = await becomeStranger(own);
    own.expireTokens();
    expect((await fresh.graph('GET', '/users')).status).toBe(401);
    expect((await fresh.graph('GET', '/users', { token: 'x.y.z' })).status).toBe(401);
    const [head = '', , signature = ''] = fresh.token.split('.');
    const forged = Buffer.from(JSON.stringify({ tid: own.tenantId, iat: 0, nbf: 0, exp: 9e9, roles: ['User.Read.All'] })).toString(
      'base64url',
    );
    expect((await fresh.graph('GET', '/users', { token: `${head}.${forged}.${signature}` })).status).toBe(401);
    const bare = await fetch(`${own.origin}/v1.0/users`);
    expect([bare.status, bare.headers.get('www-authenticate')?.startsWith('Bearer')]).toEqual([401, true]);
    await own.close();
  });

  it('describes itself as client libraries ask', async () => {
    const address = `${emulator.origin}/${emulator.tenantId}/v2.0/.well-known/openid-configuration`;
    const document: any = await (await fetch(address)).json();
    expect(document.token_endpoint).toBe(emulator.tokenUrl);
    const published: any = await (await fetch(document.jwks_uri)).json();
    expect(published.keys[0]).toMatchObject({ kty: 'RSA', use: 'sig' });
  });
});

/** Sends what msal means for Microsoft to the emulator, which is plain http. */
function rewriting(origin: string): INetworkModule {
  const send = async <T>(method: string, url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> => {
    const { pathname, search } = new URL(url);
    const body = options?.body === undefined ? {} : { body: options.body };
    const reply = await fetch(`${origin}${pathname}${search}`, { method, ...body, headers: options?.headers ?? {} });
    const parsed: T = JSON.parse(await reply.text());
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: parsed };
  };
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
}

describe('the real msal-node', () => {
  it('gets a token by secret and by certificate, and Graph takes both', async () => {
    const now = systemClock.now();
    const certificate = makeCertificate(new Date(now - 60_000), new Date(now + 86_400_000));
    const emulator = await startEmulator({ clients: [{ secrets: ['right'] }, { certificates: [certificate.certificate] }] });
    const thumbprintSha256 = new X509Certificate(certificate.certificate).fingerprint256.replaceAll(':', '');
    const credentials = [{ clientSecret: 'right' }, { clientCertificate: { thumbprintSha256, privateKey: certificate.key } }];
    for (const [index, credential] of credentials.entries()) {
      const application = new ConfidentialClientApplication({
        auth: {
          clientId: emulator.clients[index]?.clientId ?? '',
          authority: `https://login.microsoftonline.com/${emulator.tenantId}`,
          ...credential,
        },
        system: { networkClient: rewriting(emulator.origin) },
      });
      const result = await application.acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] });
      const reply = await fetch(`${emulator.origin}/v1.0/users`, { headers: { authorization: `Bearer ${result?.accessToken ?? ''}` } });
      expect(reply.status).toBe(200);
    }
    expect(emulator.stats).toMatchObject({ tokens: 2, defects: [] });
    await emulator.close();
  });
});
