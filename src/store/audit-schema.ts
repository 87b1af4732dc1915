import type { Migration } from './migrations.ts';
import { viewStatements } from './views.ts';

/**
 * What analysts read by. A run's operations by how they ended stand in an index of their own, which counts them without touching payloads; those that need a look, and
 * workers who do, in one that is as small as the trouble. And the views, whose names and columns people's own tools depend on.
 */
export const auditSchema: Migration = {
  version: 6,
  name: 'audit',
  statements: (types) => [
    'CREATE INDEX operations_ends ON operations (run, change, outcome, state)',
    `CREATE INDEX operations_trouble ON operations (run, batch, ordinal) WHERE ${troubled}`,
    `CREATE INDEX entries_look ON entries (job_id, owner, external_id) WHERE ${toLookAt}`,
    'CREATE INDEX calls_batch ON calls (batch)',
    ...viewStatements(types),
  ],
};

/** Ends that a person may have to look at. The index depends on these very words. */
export const troubled = `(outcome IN ('failed', 'silent', 'escrowed', 'skipped', 'appliedWithWarning') OR state IN ('refused', 'dropped'))`;

/** Workers with something open that only a person can close. The index depends on these very words. */
export const toLookAt = `(verdict = 'rejected' OR failed_hash IS NOT NULL OR baseline_unknown = 1 OR missing_passes > 0)`;
