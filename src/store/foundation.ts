import type { Migration } from './migrations.ts';

/**
 * The tables. Texts compare by bytes on both engines; instants are integer milliseconds; JSON is text; booleans are 0 and 1.
 * Workers, operations and log rows name their job by number because tenant and job id are 130 characters and stand in every index; the
 * number is no foreign key, because checking one for each of 100,000 rows costs as much as half of the insert.
 */
export const foundation: Migration = {
  version: 1,
  name: 'foundation',
  statements: (types) => [
    `CREATE TABLE meta (name ${types.text} PRIMARY KEY, value ${types.text} NOT NULL)`,

    `CREATE TABLE journal (sequence bigint PRIMARY KEY, at bigint NOT NULL, kind ${types.text} NOT NULL, data ${types.text} NOT NULL,
       previous ${types.text} NOT NULL, hash ${types.text} NOT NULL)`,

    `CREATE TABLE leases (pipeline ${types.text} PRIMARY KEY, epoch bigint NOT NULL, holder ${types.text} NOT NULL, acquired_at bigint NOT NULL)`,

    `CREATE TABLE jobs (id integer PRIMARY KEY, tenant ${types.text} NOT NULL, job ${types.text} NOT NULL, log_cursor bigint, UNIQUE (tenant, job))`,

    `CREATE TABLE runs (id ${types.text} PRIMARY KEY, pipeline ${types.text} NOT NULL, tenant ${types.text} NOT NULL, job ${types.text} NOT NULL,
       as_of bigint NOT NULL, started_at bigint NOT NULL, state ${types.text} NOT NULL, mapping_id ${types.text} NOT NULL,
       plan_hash ${types.text}, population bigint, finished_at bigint)`,
    `CREATE INDEX runs_newest ON runs (pipeline, started_at, id)`,

    `CREATE TABLE entries (job_id integer NOT NULL, external_id ${types.text} NOT NULL, owner ${types.text} NOT NULL,
       fingerprint ${types.text}, mapping_id ${types.text}, verdict ${types.text}, draft_hash ${types.text}, reasons ${types.text},
       next_date bigint, missing_manager ${types.text}, evaluated_run ${types.text},
       desired_hash ${types.text}, desired_change ${types.text}, desired_run ${types.text}, desired_payload ${types.text}, desired_user_name ${types.text},
       sent_operation ${types.text}, sent_hash ${types.text}, sent_change ${types.text}, sent_at bigint, sent_active integer, sent_user_name ${types.text},
       confirmed_hash ${types.text}, confirmed_at bigint, confirmed_payload ${types.text}, confirmed_evidence ${types.text}, confirmed_active integer,
       confirmed_user_name ${types.text},
       baseline_unknown integer NOT NULL DEFAULT 0, ever_enabled integer NOT NULL DEFAULT 0,
       failed_hash ${types.text}, failed_code ${types.text}, failed_at bigint,
       missing_passes integer NOT NULL DEFAULT 0, missing_since bigint,
       unsettled integer GENERATED ALWAYS AS (CASE
         WHEN desired_hash IS NULL OR desired_hash = failed_hash THEN 0
         WHEN sent_hash IS NOT NULL THEN CASE WHEN desired_hash = sent_hash THEN 0 ELSE 1 END
         WHEN baseline_unknown = 1 OR confirmed_hash IS NULL OR desired_hash <> confirmed_hash THEN 1
         ELSE 0 END) STORED,
       PRIMARY KEY (job_id, external_id))`,
    `CREATE INDEX entries_due ON entries (job_id, owner, next_date) WHERE next_date IS NOT NULL`,
    `CREATE INDEX entries_unsettled ON entries (job_id, owner) WHERE unsettled = 1`,
    `CREATE INDEX entries_missing ON entries (job_id, owner) WHERE missing_passes > 0`,
    `CREATE INDEX entries_missing_manager ON entries (job_id, owner) WHERE missing_manager IS NOT NULL`,
    `CREATE INDEX entries_desired_name ON entries (job_id, desired_user_name) WHERE desired_user_name IS NOT NULL`,
    `CREATE INDEX entries_sent_name ON entries (job_id, sent_user_name) WHERE sent_user_name IS NOT NULL`,
    `CREATE INDEX entries_confirmed_name ON entries (job_id, confirmed_user_name) WHERE confirmed_user_name IS NOT NULL`,

    `CREATE TABLE batches (id ${types.text} PRIMARY KEY, run ${types.text} NOT NULL REFERENCES runs (id), sequence integer NOT NULL, state ${types.text} NOT NULL,
       operations integer NOT NULL, bytes bigint NOT NULL DEFAULT 0, body_hash ${types.text} NOT NULL DEFAULT '', sends integer NOT NULL DEFAULT 0,
       sent_at bigint, accepted_at bigint, client_request_id ${types.text} NOT NULL DEFAULT '', request_id ${types.text}, detail ${types.text},
       UNIQUE (run, sequence))`,

    `CREATE TABLE operations (id ${types.text} PRIMARY KEY, run ${types.text} NOT NULL, batch ${types.text} NOT NULL REFERENCES batches (id),
       ordinal integer NOT NULL, job_id integer NOT NULL, external_id ${types.text} NOT NULL, bulk_id ${types.text} NOT NULL,
       change ${types.text} NOT NULL, payload ${types.text} NOT NULL, payload_hash ${types.text} NOT NULL, active integer NOT NULL, user_name ${types.text},
       state ${types.text} NOT NULL, overtakes ${types.text}, sent_at bigint, accepted_at bigint, closed_at bigint, outcome ${types.text},
       evidence ${types.text}, failure ${types.text}, UNIQUE (batch, ordinal))`,
    `CREATE INDEX operations_worker ON operations (job_id, external_id)`,
    `CREATE INDEX operations_open ON operations (job_id, sent_at) WHERE state IN ('sending', 'sent', 'unknown')`,

    `CREATE TABLE calls (id ${types.text} PRIMARY KEY, tenant ${types.text} NOT NULL, pipeline ${types.text} NOT NULL, batch ${types.text} NOT NULL,
       reserved_at bigint NOT NULL, answered_at bigint, counted integer NOT NULL DEFAULT 1)`,
    `CREATE INDEX calls_reserved ON calls (tenant, reserved_at)`,
    `CREATE INDEX calls_answered ON calls (tenant, answered_at)`,
    `CREATE INDEX calls_unanswered ON calls (pipeline) WHERE answered_at IS NULL`,

    `CREATE TABLE log_rows (job_id integer NOT NULL, id ${types.text} NOT NULL, at bigint NOT NULL, external_id ${types.text},
       body ${types.text} NOT NULL, PRIMARY KEY (job_id, id))`,
    `CREATE INDEX log_rows_worker ON log_rows (job_id, external_id, at)`,
    `CREATE INDEX log_rows_age ON log_rows (job_id, at)`,

    `CREATE TABLE files (area ${types.text} NOT NULL, name ${types.text} NOT NULL, content ${types.text} NOT NULL, chunks integer NOT NULL,
       PRIMARY KEY (area, name))`,
    `CREATE TABLE file_chunks (content ${types.text} NOT NULL, ordinal integer NOT NULL, body ${types.bytes} NOT NULL, PRIMARY KEY (content, ordinal))`,
  ],
};
