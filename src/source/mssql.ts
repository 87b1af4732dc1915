import type { ConnectionPool, Transaction } from 'mssql';
import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { MssqlSource as MssqlDeclaration } from '../pipeline/pipeline.ts';
import type { ColumnDescription, ReadRequest, Source, SourceOptions } from './contract.ts';
import { createFingerprint } from './fingerprint.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout } from './layout.ts';
import { encodeLine } from './line.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { askReadingMode, beginReading, describeStatement, streamRows, type ReadingMode } from './mssql-session.ts';
import { describeMssqlColumn, type MssqlColumn } from './mssql-types.ts';
import { prepareStatement, type Asked, type Order, type Prepared } from './prepare.ts';
import { readStatement, type Statement } from './statement.ts';
import { StatementLimit } from './statement-limit.ts';
import type { FoundColumn } from './table-source.ts';

/** Connects, looks at the columns and gives the connection back; reading begins with `read`. */
export async function openMssql(declaration: MssqlDeclaration, options: SourceOptions): Promise<Source> {
  const statement = declaration.query === undefined ? undefined : readStatement(declaration.query, 'mssql');
  const config = await readMssqlUrl(declaration.connection, options.applicationName ?? 'joinery', declaration.statementTimeout);
  const { default: mssql } = await import('mssql');
  const pool = new mssql.ConnectionPool(config);
  // A connection that dies tells the request that uses it, and the pool, which has nothing to add.
  pool.on('error', () => undefined);
  try {
    await pool.connect();
    const reader = new MssqlReader(declaration, options, pool, statement, await askReadingMode(pool));
    return await reader.open();
  } catch (error) {
    await pool.close().catch(() => undefined);
    throw explainMssqlError(error, declaration.connection, statement);
  }
}

class MssqlReader {
  readonly #declaration: MssqlDeclaration;
  readonly #options: SourceOptions;
  readonly #pool: ConnectionPool;
  readonly #statement: Statement | undefined;
  readonly #mode: ReadingMode;
  readonly #place: Place | undefined;
  /** The statement with its parameters filled in, which the server's lines count. */
  #sent: Statement | undefined;

  constructor(
    declaration: MssqlDeclaration,
    options: SourceOptions,
    pool: ConnectionPool,
    statement: Statement | undefined,
    mode: ReadingMode,
  ) {
    this.#declaration = declaration;
    this.#options = options;
    this.#pool = pool;
    this.#statement = statement;
    this.#mode = mode;
    this.#place = statement?.placeOf(0);
  }

  async open(): Promise<Source> {
    const { keyOrder, orderBy, tie, watermark } = await this.#inspect();
    return {
      type: 'mssql',
      keyOrder,
      orderBy: tie === undefined ? orderBy : `${orderBy}, ${tie}`,
      oneMoment: this.#mode.oneMoment,
      ...(watermark === undefined ? {} : { watermark }),
      read: (request) => this.#read(request, keyOrder),
      describe: async (signal) => {
        const { columns, unread } = await this.#inspect(signal);
        return [...columns.map(describedColumn), ...unread.map((column) => ({ ...describedColumn(column), isUnread: true as const }))];
      },
      close: () => this.#pool.close(),
    };
  }

