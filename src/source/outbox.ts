import type { Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { MssqlSource, OutboxDeclaration, PostgresSource } from '../pipeline/pipeline.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { readTableName } from './table-name.ts';
import { quoteName } from './quote-name.ts';

type TableOutbox = Extract<OutboxDeclaration, { readonly kind: 'table' }>;

/**
 * Listens to the outbox until the signal is aborted and calls `changed` for every sign. Reads only: lines are HR's to clear. What the outbox says is never believed to be all, the run reads
 * the source itself. Rejects when the connection is lost or refused.
 */
export async function listenToOutbox(
  source: PostgresSource | MssqlSource,
  outbox: OutboxDeclaration,
  clock: Clock,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (outbox.kind === 'notify') return listenToChannel(source, outbox.channel, changed, signal);
  const sql = `select max(${quoteName(outbox.column, source.type)}) as position from ${readTableName(outbox.table, source.type)
    .map((part) => quoteName(part, source.type))
    .join('.')}`;
  return source.type === 'postgres'
    ? pollPostgres(source, outbox, sql, clock, changed, signal)
    : pollMssql(source, outbox, sql, clock, changed, signal);
}

async function listenToChannel(
  source: PostgresSource | MssqlSource,
  channel: string,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client(await readPostgresUrl(source.connection, 'joinery watch'));
  let stop = (): void => undefined;
  try {
    const lost = new Promise<never>((_resolve, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new JoineryError('SRC-102', 'PostgreSQL ended the session that listens')));
    });
    lost.catch(() => undefined);
    client.on('notification', changed);
    await client.connect();
    await client.query(`listen ${quoteName(channel, 'postgres')}`);
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

async function pollPostgres(
  source: PostgresSource,
  outbox: TableOutbox,
  sql: string,
  clock: Clock,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { Client } = await import('pg');
  const config = await readPostgresUrl(source.connection, 'joinery watch');
  const look = async (): Promise<unknown> => {
    const client = new Client({ ...config, statement_timeout: 10_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<{ position: unknown }>(sql)).rows[0]?.position;
    } catch (error) {
      throw explainPostgresError(error, source.connection);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await poll(look, outbox.every, clock, changed, signal);
}

async function pollMssql(
  source: MssqlSource,
  outbox: TableOutbox,
  sql: string,
  clock: Clock,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { default: mssql } = await import('mssql');
  const pool = new mssql.ConnectionPool(await readMssqlUrl(source.connection, 'joinery watch', 10_000));
  pool.on('error', () => undefined);
  try {
    await pool.connect();
    await poll(
      async () => (await pool.request().query<{ position: unknown }>(sql)).recordset[0]?.position,
      outbox.every,
      clock,
      changed,
      signal,
    );
  } catch (error) {
    throw explainMssqlError(error, source.connection);
  } finally {
    await pool.close().catch(() => undefined);
  }
}

/** The first look only learns where the outbox stands: watching begins with a run anyway. */
async function poll(look: () => Promise<unknown>, every: number, clock: Clock, changed: () => void, signal: AbortSignal): Promise<void> {
  let before = String(await look());
  while (!signal.aborted) {
    try {
      await clock.sleep(every, signal);
    } catch {
      return;
    }
    const now = String(await look());
    if (now !== before) changed();
    before = now;
  }
}
