import { readFile } from 'node:fs/promises';
import type { config as MssqlConfig } from 'mssql';
import { JoineryError } from '../domain/error.ts';
import type { Secret } from '../domain/masking.ts';
import { isLoopback } from './loopback.ts';
import { readAdoServer, readAdoSettings } from './mssql-ado.ts';

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
  'authentication',
  'clientid',
  'clientsecret',
  'tenantid',
]);

/**
 * `mssql://user:password@host:port/database?…` (or sqlserver://), or an ADO.NET string, to what mssql connects with. Encryption: on and verified for every host that is not
 * loopback; `encrypt=false` and `trustServerCertificate=true` have to be written. The session says ApplicationIntent=ReadOnly, so that an availability group
 * may send it to a readable secondary; `applicationIntent=ReadWrite` takes that back. Unknown parameters are refused (SRC-105).
 */
export async function readMssqlUrl(connection: Secret, applicationName: string, statementTimeout: number): Promise<MssqlConfig> {
  const text = connection.reveal();
  const base = await makeConfig(connection, /^\w+:\/\//.test(text) ? readUrl(connection) : readAdo(connection));
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

/** What either form says, by one name for each parameter. */
interface Settings {
  readonly host: string;
  readonly port: number | undefined;
  readonly instance: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
}

function readUrl(connection: Secret): Settings {
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
  const parts = { user: url.username, password: url.password, database: url.pathname.slice(1) };
  for (const [name, value] of Object.entries(parts)) if (value !== '') parameters.set(name, decodeURIComponent(value));
  return {
    host: url.hostname === '' ? 'localhost' : decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    instance: parameters.get('instancename'),
    parameters,
  };
}

function readAdo(connection: Secret): Settings {
  const say = (reason: string): JoineryError => refuse(connection, reason);
  const parameters = readAdoSettings(connection.reveal(), say);
  const server = parameters.get('server');
  if (server === undefined) throw say('it names no server');
  const login = parameters.get('integratedsecurity')?.toLowerCase();
  if (login !== undefined && !['false', 'no'].includes(login))
    throw say('a login as the account of Windows is not possible; give User Id (DOMAIN\\user is one of Windows) and Password');
  const renamed = new Map<string, string>(parameters);
  const name = parameters.get('hostnameincertificate');
  if (name !== undefined) renamed.set('servername', name);
  const [domain, user] = /^([^\\]+)\\(.+)$/.exec(parameters.get('user') ?? '')?.slice(1) ?? [];
  if (domain !== undefined && user !== undefined) renamed.set('domain', domain).set('user', user);
  return { ...readAdoServer(server, say), parameters: renamed };
}

async function makeConfig(connection: Secret, { host, port, instance, parameters }: Settings): Promise<MssqlConfig> {
  const flag = (name: string): boolean | undefined => {
    const value = parameters.get(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', 'yes', '1'].includes(value)) return true;
    if (['false', 'no', '0'].includes(value)) return false;
    throw refuse(connection, `${name} is neither true nor false`);
  };
  // SQL Server Browser answers with the instance's own port, and tedious would take either alone without a word.
  if (port !== undefined && instance !== undefined) throw refuse(connection, 'it names both a port and an instance; a port is enough');
  const intent = parameters.get('applicationintent')?.toLowerCase();
  if (intent !== undefined && intent !== 'readonly' && intent !== 'readwrite')
    throw refuse(connection, 'applicationIntent is neither ReadOnly nor ReadWrite');
  const timeout = Number(parameters.get('connecttimeout') ?? 15);
  if (!Number.isInteger(timeout) || timeout < 1) throw refuse(connection, 'connectTimeout is not a number of seconds');
  const encryption = parameters.get('encrypt')?.toLowerCase() ?? '';
  // "strict" is TDS 8: TLS before anything else is said. The others are Microsoft.Data.SqlClient's names.
  const named: Readonly<Record<string, boolean | 'strict'>> = { strict: 'strict', mandatory: true, optional: false };
  const encrypt = named[encryption] ?? flag('encrypt');
  const trust = flag('trustservercertificate');
  const failover = flag('multisubnetfailover');
  const appName = parameters.get('applicationname');
  const serverName = parameters.get('servername');
  const user = parameters.get('user');
  const password = parameters.get('password');
  const database = parameters.get('database');
  const domain = parameters.get('domain');
  const caFile = parameters.get('ca');
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  return {
    server: host,
    port: port ?? 1433,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(domain === undefined ? {} : { domain }),
    ...readAuthentication(connection, parameters),
    connectionTimeout: timeout * 1000,
    options: {
      ...(encrypt === undefined ? {} : { encrypt }),
      ...(trust === undefined ? {} : { trustServerCertificate: trust }),
      ...(failover === undefined ? {} : { multiSubnetFailover: failover }),
      ...(instance === undefined ? {} : { instanceName: instance }),
      ...(appName === undefined ? {} : { appName }),
      ...(ca === undefined ? {} : { cryptoCredentialsDetails: { ca } }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(intent === undefined ? {} : { readOnlyIntent: intent === 'readonly' }),
    },
  };
}

/** A login through Microsoft Entra ID, which Azure SQL asks for: the names of Microsoft.Data.SqlClient, as far as nobody has to sit before a browser. */
function readAuthentication(connection: Secret, parameters: ReadonlyMap<string, string>): Partial<MssqlConfig> {
  const way = parameters.get('authentication')?.replaceAll(/\s/g, '').toLowerCase();
  const clientId = parameters.get('clientid') ?? parameters.get('user');
  const client = clientId === undefined ? {} : { clientId };
  switch (way) {
    case undefined:
    case 'sqlpassword':
      return {};
    case 'activedirectorydefault':
      return { authentication: { type: 'azure-active-directory-default', options: client } };
    case 'activedirectorymanagedidentity':
    case 'activedirectorymsi':
      return { authentication: { type: 'azure-active-directory-msi-vm', options: client } };
    case 'activedirectoryserviceprincipal': {
      const tenantId = parameters.get('tenantid');
      const clientSecret = parameters.get('clientsecret') ?? parameters.get('password');
      if (clientId === undefined || clientSecret === undefined || tenantId === undefined)
        throw refuse(connection, 'a login as a service principal needs user (its client id), password (its secret) and tenantId');
      return { authentication: { type: 'azure-active-directory-service-principal-secret', options: { clientId, clientSecret, tenantId } } };
    }
    default:
      throw refuse(
        connection,
        `authentication=${parameters.get('authentication') ?? ''} is not possible for a process that nobody sits before`,
      );
  }
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new JoineryError('SRC-105', `the file of ca cannot be read: ${file}`, { cause: error });
  }
}

function refuse(connection: Secret, reason: string): JoineryError {
  return new JoineryError('SRC-105', `the connection string (${connection.name}) is not understood: ${reason}`);
}
