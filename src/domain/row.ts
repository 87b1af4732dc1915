import type { Json } from './canonical-json.ts';
import type { ExternalId } from './words.ts';

/** A column as an expression sees it. SQL NULL is null here and reaches an expression as nothing, never as null. */
export type ColumnValue = Json;

/**
 * What the source returned for one row. `values` and `problems` may be computed when they are first read, because most rows of a run
 * are only compared by fingerprint: copy a row member by member or through JSON.stringify, never by spreading it.
 */
export interface Row {
  /** The key column as text; undefined when it is NULL or blank, which rejects the row as keyless. */
  readonly key: ExternalId | undefined;
  readonly values: Readonly<Record<string, ColumnValue>>;
  /** Values that have no lossless form in an expression; the column is null in `values`. A row with problems is a rejection. */
  readonly problems?: readonly ValueProblem[] | undefined;
  /** xxh64 of the raw row as read, seeded per state: 16 hex digits. Never evidence, only change detection. */
  readonly fingerprint: string;
  /** Place in the result, from 1; names the row in messages when the key cannot. */
  readonly ordinal: number;
  /** The row with these columns alone, as far as it has them; there where that is cheaper than all of them. */
  only?(columns: ReadonlySet<string>): Row;
}

/** `message` completes "column x …" and holds no personal value. */
export interface ValueProblem {
  readonly column: string;
  readonly message: string;
}

/**
 * In which order a source returns keys, and in which every merge compares them. `integer`: by value. `bytes`: by UTF-8
 * bytes (PostgreSQL `COLLATE "C"`). `utf16`: by UTF-16 code units (SQL Server `_BIN2`, JavaScript `<`).
 */
export type KeyOrder = 'integer' | 'bytes' | 'utf16';

/** All rows of one key, adjacent because the source returns them in key order. */
export interface RowGroup {
  readonly key: ExternalId;
  readonly rows: readonly Row[];
  /** One row: the row's. Several: over the rows' fingerprints, sorted, because a database may return rows of one key in any order. */
  readonly fingerprint: string;
}

/**
 * Negative, zero or positive, as for Array.sort; zero for equal text only. Integer keys that are not canonical integers (`-0` and `007`
 * are none) compare as bytes after all integers.
 */
export function compareKeys(order: KeyOrder, left: ExternalId, right: ExternalId): number {
  if (left === right) return 0;
  if (order === 'utf16') return left < right ? -1 : 1;
  if (order === 'integer') {
    const leftIs = canonicalInteger.test(left);
    if (leftIs !== canonicalInteger.test(right)) return leftIs ? -1 : 1;
    if (leftIs) return compareIntegers(left, right);
  }
  return compareBytes(left, right);
}

const canonicalInteger = /^(?:0|-?[1-9]\d*)$/;

/** Digits compare as text once sign and length agree, which spares a million BigInts. */
function compareIntegers(left: string, right: string): number {
  const negative = left.startsWith('-');
  if (negative !== right.startsWith('-')) return negative ? -1 : 1;
  const larger = left.length === right.length ? left > right : left.length > right.length;
  return larger === negative ? -1 : 1;
}

/** UTF-8 byte order equals code point order; it differs from UTF-16 order only where a surrogate meets U+E000 to U+FFFF. */
function compareBytes(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) {
      const aSurrogate = a >= 0xd800 && a <= 0xdfff;
      const bSurrogate = b >= 0xd800 && b <= 0xdfff;
      if (aSurrogate !== bSurrogate) return aSurrogate ? 1 : -1;
      return a - b;
    }
  }
  return left.length - right.length;
}
