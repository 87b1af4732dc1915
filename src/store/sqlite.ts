import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import { JoineryError } from '../domain/error.ts';
import { placeholders, type Binding, type Database, type Insertion, type Statement, type Transaction } from './database.ts';
import { createPrivateFile, createPrivateFolder } from './private-files.ts';
import type { Row } from './row.ts';
import { lockPipelineFile } from './sqlite-lock.ts';
import { sqliteFailure, isBusy } from './sqlite-failure.ts';
import { Turnstile, type PassOptions } from './turnstile.ts';

type Connection = BetterSqlite3.Database;

/** How long a write waits for another process's transaction, in milliseconds. */
const patience = 60_000;

export interface OpenOptions {
  readonly readOnly: boolean;
}

/**
 * `<folder>/state.sqlite`: one connection that writes and one that reads what was last committed, so that a long transaction stops no
 * reader. Waiting for another process is done here, between turns of the event loop, and not by SQLite, which would stop the loop (and
 * with it the very transaction that it waits for, when that belongs to the same process).
 */
export async function openSqlite(folder: string, options: OpenOptions): Promise<Database> {
  const { default: Driver } = await import('better-sqlite3');
  const file = join(folder, 'state.sqlite');
  const connections: Connection[] = [];
  try {
    if (options.readOnly) {
      connections.push(new Driver(file, { fileMustExist: true, timeout: 2000 }));
    } else {
      await createPrivateFolder(folder);
      await createPrivateFile(file);
      const writer = new Driver(file, { timeout: 0 });
      connections.push(writer);
      await whenFree(() => writer.pragma('journal_mode = WAL'));
      // FULL, not NORMAL: that a call is about to leave must survive a loss of power as well, or it could be sent twice.
      writer.pragma('synchronous = FULL');
      writer.pragma('foreign_keys = ON');
      connections.push(new Driver(file, { timeout: 2000 }));
    }
    const reader = connections.at(-1);
    const writer = options.readOnly ? undefined : connections[0];
    if (reader === undefined) throw new TypeError('no connection');
    reader.pragma('query_only = ON');
    return new SqliteDatabase(folder, new Statements(reader), writer && new Statements(writer));
  } catch (error) {
    for (const connection of connections) connection.close();
    throw sqliteFailure(error);
  }
}

/**
 * Rows of a statement. The driver gives lists of values, and each becomes a copy of one object whose members are set: an object that the driver sets up member by member is a
 * dictionary, which costs more than reading the row, and is four times its size.
 */
class Prepared {
  readonly statement: BetterSqlite3.Statement;
  #columns: readonly string[] = [];
  #blank: Record<string, unknown> = {};

  constructor(statement: BetterSqlite3.Statement) {
    this.statement = statement.reader ? statement.raw(true) : statement;
  }

