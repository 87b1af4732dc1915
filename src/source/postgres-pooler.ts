import type { ErrorCode } from '../domain/errors/registry.ts';

interface PoolerTrouble {
  readonly code: ErrorCode;
  /** Absent: the code's own. */
  readonly fix?: string;
}

/**
 * A connection pooler says everything that it refuses, and why it ended a connection, with SQLSTATE 08P01 (a protocol violation, which the server itself hardly ever says), so it is told by its words. Source: the
 * sources of PgBouncer 1.18 and 1.24, disconnect_client.
 */
const troubles: readonly (readonly [words: RegExp, trouble: PoolerTrouble])[] = [
  [
    /statement pooling mode/i,
    {
      code: 'SRC-107',
      fix: 'Have the pooler set to pool_mode=transaction or session for this database or user, or connect to the server directly.',
    },
  ],
  [
    /unsupported (?:options )?startup parameter/i,
    {
      code: 'SRC-105',
      fix: 'A pooler takes no `options`: leave them out of the connection string, and have what they say set for the role (ALTER ROLE … SET …) or connect to the server directly.',
    },
  ],
  [
    /SSL required/i,
    {
      code: 'SRC-104',
      fix: 'It takes encrypted connections only: write sslmode=verify-full (and sslrootcert=…) into the connection string.',
    },
  ],
  [/authentication|no such (?:user|database)|login rejected|not allowed/i, { code: 'SRC-103' }],
  [
    /query_wait_timeout|no more connections|connections exceeded|is disabled|is paused|client_login_timeout|server login has been failing|server shutting down|pgbouncer cannot connect/i,
    {
      code: 'SRC-101',
      fix: 'The pooler has no session of the server for us: run again, or ask whoever runs it why (pool_size, max_client_conn, PAUSE, a server that it cannot reach), or connect to the server directly.',
    },
  ],
  [
    /time-?out/i,
    {
      code: 'SRC-102',
      fix: 'The pooler ended it after a time of its own (query_timeout, idle_transaction_timeout, transaction_timeout, client_idle_timeout): have that raised above source.statementTimeout for this user, or connect to the server directly.',
    },
  ],
];

/** Undefined: it said nothing that is known. */
export function findPoolerTrouble(message: string): PoolerTrouble | undefined {
  return troubles.find(([words]) => words.test(message))?.[1];
}
