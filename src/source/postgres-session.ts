import type pg from 'pg';
import type { ClientConfig, Pool, PoolClient } from 'pg';
import { JoineryError } from '../domain/error.ts';
import { cancelKeyOf, requestCancel, type CancelKey } from './postgres-cancel.ts';
import { socketWithInlet } from './postgres-inlet.ts';
import { DescribeStatement, type PostgresField } from './postgres-protocol.ts';

/** Two ways to end a statement: by the protocol, which needs no session, and by a statement of another session, which finds its way where requests are handed to one of several poolers. */
export type CancelWay = 'request' | 'statement';

/** A pool of at most two connections. One reads; another one is made only to end what that one runs. */
export class PostgresPool {
  readonly #pool: Pool;
  readonly #driver: typeof pg;
  readonly #config: ClientConfig;

  private constructor(driver: typeof pg, config: ClientConfig) {
    // Over TLS it is another stream that rows come from, made by pg over its own socket.
    const socket = config.ssl === false ? { stream: socketWithInlet } : {};
    const pool = new driver.Pool({ ...config, ...socket, max: 2 });
    this.#pool = pool;
    this.#driver = driver;
    this.#config = config;
    // Of a connection that nobody uses: the next one who asks gets another.
    pool.on('error', ignore);
  }

  /** Loads pg now, not when this module is imported. */
  static async open(config: ClientConfig): Promise<PostgresPool> {
    const { default: driver } = await import('pg');
    return new PostgresPool(driver, config);
  }

  async acquire(): Promise<PoolClient> {
    const connection = await this.#pool.connect();
    // pg tells the statement that runs, and the pool if none does; without a listener a loss in between would end the process.
    connection.on('error', ignore);
    return connection;
  }

  /** Gives it back; one that is broken or in an unknown state is closed instead. */
  release(connection: PoolClient, broken: boolean): void {
    if (!broken) connection.removeListener('error', ignore);
    connection.release(broken);
  }

  /** Fulfilled when the server has told the session to end its statement. Given up when the signal says so: a pooler may have no session for another connection while this one reads. */
  async cancel({ processId, cancelKey }: PostgresSession, way: CancelWay, signal: AbortSignal): Promise<void> {
    if (way === 'request') return requestCancel(this.#config, cancelKey, signal);
    const client = new this.#driver.Client(this.#config);
    client.on('error', ignore);
    const giveUp = (): void => void client.connection.stream.destroy();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await client.connect();
      await client.query('select pg_catalog.pg_cancel_backend($1)', [processId]);
      await client.end();
    } finally {
      signal.removeEventListener('abort', giveUp);
      giveUp();
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function ignore(): void {
  // Whoever waits for an answer is told by its promise.
}

export interface SessionLimits {
  /** Milliseconds. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
}

/** How long our own work on the rows of one statement may take; ms. */
const ownTimeAllowed = 3_600_000;

/** A read-only transaction that sees one moment. */
export interface PostgresSession {
  readonly connection: PoolClient;
  readonly processId: number;
  readonly cancelKey: CancelKey;
}

/**
 * Begins the transaction and pins every setting that changes how a value is written; for this transaction only, so that a pooler between us and the
 * server is no harm. Functions are named with their schema, which a role's search_path may hide. Limits end a statement or a session that went wrong on the server itself.
 */
export async function beginReading(connection: PoolClient, limits: SessionLimits): Promise<PostgresSession> {
  await connection.query('begin isolation level repeatable read, read only');
  const { rows } = await connection.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  const settings: Readonly<Record<string, string>> = {
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'iso_8601',
    extra_float_digits: '1',
    bytea_output: 'hex',
    xmlbinary: 'base64',
    // It would quote the names of types, which are known without.
    quote_all_identifiers: 'off',
    statement_timeout: String(limits.statementTimeout),
    lock_timeout: String(limits.lockTimeout),
    idle_in_transaction_session_timeout: String(limits.statementTimeout),
  };
  const names = Object.keys(settings);
  await connection.query({
    text: `select ${names.map((_name, index) => `pg_catalog.set_config($${String(index * 2 + 1)}, $${String(index * 2 + 2)}, true)`).join(', ')}`,
    values: names.flatMap((name) => [name, settings[name]]),
  });
  const [first] = rows;
  return { connection, processId: first?.pid ?? 0, cancelKey: cancelKeyOf(connection) };
}

/**
 * From now on a statement is ended by the server itself only when it ran so much longer than its limit: the server counts the time in which we do not read as if the statement were slow, so the
 * limit is ours to measure, and this one is for a client that was stopped and would hold the snapshot for ever.
 */
export async function beginRows({ connection }: PostgresSession, limit: number): Promise<void> {
  await connection.query(`set local statement_timeout = ${String(Math.trunc(limit) + ownTimeAllowed)}`);
}

/** Columns of a statement, without running it. */
export async function describeStatement(connection: PoolClient, text: string): Promise<readonly PostgresField[]> {
  const describing = new DescribeStatement(text);
  connection.query(describing);
  const fields = await describing.result;
  if (fields === undefined) throw new JoineryError('SRC-201', 'the statement returns no rows');
  return fields;
}
