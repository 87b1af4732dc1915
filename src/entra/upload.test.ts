import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerResponse } from 'node:http';
import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { answerJson, startLoopback, type Loopback, type Received } from '../../test/loopback.ts';
import { openGraph, type Graph } from './graph.ts';
import type { Tokens } from './tokens.ts';
import { upload } from './upload.ts';

const secretToken = 'eyJ0eXAi.very-secret-token.abcdef';
const clientRequestId = '2b6a9c8e-1111-4222-8333-444444444444';
let answer: (request: Received, response: ServerResponse, count: number) => void;
let service: Loopback;
let graph: Graph;
let issued: string[];
let refreshes: number;

function fixedTokens(): Tokens {
  let current = secretToken;
  return {
    token: () => Promise.resolve(current),
    refresh: () => {
      refreshes++;
      current = `renewed-${String(refreshes)}`;
      issued.push(current);
      return Promise.resolve(current);
    },
    close: () => Promise.resolve(),
  };
}

const sink = {
  tenant: '11111111-2222-3333-4444-555555555555',
  servicePrincipal: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  job: 'API2AAD.11111111222233334444555555555555.66666666-7777-8888-9999-000000000000',
};

function openAt(origin: string, tokens: Tokens = fixedTokens(), headersTimeout = 60_000): Graph {
  return openGraph({ ...sink, cloud: { name: 'emulator', login: origin, graph: origin } }, tokens, { clock: systemClock, headersTimeout });
}

beforeEach(async () => {
  issued = [];
  refreshes = 0;
  service = await startLoopback((request, response, count) => answer(request, response, count));
  graph = openAt(service.origin);
});

afterEach(async () => {
  await graph.close();
  await service.close();
});

const body = new TextEncoder().encode('{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}');
const send = (to: Graph = graph, signal?: AbortSignal) => upload(to, body, clientRequestId, signal);
const always = (status: number, payload: unknown, headers: Readonly<Record<string, string>> = {}): void => {
  answer = (_, response) => answerJson(response, status, payload, headers);
};
const graphError = (code: string, message: string): unknown => ({ error: { code, message, innerError: {} } });

