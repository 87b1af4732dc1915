import { isEnabled } from './counting.ts';
import type { Binding, Database, Statement } from './database.ts';
import type { ColumnTypes, Migration } from './migrations.ts';

/**
 * How many are enabled is asked by every plan, for the shares of its guards. SQLite keeps the count of each owner, because to count an index of 880,000 costs 90 to 170 ms in every run,
 * changed or not. By triggers, so that no verb can forget it; where nothing is to be counted they cost less than the index did, which nothing else asked and which is gone.
 *
 * PostgreSQL counts that index: a trigger there is a function that is called for each row, and a row that is moved a million times in one transaction leaves a million versions of itself,
 * through which the next one looks.
 */
export const enabledCounts: Migration = {
  version: 12,
  name: 'enabled counts',
  statements: (types) => (types.kind === 'sqlite' ? kept(types) : []),
};

function kept({ text }: ColumnTypes): readonly string[] {
  const enabled = (row: 'OLD' | 'NEW'): string => `COALESCE(${row}.sent_active, ${row}.confirmed_active, 0) = 1`;
  const isSame = 'OLD.job_id = NEW.job_id AND OLD.owner = NEW.owner';
  const add = `INSERT INTO enabled_counts (job_id, owner, enabled) VALUES (NEW.job_id, NEW.owner, 1) ON CONFLICT (job_id, owner) DO UPDATE SET enabled = enabled + 1;`;
  const take = 'UPDATE enabled_counts SET enabled = enabled - 1 WHERE job_id = OLD.job_id AND owner = OLD.owner;';
  const moves = 'UPDATE OF job_id, owner, sent_active, confirmed_active';
  return [
    `CREATE TABLE enabled_counts (job_id integer NOT NULL, owner ${text} NOT NULL, enabled integer NOT NULL, PRIMARY KEY (job_id, owner)) WITHOUT ROWID`,
    `INSERT INTO enabled_counts SELECT job_id, owner, COUNT(*) FROM entries WHERE ${isEnabled} GROUP BY job_id, owner`,
    'DROP INDEX entries_enabled',
    `CREATE TRIGGER enabled_inserted AFTER INSERT ON entries WHEN ${enabled('NEW')} BEGIN ${add} END`,
    `CREATE TRIGGER enabled_deleted AFTER DELETE ON entries WHEN ${enabled('OLD')} BEGIN ${take} END`,
    `CREATE TRIGGER enabled_came AFTER ${moves} ON entries WHEN ${enabled('NEW')} AND NOT (${enabled('OLD')} AND ${isSame}) BEGIN ${add} END`,
    `CREATE TRIGGER enabled_went AFTER ${moves} ON entries WHEN ${enabled('OLD')} AND NOT (${enabled('NEW')} AND ${isSame}) BEGIN ${take} END`,
  ];
}

/** Of a job's entries that a pipeline owns, how many are enabled; answers one row at most. */
export function countEnabled(kind: Database['kind'], bindings: readonly [job: Binding, owner: Binding]): Statement {
  const counted =
    kind === 'sqlite' ? 'enabled AS entries FROM enabled_counts WHERE' : `COUNT(*) AS entries FROM entries WHERE ${isEnabled} AND`;
  return { sql: `SELECT ${counted} job_id = ? AND owner = ?`, bindings };
}
