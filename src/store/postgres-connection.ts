import type pg from 'pg';
import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';
import { keepsSession, processNamed, withSpare, type AskingConnection } from '../domain/own-session.ts';

/** OID of int8. Our integers are counts and milliseconds, far below 2^53. */
const int8 = 20;

/**
 * How every connection to the state is made: int8 arrives as a number (by this connection's own parsers; the driver's global table
 * belongs to the sources). Its settings are told once it is there, by `settle`.
 */
export function connectionConfig(driver: typeof pg, url: string): pg.ClientConfig {
  if (!URL.canParse(url)) throw new JoineryError('STO-101', `The state's URL cannot be read: ${scrubText(url)}.`);
  return {
    connectionString: url,
    application_name: 'joinery',
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 && format !== 'binary' ? Number : driver.types.getTypeParser(oid, format),
    },
  };
}

/**
 * Tables are found in our schema, and a process that stands still inside a transaction is not waited for for ever. Not among the options of the start: a pooler refuses
 * those, or is set to leave them out without a word, and then the tables would be somebody else's.
 */
export async function settle(client: pg.ClientBase, readOnly: boolean): Promise<void> {
  const settings = ['search_path = joinery', `idle_in_transaction_session_timeout = '15min'`];
  if (readOnly) settings.push('default_transaction_read_only = on');
  await client.query(settings.map((setting) => `SET ${setting}`).join('; '));
}

/** As `requireOwnSession`; `spare` is connected only where a second connection is needed, and ended. */
export function proveOwnSession(client: pg.ClientBase, spare: pg.Client): Promise<void> {
  return withSpare(spare, (other) => requireOwnSession(client, other));
}

/** Whether session locks and settings are this connection's own. How long a server may take is no matter of the run's clock. Errors: STO-107. */
export async function requireOwnSession(client: pg.ClientBase, other: AskingConnection): Promise<void> {
  if (await keepsSession(client, processNamed(client), other, systemClock)) return;
  throw new JoineryError('STO-107', 'The state database hands the session of a connection on to others between transactions.');
}

/** What the server or the driver said, as one of ours where the cause is the environment. */
export function postgresFailure(error: unknown): unknown {
  if (error instanceof JoineryError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '55P03') return new JoineryError('STO-203', 'The state is busy: another process is writing to it.', { cause: error });
  // PgBouncer says everything with one code: what it refuses before there is a session, and a time-out of its own that ended one.
  if (code === '08P01' && !/timeout|crashed|shut ?down|terminat/i.test(error.message))
    return new JoineryError('STO-101', `The state database cannot be used: ${scrubText(error.message)}.`, { cause: error });
  // 08: connection; 57P: the server ends; 25P03: idle in a transaction for too long; E…: sockets; no code: the driver lost the connection.
  const gone = /^(08|57P|25P03|E[A-Z])/.test(code) || (code === '' && /connection|timeout/i.test(error.message));
  if (gone)
    return new JoineryError('STO-204', `The connection to the state database was lost: ${scrubText(error.message)}.`, { cause: error });
  // 25006: after a failover it is a standby; 55000: it takes no connections, as during maintenance; 57014: the role has a time limit of its own.
  if (/^(25006|28|3D|42501|53|55000|57014|58)/.test(code)) {
    return new JoineryError('STO-101', `The state database cannot be used: ${scrubText(error.message)}.`, { cause: error });
  }
  return error;
}
