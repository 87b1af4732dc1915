import type { Migration } from './migrations.ts';

/**
 * Who is who: the keyed hash of what identifies a person, the other half of a rekey case, who is somebody else after all, where a worker went. `marked`: to be
 * looked at again. `claims`: keys that a pipeline reads as active (or, 0, about to start) and does not own. What the job was set to when its workers were last compared stands with the job.
 */
export const people: Migration = {
  version: 3,
  name: 'people',
  statements: (types) => [
    `ALTER TABLE entries ADD COLUMN identity ${types.text}`,
    'ALTER TABLE entries ADD COLUMN protected integer',
    `ALTER TABLE entries ADD COLUMN desired_rekey ${types.text}`,
    `ALTER TABLE entries ADD COLUMN apart ${types.text}`,
    `ALTER TABLE entries ADD COLUMN rekeyed_to ${types.text}`,
    `ALTER TABLE entries ADD COLUMN marked ${types.text}`,
    'CREATE INDEX entries_identity ON entries (job_id, identity) WHERE identity IS NOT NULL',
    'CREATE INDEX entries_rekey ON entries (job_id) WHERE desired_rekey IS NOT NULL',
    'CREATE INDEX entries_marked ON entries (job_id, owner) WHERE marked IS NOT NULL',
    `CREATE TABLE claims (job_id integer NOT NULL, external_id ${types.text} NOT NULL, pipeline ${types.text} NOT NULL, active integer NOT NULL,
       PRIMARY KEY (job_id, external_id, pipeline))`,
    'CREATE INDEX claims_pipeline ON claims (job_id, pipeline)',
    `ALTER TABLE jobs ADD COLUMN shape ${types.text}`,
  ],
};
