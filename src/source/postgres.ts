import { systemClock } from '../domain/clock.ts';
import { invariant, JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder } from '../domain/row.ts';
import type { ColumnType, PostgresSource as PostgresDeclaration } from '../pipeline/pipeline.ts';
import type { ColumnDescription, ReadRequest, Source, SourceOptions } from './contract.ts';
import { createFingerprint } from './fingerprint.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import { unpackRows, type PackedRows } from './packed.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { CopyOut } from './postgres-protocol.ts';
import { beginReading, beginRows, describeStatement, PostgresPool, type PostgresSession } from './postgres-session.ts';
import { copyStart, Reading } from './postgres-reading.ts';
import { describeColumn, readTypes } from './postgres-types.ts';
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

  source({ keyOrder, orderBy, watermark }: Prepared<ResultColumn>): Source {
    return {
      type: 'postgres',
      keyOrder,
      orderBy,
      oneMoment: true,
      ...(watermark === undefined ? {} : { watermark }),
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
      const prepared = await this.#prepare(reading, request);
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
      const sequence = request.anyOrder === true ? undefined : new KeySequence(keyOrder, prepared.orderBy, this.#place);
      // The text was found to be one statement with closed parentheses and no comment at its end, so nothing in it can leave these.
      const copy = new CopyOut(`${copyStart}${prepared.sql}) TO STDOUT`);
      const limit = new StatementLimit(this.#declaration.statementTimeout, this.#options.clock ?? systemClock);
      await beginRows(reading.session, limit.limit);
      reading.start(copy, limit);
      let ordinal = 1;
      for (;;) {
        limit.begin();
        const lines = await copy.next();
        limit.end();
        if (lines === undefined) return;
        const rows = layout.pack(lines, fingerprint, ordinal);
        ordinal += rows.ends.length;
        sequence?.checkPacked(rows);
        if (tracker !== undefined) for (let index = 0; index < rows.ends.length; index++) tracker.add(layout.watermarkOf(rows.line(index)));
        yield rows;
      }
    } catch (error) {
      throw await reading.explain(error);
    } finally {
      await reading.end();
    }
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
  return fields.map((field, index) => {
    const type = types[index];
    invariant(type, 'the catalogue knows the type of every column');
    const build = (as: string, declared: ColumnType | undefined): ResultColumn => ({
      ...describeColumn(field, type, declared, session.moneyScale),
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
