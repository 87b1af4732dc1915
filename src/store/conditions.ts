import type { Condition } from '../domain/condition.ts';
import type { Conditions } from './contract-conditions.ts';
import type { Database } from './database.ts';
import { findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { disabling } from './noticing.ts';
import { integerOf, jsonOf, optionalInteger, optionalText, present, textOf, type Row } from './row.ts';

export function openConditions(database: Database): Conditions {
  return {
    async of(pipeline) {
      const rows = await database.all({ sql: 'SELECT * FROM conditions WHERE pipeline = ? ORDER BY name', bindings: [pipeline] });
      return rows.map(conditionOf);
    },
    keep: (lease, condition, at) =>
      writeUnder(database, lease, async (transaction) => {
        const { name, signature, since, run, figures, over, told } = condition;
        await transaction.run({
          sql: `INSERT INTO conditions (pipeline, name, signature, since, run, figures, over_at, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (pipeline, name) DO UPDATE SET signature = excluded.signature, since = excluded.since, run = excluded.run,
                  figures = excluded.figures, over_at = excluded.over_at, told = excluded.told`,
          bindings: [lease.pipeline, name, signature, since, run ?? null, JSON.stringify(figures), over ?? null, JSON.stringify(told)],
        });
        const data = {
          pipeline: lease.pipeline,
          condition: name,
          signature,
          figures,
          told: Object.keys(told),
          ...present('run', run),
          ...present('over', over),
        };
        await appendLine(transaction, 'condition.kept', data, at);
      }),
    async unconfirmedDisables(scope, owner, before) {
      const row = await database.first({
        sql: `SELECT COUNT(*) AS workers FROM entries WHERE job_id = ? AND owner = ? AND ${disabling} AND (baseline_unknown = 1
                OR (sent_change IN ('leaver', 'cancelled') AND sent_at <= ?) OR (failed_hash = desired_hash AND failed_at <= ?))`,
        bindings: [(await findJob(database, scope)) ?? 0, owner, before, before],
      });
      return row === undefined ? 0 : integerOf(row, 'workers');
    },
    forget: (lease, name, at) =>
      writeUnder(database, lease, async (transaction) => {
        const gone = await transaction.run({
          sql: 'DELETE FROM conditions WHERE pipeline = ? AND name = ?',
          bindings: [lease.pipeline, name],
        });
        if (gone > 0) await appendLine(transaction, 'condition.over', { pipeline: lease.pipeline, condition: name }, at);
      }),
  };
}

function conditionOf(row: Row): Condition {
  return {
    pipeline: textOf(row, 'pipeline'),
    // Written by `keep` of this program.
    name: textOf(row, 'name') as Condition['name'], // oxlint-disable-line typescript/no-unsafe-type-assertion
    signature: textOf(row, 'signature'),
    since: integerOf(row, 'since'),
    figures: jsonOf<Condition['figures']>(row, 'figures'),
    told: jsonOf<Condition['told']>(row, 'told'),
    ...present('run', optionalText(row, 'run')),
    ...present('over', optionalInteger(row, 'over_at')),
  };
}
