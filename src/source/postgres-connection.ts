import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { JoineryError } from '../domain/error.ts';
import type { Secret } from '../domain/masking.ts';
import { isLoopback } from './loopback.ts';

const known = new Set([
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'port',
  'application_name',
  'connect_timeout',
  'options',
  'channel_binding',
]);

/**
 * A connection URL to what pg connects with. TLS: verified against the system's authorities (or `sslrootcert`) and the host's name for every host that is
 * not loopback; `sslmode=disable` and `sslmode=no-verify` have to be written. libpq's `prefer` and `allow` are refused: they
 * fall back to plain text without a word. Unknown parameters are refused (SRC-105).
 */
export async function readPostgresUrl(connection: Secret, applicationName: string): Promise<ClientConfig> {
  const url = parseUrl(connection);
  for (const name of url.searchParams.keys()) {
    if (!known.has(name)) throw refuse(connection, `the parameter ${name} is not known`);
  }
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const host = parameter('host') ?? (url.hostname === '' ? 'localhost' : decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''));
  const port = parameter('port') ?? url.port;
  const timeout = Number(parameter('connect_timeout') ?? 15);
  if (!Number.isInteger(timeout) || timeout < 1) throw refuse(connection, 'connect_timeout is not a number of seconds');
  const options = parameter('options');
  return {
    host,
    port: port === '' ? 5432 : Number(port),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : undefined,
    application_name: parameter('application_name') ?? applicationName,
    connectionTimeoutMillis: timeout * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    ssl: await readTls(connection, parameter, host),
    enableChannelBinding: parameter('channel_binding') !== 'disable',
    ...(options === undefined ? {} : { options }),
  };
}

function parseUrl(connection: Secret): URL {
  const text = connection.reveal();
  let url;
  try {
    // A URL without a host (a Unix socket in ?host=) needs one to be parsed.
    url = new URL(text.replace(/^(postgres(?:ql)?:\/\/(?:[^/@]*@)?)\//i, '$1localhost/'));
  } catch {
    throw refuse(connection, 'it is not a URL; special characters in user or password are written as %XX');
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw refuse(connection, 'it does not begin with postgres://');
  return url;
}

async function readTls(
  connection: Secret,
  parameter: (name: string) => string | undefined,
  host: string,
): Promise<ConnectionOptions | false> {
  const mode = parameter('sslmode') ?? (host.startsWith('/') || isLoopback(host) ? 'disable' : 'verify-full');
  switch (mode) {
    case 'disable':
      return false;
    case 'no-verify':
      return { rejectUnauthorized: false, ...(await readCertificates(parameter)) };
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return { rejectUnauthorized: true, ...(await readCertificates(parameter)) };
    default:
      throw refuse(connection, `sslmode=${mode} is not supported; write verify-full, or disable`);
  }
}

async function readCertificates(parameter: (name: string) => string | undefined): Promise<ConnectionOptions> {
  const read = async (name: string): Promise<string | undefined> => {
    const file = parameter(name);
    if (file === undefined || file === 'system') return undefined;
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw new JoineryError('SRC-105', `the file of ${name} cannot be read: ${file}`, { cause: error });
    }
  };
  const [ca, cert, key] = await Promise.all([read('sslrootcert'), read('sslcert'), read('sslkey')]);
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

function refuse(connection: Secret, reason: string): JoineryError {
  return new JoineryError('SRC-105', `the connection string (${connection.name}) is not understood: ${reason}`);
}
