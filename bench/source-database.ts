import type { Knex } from 'knex';

/** A way in which the tables hold the key, and the order that the query asks for. */
export interface BenchKey {
  readonly name: string;
  /** Of everybody; others are called so with `_changed` and `_fewer` behind. */
  readonly table: string;
  readonly order: string;
  readonly isGoal: boolean;
  /** Every line is measured, not only the one of a day on which nothing changed. */
  readonly isWhole: boolean;
}

/** The smaller company whose memory is compared. */
export const fewer = 300_000;

/** A database that the bench fills and reads. */
export interface BenchDatabase {
  readonly type: 'postgres' | 'mssql';
  readonly url: string;
  readonly keys: readonly BenchKey[];
  /** What `readPlainly` is. */
  readonly plainly: string;
  /**
   * The tables of the bench: everybody, the same with 1 % changed, the same under other kinds of key, and the smaller company. `date`: the last day of 0.3 % of the workers, so that they
   * are disabled on the day after.
   */
  fill(workers: number, date: string, otherKeys: boolean): Promise<void>;
  /** The plainest read of a query that there is: what the database itself costs; ms. */
  readPlainly(query: string): Promise<number>;
  /** A plain loop of the driver, nothing done with a row; ms. Absent where `readPlainly` is one. */
  loop?(query: string): Promise<number>;
  /** Where rows have versions that the table itself tells: changes 1 % of them in place, and the columns in the order of `select *`. */
  readonly versions?: { readonly columns: readonly string[]; readonly change: (table: string) => Promise<void> };
  /** Who has an account on that day. */
  employedOn(table: string, date: string): Promise<ReadonlySet<string>>;
  /** How knex, which the naive pipeline reads with, gets there. */
  readonly knex: Knex.Config;
  /** The query, of the first rows. */
  first(query: string, rows: number): string;
  close(): Promise<void>;
}
