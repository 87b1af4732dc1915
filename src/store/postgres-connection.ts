import type pg from 'pg';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';

/** OID of int8. Our integers are counts and milliseconds, far below 2^53. */
const int8 = 20;

/**
 * How every connection to the state is made: int8 arrives as a number (by this connection's own parsers; the driver's global table
 * belongs to the sources), tables are found in our schema, and a process that stands still inside a transaction is not waited for for ever.
 */
export function connectionConfig(driver: typeof pg, url: string, readOnly: boolean): pg.ClientConfig {
  const settings = [
    'search_path=joinery',
    'idle_in_transaction_session_timeout=15min',
    ...(readOnly ? ['default_transaction_read_only=on'] : []),
  ];
  return {
    connectionString: withOptions(url, settings.map((setting) => `-c ${setting}`).join(' ')),
    application_name: 'joinery',
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 && format !== 'binary' ? Number : driver.types.getTypeParser(oid, format),
    },
  };
}

/** `options` of the URL are kept; ours come after them and win. */
function withOptions(url: string, options: string): string {
  try {
    const parsed = new URL(url);
    parsed.searchParams.set('options', [parsed.searchParams.get('options'), options].filter((part) => part !== null).join(' '));
    return parsed.href;
  } catch (error) {
    throw new JoineryError('STO-101', `The state's URL cannot be read: ${scrubText(url)}.`, { cause: error });
  }
}

/** What the server or the driver said, as one of ours where the cause is the environment. */
export function postgresFailure(error: unknown): unknown {
  if (error instanceof JoineryError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '55P03') return new JoineryError('STO-203', 'The state is busy: another process is writing to it.', { cause: error });
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
