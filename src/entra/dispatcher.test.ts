import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { answerJson, startLoopback, type Loopback } from '../../test/loopback.ts';
import { openDispatcher } from './dispatcher.ts';
import { exchange, type Exchange } from './exchange.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A proxy that tunnels by CONNECT, or refuses to. */
async function startProxy(allow: boolean): Promise<{ readonly origin: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((_, response) => response.writeHead(400).end());
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    sockets.add(socket);
    if (!allow) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${String(address.port)}`, asked };
}

async function startService(): Promise<Loopback> {
  const service = await startLoopback((_, response) => answerJson(response, 200, {}));
  closers.push(() => service.close());
  return service;
}

async function ask(service: Loopback, environment: Readonly<Record<string, string>>, direct = false): Promise<Exchange> {
  const dispatcher = openDispatcher({ connections: 2, direct, environment });
  try {
    return await exchange(dispatcher, {
      url: new URL(`${service.origin}/v1.0/x`),
      method: 'POST',
      headers: {},
      body: '{}',
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
      maximumBody: 1_000,
    });
  } finally {
    await dispatcher.close();
  }
}

describe('the way out to the network', () => {
  test('is through the proxy that the environment names, unless the host is excepted or an emulator', async () => {
    const [service, proxy] = [await startService(), await startProxy(true)];
    expect(await ask(service, { HTTP_PROXY: proxy.origin })).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.asked).toHaveLength(1);
    await ask(service, { http_proxy: proxy.origin, no_proxy: '127.0.0.1' });
    await ask(service, { HTTP_PROXY: proxy.origin }, true);
    await ask(service, {});
    expect(proxy.asked).toHaveLength(1);
    expect(service.received).toHaveLength(4);
  });

  test('a proxy that refuses, or is not there, means that nothing was sent', async () => {
    const [service, proxy] = [await startService(), await startProxy(false)];
    expect(await ask(service, { HTTP_PROXY: proxy.origin })).toMatchObject({ kind: 'notSent' });
    const gone = await startLoopback(() => undefined);
    await gone.close();
    expect(await ask(service, { HTTP_PROXY: gone.origin })).toMatchObject({ kind: 'notSent' });
    expect(service.received).toHaveLength(0);
  });

  test('trusts an authority of one’s own where Node was told so, and otherwise sends nothing and says what to do', async () => {
    const now = Date.now();
    const { certificate, key } = makeCertificate(new Date(now - 86_400_000), new Date(now + 86_400_000), 'localhost');
    const server = createSecureServer({ cert: certificate, key }, (_, response) => response.end('{}'));
    await new Promise<void>((resolve) => {
      server.listen(0, 'localhost', resolve);
    });
    closers.push(() => void server.close());
    const address = server.address();
    const url = `https://localhost:${String(typeof address === 'object' ? address?.port : '')}/`;
    const folder = mkdtempSync(join(tmpdir(), 'joinery-ca-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'authority.pem');
    writeFileSync(file, certificate);
    const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `
      import { createRequire } from 'node:module';
      import { openDispatcher } from ${here('./dispatcher.ts')};
      import { exchange } from ${here('./exchange.ts')};
      const dispatcher = openDispatcher({ connections: 1, direct: false, environment: {} });
      const request = { url: new URL('${url}'), method: 'GET', headers: {}, headersTimeout: 60_000, bodyTimeout: 60_000, maximumBody: 100 };
      const answer = await exchange(dispatcher, request);
      const agent = await dispatcher.open();
      await dispatcher.close();
      const loadedEarly = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('undici/lib/web'));
      const { Agent } = await import('undici');
      console.log(JSON.stringify({ answer, loadedEarly, isAgent: agent instanceof Agent }));`;
    // Node reads the variable when it starts.
    const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const environment = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: file };
    const trusted: unknown = JSON.parse((await promisify(execFile)(process.execPath, words, { env: environment })).stdout);
    const dispatcher = openDispatcher({ connections: 1, direct: false, environment: {} });
    closers.push(() => dispatcher.close());
    const request = {
      url: new URL(url),
      method: 'GET',
      headers: {},
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
      maximumBody: 100,
    } as const;
    const strange = await exchange(dispatcher, request);
    expect(trusted).toMatchObject({ answer: { kind: 'answered', status: 200 }, isAgent: true });
    // All of fetch, of which nothing is used, and which takes longer to load than the rest.
    expect(trusted).toMatchObject({ loadedEarly: [] });
    expect(strange).toMatchObject({ kind: 'notSent', reason: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
  });
});