describe('an upload', () => {
  test('sends the exact bytes to the job, with type, token and client-request-id', async () => {
    always(202, undefined, { date: 'Sun, 22 Nov 2026 08:00:00 GMT', 'request-id': 'req-1' });
    expect(await send()).toEqual({ kind: 'accepted', at: Date.parse('2026-11-22T08:00:00Z'), clock: 'service', requestId: 'req-1' });
    const [request] = service.received;
    expect(request?.url).toBe(`/v1.0/servicePrincipals/${sink.servicePrincipal}/synchronization/jobs/${sink.job}/bulkUpload`);
    expect(request?.body).toBe(new TextDecoder().decode(body));
    expect(request?.headers).toMatchObject({
      'content-type': 'application/scim+json',
      authorization: `Bearer ${secretToken}`,
      'client-request-id': clientRequestId,
    });
  });

  test('whose answer has no date takes our clock before the request as the lower bound', async () => {
    answer = (_, response) => {
      response.sendDate = false;
      answerJson(response, 202, undefined);
    };
    const before = systemClock.now();
    const accepted = await send();
    expect(accepted).toMatchObject({ kind: 'accepted', clock: 'own', requestId: '' });
    expect('at' in accepted && accepted.at >= before && accepted.at <= systemClock.now()).toBe(true);
  });

  test('that was throttled says how long to wait, in seconds or as a date', async () => {
    always(429, graphError('TooManyRequests', 'slow down'), { 'retry-after': '7' });
    expect(await send()).toMatchObject({ kind: 'throttled', retryAfter: 7_000 });
    always(429, graphError('TooManyRequests', 'slow down'), {
      'retry-after': 'Sun, 22 Nov 2026 08:00:30 GMT',
      date: 'Sun, 22 Nov 2026 08:00:10 GMT',
    });
    expect(await send()).toMatchObject({ kind: 'throttled', retryAfter: 20_000 });
    always(429, graphError('TooManyRequests', 'slow down'));
    expect(await send()).toEqual({ kind: 'throttled' });
  });

  test('to a full bucket is told from other failures of the service', async () => {
    always(
      500,
      graphError(
        'InternalServerError',
        'The bucket that stores the ingested data is full, please wait for the synchronization service to process the ingested data and retry this request.',
      ),
    );
    expect(await send()).toEqual({ kind: 'bucketFull' });
    always(503, graphError('ServiceUnavailable', 'try later'));
    expect(await send()).toEqual({ kind: 'unavailable', status: 503 });
    always(504, '<html>gateway</html>');
    expect(await send()).toEqual({ kind: 'unavailable', status: 504 });
  });

  test.each([
    [400, 'Invalid Data Format', 'ENT-301'],
    [403, 'Insufficient privileges', 'ENT-205'],
    [404, 'does not exist', 'ENT-206'],
    [413, 'too large', 'ENT-302'],
    [400, 'The service principal identifier {x} specified in the request URL does not belong to the tenant authenticated', 'ENT-303'],
    [405, 'no', 'ENT-207'],
    [302, 'elsewhere', 'ENT-203'],
  ])('refused with %i “%s” has the code of its cause', async (status, message, code) => {
    always(status, graphError('x', message), { location: 'https://evil.example/' });
    expect(await send()).toMatchObject({ kind: 'refused', status, code });
    expect(service.received).toHaveLength(1);
  });

  test('is sent once, even after a 401, and the next one has a new token', async () => {
    answer = (request, response) => {
      if (request.headers.authorization === `Bearer ${secretToken}`)
        answerJson(response, 401, graphError('InvalidAuthenticationToken', 'Access token has expired or is not yet valid.'));
      else answerJson(response, 202, undefined);
    };
    expect(await send()).toMatchObject({ kind: 'unauthorized', message: 'Access token has expired or is not yet valid.' });
    expect(service.received).toHaveLength(1);
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(refreshes).toBe(1);
  });

  test('whose connection breaks after the bytes left is unknown', async () => {
    answer = (_, response) => response.destroy();
    expect(await send()).toMatchObject({ kind: 'unknown', aborted: false });
    expect(service.received).toHaveLength(1);
  });

  test('that is not answered in time is unknown', async () => {
    answer = () => undefined;
    const impatient = openAt(service.origin, fixedTokens(), 20);
    expect(await send(impatient)).toMatchObject({ kind: 'unknown', reason: 'no answer in time' });
    await impatient.close();
  });

  test('aborted while the service works is unknown, aborted before it leaves was not sent', async () => {
    const abort = new AbortController();
    answer = () => abort.abort();
    expect(await send(graph, abort.signal)).toMatchObject({ kind: 'unknown', aborted: true });
    expect(await send(graph, abort.signal)).toMatchObject({ kind: 'notSent', aborted: true });
    expect(service.received).toHaveLength(1);
  });

  test('to nobody was not sent', async () => {
    const gone = await startLoopback(() => undefined);
    await gone.close();
    const lonely = openAt(gone.origin);
    expect(await send(lonely)).toMatchObject({ kind: 'notSent', reason: expect.stringContaining('refused') });
    await lonely.close();
  });

  test('over TLS that fails was not sent', async () => {
    const lonely = openAt(service.origin.replace('http:', 'https:'));
    expect(await send(lonely)).toMatchObject({ kind: 'notSent' });
    await lonely.close();
    expect(service.received).toHaveLength(0);
  });

  test('without a token was not sent, and carries the reason', async () => {
    const error = new JoineryError('ENT-101', 'wrong secret');
    const tokenless = openAt(service.origin, { ...fixedTokens(), token: () => Promise.reject(error) });
    expect(await send(tokenless)).toMatchObject({ kind: 'notSent', error });
    await tokenless.close();
  });

  test('answered with something other than 202 is not believed', async () => {
    always(200, '<html>login</html>');
    expect(await send()).toMatchObject({ kind: 'unknown' });
  });

  test('keeps tokens and control characters out of what it tells, and bounds it', async () => {
    always(400, graphError('x', `Bearer ${secretToken} client_secret=hush \u001B[31m${'long '.repeat(500)}`));
    const text = JSON.stringify(await send());
    expect(text).not.toContain(secretToken);
    expect(text).not.toContain('hush');
    expect(text).not.toContain('\\u001b');
    expect(text.length).toBeLessThan(900);
    always(400, `raw ${secretToken}`);
    expect(JSON.stringify(await send())).not.toContain(secretToken);
  });
});

describe('the token', () => {
  test('goes to the cloud’s Graph host or a named loopback emulator only', () => {
    const clouds = [
      { name: 'global', login: 'login.microsoftonline.com', graph: 'https://graph.example.com' },
      { name: 'global', login: 'https://login.example.com', graph: 'graph.microsoft.com' },
      { name: 'global', login: 'login.microsoftonline.com', graph: 'http://graph.microsoft.com' },
      { name: 'usgov', login: 'login.microsoftonline.us', graph: 'graph.microsoft.com' },
      { name: 'emulator', login: 'http://127.0.0.1:1', graph: 'http://10.0.0.1:1' },
      { name: 'emulator', login: 'http://127.0.0.1.evil.example', graph: 'http://127.0.0.1:1' },
    ] as const;
    for (const cloud of clouds)
      expect(() => openGraph({ ...sink, cloud }, fixedTokens(), { clock: systemClock })).toThrowError(/no token is sent/);
    const fine = [
      { name: 'global', login: 'login.microsoftonline.com', graph: 'graph.microsoft.com' },
      { name: 'china', login: 'https://login.partner.microsoftonline.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
      { name: 'emulator', login: 'http://localhost:8080', graph: 'http://[::1]:8080' },
    ] as const;
    for (const cloud of fine)
      expect(openGraph({ ...sink, cloud }, fixedTokens(), { clock: systemClock }).endpoints.graphOrigin).toMatch(/^https?:/);
  });

  test('does not follow an address that the service gives for another host', async () => {
    for (const location of [
      'https://evil.example/v1.0/users',
      '//evil.example/v1.0/',
      'http://user:pw@127.0.0.1:1/v1.0/x',
      `${service.origin}/other/x`,
    ]) {
      await expect(graph.send({ method: 'GET', location })).rejects.toMatchObject({ code: 'ENT-201' });
    }
    expect(service.received).toHaveLength(0);
  });
});
