import type { ConnectionPool } from 'mssql';
import { invariant, JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { MssqlSource as MssqlDeclaration } from '../pipeline/pipeline.ts';
import { checkColumns, selectedNames } from './columns.ts';
import type { ReadRequest, Source, SourceOptions } from './contract.ts';
import { createFingerprint } from './fingerprint.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout } from './layout.ts';
import { encodeLine } from './line.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { askReadingMode, beginReading, describeStatement, streamRows, type ReadingMode } from './mssql-session.ts';
import { describeMssqlColumn, type MssqlColumn } from './mssql-types.ts';
import { readStatement, type Statement } from './statement.ts';
import { readTableName } from './table-name.ts';
import { buildTableQuery, quoteName } from './table-query.ts';

interface Prepared {
  readonly sql: string;
  readonly columns: readonly MssqlColumn[];
  readonly keyOrder: KeyOrder;
  readonly orderBy: string;
}

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
    const { keyOrder } = await this.#inspect();
    return {
      type: 'mssql',
      keyOrder,
      oneMoment: this.#mode.oneMoment,
      read: (request) => this.#read(request, keyOrder),
      describe: async (signal) => {
        const { columns } = await this.#inspect(signal);
        return columns.map(({ name, databaseType, type, nullable }) => ({
          name,
          databaseType,
          type,
          ...(nullable === undefined ? {} : { nullable }),
        }));
      },
      close: () => this.#pool.close(),
    };
  }

  async #inspect(signal?: AbortSignal): Promise<Prepared> {
    return this.#inTransaction(signal, (describe) => this.#prepare(describe));
  }

  async #inTransaction<T>(
    signal: AbortSignal | undefined,
    use: (describe: (sql: string) => Promise<readonly MssqlColumn[]>) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      const begun = transaction;
      return await use((sql) => this.#describe(sql, begun));
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : explainMssqlError(error, this.#declaration.connection, this.#statement);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  async *#read(request: ReadRequest, keyOrder: KeyOrder): AsyncGenerator<readonly Row[]> {
    request.signal?.throwIfAborted();
    let transaction;
    try {
      transaction = await beginReading(this.#pool, this.#mode, this.#options.lockTimeout ?? 10_000);
      const begun = transaction;
      const prepared = await this.#prepare((sql) => this.#describe(sql, begun));
      if (prepared.keyOrder !== keyOrder) {
        throw new JoineryError(
          'SRC-212',
          `the key ${this.#declaration.key} was ordered by ${keyOrder} and is now ordered by ${prepared.keyOrder}`,
        );
      }
      const layout = new RowLayout(prepared.columns, this.#declaration.key);
      const fingerprint = await createFingerprint(request.seed, prepared.columns);
      const sequence = new KeySequence(keyOrder, prepared.orderBy, this.#place);
      const writers = prepared.columns.map(({ textOf }) => textOf);
      let ordinal = 0;
      request.signal?.throwIfAborted();
      const chunks = streamRows(transaction, prepared.sql, {
        chunk: request.chunk ?? 1000,
        limit: this.#declaration.statementTimeout,
        signal: request.signal,
      });
      for await (const chunk of chunks) {
        yield chunk.map((values) => {
          const line = encodeLine(
            values.map((value, index) => (value === null || value === undefined ? null : (writers[index]?.(value) ?? null))),
          );
          const row = layout.row(line, fingerprint.ofText(line), ++ordinal);
          sequence.check(row);
          return row;
        });
      }
    } catch (error) {
      throw request.signal?.aborted === true
        ? request.signal.reason
        : explainMssqlError(error, this.#declaration.connection, this.#statement);
    } finally {
      await transaction?.rollback().catch(() => undefined);
    }
  }

  async #prepare(describe: (sql: string) => Promise<readonly MssqlColumn[]>): Promise<Prepared> {
    const { key, table } = this.#declaration;
    const from = table === undefined ? undefined : readTableName(table, 'mssql');
    const sql = this.#statement?.text ?? (from === undefined ? undefined : buildTableQuery({ table: from, columns: undefined }, 'mssql'));
    invariant(sql, 'a source has a query or a table');
    const all = await describe(sql);
    checkColumns(this.#declaration, all, this.#place);
    const selected = from === undefined ? undefined : selectedNames(this.#declaration);
    const columns = selected === undefined ? all : all.filter(({ name }) => selected.includes(name));
    const unreadable = columns.find(({ isUnreadable }) => isUnreadable);
    if (unreadable !== undefined)
      throw new JoineryError('SRC-213', `the column ${unreadable.name} has the type ${unreadable.databaseType}`);
    const keyColumn = columns.find(({ name }) => name === key);
    invariant(keyColumn, 'the key column was checked');
    const { keyOrder, orderBy } = orderOf(keyColumn);
    if (from === undefined) return { sql, columns, keyOrder, orderBy };
    const list = columns.map(({ name, exactly }) => ({ name, select: exactly }));
    return { sql: buildTableQuery({ table: from, columns: list, orderBy }, 'mssql'), columns, keyOrder, orderBy };
  }

  async #describe(sql: string, transaction: Parameters<typeof describeStatement>[0]): Promise<readonly MssqlColumn[]> {
    const declared = new Map(this.#declaration.columns?.map(({ name, type }) => [name, type]));
    return (await describeStatement(transaction, sql)).map((column) => {
      const name = column.name ?? '';
      return describeMssqlColumn(column, declared.get(name), name === '' ? '' : quoteName(name, 'mssql'));
    });
  }
}

/**
 * In which order the key's text sorts, and the SQL that asks for it. A `_BIN2` collation compares nvarchar by UTF-16 code units, as JavaScript does; varchar is
 * turned into nvarchar first, because there it compares bytes of a code page. An index on the column serves when the column itself has a `_BIN2` collation.
 */
function orderOf(column: MssqlColumn): { readonly keyOrder: KeyOrder; readonly orderBy: string } {
  const name = quoteName(column.name, 'mssql');
  const binary = 'Latin1_General_100_BIN2';
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
      return { keyOrder: 'utf16', orderBy: /_BIN2$/i.test(column.collation ?? '') ? name : `${name} COLLATE ${binary}` };
    case 'varchar':
    case 'char':
      return { keyOrder: 'utf16', orderBy: `CONVERT(nvarchar(4000), ${name}) COLLATE ${binary}` };
    case 'uniqueidentifier':
      return { keyOrder: 'utf16', orderBy: `CONVERT(nvarchar(36), ${name}) COLLATE ${binary}` };
    default:
  }
  throw new JoineryError('SRC-206', `the key column ${column.name} has the type ${column.databaseType}`);
}
