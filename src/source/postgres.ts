import { systemClock } from '../domain/clock.ts';
import { invariant, JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { PostgresSource as PostgresDeclaration } from '../pipeline/pipeline.ts';
import { checkColumns, selectedNames } from './columns.ts';
import type { ColumnDescription, ReadRequest, Source, SourceOptions } from './contract.ts';
import { createFingerprint } from './fingerprint.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError, type FailedStatement } from './postgres-errors.ts';
import { CopyOut } from './postgres-protocol.ts';
import { beginReading, describeStatement, PostgresPool, type PostgresSession } from './postgres-session.ts';
import { describeColumn, readTypes } from './postgres-types.ts';
import { readStatement, type Statement } from './statement.ts';
import { readTableName } from './table-name.ts';
import { buildTableQuery, quoteName } from './table-query.ts';

const copyStart = 'COPY (';
const explainStart = 'EXPLAIN ';
/** How long the server may take to answer what it has to answer at once; ms. */
const silenceAllowed = 15_000;

/** What is read, after the schema was looked at. */
interface Prepared {
  readonly sql: string;
  readonly columns: readonly ResultColumn[];
  readonly keyOrder: KeyOrder;
  /** What the query has to be ordered by. */
  readonly orderBy: string;
}

/** Connects, looks at the columns and gives the connection back; reading begins with `read`. */
export async function openPostgres(declaration: PostgresDeclaration, options: SourceOptions): Promise<Source> {
  const statement = declaration.query === undefined ? undefined : readStatement(declaration.query, 'postgres');
  const pool = await PostgresPool.open(await readPostgresUrl(declaration.connection, options.applicationName ?? 'joinery'));
  const reader = new PostgresReader(declaration, options, pool, statement);
  try {
    const { keyOrder } = await reader.inspect();
    return reader.source(keyOrder);
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

  source(keyOrder: KeyOrder): Source {
    return {
      type: 'postgres',
      keyOrder,
      oneMoment: true,
      read: (request) => this.#read(request, keyOrder),
      describe: async (signal) => (await this.inspect(signal)).columns.map(withoutConverters),
      close: () => this.#pool.close(),
    };
  }

  /** The columns and the key's order, in a transaction of its own. */
  async inspect(signal?: AbortSignal): Promise<Prepared> {
    const reading = await this.#begin(signal);
    try {
      const prepared = await this.#prepare(reading.session);
      // Planning the statement, as EXPLAIN does, is what checks the account's rights; nothing is run.
      await reading.plan(prepared.sql);
      return prepared;
    } catch (error) {
      throw reading.explain(error);
    } finally {
      await reading.end();
    }
  }

  async *#read(request: ReadRequest, keyOrder: KeyOrder): AsyncGenerator<readonly Row[]> {
    const reading = await this.#begin(request.signal);
    try {
      const prepared = await this.#prepare(reading.session);
      if (prepared.keyOrder !== keyOrder) {
        throw new JoineryError(
          'SRC-212',
          `the key ${this.#declaration.key} was ordered by ${keyOrder} and is now ordered by ${prepared.keyOrder}`,
        );
      }
      const layout = new RowLayout(prepared.columns, this.#declaration.key);
      const fingerprint = await createFingerprint(request.seed, prepared.columns);
      const sequence = new KeySequence(keyOrder, prepared.orderBy, this.#place);
      // The text was found to be one statement with closed parentheses and no comment at its end, so nothing in it can leave these.
      const copy = new CopyOut(`${copyStart}${prepared.sql}) TO STDOUT`, (line) => fingerprint.ofBytes(line), request.chunk ?? 1000);
      reading.start(copy, this.#declaration.statementTimeout);
      let ordinal = 0;
      for (;;) {
        const lines = await copy.next();
        if (lines === undefined) return;
        const rows: Row[] = [];
        for (const line of lines) {
          const row = layout.rowOf(line, ++ordinal);
          sequence.check(row);
          rows.push(row);
        }
        yield rows;
      }
    } catch (error) {
      throw reading.explain(error);
    } finally {
      await reading.end();
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<Reading> {
    signal?.throwIfAborted();
    const failed: FailedStatement = { statement: this.#statement, shift: 0 };
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
      return new Reading(this.#pool, session, signal, (error, shift) =>
        explainPostgresError(error, this.#declaration.connection, { ...failed, shift }),
      );
    } catch (error) {
      await this.#pool.release(connection, true);
      throw explainPostgresError(error, this.#declaration.connection);
    }
  }

  async #prepare(session: PostgresSession): Promise<Prepared> {
    const { key, table } = this.#declaration;
    const from = table === undefined ? undefined : readTableName(table, 'postgres');
    // All columns of a table are looked at, so that a missing one is named by us and not by the first error of the server; rights are asked for the selected ones only.
    const sql =
      this.#statement?.text ?? (from === undefined ? undefined : buildTableQuery({ table: from, columns: undefined }, 'postgres'));
    invariant(sql, 'a source has a query or a table');
    const all = await this.#describe(session, sql);
    checkColumns(this.#declaration, all, this.#place);
    const selected = from === undefined ? undefined : selectedNames(this.#declaration);
    const columns = selected === undefined ? all : all.filter(({ name }) => selected.includes(name));
    const keyColumn = columns.find(({ name }) => name === key);
    invariant(keyColumn, 'the key column was checked');
    const { keyOrder, orderBy } = orderOf(keyColumn);
    return { sql: from === undefined ? sql : buildTableQuery({ table: from, columns, orderBy }, 'postgres'), columns, keyOrder, orderBy };
  }

  async #describe(session: PostgresSession, sql: string): Promise<readonly ResultColumn[]> {
    const fields = await describeStatement(session.connection, sql);
    const types = await readTypes(session.connection, fields);
    const declared = new Map(this.#declaration.columns?.map(({ name, type }) => [name, type]));
    return fields.map((field, index) => {
      const type = types[index];
      invariant(type, 'the catalogue knows the type of every column');
      return describeColumn(field, type, declared.get(field.name), session.moneyScale);
    });
  }
}

function withoutConverters({ name, databaseType, type }: ResultColumn): ColumnDescription {
  return { name, databaseType, type };
}

/** In which order the key's text sorts as its values do, and the SQL that asks for it so that an index can serve. */
function orderOf(column: ResultColumn): { readonly keyOrder: KeyOrder; readonly orderBy: string } {
  const name = quoteName(column.name, 'postgres');
  const type = column.databaseType.replace(/\(.*\)/, '');
  if (['smallint', 'integer', 'bigint', 'oid'].includes(type) || /^numeric\(\d+,0\)$/.test(column.databaseType))
    return { keyOrder: 'integer', orderBy: name };
  if (['text', 'character varying', 'character', '"char"', 'name', 'citext'].includes(type))
    return { keyOrder: 'bytes', orderBy: `${name} COLLATE "C"` };
  // Sixteen bytes compared as bytes are their hex digits compared as text.
  if (type === 'uuid') return { keyOrder: 'bytes', orderBy: name };
  if (['real', 'double precision', 'numeric', 'bytea', 'json', 'jsonb', 'interval', 'money', 'xml'].includes(type) || type.endsWith('[]')) {
    throw new JoineryError('SRC-206', `the key column ${column.name} has the type ${column.databaseType}`);
  }
  return { keyOrder: 'bytes', orderBy: `${name}::text COLLATE "C"` };
}

/** One transaction of ours, from its begin to the connection's return to the pool, cancelled when the caller says so or leaves early. */
class Reading {
  readonly session: PostgresSession;
  readonly #pool: PostgresPool;
  readonly #signal: AbortSignal | undefined;
  readonly #explain: (error: unknown, shift: number) => JoineryError;
  readonly #onAbort = (): void => this.#abort();
  #copy: CopyOut | undefined;
  /** Characters before the statement's text in what was sent last. */
  #shift = 0;
  #isBroken = false;
  readonly #over = new AbortController();

  constructor(
    pool: PostgresPool,
    session: PostgresSession,
    signal: AbortSignal | undefined,
    explain: (error: unknown, shift: number) => JoineryError,
  ) {
    this.session = session;
    this.#pool = pool;
    this.#signal = signal;
    this.#explain = explain;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async plan(sql: string): Promise<void> {
    this.#shift = explainStart.length;
    await this.session.connection.query(`${explainStart}${sql}`);
    this.#shift = 0;
  }

  /** `limit`: when the server itself would have ended the statement; ms. */
  start(copy: CopyOut, limit: number): void {
    this.#signal?.throwIfAborted();
    this.#copy = copy;
    this.#shift = copyStart.length;
    this.session.connection.query(copy);
    void this.#watch(copy, limit + silenceAllowed);
  }

  /** A network that swallows packets reports nothing: a server that is silent beyond its own limit is gone. */
  async #watch(copy: CopyOut, limit: number): Promise<void> {
    try {
      await systemClock.sleep(limit, this.#over.signal);
    } catch {
      return;
    }
    copy.fail(new JoineryError('SRC-102', 'PostgreSQL did not answer beyond the limit of the statement'));
  }

  /** What to throw: the signal's own reason when it was the caller who ended the read. */
  explain(error: unknown): unknown {
    if (this.#signal?.aborted === true) return this.#signal.reason;
    const explained = this.#explain(error, this.#shift);
    this.#isBroken ||= explained.code === 'SRC-102';
    return explained;
  }

  async end(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const { connection } = this.session;
    if (this.#copy !== undefined && !this.#isBroken) await this.#stop(this.#copy);
    if (!this.#isBroken) {
      await connection.query('rollback').catch(() => {
        this.#isBroken = true;
      });
    }
    this.#over.abort(new Error('over'));
    await this.#pool.release(connection, this.#isBroken);
  }

  /** Ends a copy that still runs, on the server; a server that cannot be told loses the connection. */
  async #stop(copy: CopyOut): Promise<void> {
    copy.discard();
    if (!copy.isDone) {
      await this.#pool.cancel(this.session.processId).catch(() => {
        this.#isBroken = true;
      });
    }
    if (this.#isBroken) return;
    const answered = copy.finished.then(() => true);
    const silent = systemClock.sleep(silenceAllowed, this.#over.signal).then(
      () => false,
      () => true,
    );
    this.#isBroken = !(await Promise.race([answered, silent]));
  }

  #abort(): void {
    this.#copy?.fail(this.#signal?.reason);
    // A statement before the copy may wait for a lock; `end` cancels a copy.
    if (this.#copy === undefined) {
      this.#pool.cancel(this.session.processId).catch(() => {
        this.#isBroken = true;
      });
    }
  }
}
