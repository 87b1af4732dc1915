import type { Database, Statement } from './database.ts';
import type { ColumnTypes, Migration } from './migrations.ts';

/**
 * Managers who were missing and came: confirmed by now, and named as missing. Nearly always nobody, and to find that out of 70,000 managers outside of the company cost 90 to 170 ms in every
 * run, twice where something was sent. SQLite keeps them by triggers on either side, the manager who is confirmed and the worker who names him, so that no verb can forget one: his
 * reports would stay without him for ever. Of managers alone, because the reports are found by them at once; that takes the index by manager first, whoever owns the worker.
 *
 * PostgreSQL asks: a trigger there is a function that is called for each joiner and each of the workers who name somebody missing.
 */
export const arrivedManagers: Migration = {
  version: 13,
  name: 'arrived managers',
  statements: (types) => (types.kind === 'sqlite' ? kept(types) : []),
};

function kept({ text }: ColumnTypes): readonly string[] {
  const named = (row: 'OLD' | 'NEW', manager: string): string =>
    `EXISTS (SELECT 1 FROM entries WHERE job_id = ${row}.job_id AND missing_manager = ${row}.${manager})`;
  const known =
    'EXISTS (SELECT 1 FROM entries WHERE job_id = NEW.job_id AND external_id = NEW.missing_manager AND confirmed_hash IS NOT NULL)';
  const add = (manager: string, condition: string): string =>
    `BEGIN INSERT INTO arrived_managers (job_id, manager) SELECT NEW.job_id, NEW.${manager} WHERE ${condition} ON CONFLICT DO NOTHING; END`;
  const take = (manager: string, condition = ''): string =>
    `BEGIN DELETE FROM arrived_managers WHERE job_id = OLD.job_id AND manager = OLD.${manager}${condition}; END`;
  const came = add('external_id', named('NEW', 'external_id'));
  const went = take('external_id');
  const names = add('missing_manager', known);
  const namesNoMore = take('missing_manager', ` AND NOT ${named('OLD', 'missing_manager')}`);
  const isOther = '(OLD.job_id <> NEW.job_id OR OLD.external_id <> NEW.external_id)';
  const namesOther = '(OLD.job_id <> NEW.job_id OR OLD.missing_manager IS NOT NEW.missing_manager)';
  const confirming = 'UPDATE OF job_id, external_id, confirmed_hash ON entries WHEN';
  const naming = 'UPDATE OF job_id, missing_manager ON entries WHEN';
  return [
    'DROP INDEX entries_missing_manager',
    'CREATE INDEX entries_missing_manager ON entries (job_id, missing_manager, owner, external_id) WHERE missing_manager IS NOT NULL',
    `CREATE TABLE arrived_managers (job_id integer NOT NULL, manager ${text} NOT NULL, PRIMARY KEY (job_id, manager)) WITHOUT ROWID`,
    `INSERT INTO arrived_managers SELECT m.job_id, m.external_id
       FROM (SELECT DISTINCT job_id, missing_manager FROM entries WHERE missing_manager IS NOT NULL) named
       CROSS JOIN entries m WHERE m.job_id = named.job_id AND m.external_id = named.missing_manager AND m.confirmed_hash IS NOT NULL`,
    `CREATE TRIGGER manager_inserted AFTER INSERT ON entries WHEN NEW.confirmed_hash IS NOT NULL ${came}`,
    `CREATE TRIGGER manager_came AFTER ${confirming} NEW.confirmed_hash IS NOT NULL AND (OLD.confirmed_hash IS NULL OR ${isOther}) ${came}`,
    `CREATE TRIGGER manager_went AFTER ${confirming} OLD.confirmed_hash IS NOT NULL AND (NEW.confirmed_hash IS NULL OR ${isOther}) ${went}`,
    `CREATE TRIGGER manager_deleted AFTER DELETE ON entries WHEN OLD.confirmed_hash IS NOT NULL ${went}`,
    `CREATE TRIGGER naming_inserted AFTER INSERT ON entries WHEN NEW.missing_manager IS NOT NULL ${names}`,
    `CREATE TRIGGER naming_came AFTER ${naming} NEW.missing_manager IS NOT NULL AND ${namesOther} ${names}`,
    `CREATE TRIGGER naming_went AFTER ${naming} OLD.missing_manager IS NOT NULL AND ${namesOther} ${namesNoMore}`,
    `CREATE TRIGGER naming_deleted AFTER DELETE ON entries WHEN OLD.missing_manager IS NOT NULL ${namesNoMore}`,
  ];
}

/** Workers of a pipeline whose missing manager is confirmed by now. */
export function whoseManagerCame(kind: Database['kind'], job: number, owner: string): Statement {
  if (kind === 'sqlite') {
    return {
      sql: `SELECT e.external_id FROM arrived_managers a CROSS JOIN entries e INDEXED BY entries_missing_manager
            WHERE a.job_id = ? AND e.job_id = a.job_id AND e.missing_manager = a.manager AND e.owner = ?`,
      bindings: [job, owner],
    };
  }
  return {
    sql: `SELECT external_id FROM entries WHERE job_id = ? AND owner = ? AND missing_manager IN (
            SELECT m.external_id
            FROM (SELECT DISTINCT missing_manager FROM entries WHERE job_id = ? AND owner = ? AND missing_manager IS NOT NULL) named
            CROSS JOIN entries m WHERE m.job_id = ? AND m.external_id = named.missing_manager AND m.confirmed_hash IS NOT NULL)`,
    bindings: [job, owner, job, owner, job],
  };
}
