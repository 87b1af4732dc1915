import { expect, onTestFinished, test } from 'vitest';
import { acceptWorkers, leaseOn, payloadOf, scope } from '../../test/state-builders.ts';
import { freshLocation, openForTest } from '../../test/state.ts';
import type { Database } from './database.ts';
import type { Ledger } from './contract.ts';
import { openLedger } from './ledger.ts';
import { textOf } from './row.ts';
import { openSqlite } from './sqlite.ts';

test('what every run asks the ledger for is found without walking all workers: a run in which nothing changed pays for it each time', async () => {
  const walks: string[] = [];
  const { ledger } = await watchedLedger((step, sql) => {
    // The whole primary key of a job, or the whole table; with the key itself it is one worker.
    if (/SCAN (entries|e)\b/.test(step) || /(sqlite_autoindex_entries_1|entries_keys) \(job_id=\?\)/.test(step))
      walks.push(`${step}: ${sql}`);
  });
  await ledger.due(scope, 'contoso', 1);
  await ledger.unsettled(scope, 'contoso');
  await ledger.missing(scope, 'contoso');
  await ledger.claims(scope, 'contoso');
  await ledger.claimsAgainst(scope, 'contoso');
  await ledger.rejectedFor(scope, 'contoso', 'PLN-101');
  await ledger.standing(scope, 'contoso');
  await ledger.openRekeys(scope);
  expect(walks).toEqual([]);
});

test('who is known and with whom nothing is open is read out of the index of keys, without a page of payloads for each', async () => {
  const steps: string[] = [];
  const { ledger } = await watchedLedger((step) => steps.push(step));
  expect(await ledger.known(scope, ['w1'])).toEqual(new Set());
  expect(await ledger.settled(scope, ['w1'])).toEqual(new Set());
  const asked = steps.filter((step) => step.includes('entries'));
  expect(asked).toHaveLength(2);
  for (const step of asked)
    expect(step).toContain('SEARCH entries USING COVERING INDEX entries_keys (job_id=? AND external_id=? AND <expr>');
});

/** The ledger of a SQLite state with one worker; `see` is told each step of how each question is answered. */
async function watchedLedger(see: (step: string, sql: string) => void): Promise<{ readonly ledger: Ledger }> {
  const location = await freshLocation('sqlite');
  const store = await openForTest(location);
  await acceptWorkers(store, await leaseOn(store), 'r1', [{ payload: payloadOf('w1') }]);
  const database = await openSqlite(location, { readOnly: true });
  onTestFinished(() => database.close());
  const watched: Database = Object.assign(Object.create(database), {
    kind: database.kind,
    sees: database.sees,
    jobs: database.jobs,
    first: (query: Parameters<Database['first']>[0]) => watched.all(query).then((rows) => rows[0]),
    async all({ sql, bindings }: Parameters<Database['all']>[0]) {
      for (const row of await database.all({ sql: `EXPLAIN QUERY PLAN ${sql}`, bindings })) see(textOf(row, 'detail'), sql);
      return database.all({ sql, bindings });
    },
  });
  return { ledger: openLedger(watched, store.identity.hashKey) };
}
