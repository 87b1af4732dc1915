import type { Migration } from './migrations.ts';

/**
 * What guards remember: with each operation what it counts for, with each worker when something of that mark was sent last (so that he counts once in a window, and the
 * table grows with the workers and not with the operations), and what people approved. Runs know who began them, and whether they left a part of the plan out.
 */
export const guarding: Migration = {
  version: 7,
  name: 'guarding',
  statements: (types) => [
    `ALTER TABLE operations ADD COLUMN marks ${types.text}`,
    `CREATE TABLE sent_marks (job_id integer NOT NULL, pipeline ${types.text} NOT NULL, external_id ${types.text} NOT NULL, mark ${types.text} NOT NULL,
       sent_at bigint NOT NULL, PRIMARY KEY (job_id, pipeline, external_id, mark))`,
    `CREATE INDEX sent_marks_window ON sent_marks (job_id, pipeline, sent_at, mark)`,

    `CREATE TABLE approvals (id ${types.text} PRIMARY KEY, pipeline ${types.text} NOT NULL, plan_hash ${types.text} NOT NULL, guard ${types.text} NOT NULL,
       run ${types.text} NOT NULL REFERENCES runs (id), measured bigint NOT NULL, approver ${types.text} NOT NULL, reason ${types.text} NOT NULL,
       at bigint NOT NULL, expires_at bigint NOT NULL, used_by ${types.text})`,
    `CREATE INDEX approvals_plan ON approvals (pipeline, plan_hash)`,
    `CREATE INDEX approvals_used ON approvals (pipeline, guard) WHERE used_by IS NOT NULL`,

    `ALTER TABLE runs ADD COLUMN begun_by ${types.text}`,
    `ALTER TABLE runs ADD COLUMN partial integer NOT NULL DEFAULT 0`,
  ],
};
