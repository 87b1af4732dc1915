import { readFile } from 'node:fs/promises';
import type { config as MssqlConfig } from 'mssql';
import { JoineryError } from '../domain/error.ts';
import type { Secret } from '../domain/masking.ts';
import { isLoopback } from './loopback.ts';

const known = new Set([
  'encrypt',
  'trustservercertificate',
  'applicationname',
  'applicationintent',
  'connecttimeout',
  'instancename',
  'domain',
  'servername',
  'ca',
  'multisubnetfailover',
]);

/**
 * `mssql://user:password@host:port/database?…` (or sqlserver://), or an ADO.NET string, to what mssql connects with. Encryption: on and verified for every host that is not
 * loopback; `encrypt=false` and `trustServerCertificate=true` have to be written. The session says ApplicationIntent=ReadOnly, so that an availability group
 * may send it to a readable secondary; `applicationIntent=ReadWrite` takes that back. Unknown parameters are refused (SRC-105).
 */
export async function readMssqlUrl(connection: Secret, applicationName: string, statementTimeout: number): Promise<MssqlConfig> {
  const text = connection.reveal();
  const base = /^\w+:\/\//.test(text) ? await readUrl(connection) : await readAdo(connection);
  const encrypt = base.options?.encrypt ?? !isLoopback(base.server);
  return {
    ...base,
    connectionTimeout: base.connectionTimeout ?? 15_000,
    // Until the first rows; the whole statement has a limit of its own.
    requestTimeout: statementTimeout,
    pool: { min: 0, max: 2 },
    validateConnection: 'socket',
    ...(encrypt === true ? { beforeConnect: refusePlainLogin } : {}),
    options: {
      ...base.options,
      encrypt,
      trustServerCertificate: base.options?.trustServerCertificate ?? false,
      appName: base.options?.appName ?? applicationName,
      readOnlyIntent: base.options?.readOnlyIntent ?? true,
      useUTC: true,
      enableArithAbort: true,
    },
  };
}

/**
 * tedious asks for encryption and, when whoever answers says that it has none, sends the password in plain text all the same (tedious 19.2, `performTlsNegotiation`). So the login
 * is held back until the connection is known to be secure; `strict` needs no help, there TLS comes first.
 */
export function refusePlainLogin(connection: object & { once(event: 'secure', listener: () => void): unknown }): void {
  const send: unknown = Reflect.get(connection, 'sendLogin7Packet');
  if (typeof send !== 'function')
    throw new JoineryError('DOM-001', 'tedious has no sendLogin7Packet any more: an unencrypted login cannot be refused');
  let isSecure = false;
  const watch = (): void => {
    connection.once('secure', () => {
      isSecure = true;
    });
  };
  watch();
  Reflect.set(connection, 'sendLogin7Packet', () => {
    if (!isSecure)
      throw new JoineryError('SRC-104', 'SQL Server does not encrypt the connection, and the login was not sent', {
        fix: 'Switch encryption on at the server; encrypt=false in the connection string sends password and people in plain text.',
      });
    // A server may send us on to another one, and that login has to be secured again.
    isSecure = false;
    watch();
    Reflect.apply(send, connection, []);
  });
}

async function readUrl(connection: Secret): Promise<MssqlConfig> {
  let url;
  try {
    url = new URL(connection.reveal());
  } catch {
    throw refuse(connection, 'it is not a URL; special characters in user or password are written as %XX');
  }
  if (url.protocol !== 'mssql:' && url.protocol !== 'sqlserver:') throw refuse(connection, 'it does not begin with mssql://');
  const parameters = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of parameters.keys()) {
    if (!known.has(name)) throw refuse(connection, `the parameter ${name} is not known`);
  }
  const flag = (name: string): boolean | undefined => {
    const value = parameters.get(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', 'yes', '1'].includes(value)) return true;
    if (['false', 'no', '0'].includes(value)) return false;
    throw refuse(connection, `${name} is neither true nor false`);
  };
  const intent = parameters.get('applicationintent')?.toLowerCase();
  if (intent !== undefined && intent !== 'readonly' && intent !== 'readwrite')
    throw refuse(connection, 'applicationIntent is neither ReadOnly nor ReadWrite');
  const timeout = Number(parameters.get('connecttimeout') ?? 15);
  if (!Number.isInteger(timeout) || timeout < 1) throw refuse(connection, 'connectTimeout is not a number of seconds');
  const encrypt = flag('encrypt');
  const trust = flag('trustservercertificate');
  const failover = flag('multisubnetfailover');
  const instanceName = parameters.get('instancename');
  const appName = parameters.get('applicationname');
  const serverName = parameters.get('servername');
  const domain = parameters.get('domain');
  const caFile = parameters.get('ca');
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  return {
    server: url.hostname === '' ? 'localhost' : decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 1433 : Number(url.port),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.pathname.length > 1 ? { database: decodeURIComponent(url.pathname.slice(1)) } : {}),
    ...(domain === undefined ? {} : { domain }),
    connectionTimeout: timeout * 1000,
    options: {
      ...(encrypt === undefined ? {} : { encrypt }),
      ...(trust === undefined ? {} : { trustServerCertificate: trust }),
      ...(failover === undefined ? {} : { multiSubnetFailover: failover }),
      ...(instanceName === undefined ? {} : { instanceName }),
      ...(appName === undefined ? {} : { appName }),
      ...(ca === undefined ? {} : { cryptoCredentialsDetails: { ca } }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(intent === undefined ? {} : { readOnlyIntent: intent === 'readonly' }),
    },
  };
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new JoineryError('SRC-105', `the file of ca cannot be read: ${file}`, { cause: error });
  }
}

async function readAdo(connection: Secret): Promise<MssqlConfig> {
  const { default: mssql } = await import('mssql');
  let parsed;
  try {
    parsed = mssql.ConnectionPool.parseConnectionString(connection.reveal());
  } catch (error) {
    throw refuse(connection, 'it is neither a URL nor an ADO.NET string', error);
  }
  if (typeof parsed.server !== 'string' || parsed.server === '') throw refuse(connection, 'it names no server');
  return parsed;
}

function refuse(connection: Secret, reason: string, cause?: unknown): JoineryError {
  return new JoineryError(
    'SRC-105',
    `the connection string (${connection.name}) is not understood: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
