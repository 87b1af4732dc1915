import type { Database } from './database.ts';
import type { Migration } from './migrations.ts';
import { isSettled } from './settling.ts';

/**
 * What a key stands for: 2 where nothing is open with its worker, 1 where he is confirmed or in flight, 0 otherwise. The index depends on these very words: where a query has them, SQLite
 * reads the value out of the index.
 */
const standing = `(CASE WHEN ${isSettled} THEN 2 WHEN confirmed_hash IS NOT NULL OR sent_operation IS NOT NULL THEN 1 ELSE 0 END)`;

/**
 * SQLite: one index of keys for all that is asked of workers by their keys, and the way to their rows. A plan asks for the standing of each worker who changed, for his row, and for his manager: by
 * three indexes that was three times the same keys on other pages, each read anew, and the second half of a look for managers went through rows of a page each. Of 10,000 changed of a million: 25,000 pages instead
 * of 38,000, which counts where the disk has to be asked for them.
 *
 * PostgreSQL keeps the two that it has: it has the row's address in every index, and no index of its tells what an expression came to without a look at the row.
 */
export const keyIndex: Migration = {
  version: 14,
  name: 'key index',
  statements: ({ kind }) =>
    kind === 'sqlite'
      ? [
          `CREATE INDEX entries_keys ON entries (job_id, external_id, ${standing})`,
          'DROP INDEX entries_settled',
          'DROP INDEX entries_known',
        ]
      : [],
};

/** Where entries are looked up by keys; follows the table's name. */
export function byKey(kind: Database['kind']): string {
  return kind === 'sqlite' ? 'INDEXED BY entries_keys' : '';
}

/** Of a worker: nothing is open with him. */
export function settledIn(kind: Database['kind']): string {
  return kind === 'sqlite' ? `${standing} = 2` : isSettled;
}

/** Of a worker: confirmed, or in flight. */
export function knownIn(kind: Database['kind']): readonly string[] {
  // Nearly all are confirmed, which an index tells that holds no payloads; the rows of the others are looked at.
  return kind === 'sqlite' ? [`${standing} >= 1`] : ['confirmed_hash IS NOT NULL', 'sent_operation IS NOT NULL'];
}
