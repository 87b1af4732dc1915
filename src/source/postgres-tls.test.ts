import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { freshDatabase } from '../../test/database.ts';
import { Secret } from '../domain/masking.ts';
import type { PostgresSource } from '../pipeline/pipeline.ts';
import { openSource } from './open-source.ts';

const from = new Date(Date.UTC(2020, 0, 1));
const to = new Date(Date.UTC(2100, 0, 1));

/** Answers PostgreSQL's SSLRequest, speaks TLS, and hands what was encrypted on to the real server. */
function encryptFor(target: URL, certificate: { readonly certificate: string; readonly key: string }): Server {
  return createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: createSecureContext({ cert: certificate.certificate, key: certificate.key }),
      });
      const server = connect(Number(target.port), target.hostname);
      secure.on('error', () => server.destroy());
      server.on('error', () => secure.destroy());
      secure.pipe(server);
      server.pipe(secure);
    });
  });
}

describe('TLS to PostgreSQL', () => {
  const right = makeCertificate(from, to, 'localhost');
  const wrong = makeCertificate(from, to, 'db.example');
  const servers: Server[] = [];
  let folder: string;
  let url: URL;

  beforeAll(async () => {
    url = new URL(await freshDatabase('tls'));
    folder = await mkdtemp(join(tmpdir(), 'joinery-pg-tls-'));
    await writeFile(join(folder, 'right.pem'), right.certificate);
    await writeFile(join(folder, 'wrong.pem'), wrong.certificate);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true });
  });

  const read = async (
    certificate: typeof right,
    parameters: Readonly<Record<string, string>>,
    over: Partial<PostgresSource> = {},
  ): Promise<readonly (string | undefined)[]> => {
    const server = encryptFor(url, certificate);
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const through = new URL(url);
    through.hostname = 'localhost';
    through.port = String(typeof address === 'object' ? address?.port : '');
    for (const [name, value] of Object.entries(parameters)) through.searchParams.set(name, value);
    const source = await openSource({
      type: 'postgres',
      connection: new Secret('HR', through.href),
      key: 'id',
      statementTimeout: 60_000,
      query: { sql: 'select id from generate_series(1, 3) as id order by id', file: 'q.sql', firstLine: 1 },
      ...over,
    });
    const keys: (string | undefined)[] = [];
    try {
      for await (const rows of source.read({ seed: 1n })) keys.push(...rows.map(({ key }) => key));
    } finally {
      await source.close();
    }
    return keys;
  };

  test('reads from a server whose authority and name are right, or when verification is switched off in writing', async () => {
    expect(await read(right, { sslmode: 'verify-full', sslrootcert: join(folder, 'right.pem') })).toEqual(['1', '2', '3']);
    expect(await read(right, { sslmode: 'no-verify' })).toEqual(['1', '2', '3']);
  });

  test('a statement is ended encrypted, too', async () => {
    const endless = { sql: 'select 1 as id, pg_sleep(3600)::text as never', file: 'q.sql', firstLine: 1 };
    const limited = { query: endless, statementTimeout: 100 };
    await expect(read(right, { sslmode: 'verify-full', sslrootcert: join(folder, 'right.pem') }, limited)).rejects.toMatchObject({
      code: 'SRC-207',
    });
  });

  test('refuses an unknown authority, another authority and another name, with require as with verify-full', async () => {
    await expect(read(right, { sslmode: 'require' })).rejects.toMatchObject({ code: 'SRC-104' });
    await expect(read(right, { sslmode: 'verify-full', sslrootcert: join(folder, 'wrong.pem') })).rejects.toMatchObject({
      code: 'SRC-104',
    });
    await expect(read(wrong, { sslmode: 'verify-full', sslrootcert: join(folder, 'wrong.pem') })).rejects.toMatchObject({
      code: 'SRC-104',
    });
  });
});