  all(bindings: readonly Binding[]): Row[] {
    return this.statement.all(bindings).map((values) => this.#row(Array.isArray(values) ? values : []));
  }

  #row(values: readonly unknown[]): Row {
    // `*` of a table that another process has migrated since.
    if (this.#columns.length !== values.length) this.#learn();
    const row = { ...this.#blank };
    let index = 0;
    for (const column of this.#columns) row[column] = values[index++];
    return row;
  }

  #learn(): void {
    this.#columns = this.statement.columns().map(({ name }) => name);
    // Parsed, not assigned: more than a dozen members set by computed names are a dictionary again.
    this.#blank = JSON.parse(`{${this.#columns.map((column) => `${JSON.stringify(column)}:null`).join(',')}}`);
  }
}

/** Prepared statements of one connection, the most recently used ones. */
class Statements {
  readonly connection: Connection;
  readonly #prepared = new Map<string, Prepared>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    const prepared = known ?? new Prepared(this.connection.prepare(sql));
    this.#prepared.delete(sql);
    this.#prepared.set(sql, prepared);
    const oldest = this.#prepared.keys().next().value;
    if (this.#prepared.size > 200 && oldest !== undefined) this.#prepared.delete(oldest);
    return prepared;
  }

  all({ sql, bindings }: Statement): Row[] {
    try {
      return this.prepare(sql).all(bindings);
    } catch (error) {
      throw sqliteFailure(error);
    }
  }

  run({ sql, bindings }: Statement): number {
    try {
      return this.prepare(sql).statement.run(bindings).changes;
    } catch (error) {
      throw sqliteFailure(error);
    }
  }
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite';
  readonly sees = 'committed';
  readonly jobs = new Map<string, number>();
  readonly #folder: string;
  readonly #reader: Statements;
  readonly #writer: Statements | undefined;
  readonly #turnstile = new Turnstile();

  constructor(folder: string, reader: Statements, writer: Statements | undefined) {
    this.#folder = folder;
    this.#reader = reader;
    this.#writer = writer;
  }

  all(query: Statement): Promise<readonly Row[]> {
    return new Promise((resolve) => {
      resolve(this.#reader.all(query));
    });
  }

  async first(query: Statement): Promise<Row | undefined> {
    return (await this.all(query))[0];
  }

  write<T>(work: (transaction: Transaction) => Promise<T>, options?: PassOptions): Promise<T> {
    const writer = this.#writer;
    if (writer === undefined) return Promise.reject(new JoineryError('STO-105', 'The state was opened for reading only.'));
    return this.#turnstile.pass(async () => {
      // IMMEDIATE, because a transaction that begins with reading cannot wait when it comes to write: its snapshot is old by then.
      await whenFree(() => writer.connection.exec('BEGIN IMMEDIATE'));
      try {
        const result = await work(new SqliteTransaction(writer, this));
        writer.run({ sql: 'COMMIT', bindings: [] });
        return result;
      } catch (error) {
        if (writer.connection.inTransaction) writer.connection.exec('ROLLBACK');
        throw error;
      }
    }, options);
  }

  writeAlone<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.write(work);
  }

  /** VACUUM leaves no free page and no free byte behind, the checkpoint no older version in the log; a reader who is still at work keeps that from ending. */
  async compact(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    await this.#turnstile.pass(async () => {
      await whenFree(() => writer.connection.exec('VACUUM'));
      writer.connection.pragma('wal_checkpoint(TRUNCATE)');
    });
  }

  tryLock(pipeline: string): ReturnType<Database['tryLock']> {
    return lockPipelineFile(join(this.#folder, 'leases'), pipeline);
  }

  async close(): Promise<void> {
    await this.#turnstile.idle();
    this.#reader.connection.close();
    this.#writer?.connection.close();
  }
}

class SqliteTransaction implements Transaction {
  readonly kind = 'sqlite';
  readonly sees = 'own';
  readonly jobs: Transaction['jobs'];
  readonly #statements: Statements;

  constructor(statements: Statements, { jobs }: Pick<Database, 'jobs'>) {
    this.#statements = statements;
    this.jobs = jobs;
  }

  all(query: Statement): Promise<readonly Row[]> {
    return Promise.resolve(this.#statements.all(query));
  }

  first(query: Statement): Promise<Row | undefined> {
    return Promise.resolve(this.#statements.all(query)[0]);
  }

  run(query: Statement): Promise<number> {
    return Promise.resolve(this.#statements.run(query));
  }

  /** One prepared statement, row by row: as fast as many rows in one statement, and nothing to parse again. */
  insert(insertion: Insertion, rows: readonly (readonly Binding[])[]): Promise<readonly Row[]> {
    const { table, columns, tail } = insertion;
    const sql = `INSERT INTO ${table} (${columns.map((column) => column.name).join(', ')}) VALUES (${placeholders(columns.length)}) ${tail}`;
    const prepared = this.#statements.prepare(sql);
    const answered: Row[] = [];
    try {
      for (const row of rows) {
        if (prepared.statement.reader) answered.push(...prepared.all(row));
        else prepared.statement.run(row);
      }
    } catch (error) {
      throw sqliteFailure(error);
    }
    return Promise.resolve(answered);
  }
}

/** Tries again while another process writes. The waiting is real time even in tests: it is a lock's, not the domain's. */
async function whenFree<T>(step: () => T): Promise<T> {
  for (let waited = 0, pause = 1; ; waited += pause, pause = Math.min(pause * 2, 20)) {
    try {
      return step();
    } catch (error) {
      if (!isBusy(error) || waited >= patience) throw sqliteFailure(error);
    }
    await delay(pause);
  }
}
