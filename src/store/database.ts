import type { PipelineName } from '../domain/words.ts';
import type { Row } from './row.ts';
import type { PassOptions } from './turnstile.ts';

/** What both drivers can bind. Booleans are stored as 0 and 1, JSON as text, instants as integer milliseconds. */
export type Binding = string | number | null | Uint8Array;

/** SQL text with `?` placeholders, as it is kept in the source. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

export interface Reader {
  readonly kind: 'sqlite' | 'postgres';
  /** A transaction sees what it wrote itself as well. */
  readonly sees: 'committed' | 'own';
  /** Numbers of jobs that are known to be committed, one map for a database and its transactions. */
  readonly jobs: Map<string, number>;
  all(query: Statement): Promise<readonly Row[]>;
  first(query: Statement): Promise<Row | undefined>;
}

/** Rows of values to be inserted. */
export interface Insertion {
  /** One statement, one name: PostgreSQL keeps it prepared under it. */
  readonly name: string;
  readonly table: string;
  readonly columns: readonly Column[];
  /** What follows the values: `ON CONFLICT …`, `RETURNING …`. */
  readonly tail: string;
}

export interface Column {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'bigint';
}

/** Columns of one type. */
export function columnsOf(type: Column['type'], ...names: readonly string[]): readonly Column[] {
  return names.map((name) => ({ name, type }));
}

export interface Transaction extends Reader {
  /** Rows changed. */
  run(query: Statement): Promise<number>;
  /** Inserts many rows by as few round trips as the engine needs; answers what `RETURNING` returned, in no certain order. */
  insert(insertion: Insertion, rows: readonly (readonly Binding[])[]): Promise<readonly Row[]>;
}

/** One lock per pipeline that dies with the process which holds it. */
export interface PipelineLock {
  readonly lost: AbortSignal;
  /** Whoever held it before has certainly ended; a database's session can also die under a living process. */
  readonly provesEnd: boolean;
  release(): Promise<void>;
}

/** The difference between the engines, and all of it but the migrations' types and the files. */
export interface Database extends Reader {
  /**
   * One transaction, the only one that writes in this store until it ends, over all processes: so the journal has one order and no
   * two transactions can wait for each other. Inside it, only the given transaction may be used for writing; where it calls what is not ours, that is refused.
   */
  write<T>(work: (transaction: Transaction) => Promise<T>, options?: PassOptions): Promise<T>;
  /** A transaction that takes no lock: only for rows that nobody else writes (chunks of a file). PostgreSQL only. */
  writeAlone<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Rewrites what the engine still holds of rows that were deleted or changed. Takes time in proportion to the state. */
  compact(): Promise<void>;
  /** undefined when another process, or this one, holds it. */
  tryLock(pipeline: PipelineName): Promise<PipelineLock | undefined>;
  close(): Promise<void>;
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/** Splits into runs of at most `size`. */
export function* inChunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** One row of a table; undefined becomes NULL. */
export function insertOne(table: string, row: Readonly<Record<string, Binding | undefined>>): Statement {
  const columns = Object.keys(row);
  return {
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${placeholders(columns.length)})`,
    bindings: Object.values(row).map((value) => value ?? null),
  };
}
