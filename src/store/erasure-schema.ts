import type { Migration } from './migrations.ts';

/**
 * What erasing leaves: when an operation lost its payload, the hash that the service confirmed of a payload that is kept in part, and the keyed hashes of
 * workers who were forgotten. The index finds a run's operations without its batches.
 */
export const erasureSchema: Migration = {
  version: 4,
  name: 'erasure',
  statements: (types) => [
    'ALTER TABLE operations ADD COLUMN erased_at bigint',
    `ALTER TABLE entries ADD COLUMN erased_hash ${types.text}`,
    `CREATE TABLE tombstones (job_id integer NOT NULL, worker ${types.text} NOT NULL, owner ${types.text} NOT NULL, forgotten_at bigint NOT NULL,
       PRIMARY KEY (job_id, worker))`,
  ],
};
