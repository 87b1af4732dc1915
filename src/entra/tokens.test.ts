import { createPublicKey, createVerify, constants, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { Secret } from '../domain/masking.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { makeCertificate } from '../../test/certificate.ts';
import { answerJson, startLoopback, type Loopback, type Received } from '../../test/loopback.ts';
import { withManagedIdentity } from '../../test/managed-identity.ts';
import type { AuthDeclaration } from '../pipeline/pipeline.ts';
import { MockAgent } from 'undici';
import { openTokens, type TokenOptions, type Tokens } from './tokens.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const client = '99999999-8888-7777-6666-555555555555';
const secretText = 'Xyz8Q~the-secret-value-of-the-test';
const secret = new Secret('ENTRA_CLIENT_SECRET', secretText);

let answer: (request: Received, response: ServerResponse, count: number) => void;
let login: Loopback;
let folder: string;
let opened: Tokens[];

beforeEach(async () => {
  opened = [];
  login = await startLoopback((request, response, count) => answer(request, response, count));
  folder = await mkdtemp(join(tmpdir(), 'joinery-tokens-'));
});

afterEach(async () => {
  await Promise.all(opened.map((tokens) => tokens.close()));
  await login.close();
  await rm(folder, { recursive: true, force: true });
});

function open(auth: Omit<AuthDeclaration, 'client'>, clock: Clock = systemClock, more: Partial<TokenOptions> = {}): Tokens {
  const tokens = openTokens(
    { tenant, auth: { client, ...auth }, cloud: { name: 'emulator', login: login.origin, graph: login.origin } },
    { clock, ...more },
  );
  opened.push(tokens);
  return tokens;
}

const give = (response: ServerResponse, token: string, more: Readonly<Record<string, unknown>> = {}): void =>
  answerJson(response, 200, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token, ...more });
const refuse = (response: ServerResponse, number: string, sentence: string): void =>
  answerJson(response, 401, {
    error: 'invalid_client',
    error_description: `AADSTS${number}: ${sentence} Trace ID: 0d8d2b0a-1c1f-4b52-8f35-5a1c0d9a0c11 Correlation ID: 1d8d2b0a-1c1f-4b52-8f35-5a1c0d9a0c11 Timestamp: 2026-11-22 08:00:00Z`,
    error_codes: [Number(number)],
  });
const failure = async (tokens: Tokens): Promise<JoineryError> => {
  const error: unknown = await tokens.token().catch((reason: unknown) => reason);
  if (!(error instanceof JoineryError)) throw new Error(`not our error: ${String(error)}`);
  return error;
};
/** Everything that a log, a report or a crash could print of an error. */
const printed = (error: JoineryError): string =>
  [error.message, JSON.stringify(error), error.stack ?? '', String(error), String(error.cause)].join('\n');

