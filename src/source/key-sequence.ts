import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import { compareKeys, type KeyOrder, type Row } from '../domain/row.ts';

/** Follows the keys of a read and stops at the first one that is smaller than the one before (SRC-301). Equal keys and keyless rows pass. */
export class KeySequence {
  readonly #order: KeyOrder;
  readonly #fix: string;
  readonly #place: Place | undefined;
  #last: string | undefined;

  constructor(order: KeyOrder, orderBy: string, place: Place | undefined) {
    this.#order = order;
    this.#fix = `End the query with: ORDER BY ${orderBy}`;
    this.#place = place;
  }

  check(row: Row): void {
    const { key } = row;
    if (key === undefined) return;
    const last = this.#last;
    if (last !== undefined && key !== last && compareKeys(this.#order, last, key) > 0) {
      throw new JoineryError('SRC-301', `row ${String(row.ordinal)} has the key ${key}, which belongs before ${last} of an earlier row`, {
        fix: this.#fix,
        ...(this.#place === undefined ? {} : { place: this.#place }),
      });
    }
    this.#last = key;
  }
}
