import type { Migration } from './migrations.ts';

/**
 * What a run has to know of the runs before it: what people were told of, and what the job did meanwhile. The service tells only its last execution, and a process that looks once and ends
 * would never see two of them.
 */
export const noticing: Migration = {
  version: 8,
  name: 'noticing',
  statements: (types) => [
    `CREATE TABLE conditions (pipeline ${types.text} NOT NULL, name ${types.text} NOT NULL, signature ${types.text} NOT NULL, since bigint NOT NULL,
       run ${types.text}, figures ${types.text} NOT NULL, over_at bigint, told ${types.text} NOT NULL, PRIMARY KEY (pipeline, name))`,
    `CREATE TABLE job_executions (job_id integer NOT NULL, began_at bigint NOT NULL, ended_at bigint NOT NULL, PRIMARY KEY (job_id, began_at))`,
    'ALTER TABLE jobs ADD COLUMN drained_at bigint',
    `CREATE INDEX entries_disabling ON entries (job_id, owner) WHERE ${disabling}`,
  ],
};

/** Workers who are to be off and of whom that is not confirmed. The index depends on these very words. */
export const disabling = `desired_change IN ('leaver', 'cancelled') AND (confirmed_active IS NULL OR confirmed_active = 1)`;