  async #inspect(signal?: AbortSignal): Promise<Prepared<MssqlColumn>> {
    signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      return await this.#prepare(transaction, {});
    } catch (error) {
      throw this.#explain(error, signal);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  /** The signal's own reason when it was the caller who ended the read. */
  #explain(error: unknown, signal: AbortSignal | undefined): unknown {
    return signal?.aborted === true ? signal.reason : explainMssqlError(error, this.#declaration.connection, this.#sent ?? this.#statement);
  }

  async *#read(request: ReadRequest, keyOrder: KeyOrder): AsyncGenerator<readonly Row[]> {
    request.signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      const prepared = await this.#prepare(transaction, request);
      if (prepared.keyOrder !== keyOrder) {
        throw new JoineryError(
          'SRC-212',
          `the key ${this.#declaration.key} was ordered by ${keyOrder} and is now ordered by ${prepared.keyOrder}`,
        );
      }
      const { tracker } = request;
      const layout = new RowLayout(prepared.columns, this.#declaration.key, prepared.watermark?.column);
      if (prepared.watermark !== undefined) tracker?.begin(prepared.watermark.type);
      const fingerprint = await createFingerprint(request.seed, prepared.columns);
      const sequence = request.anyOrder === true ? undefined : new KeySequence(keyOrder, prepared.orderBy, this.#place, prepared.tie);
      const writers = prepared.columns.map(({ textOf }) => textOf);
      let ordinal = 0;
      request.signal?.throwIfAborted();
      const chunks = streamRows(transaction, prepared.sql, {
        chunk: request.chunk ?? 1000,
        limit: new StatementLimit(this.#declaration.statementTimeout, this.#options.clock ?? systemClock),
        signal: request.signal,
      });
      for await (const chunk of chunks) {
        yield chunk.map((values) => {
          const line = encodeLine(
            values.map((value, index) => (value === null || value === undefined ? null : (writers[index]?.(value) ?? null))),
          );
          const row = layout.row(line, fingerprint.ofText(line), ++ordinal);
          sequence?.check(row);
          tracker?.add(layout.watermarkOf(line));
          return row;
        });
      }
    } catch (error) {
      throw this.#explain(error, request.signal);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  async #prepare(transaction: Transaction, asked: Asked): Promise<Prepared<MssqlColumn>> {
    const ways = {
      dialect: 'mssql' as const,
      describe: (sql: string) => describe(transaction, sql),
      orderOf,
      select: ({ exactly }: MssqlColumn) => exactly,
      isRefused: (error: unknown) => explainMssqlError(error, this.#declaration.connection).code === 'SRC-203',
      about: (statement: Statement): void => {
        this.#sent = statement;
      },
    };
    const prepared = await prepareStatement(this.#declaration, this.#statement, ways, asked);
    const unreadable = prepared.columns.find(({ isUnreadable }) => isUnreadable);
    if (unreadable !== undefined)
      throw new JoineryError('SRC-213', `the column ${unreadable.name} has the type ${unreadable.databaseType}`);
    return prepared;
  }
}

async function describe(transaction: Transaction, sql: string): Promise<readonly FoundColumn<MssqlColumn>[]> {
  return (await describeStatement(transaction, sql)).map((column) => ({
    name: column.name ?? '',
    build: (as, declared, quoted) => ({ ...describeMssqlColumn(column, declared, quoted), name: as }),
  }));
}

function describedColumn({ name, databaseType, type, nullable }: MssqlColumn): ColumnDescription {
  return { name, databaseType, type, ...(nullable === undefined ? {} : { nullable }) };
}

/**
 * `name`: the key as SQL. SQL Server compares text as if the shorter one were filled up with blanks, under `_BIN2`, too (SQL-92, 8.2 rule 3a), so that their length has to order keys
 * that differ in blanks at the end. A column that has a `_BIN2` collation of its own is left to its index: where that is a unique one, no two keys do. A `_BIN2` collation compares nvarchar by UTF-16 code units, as JavaScript does; varchar is
 * turned into nvarchar first, because there it compares bytes of a code page. An index on the column serves when the column itself has a `_BIN2` collation.
 */
function orderOf(column: MssqlColumn, name: string): Order {
  const binary = 'Latin1_General_100_BIN2';
  // Of char and nchar these blanks are padding.
  const tie = column.baseType.endsWith('varchar') ? { tie: `DATALENGTH(${name})` } : {};
  switch (column.baseType) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return { keyOrder: 'integer', orderBy: name };
    case 'decimal':
    case 'numeric':
      if (column.scale === 0) return { keyOrder: 'integer', orderBy: name };
      break;
    case 'nvarchar':
    case 'nchar':
      if (/^(?!.*_140_).*_BIN2$/i.test(column.collation ?? '')) return { keyOrder: 'utf16', orderBy: name };
      return { keyOrder: 'utf16', orderBy: `${name} COLLATE ${binary}`, ...tie };
    case 'varchar':
    case 'char':
      return { keyOrder: 'utf16', orderBy: `CONVERT(nvarchar(4000), ${name}) COLLATE ${binary}`, ...tie };
    case 'uniqueidentifier':
      return { keyOrder: 'utf16', orderBy: `CONVERT(nvarchar(36), ${name}) COLLATE ${binary}` };
    default:
  }
  throw new JoineryError('SRC-206', `the key column ${column.name} has the type ${column.databaseType}`);
}