describe('a client secret', () => {
  test('is sent to the login host’s real path, with Graph’s default scope', async () => {
    answer = (_, response) => give(response, 'token-1');
    expect(await open({ secret }).token()).toBe('token-1');
    const [request] = login.received;
    expect(request?.url.split('?')[0]).toBe(`/${tenant}/oauth2/v2.0/token`);
    const form = new URLSearchParams(request?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: client,
      client_secret: secretText,
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
    });
  });

  test.each([
    ['7000215', 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.', 'ENT-101'],
    ['7000222', 'The provided client secret keys are expired.', 'ENT-102'],
    ['700016', 'Application was not found in the directory.', 'ENT-103'],
    ['90002', 'Tenant not found.', 'ENT-104'],
    ['700027', 'The certificate with identifier used to sign the client assertion is not registered on application.', 'ENT-105'],
    ['700021', 'Client assertion application identifier does not match.', 'ENT-106'],
    ['700023', 'Client assertion audience claim does not match.', 'ENT-107'],
    ['7000112', 'Application is disabled.', 'ENT-117'],
    ['50000001', 'Something new.', 'ENT-108'],
  ])('refused with AADSTS%s has a code, the service’s sentence and no secret', async (number, sentence, code) => {
    answer = (_, response) => refuse(response, number, `${sentence} (${secretText})`);
    const error = await failure(open({ secret }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(`AADSTS${number}`);
    expect(error.message).toContain('trace id 0d8d2b0a-1c1f-4b52-8f35-5a1c0d9a0c11');
    expect(printed(error)).not.toContain(secretText);
    expect(login.received).toHaveLength(1);
  });

  test('that is missing or doubled is told before anything is asked', () => {
    expect(() => open({})).toThrowError(/names no credential/);
    expect(() => open({ secret, certificate: '/x.pem' })).toThrowError(/several of secret, certificate/);
    expect(() => open({ secret: new Secret('EMPTY', '') })).toThrowError(/empty/);
  });
});

describe('a certificate', () => {
  const now = Date.now();
  const day = 86_400_000;

  test('signs an assertion with PS256 and x5t#S256 that its public key verifies, and sends its chain', async () => {
    const made = makeCertificate(new Date(now - day), new Date(now + day));
    const file = join(folder, 'runner.pem');
    await writeFile(file, made.both);
    answer = (_, response) => give(response, 'token-c');
    expect(await open({ certificate: file }).token()).toBe('token-c');
    const form = new URLSearchParams(login.received[0]?.body);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = (form.get('client_assertion') ?? '').split('.');
    const read = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const x509 = new X509Certificate(made.certificate);
    expect(read(head)).toMatchObject({
      alg: 'PS256',
      'x5t#S256': Buffer.from(x509.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
      x5c: [made.certificate.replaceAll(/-----[^-]+-----|\s/g, '')],
    });
    expect(read(claims)).toMatchObject({ iss: client, sub: client, aud: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token` });
    const key = { key: createPublicKey(made.certificate), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(createVerify('sha256').update(`${head}.${claims}`).verify(key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  test('that cannot be used is told by file and reason, without any of its content', async () => {
    const good = makeCertificate(new Date(now - day), new Date(now + day));
    const other = makeCertificate(new Date(now - day), new Date(now + day));
    const old = makeCertificate(new Date(now - 3 * day), new Date(now - day));
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [good.certificate, 'ENT-111', /no private key/],
      [good.key, 'ENT-111', /no certificate/],
      [good.certificate + other.key, 'ENT-111', /does not belong/],
      [good.certificate + good.key.replace('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'), 'ENT-111', /encrypted/],
      [good.certificate + good.key.replace(/MII/, 'XXX'), 'ENT-111', /cannot be decoded/],
      [old.both, 'ENT-112', /expired on/],
    ];
    for (const [content, code, words] of cases) {
      const file = join(folder, 'bad.pem');
      await writeFile(file, content);
      const error = await failure(open({ certificate: file }));
      expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
      expect(printed(error)).not.toContain(good.key.slice(60, 90));
    }
    expect(await failure(open({ certificate: join(folder, 'none.pem') }))).toMatchObject({
      code: 'ENT-111',
      message: expect.stringContaining('ENOENT'),
    });
    expect(login.received).toHaveLength(0);
  });
});

describe('national clouds', () => {
  test.each([
    ['global', 'login.microsoftonline.com', 'graph.microsoft.com', 'login.microsoftonline.com'],
    ['usgov', 'login.microsoftonline.us', 'graph.microsoft.us', 'login.microsoftonline.us'],
    ['dod', 'login.microsoftonline.us', 'dod-graph.microsoft.us', 'login.microsoftonline.us'],
    // msal prefers the newer of the two hosts, which are one service.
    ['china', 'login.chinacloudapi.cn', 'microsoftgraph.chinacloudapi.cn', 'login.partner.microsoftonline.cn'],
    ['china', 'login.partner.microsoftonline.cn', 'microsoftgraph.chinacloudapi.cn', 'login.partner.microsoftonline.cn'],
  ] as const)('%s with %s and %s: one request to %s and nobody else', async (name, loginHost, graphHost, askedHost) => {
    const network = new MockAgent();
    network.disableNetConnect();
    let asked = '';
    network
      .get(`https://${askedHost}`)
      .intercept({
        path: (path) => path.startsWith(`/${tenant}/oauth2/v2.0/token`),
        method: 'POST',
        body: (body) => ((asked = body), true),
      })
      .reply(200, { token_type: 'Bearer', expires_in: 3599, access_token: 'token-n' }, { headers: { 'content-type': 'application/json' } });
    const sink = { tenant, auth: { client, secret }, cloud: { name, login: loginHost, graph: graphHost } };
    const tokens = openTokens(sink, { clock: new VirtualClock('2026-11-22T08:00:00Z'), dispatcher: network });
    expect(await tokens.token()).toBe('token-n');
    expect(new URLSearchParams(asked).get('scope')).toBe(`https://${graphHost}/.default`);
    await tokens.close();
    await network.close();
  });
});

describe('other credentials', () => {
  test('a federated token is read from its file at every renewal', async () => {
    const file = join(folder, 'token');
    answer = (_, response, count) => give(response, `token-${String(count)}`);
    const tokens = open({}, systemClock, { credential: { kind: 'federated', file } });
    await writeFile(file, 'outside-1\n');
    expect(await tokens.token()).toBe('token-1');
    await writeFile(file, 'outside-2\n');
    expect(await tokens.refresh()).toBe('token-2');
    expect(login.received.map((one) => new URLSearchParams(one.body).get('client_assertion'))).toEqual(['outside-1', 'outside-2']);
    await writeFile(file, '');
    await expect(tokens.refresh()).rejects.toMatchObject({ code: 'ENT-115' });
  });

  test('a managed identity is asked for at the endpoint that the platform names', async () => {
    answer = (_, response) =>
      answerJson(response, 200, {
        access_token: 'token-m',
        expires_on: String(Math.floor(Date.now() / 1000) + 3600),
        resource: 'r',
        token_type: 'Bearer',
      });
    const token = await withManagedIdentity(`${login.origin}/msi/token`, 'header-value', () =>
      open({}, systemClock, { credential: { kind: 'managedIdentity' } }).token(),
    );
    expect(token).toBe('token-m');
    expect(login.received[0]?.url).toContain(encodeURIComponent('https://graph.microsoft.com'));
    expect(login.received[0]?.headers['x-identity-header']).toBe('header-value');
  });
});

describe('tokens', () => {
  const start = '2026-11-22T08:00:00Z';

  test('are kept, and renewed before they end by the given clock', async () => {
    const clock = new VirtualClock(start);
    answer = (_, response, count) => give(response, `token-${String(count)}`);
    const tokens = open({ secret }, clock);
    expect(await tokens.token()).toBe('token-1');
    clock.advance(50 * 60_000);
    expect(await tokens.token()).toBe('token-1');
    clock.advance(6 * 60_000);
    expect(await tokens.token()).toBe('token-2');
    expect(login.received).toHaveLength(2);
  });

  test('asked for ten times at once are one request', async () => {
    answer = (_, response) => give(response, 'token-1');
    const tokens = open({ secret });
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => tokens.token())))).toEqual(new Set(['token-1']));
    expect(login.received).toHaveLength(1);
  });

  test('refused ten times at once are one renewal', async () => {
    answer = (_, response, count) => give(response, `token-${String(count)}`);
    const tokens = open({ secret });
    const refused = await tokens.token();
    await Promise.all(Array.from({ length: 5 }, () => tokens.refresh(refused)));
    expect(await tokens.refresh(refused)).toBe('token-2');
    expect(login.received).toHaveLength(2);
  });

  test('that may still be used are given while the token service is away', async () => {
    const clock = new VirtualClock(start);
    answer = (_, response, count) =>
      count === 1 ? give(response, 'token-1') : answerJson(response, 400, { error: 'x', error_description: 'AADSTS50000001: no' });
    const tokens = open({ secret }, clock);
    await tokens.token();
    clock.advance(57 * 60_000);
    expect(await tokens.token()).toBe('token-1');
    clock.advance(2 * 60_000 + 30_000);
    await expect(tokens.token()).rejects.toMatchObject({ code: 'ENT-108' });
  });

  test('wait as long as a throttling service asks, by the given clock', async () => {
    const clock = new VirtualClock(start);
    answer = (_, response, count) => (count < 3 ? answerJson(response, 429, {}, { 'retry-after': '17' }) : give(response, 'token-1'));
    expect(await open({ secret }, clock).token()).toBe('token-1');
    expect(clock.now() - Date.parse(start)).toBe(34_000);
  });

  test('give up on a service that throttles for too long, is broken or away, with a code for each', async () => {
    answer = (_, response) => answerJson(response, 429, {}, { 'retry-after': '3600' });
    expect(await failure(open({ secret }, new VirtualClock(start)))).toMatchObject({ code: 'ENT-110' });
    answer = (_, response) => answerJson(response, 503, {});
    expect(await failure(open({ secret }, new VirtualClock(start)))).toMatchObject({ code: 'ENT-109' });
    answer = (_, response) => response.destroy();
    const error = await failure(open({ secret }, new VirtualClock(start)));
    expect(error).toMatchObject({ code: 'ENT-109' });
    expect(printed(error)).not.toContain(secretText);
  });

  test('recover from a failure: the next question is asked anew', async () => {
    answer = (_, response, count) => (count === 1 ? refuse(response, '7000215', 'Invalid.') : give(response, 'token-2'));
    const tokens = open({ secret });
    await failure(tokens);
    expect(await tokens.token()).toBe('token-2');
  });

  test('let one caller go without disturbing the others', async () => {
    let release: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      answer = (_, response) => {
        release = () => give(response, 'token-1');
        resolve();
      };
    });
    const tokens = open({ secret });
    const abort = new AbortController();
    const leaving = tokens.token(abort.signal);
    const staying = tokens.token();
    await arrived;
    abort.abort(new Error('leaving'));
    await expect(leaving).rejects.toThrowError('leaving');
    release();
    expect(await staying).toBe('token-1');
    expect(login.received).toHaveLength(1);
  });
});
