import { keyedHash } from '../domain/canonical-json.ts';
import type { LookupTable } from './lookup.ts';

/** A lookup with more cells than this has no fingerprints: they would take longer than they save, and megabytes of the state. */
export const mostCells = 200_000;

/** What an empty cell has in place of a keyed hash, so that a column that came or went changes only rows that say something in it. */
const emptyCell = '0000000000000000';

/**
 * Which rows a lookup had, as far as a later mapping has to know it: keyed hashes of keys and cells. The state holds no row of a lookup (they may be personal data), and without the state's
 * key nobody can try out what they were.
 */
export interface LookupFingerprints {
  /** Beside the key, in the order of the heading. */
  readonly columns: readonly string[];
  /** By the 16 digits of a row's key: 16 digits of each of its cells. In the order of the digits, which is nobody's. */
  readonly rows: Readonly<Record<string, string>>;
}

/** Of a pipeline's lookups by name, without those that are too large. */
export type KeptLookups = Readonly<Record<string, LookupFingerprints>>;

/** What became of a lookup since its fingerprints were taken. */
export interface LookupDifference {
  /** Keys that are new. */
  readonly came: ReadonlySet<string>;
  /** Keys whose row is another one, with the columns in which it is: none of them where only the order of the columns is another. */
  readonly changed: ReadonlyMap<string, ReadonlySet<string>>;
  /** How many keys are gone. */
  readonly went: number;
  /** Whether a key that the present table does not have is one of those. */
  readonly isGone: (key: string) => boolean;
}

export function isTooLarge({ rows, columns }: LookupTable): boolean {
  return Object.keys(rows).length * (columns.length + 1) > mostCells;
}

export function fingerprintLookup({ rows, columns }: LookupTable, hashKey: Uint8Array): LookupFingerprints {
  const records = Object.entries(rows).map(([key, row]): [string, string] => [
    hashOfKey(hashKey, key),
    columns.map((column) => hashOfCell(hashKey, key, column, Object.hasOwn(row, column) ? row[column] : undefined)).join(''),
  ]);
  return { columns, rows: Object.fromEntries(records.toSorted(([left], [right]) => (left < right ? -1 : 1))) };
}

/** `before` and `now` were taken with this key, `now` from this table. */
export function compareLookup(
  before: LookupFingerprints,
  now: LookupFingerprints,
  table: LookupTable,
  hashKey: Uint8Array,
): LookupDifference {
  const earlier = new Map(Object.entries(before.rows));
  const columns = [...new Set([...before.columns, ...now.columns])].map((name) => ({
    name,
    was: before.columns.indexOf(name),
    is: now.columns.indexOf(name),
  }));
  const isReordered = columns
    .filter(({ was, is }) => was !== -1 && is !== -1)
    .some(({ is }, index, kept) => is < (kept[index - 1]?.is ?? -1));
  const came = new Set<string>();
  const changed = new Map<string, ReadonlySet<string>>();
  for (const key of Object.keys(table.rows)) {
    const hash = hashOfKey(hashKey, key);
    const [was, is] = [earlier.get(hash), now.rows[hash] ?? ''];
    if (was === undefined) came.add(key);
    else if (was !== is) {
      const others = columns.filter((column) => cellAt(was, column.was) !== cellAt(is, column.is)).map(({ name }) => name);
      if (isReordered || others.length > 0) changed.set(key, new Set(others));
    }
    earlier.delete(hash);
  }
  return {
    came,
    changed,
    went: earlier.size,
    isGone: earlier.size === 0 ? () => false : rememberer((key) => earlier.has(hashOfKey(hashKey, key))),
  };
}

function cellAt(cells: string, index: number): string {
  return index === -1 ? emptyCell : cells.slice(index * emptyCell.length, (index + 1) * emptyCell.length);
}

function hashOfKey(hashKey: Uint8Array, key: string): string {
  return shortHash(hashKey, ['lookup key', key]);
}

function hashOfCell(hashKey: Uint8Array, key: string, column: string, value: string | undefined): string {
  return value === undefined ? emptyCell : shortHash(hashKey, ['lookup cell', key, column, value]);
}

/** As JSON: nothing that stands in one part can look like another, halves of characters included. */
function shortHash(hashKey: Uint8Array, parts: readonly string[]): string {
  return keyedHash(hashKey, JSON.stringify(parts)).slice(0, emptyCell.length);
}

/** Workers ask for the same few keys. The bound only keeps a hostile source from filling memory. */
function rememberer(decide: (key: string) => boolean): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const decided = decide(key);
    if (known.size < 100_000) known.set(key, decided);
    return decided;
  };
}
