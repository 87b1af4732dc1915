import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import { compareKeys, type KeyOrder, type Row } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { PackedRows } from './packed.ts';
import { compareKeyBytes, digits, keyOfRecord } from './record.ts';

const beyondAscii = /[^\p{ASCII}]/u;

/** Follows the keys of a read and stops at the first one that is smaller than the one before (SRC-301). Equal keys and keyless rows pass. */
export class KeySequence {
  readonly #order: KeyOrder;
  readonly #fix: string;
  readonly #tie: string;
  /** The bytes of another encoding than UTF-8 have another order beyond ASCII. */
  readonly #bytes: string;
  readonly #place: Place | undefined;
  #last: string | undefined;
  #lastRecord: { bytes: Buffer; start: number; end: number } | undefined;

  /** `tie`: what orders keys that the database takes for equal. */
  constructor(order: KeyOrder, orderBy: string, place: Place | undefined, tie?: string) {
    this.#order = order;
    this.#tie = tie === undefined ? '' : `, ${tie}`;
    this.#fix = `End the query with: ORDER BY ${orderBy}`;
    const text = /^(.*) COLLATE "C"$/s.exec(orderBy)?.[1];
    this.#bytes = text === undefined ? '' : `; in a database whose encoding is not UTF8: ORDER BY convert_to(${text}, 'UTF8')`;
    this.#place = place;
  }

  /** The same for rows that are still bytes. */
  checkPacked(rows: PackedRows): void {
    const { records, ends } = rows;
    let start = 0;
    for (let index = 0; index < ends.length; index++) {
      // Between the first and the last one they are known to be in order.
      if (index === 1 && rows.ascending === this.#order) {
        index = ends.length - 1;
        start = ends[index - 1] ?? start;
      }
      const end = ends[index] ?? start;
      if (end === start) continue;
      const last = this.#lastRecord;
      if (
        last !== undefined &&
        compareKeyBytes(this.#order, last.bytes, last.start + digits, last.end - 1, records, start + digits, end - 1) > 0
      )
        throw this.#error(rows.row(index), keyOfRecord(last.bytes, last.start, last.end));
      if (last === undefined) this.#lastRecord = { bytes: records, start, end };
      else {
        last.bytes = records;
        last.start = start;
        last.end = end;
      }
      start = end;
    }
  }

  check(row: Row): void {
    const { key } = row;
    if (key === undefined) return;
    const last = this.#last;
    if (last !== undefined && key !== last && compareKeys(this.#order, last, key) > 0) {
      throw this.#error(row, last);
    }
    this.#last = key;
  }

  #error({ ordinal, key = '' }: Row, last: ExternalId): JoineryError {
    const bytes = beyondAscii.test(key) && beyondAscii.test(last) ? this.#bytes : '';
    return new JoineryError('SRC-301', `row ${String(ordinal)} has the key ${key}, which belongs before ${last} of an earlier row`, {
      fix: `${this.#fix}${key.trimEnd() === last.trimEnd() ? this.#tie : ''}${bytes}`,
      ...(this.#place === undefined ? {} : { place: this.#place }),
    });
  }
}
