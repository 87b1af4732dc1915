import { invariant } from '../domain/error.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { VersionedRead, VersionGround, VersionRefusal } from './contract.ts';
import { KeySequence } from './key-sequence.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import type { PackedRows } from './packed.ts';
import { copyRows } from './postgres-copy.ts';
import type { Reading } from './postgres-reading.ts';
import type { Prepared, PreparedVersions } from './prepare.ts';
import type { StatementLimit } from './statement-limit.ts';

interface VersionOptions {
  readonly keyOrder: KeyOrder;
  readonly key: string;
  readonly seed: bigint;
  readonly limit: StatementLimit;
}

/** Versions and rows of one transaction's snapshot, in which a place holds one row for as long as it lasts. */
export class PostgresVersions implements VersionedRead {
  readonly ground: VersionGround | VersionRefusal;
  readonly #reading: Reading;
  readonly #prepared: Prepared<ResultColumn>;
  readonly #versions: PreparedVersions<ResultColumn>;
  readonly #options: VersionOptions;
  #found = 0;

  constructor(reading: Reading, prepared: Prepared<ResultColumn>, ground: VersionGround | VersionRefusal, options: VersionOptions) {
    invariant(prepared.versions, 'versions are asked for where they are declared');
    this.ground = ground;
    this.#reading = reading;
    this.#prepared = prepared;
    this.#versions = prepared.versions;
    this.#options = options;
  }

  versions(): AsyncIterable<PackedRows> {
    const { sql, key, names } = this.#versions;
    const columns = [key, ...names.map(versionColumn)];
    return this.#rows(sql, new RowLayout(columns, key.name), this.#sequence());
  }

  placeOf(row: Row): string {
    const [name = ''] = this.#versions.names;
    const place = row.values[name];
    invariant(typeof place === 'string', 'a row of the table has a place');
    return place;
  }

  async *at(places: readonly string[]): AsyncIterable<PackedRows> {
    for await (const block of this.#rows(this.#versions.at(places), this.#layout(), this.#sequence(), this.#found + 1)) {
      this.#found += block.ends.length;
      yield block;
    }
  }

  all(): AsyncIterable<PackedRows> {
    return this.#rows(this.#prepared.sql, this.#layout(), this.#sequence());
  }

  close(): Promise<void> {
    return this.#reading.end();
  }

  #layout(): RowLayout {
    return new RowLayout(this.#prepared.columns, this.#options.key);
  }

  #sequence(): KeySequence {
    return new KeySequence(this.#options.keyOrder, this.#prepared.orderBy, undefined);
  }

  async *#rows(sql: string, layout: RowLayout, sequence: KeySequence, ordinal = 1): AsyncGenerator<PackedRows> {
    const { seed, limit, keyOrder: order } = this.#options;
    try {
      yield* copyRows(this.#reading, sql, { layout, seed, limit, order, sequence, ordinal });
    } catch (error) {
      throw await this.#reading.explain(error);
    }
  }
}

function versionColumn(name: string): ResultColumn {
  const asItIs = (text: string): string => text;
  return { name, databaseType: 'row version', type: 'string', convert: asItIs, keyText: asItIs };
}
