import { JoineryError } from '../domain/error.ts';
import { compareKeys, type KeyOrder, type Row, type RowGroup } from '../domain/row.ts';
import { createGroupFingerprint } from './fingerprint.ts';

/** A part of the source by workers, in key order, and the rows that have no key. */
export interface GroupChunk {
  readonly groups: readonly RowGroup[];
  readonly keyless: readonly Row[];
}

/** More rows of one key than a worker can have: the key column is none, and a group is held in memory. */
export const mostRows = 10_000;

/**
 * Joins the adjacent rows of each key, one chunk of groups for each chunk of rows. The rows of a key are put in the order of their fingerprints, so that a group
 * does not depend on the order in which the database returns rows of equal keys. Errors: SRC-301 for a key that is smaller than the one before, SRC-302 for a key of too many rows.
 */
export async function* groupRows(chunks: AsyncIterable<readonly Row[]>, order: KeyOrder): AsyncGenerator<GroupChunk> {
  const fingerprintOf = await createGroupFingerprint();
  let open: Row[] = [];
  let key: string | undefined;
  for await (const chunk of chunks) {
    const groups: RowGroup[] = [];
    const keyless: Row[] = [];
    for (const row of chunk) {
      if (row.key === undefined) keyless.push(row);
      else if (row.key === key) {
        open.push(row);
        if (open.length > mostRows) throw tooManyRows(key);
      } else {
        if (key !== undefined) {
          if (compareKeys(order, key, row.key) > 0) {
            throw new JoineryError(
              'SRC-301',
              `row ${String(row.ordinal)} has the key ${row.key}, which belongs before ${key} of an earlier row`,
            );
          }
          groups.push(groupOf(key, open, fingerprintOf));
        }
        key = row.key;
        open = [row];
      }
    }
    yield { groups, keyless };
  }
  if (key !== undefined) yield { groups: [groupOf(key, open, fingerprintOf)], keyless: [] };
}

export function tooManyRows(key: string): JoineryError {
  return new JoineryError('SRC-302', `more than ${String(mostRows)} rows have the key ${key}`);
}

export function groupOf(key: string, rows: Row[], fingerprintOf: (fingerprints: readonly string[]) => string): RowGroup {
  const [first] = rows;
  if (rows.length === 1 && first !== undefined) return { key, rows, fingerprint: first.fingerprint };
  const sorted = rows.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : a.ordinal - b.ordinal));
  return { key, rows: sorted, fingerprint: fingerprintOf(sorted.map(({ fingerprint }) => fingerprint)) };
}
