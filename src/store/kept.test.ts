import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { freshLocation } from '../../test/state.ts';
import { isEnabled } from './counting.ts';
import type { Database } from './database.ts';
import { migrate } from './migrations.ts';
import { openSqlite } from './sqlite.ts';

const keys = ['k1', 'k2', 'k3', 'k4'];
const flag = fc.constantFrom(null, 0, 1);
const hash = fc.constantFrom(null, 'h1', 'h2');
const row = fc.record({
  external_id: fc.constantFrom(...keys),
  job_id: fc.constantFrom(1, 2),
  owner: fc.constantFrom('contoso', 'fabrikam'),
  sent_active: flag,
  confirmed_active: flag,
  confirmed_hash: hash,
  missing_manager: fc.constantFrom(null, ...keys),
});
const statement = fc.oneof(
  fc.record({ verb: fc.constant('insert' as const), row }),
  fc.record({ verb: fc.constant('upsert' as const), row }),
  fc.record({
    verb: fc.constant('update' as const),
    row,
    columns: fc.subarray(
      ['owner', 'sent_active', 'confirmed_active', 'confirmed_hash', 'missing_manager', 'external_id', 'job_id'] as const,
      { minLength: 1 },
    ),
  }),
  fc.record({ verb: fc.constant('delete' as const), row }),
);

/** What is kept, and what it stands for. */
const truths = [
  [
    'SELECT job_id, owner, enabled FROM enabled_counts WHERE enabled <> 0 ORDER BY job_id, owner',
    `SELECT job_id, owner, COUNT(*) AS enabled FROM entries WHERE ${isEnabled} GROUP BY job_id, owner ORDER BY job_id, owner`,
  ],
  [
    'SELECT job_id, manager FROM arrived_managers ORDER BY job_id, manager',
    `SELECT m.job_id, m.external_id AS manager FROM entries m WHERE m.confirmed_hash IS NOT NULL
       AND EXISTS (SELECT 1 FROM entries e WHERE e.job_id = m.job_id AND e.missing_manager = m.external_id) ORDER BY m.job_id, m.external_id`,
  ],
] as const;

test('what SQLite keeps beside the entries is what they say, whatever is done to them by whom', async () => {
  const database = await openSqlite(await freshLocation('sqlite'), { readOnly: false });
  onTestFinished(() => database.close());
  await migrate(database, 1);
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { minLength: 5, maxLength: 40, size: 'max' }), async (statements) => {
      await undone(database, async (transaction) => {
        for (const taken of statements) {
          const columns = Object.keys(taken.row);
          const values = Object.values(taken.row);
          const inserted = `INSERT INTO entries (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT (job_id, external_id)`;
          const { external_id: key, job_id: job } = taken.row;
          if (taken.verb === 'insert') await transaction.run({ sql: `${inserted} DO NOTHING`, bindings: values });
          else if (taken.verb === 'upsert') {
            await transaction.run({
              sql: `${inserted} DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
              bindings: values,
            });
          } else if (taken.verb === 'delete')
            await transaction.run({ sql: 'DELETE FROM entries WHERE job_id = ? OR external_id = ?', bindings: [job, key] });
          else {
            // Of several rows at once; a key that another one has is not given to them.
            const set = taken.columns.map((name) => `${name} = ?`).join(', ');
            const bindings = [...taken.columns.map((name) => taken.row[name]), job];
            await transaction.run({ sql: `UPDATE OR IGNORE entries SET ${set} WHERE job_id = ?`, bindings });
          }
          for (const [kept, said] of truths)
            expect(await transaction.all({ sql: kept, bindings: [] })).toEqual(await transaction.all({ sql: said, bindings: [] }));
        }
      });
    }),
    { numRuns: 60 },
  );
});

/** In a transaction that is taken back. */
async function undone(database: Database, work: Parameters<Database['write']>[0]): Promise<void> {
  const end = new Error('taken back');
  await expect(
    database.write(async (transaction) => {
      await work(transaction);
      throw end;
    }),
  ).rejects.toBe(end);
}
