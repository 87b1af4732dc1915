import { Client } from 'pg';
import { expect, test } from 'vitest';
import { freshDatabase } from './database.ts';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

test('every test gets an empty database of its own in one real PostgreSQL', async () => {
  const [one, two] = await Promise.all([freshDatabase('one'), freshDatabase('two')]);
  expect(one).not.toBe(two);
  await ask(one, 'CREATE TABLE t (a text)');
  expect(await ask(two, `SELECT to_regclass('t')`)).toEqual([[null]]);
});

test('the cluster does not sort by bytes, so that code which forgets to ask for byte order is found out', async () => {
  const url = await freshDatabase('sort');
  expect(await ask(url, `SELECT x FROM (VALUES ('B'), ('a')) v(x) ORDER BY x`)).toEqual([['a'], ['B']]);
  expect(await ask(url, `SELECT x FROM (VALUES ('B'), ('a')) v(x) ORDER BY x COLLATE "C"`)).toEqual([['B'], ['a']]);
});
