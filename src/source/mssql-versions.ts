import type { Transaction } from 'mssql';
import { invariant } from '../domain/error.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { VersionedRead, VersionGround, VersionRefusal } from './contract.ts';
import { KeySequence } from './key-sequence.ts';
import { readMssqlRows } from './mssql-rows.ts';
import type { MssqlColumn } from './mssql-types.ts';
import { packRows, type PackedRows } from './packed.ts';
import type { Prepared, PreparedVersions } from './prepare.ts';
import type { StatementLimit } from './statement-limit.ts';

interface VersionOptions {
  readonly keyOrder: KeyOrder;
  readonly key: string;
  readonly seed: bigint;
  readonly limit: StatementLimit;
  readonly signal: AbortSignal | undefined;
  readonly explain: (error: unknown) => unknown;
}

const rowsPerChunk = 1_000;

/** Versions and rows of one snapshot. A row is found by its key. */
export class MssqlVersions implements VersionedRead {
  readonly ground: VersionGround | VersionRefusal;
  readonly #transaction: Transaction;
  readonly #prepared: Prepared<MssqlColumn>;
  readonly #versions: PreparedVersions<MssqlColumn>;
  readonly #column: MssqlColumn;
  readonly #options: VersionOptions;
  #found = 0;

  constructor(transaction: Transaction, prepared: Prepared<MssqlColumn>, ground: VersionGround | VersionRefusal, options: VersionOptions) {
    invariant(prepared.versions?.column, 'of SQL Server a column holds the version');
    this.ground = ground;
    this.#transaction = transaction;
    this.#prepared = prepared;
    this.#versions = prepared.versions;
    this.#column = prepared.versions.column;
    this.#options = options;
  }

  versions(): AsyncIterable<PackedRows> {
    return this.#packed(this.#versions.sql, [this.#versions.key, this.#column]);
  }

  placeOf({ key }: Row): string {
    invariant(key, 'a row without a key has no version that is compared');
    return key;
  }

  /** A collation may take other keys for equal: they are left out. */
  async *at(places: readonly string[]): AsyncIterable<PackedRows> {
    const asked = new Set(places);
    for await (const rows of this.#rows(this.#versions.at(places), this.#prepared.columns, this.#found + 1)) {
      const his = rows.filter(({ key }) => key !== undefined && asked.has(key));
      this.#found += rows.length;
      if (his.length > 0) yield packRows(his);
    }
  }

  all(): AsyncIterable<PackedRows> {
    return this.#packed(this.#prepared.sql, this.#prepared.columns);
  }

  async close(): Promise<void> {
    await this.#transaction.rollback().catch(() => undefined);
  }

  async *#packed(sql: string, columns: readonly MssqlColumn[]): AsyncGenerator<PackedRows> {
    for await (const rows of this.#rows(sql, columns)) yield packRows(rows);
  }

  async *#rows(sql: string, columns: readonly MssqlColumn[], ordinal = 1): AsyncGenerator<readonly Row[]> {
    const { keyOrder, key, seed, limit, signal, explain } = this.#options;
    const { orderBy, tie } = this.#prepared;
    const sequence = new KeySequence(keyOrder, orderBy, undefined, tie);
    try {
      yield* readMssqlRows(this.#transaction, sql, { columns, key, seed, chunk: rowsPerChunk, limit, signal, sequence, ordinal });
    } catch (error) {
      throw explain(error);
    }
  }
}
