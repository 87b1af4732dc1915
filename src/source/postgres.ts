import { systemClock } from '../domain/clock.ts';
import { invariant, JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder } from '../domain/row.ts';
import type { ColumnType, PostgresSource as PostgresDeclaration } from '../pipeline/pipeline.ts';
import type { ColumnDescription, ReadRequest, Source, SourceOptions, VersionedRead, VersionGround, VersionRefusal } from './contract.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import { unpackRows, type PackedRows } from './packed.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { beginReading, beginRows, describeStatement, PostgresPool, type PostgresSession } from './postgres-session.ts';
import { copyRows } from './postgres-copy.ts';
import { readGround } from './postgres-ground.ts';
import { Reading } from './postgres-reading.ts';
import { PostgresVersions } from './postgres-versions.ts';
import { readMoneyForm } from './postgres-money.ts';
import { describeColumn, holdsMoney, readTypes } from './postgres-types.ts';
import { prepareStatement, type Asked, type Order, type Prepared } from './prepare.ts';
import { readStatement, type Statement } from './statement.ts';
import { StatementLimit } from './statement-limit.ts';
import type { FoundColumn } from './table-source.ts';

const rowsPerChunk = 1000;

/** Connects, looks at the columns and gives the connection back; reading begins with `read`. */
export async function openPostgres(declaration: PostgresDeclaration, options: SourceOptions): Promise<Source> {
  const statement = declaration.query === undefined ? undefined : readStatement(declaration.query, 'postgres');
  const pool = await PostgresPool.open(await readPostgresUrl(declaration.connection, options.applicationName ?? 'joinery'));
  const reader = new PostgresReader(declaration, options, pool, statement);
  try {
    return reader.source(await reader.inspect());
  } catch (error) {
    await pool.close().catch(() => undefined);
    throw error;
  }
}

class PostgresReader {
  readonly #declaration: PostgresDeclaration;
  readonly #options: SourceOptions;
  readonly #pool: PostgresPool;
  readonly #statement: Statement | undefined;
  readonly #place: Place | undefined;

  constructor(declaration: PostgresDeclaration, options: SourceOptions, pool: PostgresPool, statement: Statement | undefined) {
    this.#declaration = declaration;
    this.#options = options;
    this.#pool = pool;
    this.#statement = statement;
    this.#place = statement?.placeOf(0);
  }

