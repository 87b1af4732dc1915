import type { Migration } from './migrations.ts';

/**
 * What every run asks of the whole ledger stands in indexes as small as the answer: beside a million payloads, counting or joining rows would cost more than reading the
 * source does.
 */
export const scale: Migration = {
  version: 9,
  name: 'scale',
  statements: () => [
    'CREATE INDEX entries_enabled ON entries (job_id, owner) WHERE (CASE WHEN sent_hash IS NULL THEN confirmed_active ELSE sent_active END) = 1',
    'CREATE INDEX entries_known ON entries (job_id, external_id) WHERE confirmed_hash IS NOT NULL',
    'DROP INDEX entries_missing_manager',
    'CREATE INDEX entries_missing_manager ON entries (job_id, owner, missing_manager, external_id) WHERE missing_manager IS NOT NULL',
  ],
};
