import type { Client } from 'pg';
import { systemClock, type Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { keepsSession, processNamed, withSpare } from '../domain/own-session.ts';
import type { MssqlSource, OutboxDeclaration, PostgresSource } from '../pipeline/pipeline.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { readTableName } from './table-name.ts';
import { quoteName } from './quote-name.ts';

type TableOutbox = Extract<OutboxDeclaration, { readonly kind: 'table' }>;

/** Who is told of what the outbox says. */
export interface OutboxListener {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From now on nothing is missed. What happened before was not heard. */
  readonly ready: () => void;
  readonly changed: () => void;
}

/**
 * Of a table so many lines are looked at, the highest: numbers are given when a line is written and seen when it is committed, so that a transaction of HR's that took longer shows
 * its line below others that are known.
 */
const linesLookedAt = 100;

/**
 * A line that HR has written and not committed is passed over and not waited for, which its transaction may take long for; it is seen when it is committed. READPAST needs locks to pass, which
 * a database with READ_COMMITTED_SNAPSHOT takes only when told (learn.microsoft.com, "Table hints (Transact-SQL)").
 */
const passing = 'with (readcommittedlock, readpast)';

/**
 * Listens to the outbox until the signal is aborted and calls `changed` for every sign. Reads only: lines are HR's to clear. What the outbox says is never believed to be all, the run reads
 * the source itself. Rejects when the connection is lost or refused.
 */
export async function listenToOutbox(
  source: PostgresSource | MssqlSource,
  outbox: OutboxDeclaration,
  listener: OutboxListener,
): Promise<void> {
  if (outbox.kind === 'notify') return listenToChannel(source, outbox.channel, listener);
  const column = quoteName(outbox.column, source.type);
  const table = readTableName(outbox.table, source.type)
    .map((part) => quoteName(part, source.type))
    .join('.');
  const lines = String(linesLookedAt);
  return source.type === 'postgres'
    ? pollPostgres(source, outbox, `select ${column} as line from ${table} order by 1 desc limit ${lines}`, listener)
    : pollMssql(source, outbox, `select top (${lines}) ${column} as line from ${table} ${passing} order by 1 desc`, listener);
}

async function listenToChannel(source: PostgresSource | MssqlSource, channel: string, listener: OutboxListener): Promise<void> {
  const { Client } = await import('pg');
  const config = await readPostgresUrl(source.connection, 'joinery watch');
  const client = new Client(config);
  const { signal } = listener;
  let stop = (): void => undefined;
  try {
    const lost = new Promise<never>((_resolve, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new JoineryError('SRC-102', 'PostgreSQL ended the session that listens')));
    });
    lost.catch(() => undefined);
    client.on('notification', (message) => {
      if (message.channel === channel) listener.changed();
    });
    await client.connect();
    await requireOwnSession(client, new Client(config));
    await client.query(`listen ${quoteName(channel, 'postgres')}`);
    listener.ready();
    const stopped = new Promise<void>((resolve) => {
      stop = () => resolve();
      signal.addEventListener('abort', stop, { once: true });
    });
    if (!signal.aborted) await Promise.race([lost, stopped]);
  } catch (error) {
    throw explainPostgresError(error, source.connection);
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}

/** Behind a pooler that hands sessions on, nothing would ever be heard. How long a server may take is no matter of the run's clock. Errors: SRC-107. */
async function requireOwnSession(client: Client, spare: Client): Promise<void> {
  if (await withSpare(spare, (other) => keepsSession(client, processNamed(client), other, systemClock))) return;
  throw new JoineryError(
    'SRC-107',
    'PostgreSQL: what is notified does not reach the session that listens, a pooler hands it on between transactions',
  );
}

async function pollPostgres(source: PostgresSource, outbox: TableOutbox, sql: string, listener: OutboxListener): Promise<void> {
  const { Client } = await import('pg');
  const config = await readPostgresUrl(source.connection, 'joinery watch');
  const look = async (): Promise<readonly unknown[]> => {
    const client = new Client(config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      // For this transaction only, and not among what is told at the start: a pooler in between refuses there what it does not know.
      await client.query('begin transaction read only');
      await client.query('set local statement_timeout = 10000');
      const { rows } = await client.query<{ line: unknown }>(sql);
      await client.query('rollback');
      return rows;
    } catch (error) {
      throw explainPostgresError(error, source.connection);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await poll(look, outbox.every, listener);
}

async function pollMssql(source: MssqlSource, outbox: TableOutbox, sql: string, listener: OutboxListener): Promise<void> {
  const { default: mssql } = await import('mssql');
  const pool = new mssql.ConnectionPool(await readMssqlUrl(source.connection, 'joinery watch', 10_000));
  pool.on('error', () => undefined);
  try {
    await pool.connect();
    await poll(async () => (await pool.request().query<{ line: unknown }>(sql)).recordset, outbox.every, listener);
  } catch (error) {
    throw explainMssqlError(error, source.connection);
  } finally {
    await pool.close().catch(() => undefined);
  }
}

/** The first look only learns where the outbox stands. */
async function poll(
  look: () => Promise<readonly unknown[]>,
  every: number,
  { clock, signal, ready, changed }: OutboxListener,
): Promise<void> {
  let before = JSON.stringify(await look());
  ready();
  while (!signal.aborted) {
    try {
      await clock.sleep(every, signal);
    } catch {
      return;
    }
    const now = JSON.stringify(await look());
    if (now !== before) changed();
    before = now;
  }
}
