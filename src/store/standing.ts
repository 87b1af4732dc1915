import type { Migration } from './migrations.ts';

/** What people decide about single workers: a released hold stands until an enabled payload is confirmed. */
export const standing: Migration = {
  version: 2,
  name: 'standing',
  statements: () => ['ALTER TABLE entries ADD COLUMN released_at bigint'],
};
