import type { Migration } from './migrations.ts';

/** Who is enabled is counted in every run: of an index that holds what the condition reads no row is looked at, of which there are a million with their payloads. */
export const counting: Migration = {
  version: 10,
  name: 'counting',
  statements: () => [
    'DROP INDEX entries_enabled',
    `CREATE INDEX entries_enabled ON entries (job_id, owner, sent_active, confirmed_active) WHERE ${isEnabled}`,
  ],
};

/** `sent`, or without one `confirmed`, is active; of both, `_active` is set with the rest. The index depends on these very words. */
export const isEnabled = 'COALESCE(sent_active, confirmed_active) = 1';
