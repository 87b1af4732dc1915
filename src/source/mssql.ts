import type { ConnectionPool, Transaction } from 'mssql';
import { systemClock } from '../domain/clock.ts';
import { invariant, JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { MssqlSource as MssqlDeclaration } from '../pipeline/pipeline.ts';
import type { ColumnDescription, ReadRequest, Source, SourceOptions, VersionedRead, VersionGround, VersionRefusal } from './contract.ts';
import { KeySequence } from './key-sequence.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { readMssqlGround } from './mssql-ground.ts';
import { readMssqlRows } from './mssql-rows.ts';
import { askReadingMode, beginReading, describeStatement, type ReadingMode } from './mssql-session.ts';
import { describeMssqlColumn, type MssqlColumn } from './mssql-types.ts';
import { MssqlVersions } from './mssql-versions.ts';
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
    const { keyOrder, orderBy, tie, watermark, versions } = await this.#inspect();
    return {
      type: 'mssql',
      keyOrder,
      orderBy: tie === undefined ? orderBy : `${orderBy}, ${tie}`,
      oneMoment: this.#mode.oneMoment,
      ...(watermark === undefined ? {} : { watermark }),
      ...(versions === undefined
        ? {}
        : { versions: { refusal: (signal) => this.#refusal(signal), open: (request) => this.#openVersions(request, keyOrder) } }),
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
      const prepared = await this.#prepareAs(transaction, request, keyOrder);
      const { tracker, seed, signal } = request;
      const { columns, watermark, orderBy, tie } = prepared;
      if (watermark !== undefined) tracker?.begin(watermark.type);
      yield* readMssqlRows(transaction, prepared.sql, {
        columns,
        key: this.#declaration.key,
        seed,
        chunk: request.chunk ?? 1000,
        limit: this.#limit(),
        signal,
        sequence: request.anyOrder === true ? undefined : new KeySequence(keyOrder, orderBy, this.#place, tie),
        watermark: watermark?.column,
        tracker,
      });
    } catch (error) {
      throw this.#explain(error, request.signal);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  async #refusal(signal: AbortSignal | undefined): Promise<string | undefined> {
    signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      const ground = await this.#groundOf(transaction, await this.#prepare(transaction, {}));
      return 'because' in ground ? ground.because : undefined;
    } catch (error) {
      throw this.#explain(error, signal);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  async #openVersions(request: ReadRequest, keyOrder: KeyOrder): Promise<VersionedRead> {
    const { seed, signal } = request;
    signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      const prepared = await this.#prepareAs(transaction, request, keyOrder);
      const ground = await this.#groundOf(transaction, prepared);
      const explain = (error: unknown): unknown => this.#explain(error, signal);
      return new MssqlVersions(transaction, prepared, ground, {
        keyOrder,
        key: this.#declaration.key,
        seed,
        limit: this.#limit(),
        signal,
        explain,
      });
    } catch (error) {
      await transaction?.rollback().catch(() => undefined);
      throw this.#explain(error, signal);
    }
  }

  async #groundOf(transaction: Transaction, { versions }: Prepared<MssqlColumn>): Promise<VersionGround | VersionRefusal> {
    invariant(versions, 'versions are asked for where they are declared');
    return readMssqlGround(transaction, this.#mode, versions);
  }

  #limit(): StatementLimit {
    return new StatementLimit(this.#declaration.statementTimeout, this.#options.clock ?? systemClock);
  }

  /** Errors: SRC-212. */
  async #prepareAs(transaction: Transaction, asked: Asked, keyOrder: KeyOrder): Promise<Prepared<MssqlColumn>> {
    const prepared = await this.#prepare(transaction, asked);
    if (prepared.keyOrder === keyOrder) return prepared;
    throw new JoineryError(
      'SRC-212',
      `the key ${this.#declaration.key} was ordered by ${keyOrder} and is now ordered by ${prepared.keyOrder}`,
    );
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
