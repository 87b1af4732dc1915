import type { ConnectionPool, IIsolationLevel, Transaction } from 'mssql';
import * as z from 'zod';
import { invariant, JoineryError } from '../domain/error.ts';
import { describedColumn, type DescribedColumn } from './mssql-types.ts';
import type { StatementLimit } from './statement-limit.ts';

/** What the database lets a reader have; see `beginReading`. */
export interface ReadingMode {
  readonly level: 'snapshot' | 'readCommitted';
  /** One statement sees one moment. */
  readonly oneMoment: boolean;
}

const databaseState = z.object({ state: z.number(), committed: z.boolean(), updateability: z.string() });

/**
 * sys.databases shows every login the row of its own database. By name: in Azure SQL Database, DB_ID() need not be the database_id of sys.databases (learn.microsoft.com, "DB_ID
 * (Transact-SQL)", Remarks).
 */
export async function askReadingMode(pool: ConnectionPool): Promise<ReadingMode> {
  const { recordset } = await pool.request().query(`select snapshot_isolation_state as state, is_read_committed_snapshot_on as committed,
    convert(nvarchar(20), databasepropertyex(db_name(), 'Updateability')) as updateability from sys.databases where name = db_name()`);
  const { state, committed, updateability } = databaseState.parse(recordset[0]);
  if (state === 1) return { level: 'snapshot', oneMoment: true };
  return { level: 'readCommitted', oneMoment: committed || updateability === 'READ_ONLY' };
}

/**
 * Begins a transaction of its own: SNAPSHOT where the database allows it; else READ COMMITTED, which with READ_COMMITTED_SNAPSHOT still gives the one statement that is
 * read one moment, and without it waits for writers and may miss a row that moves meanwhile. Never SERIALIZABLE: that would stop HR from working.
 * In a deadlock we are the ones who lose.
 */
export async function beginReading(pool: ConnectionPool, mode: ReadingMode, lockTimeout: number): Promise<Transaction> {
  const { default: mssql } = await import('mssql');
  const levels: Readonly<Record<ReadingMode['level'], IIsolationLevel>> = {
    snapshot: mssql.ISOLATION_LEVEL.SNAPSHOT,
    readCommitted: mssql.ISOLATION_LEVEL.READ_COMMITTED,
  };
  const transaction = pool.transaction();
  await transaction.begin(levels[mode.level]);
  // Errors that nobody waits for any more (the server rolled back by itself) belong to the request that failed.
  transaction.on('error', () => undefined);
  await transaction.request().batch(`SET LOCK_TIMEOUT ${String(Math.trunc(lockTimeout))}; SET DEADLOCK_PRIORITY LOW; SET NOCOUNT OFF;`);
  return transaction;
}

/** Columns of a statement, without running it. */
export async function describeStatement(transaction: Transaction, text: string): Promise<readonly DescribedColumn[]> {
  const { default: mssql } = await import('mssql');
  const { recordset } = await transaction.request().input('tsql', mssql.NVarChar(mssql.MAX), text).execute('sp_describe_first_result_set');
  invariant(recordset, 'the procedure returns a result');
  const columns = recordset.map((row: unknown) => describedColumn.parse(row)).filter(({ is_hidden }) => !is_hidden);
  if (columns.length === 0) throw new JoineryError('SRC-201', 'the statement returns no rows');
  return columns;
}

/** Rows as they come, as arrays, in chunks. Ends the statement on the server when the consumer leaves early, when the signal aborts and when the limit is over. */
export async function* streamRows(
  transaction: Transaction,
  text: string,
  options: { readonly chunk: number; readonly limit: StatementLimit; readonly signal: AbortSignal | undefined },
): AsyncGenerator<readonly (readonly unknown[])[]> {
  const request = transaction.request();
  request.arrayRowMode = true;
  const stream = request.toReadableStream({ highWaterMark: options.chunk });
  const { limit } = options;
  const stop = new AbortController();
  const timed = { out: false };
  const cancel = (): void => {
    request.cancel();
  };
  options.signal?.addEventListener('abort', cancel, { once: true });
  const timer = endAtLimit();
  async function endAtLimit(): Promise<void> {
    try {
      await limit.reached(stop.signal);
    } catch {
      return;
    }
    timed.out = true;
    cancel();
  }
  let isDone = false;
  const finished = new Promise<void>((resolve) => {
    request.once('done', () => {
      isDone = true;
      resolve();
    });
  });
  request.query(text).catch(() => undefined);
  try {
    let rows: (readonly unknown[])[] = [];
    limit.begin();
    for await (const row of stream) {
      rows.push(asArray(row));
      if (rows.length >= options.chunk) {
        limit.end();
        yield rows;
        limit.begin();
        rows = [];
      }
    }
    limit.end();
    if (rows.length > 0) yield rows;
  } catch (error) {
    if (timed.out)
      throw new JoineryError('SRC-207', `SQL Server: the statement kept us waiting for more than ${String(limit.limit)} ms`, {
        cause: error,
      });
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    stop.abort(new Error('over'));
    await timer;
    // Without ATTENTION the driver would read the rest of the result in the background and keep the connection.
    if (!isDone) {
      cancel();
      await finished;
    }
  }
}

function asArray(row: unknown): readonly unknown[] {
  invariant(Array.isArray(row), 'the driver was asked for arrays');
  return row;
}