  source({ keyOrder, orderBy, watermark, versions }: Prepared<ResultColumn>): Source {
    return {
      type: 'postgres',
      keyOrder,
      orderBy,
      oneMoment: true,
      ...(watermark === undefined ? {} : { watermark }),
      ...(versions === undefined
        ? {}
        : { versions: { refusal: (signal) => this.#refusal(signal), open: (request) => this.#openVersions(request, keyOrder) } }),
      read: (request) => unpackRows(this.#read(request, keyOrder), request.chunk ?? rowsPerChunk),
      readPacked: (request) => this.#read(request, keyOrder),
      describe: async (signal) => {
        const { columns, unread } = await this.inspect(signal);
        return [...columns.map(withoutConverters), ...unread.map((column) => ({ ...withoutConverters(column), isUnread: true as const }))];
      },
      close: () => this.#pool.close(),
    };
  }

  /** The columns and the key's order, in a transaction of its own. */
  async inspect(signal?: AbortSignal): Promise<Prepared<ResultColumn>> {
    const reading = await this.#begin(signal);
    try {
      const prepared = await this.#prepare(reading, {});
      await reading.plan(prepared.sql);
      return prepared;
    } catch (error) {
      throw await reading.explain(error);
    } finally {
      await reading.end();
    }
  }

  async *#read(request: ReadRequest, keyOrder: KeyOrder): AsyncGenerator<PackedRows> {
    const reading = await this.#begin(request.signal);
    try {
      const prepared = await this.#prepareAs(reading, request, keyOrder);
      const { tracker } = request;
      if (prepared.watermark !== undefined) tracker?.begin(prepared.watermark.type);
      const sequence = request.anyOrder === true ? undefined : new KeySequence(keyOrder, prepared.orderBy, this.#place);
      const limit = await this.#beginRows(reading);
      const layout = new RowLayout(prepared.columns, this.#declaration.key, prepared.watermark?.column);
      yield* copyRows(reading, prepared.sql, { layout, seed: request.seed, limit, order: keyOrder, sequence, tracker });
    } catch (error) {
      throw await reading.explain(error);
    } finally {
      await reading.end();
    }
  }

  async #refusal(signal: AbortSignal | undefined): Promise<string | undefined> {
    const reading = await this.#begin(signal);
    try {
      const ground = await this.#groundOf(reading, await this.#prepare(reading, {}));
      return 'because' in ground ? ground.because : undefined;
    } catch (error) {
      throw await reading.explain(error);
    } finally {
      await reading.end();
    }
  }

  async #groundOf(reading: Reading, prepared: Prepared<ResultColumn>): Promise<VersionGround | VersionRefusal> {
    const { connection } = reading.session;
    invariant(prepared.versions, 'versions are asked for where they are declared');
    const fields = await describeStatement(connection, prepared.sql);
    return readGround(connection, { ...prepared.versions, types: fields.map(({ dataTypeID }) => dataTypeID) });
  }

  async #openVersions(request: ReadRequest, keyOrder: KeyOrder): Promise<VersionedRead> {
    const reading = await this.#begin(request.signal);
    try {
      const prepared = await this.#prepareAs(reading, request, keyOrder);
      const ground = await this.#groundOf(reading, prepared);
      const limit = await this.#beginRows(reading);
      return new PostgresVersions(reading, prepared, ground, { keyOrder, key: this.#declaration.key, seed: request.seed, limit });
    } catch (error) {
      const explained = await reading.explain(error);
      await reading.end();
      throw explained;
    }
  }

  /** Errors: SRC-212. */
  async #prepareAs(reading: Reading, asked: Asked, keyOrder: KeyOrder): Promise<Prepared<ResultColumn>> {
    const prepared = await this.#prepare(reading, asked);
    if (prepared.keyOrder === keyOrder) return prepared;
    throw new JoineryError(
      'SRC-212',
      `the key ${this.#declaration.key} was ordered by ${keyOrder} and is now ordered by ${prepared.keyOrder}`,
    );
  }

  async #beginRows(reading: Reading): Promise<StatementLimit> {
    const limit = new StatementLimit(this.#declaration.statementTimeout, this.#options.clock ?? systemClock);
    await beginRows(reading.session, limit.limit);
    return limit;
  }

  #prepare(reading: Reading, asked: Asked): Promise<Prepared<ResultColumn>> {
    const ways = {
      dialect: 'postgres' as const,
      describe: (sql: string) => describe(reading.session, sql),
      orderOf,
      select: () => undefined,
      isRefused: () => false,
      about: (statement: Statement) => reading.about(statement),
    };
    return prepareStatement(this.#declaration, this.#statement, ways, asked);
  }

  async #begin(signal: AbortSignal | undefined): Promise<Reading> {
    signal?.throwIfAborted();
    let connection;
    try {
      connection = await this.#pool.acquire();
    } catch (error) {
      throw explainPostgresError(error, this.#declaration.connection);
    }
    try {
      const session = await beginReading(connection, {
        statementTimeout: this.#declaration.statementTimeout,
        lockTimeout: this.#options.lockTimeout ?? 10_000,
      });
      return new Reading(this.#pool, session, signal, (error, failed) => explainPostgresError(error, this.#declaration.connection, failed));
    } catch (error) {
      this.#pool.release(connection, true);
      throw explainPostgresError(error, this.#declaration.connection);
    }
  }
}

function withoutConverters({ name, databaseType, type, nullable }: ResultColumn): ColumnDescription {
  return { name, databaseType, type, ...(nullable === undefined ? {} : { nullable }) };
}

async function describe(session: PostgresSession, sql: string): Promise<readonly FoundColumn<ResultColumn>[]> {
  const fields = await describeStatement(session.connection, sql);
  const types = await readTypes(session.connection, fields);
  const money = types.some(holdsMoney) ? await readMoneyForm(session.connection) : undefined;
  return fields.map((field, index) => {
    const type = types[index];
    invariant(type, 'the catalogue knows the type of every column');
    const build = (as: string, declared: ColumnType | undefined): ResultColumn => ({
      ...describeColumn(field, type, declared, money),
      name: as,
    });
    return { name: field.name, build };
  });
}

/** `name`: the key as SQL. */
function orderOf(column: ResultColumn, name: string): Order {
  const type = column.databaseType.replace(/\(.*\)/, '');
  if (['smallint', 'integer', 'bigint', 'oid'].includes(type) || /^numeric\(\d+,0\)$/.test(column.databaseType))
    return { keyOrder: 'integer', orderBy: name };
  if (['text', 'character varying', 'character', 'name'].includes(type)) return { keyOrder: 'bytes', orderBy: `${name} COLLATE "C"` };
  // Sixteen bytes compared as bytes are their hex digits compared as text.
  if (type === 'uuid') return { keyOrder: 'bytes', orderBy: name };
  if (['real', 'double precision', 'numeric', 'bytea', 'json', 'jsonb', 'interval', 'money', 'xml'].includes(type) || type.endsWith('[]')) {
    throw new JoineryError('SRC-206', `the key column ${column.name} has the type ${column.databaseType}`);
  }
  return { keyOrder: 'bytes', orderBy: `${name}::text COLLATE "C"` };
}
