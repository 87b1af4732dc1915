import type { Knex } from 'knex';
import type { Client, ClientConfig } from 'pg';
import { JoineryError } from '../domain/error.ts';
import { DescribeStatement, type PostgresField } from './postgres-protocol.ts';

/** A pool of at most two connections: one reads, the other one only ever cancels it. */
export class PostgresPool {
  readonly #knex: Knex;

  private constructor(pool: Knex) {
    this.#knex = pool;
  }

  /** Loads knex and pg now, not when this module is imported. */
  static async open(config: ClientConfig): Promise<PostgresPool> {
    const { default: knex } = await import('knex');
    const silent = (): void => undefined;
    return new PostgresPool(
      knex({
        client: 'pg',
        // A function, because knex would clone the object and with it TLS settings that hold more than data.
        connection: () => config as Knex.PgConnectionConfig, // oxlint-disable-line typescript/no-unsafe-type-assertion -- knex hands it to pg.Client unchanged
        pool: { min: 0, max: 2 },
        // Errors reach the caller as errors; knex would also print them, with whatever is in them.
        log: { warn: silent, error: silent, debug: silent, deprecate: silent },
      }),
    );
  }

  async acquire(): Promise<Client> {
    const connection: Client = await this.#knex.client.acquireConnection();
    return connection;
  }

  /** Gives it back; one that is broken or in an unknown state is closed instead. */
  async release(connection: Client, broken: boolean): Promise<void> {
    if (broken) {
      Object.assign(connection, { __knex__disposed: 'broken' });
      await connection.end().catch(() => undefined);
    }
    await this.#knex.client.releaseConnection(connection);
  }

  /** Connections in use. */
  get used(): number {
    return this.#knex.client.pool?.numUsed() ?? 0;
  }

  async cancel(processId: number): Promise<void> {
    await this.#knex.raw('select pg_cancel_backend(?)', [processId]);
  }

  async close(): Promise<void> {
    await this.#knex.destroy();
  }
}

export interface SessionLimits {
  /** Milliseconds. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
}

/** A read-only transaction that sees one moment. */
export interface PostgresSession {
  readonly connection: Client;
  readonly processId: number;
  /** Decimals of `money`, by the database's lc_monetary. */
  readonly moneyScale: number;
}

/**
 * Begins the transaction and pins every setting that changes how a value is written; for this transaction only, so that a pooler between us and the
 * server is no harm. Limits end a statement or a session that went wrong on the server itself.
 */
export async function beginReading(connection: Client, limits: SessionLimits): Promise<PostgresSession> {
  await connection.query('begin isolation level repeatable read, read only');
  const { rows } = await connection.query<{ pid: number; scale: number }>(
    'select pg_backend_pid() as pid, scale(0::money::numeric) as scale',
  );
  const settings: Readonly<Record<string, string>> = {
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'iso_8601',
    extra_float_digits: '1',
    bytea_output: 'hex',
    xmlbinary: 'base64',
    lc_monetary: 'C',
    statement_timeout: String(limits.statementTimeout),
    lock_timeout: String(limits.lockTimeout),
    idle_in_transaction_session_timeout: String(limits.statementTimeout),
  };
  const names = Object.keys(settings);
  await connection.query({
    text: `select ${names.map((_name, index) => `set_config($${String(index * 2 + 1)}, $${String(index * 2 + 2)}, true)`).join(', ')}`,
    values: names.flatMap((name) => [name, settings[name]]),
  });
  const [first] = rows;
  return { connection, processId: first?.pid ?? 0, moneyScale: first?.scale ?? 2 };
}

/** Columns of a statement, without running it. */
export async function describeStatement(connection: Client, text: string): Promise<readonly PostgresField[]> {
  const describing = new DescribeStatement(text);
  connection.query(describing);
  const fields = await describing.result;
  if (fields === undefined) throw new JoineryError('SRC-201', 'the statement returns no rows');
  return fields;
}
