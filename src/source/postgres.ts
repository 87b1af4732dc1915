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
import { explainPostgresError, type FailedStatement } from './postgres-errors.ts';
import { CopyOut } from './postgres-protocol.ts';
import { beginReading, beginRows, describeStatement, PostgresPool, type PostgresSession } from './postgres-session.ts';
import { findWritingNode } from './postgres-plan.ts';
import { describeColumn, readTypes } from './postgres-types.ts';
import { prepareStatement, type Asked, type Order, type Prepared } from './prepare.ts';
import { readStatement, type Statement } from './statement.ts';
import { StatementLimit } from './statement-limit.ts';
import type { FoundColumn } from './table-source.ts';

const copyStart = 'COPY (';
const explainStart = 'EXPLAIN (FORMAT JSON) ';
/** How long the server may take to answer what it has to answer at once; ms. */
const silenceAllowed = 15_000;
const cancelledEvery = 1_000;
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

/** One transaction of ours, from its begin to the connection's return to the pool, cancelled when the caller says so or leaves early. */
class Reading {
  readonly session: PostgresSession;
  readonly #pool: PostgresPool;
  readonly #signal: AbortSignal | undefined;
  readonly #explain: (error: unknown, failed: FailedStatement) => JoineryError;
  readonly #onAbort = (): void => this.#abort();
  #copy: CopyOut | undefined;
  /** What was sent last, as far as a person wrote it. */
  #statement: Statement | undefined;
  /** Characters before the statement's text in what was sent last. */
  #shift = 0;
  #isBroken = false;
  #cancelling: Promise<void> | undefined;
  #atLimit: JoineryError | undefined;
  readonly #over = new AbortController();

  constructor(
    pool: PostgresPool,
    session: PostgresSession,
    signal: AbortSignal | undefined,
    explain: (error: unknown, failed: FailedStatement) => JoineryError,
  ) {
    this.session = session;
    this.#pool = pool;
    this.#signal = signal;
    this.#explain = explain;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  about(statement: Statement): void {
    this.#statement = statement;
  }

  /**
   * Planning the statement, as EXPLAIN does, checks the account's rights, and shows what a read-only transaction would refuse only when the statement runs, whatever view or function it is in; nothing
   * is run.
   */
  async plan(sql: string): Promise<void> {
    this.#shift = explainStart.length;
    const { rows } = await this.session.connection.query(`${explainStart}${sql}`);
    this.#shift = 0;
    const writing = findWritingNode(rows);
    if (writing !== undefined) {
      const place = this.#statement?.placeOf(0);
      throw new JoineryError('SRC-209', `PostgreSQL would ${writing} for this statement`, place === undefined ? {} : { place });
    }
  }

  start(copy: CopyOut, limit: StatementLimit): void {
    this.#signal?.throwIfAborted();
    this.#copy = copy;
    this.#shift = copyStart.length;
    this.session.connection.query(copy);
    void this.#watch(copy, limit);
  }

  /** The read ends at the limit; `explain` has the statement ended on the server. */
  async #watch(copy: CopyOut, limit: StatementLimit): Promise<void> {
    try {
      await limit.reached(this.#over.signal);
    } catch {
      return;
    }
    this.#atLimit = new JoineryError('SRC-207', `PostgreSQL: the statement kept us waiting for more than ${String(limit.limit)} ms`);
    copy.fail(this.#atLimit);
  }

  /** What to throw: the signal's own reason when it was the caller who ended the read. */
  async explain(error: unknown): Promise<unknown> {
    if (this.#signal?.aborted === true) return this.#signal.reason;
    if (error === this.#atLimit && this.#copy !== undefined) {
      // A network that swallows packets reports nothing: a server that does not even answer to this is gone.
      await this.#stop(this.#copy);
      return this.#isBroken ? new JoineryError('SRC-102', 'PostgreSQL did not answer beyond the limit of the statement') : error;
    }
    const explained = this.#explain(error, { statement: this.#statement, shift: this.#shift });
    this.#isBroken ||= explained.code === 'SRC-102';
    return explained;
  }

  async end(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const { connection } = this.session;
    // A cancel that is still on its way ends whatever the connection does when it arrives: the next read of the pool, if this one did not wait.
    await this.#cancelling;
    if (this.#copy !== undefined && !this.#isBroken) await this.#stop(this.#copy);
    if (!this.#isBroken) {
      // A query may have locked something for its session (pg_advisory_lock), which a rollback leaves as it is. In one message: a pooler may give the next one to another session.
      await connection.query('rollback; select pg_catalog.pg_advisory_unlock_all()').catch(() => {
        this.#isBroken = true;
      });
    }
    this.#over.abort(new Error('over'));
    this.#pool.release(connection, this.#isBroken);
  }

  /**
   * Ends a copy that still runs, on the server; a server that cannot be told loses the connection. Told again until it has ended: a cancel that comes before its session has begun with the statement
   * finds it idle and is lost.
   */
  async #stop(copy: CopyOut): Promise<void> {
    copy.discard();
    for (let waited = 0; !copy.isDone && !this.#isBroken; waited += cancelledEvery) {
      if (waited >= silenceAllowed) {
        this.#isBroken = true;
        return;
      }
      await this.#pool.cancel(this.session.processId).catch(() => {
        this.#isBroken = true;
      });
      const over = new AbortController();
      await Promise.race([copy.finished, systemClock.sleep(cancelledEvery, over.signal).catch(() => undefined)]);
      over.abort(new Error('over'));
    }
  }

  #abort(): void {
    this.#copy?.fail(this.#signal?.reason);
    // A statement before the copy may wait for a lock; `end` cancels a copy.
    if (this.#copy === undefined) {
      this.#cancelling = this.#pool.cancel(this.session.processId).catch(() => {
        this.#isBroken = true;
      });
    }
  }
}
