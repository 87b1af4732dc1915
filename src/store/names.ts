import type { Migration } from './migrations.ts';

/** What names were chosen from: only candidates that change may rename somebody. */
export const names: Migration = {
  version: 5,
  name: 'names',
  statements: (types) => [`ALTER TABLE entries ADD COLUMN candidates ${types.text}`],
};
