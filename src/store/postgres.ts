import type pg from 'pg';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';
import { inChunks, type Binding, type Database, type Insertion, type Statement, type Transaction } from './database.ts';
import { connectionConfig, postgresFailure, proveOwnSession, settle } from './postgres-connection.ts';
import { lockPipelineRow } from './postgres-lock.ts';
import type { Row } from './row.ts';
import type { OpenOptions } from './sqlite.ts';
import { Turnstile, type PassOptions } from './turnstile.ts';

/** Some hundred kilobytes a statement. */
const rowsPerStatement = 500;

/** `Joinery` in ASCII: whoever holds this advisory lock is the one that writes. */
const writerLock = '20970893107360377';

/** All our tables stand in a schema of their own, so that the database may serve other things too. */
const createSchema = 'CREATE SCHEMA IF NOT EXISTS joinery';

/**
 * A PostgreSQL database, version 12 or newer, reached directly or through a pooler in session mode: session locks and the search path do
 * not survive transaction pooling, which is found out and refused. Errors: STO-101 with the password masked, STO-107.
 */
export async function openPostgres(url: string, options: OpenOptions): Promise<Database> {
  const { default: driver } = await import('pg');
  const config = connectionConfig(driver, url);
  let proof: Promise<void> | undefined;
  const onConnect = async (client: pg.ClientBase): Promise<void> => {
    // Before the first setting: in a session that others are given, it would be theirs, too.
    await (proof ??= proveOwnSession(client, new driver.Client(config)));
    await settle(client, options.readOnly);
  };
  const pool = new driver.Pool({ ...config, max: 8, connectionTimeoutMillis: 15_000, onConnect }); // oxlint-disable-line typescript/no-misused-promises -- its types do not say so, but pg-pool awaits it
  // An idle connection that dies is dropped by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const database = new PostgresDatabase(driver, config, pool, options.readOnly);
  try {
    const schema = await database.first({ sql: `SELECT 1 AS found WHERE to_regnamespace('joinery') IS NOT NULL`, bindings: [] });
    if (schema === undefined && !options.readOnly)
      await database.write((transaction) => transaction.run({ sql: createSchema, bindings: [] }));
    return database;
  } catch (error) {
    await pool.end();
    const detail = error instanceof Error && error.message !== '' ? error.message : String(error);
    throw error instanceof JoineryError && error.code !== 'STO-204'
      ? error
      : new JoineryError('STO-101', `The state database cannot be opened: ${scrubText(detail)}.`, { cause: error });
  }
}

/** `?` to `$1`: our SQL holds no question mark but placeholders. */
function native({ sql, bindings }: Statement): { readonly text: string; readonly values: Binding[] } {
  let count = 0;
  return { text: sql.replaceAll('?', () => `$${String(++count)}`), values: [...bindings] };
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly sees = 'committed';
  readonly jobs = new Map<string, number>();
  readonly #driver: typeof pg;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #readOnly: boolean;
  readonly #turnstile = new Turnstile();

  constructor(driver: typeof pg, config: pg.ClientConfig, pool: pg.Pool, readOnly: boolean) {
    this.#driver = driver;
    this.#config = config;
    this.#pool = pool;
    this.#readOnly = readOnly;
  }

  async all(query: Statement): Promise<readonly Row[]> {
    try {
      return (await this.#pool.query<Row>(native(query))).rows;
    } catch (error) {
      throw postgresFailure(error);
    }
  }

  async first(query: Statement): Promise<Row | undefined> {
    return (await this.all(query))[0];
  }

  write<T>(work: (transaction: Transaction) => Promise<T>, options?: PassOptions): Promise<T> {
    // The turnstile keeps writers of this process from taking every connection of the pool while they wait for the lock.
    return this.#turnstile.pass(
      () => this.#transact(`SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(${writerLock}); SET LOCAL lock_timeout = 0`, work),
      options,
    );
  }

  writeAlone<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#transact('', work);
  }

  async #transact<T>(opening: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#readOnly) throw new JoineryError('STO-105', 'The state was opened for reading only.');
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw postgresFailure(error);
    });
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    client.on('error', onError);
    try {
      // READ COMMITTED, so that every statement after the lock sees what the writer before committed.
      await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${opening}`);
      const result = await work(new PostgresTransaction(client, this));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(onError);
      throw postgresFailure(error);
    } finally {
      client.removeListener('error', onError);
      client.release(broken);
    }
  }

  tryLock(pipeline: string): ReturnType<Database['tryLock']> {
    return lockPipelineRow(new this.#driver.Client(this.#config), this.#pool, pipeline);
  }

  async compact(): Promise<void> {
    await this.#pool.query('VACUUM joinery.entries, joinery.operations, joinery.log_rows, joinery.file_chunks').catch((error: unknown) => {
      throw postgresFailure(error);
    });
  }

  async close(): Promise<void> {
    await this.#turnstile.idle();
    await this.#pool.end();
  }
}

class PostgresTransaction implements Transaction {
  readonly kind = 'postgres';
  readonly sees = 'own';
  readonly jobs: Transaction['jobs'];
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient, { jobs }: Pick<Database, 'jobs'>) {
    this.#client = client;
    this.jobs = jobs;
  }

  async all(query: Statement): Promise<readonly Row[]> {
    return (await this.#client.query<Row>(native(query))).rows;
  }

  async first(query: Statement): Promise<Row | undefined> {
    return (await this.all(query))[0];
  }

  async run(query: Statement): Promise<number> {
    return (await this.#client.query(native(query))).rowCount ?? 0;
  }

  /**
   * One array a column: a statement that is planned once, whatever the number of rows. A list of VALUES with thousands of parameters keeps
   * the server planning, and JSON keeps it parsing.
   */
  async insert(insertion: Insertion, rows: readonly (readonly Binding[])[]): Promise<readonly Row[]> {
    const { name, table, columns, tail } = insertion;
    const names = columns.map((column) => column.name).join(', ');
    const arrays = columns.map((column, place) => `$${String(place + 1)}::${column.type}[]`).join(', ');
    const text = `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays}) ${tail}`;
    const answered: Row[] = [];
    for (const chunk of inChunks(rows, rowsPerStatement)) {
      const values = columns.map((_, place) => chunk.map((row) => row[place]));
      answered.push(...(await this.#client.query<Row>({ name, text, values })).rows);
    }
    return answered;
  }
}
