import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { query, readAll } from '../../test/postgres-source.ts';
import { Secret } from '../domain/masking.ts';
import type { ColumnValue } from '../domain/row.ts';
import type { PostgresSource } from '../pipeline/pipeline.ts';
import { openSource } from './open-source.ts';

describe('a database of another country', () => {
  let url: string;
  let admin: Client;
  beforeAll(async () => {
    url = await freshDatabase('locale');
    admin = new Client({ connectionString: url });
    await admin.connect();
  });
  afterAll(() => admin.end());

  let databases = 0;
  /** Beside the one of the file, in its own encoding, with settings of its own. */
  const create = async (encoding: string, settings: readonly string[], setUp: readonly string[]): Promise<string> => {
    const at = new URL(url);
    const name = `${at.pathname.slice(1)}_${String(++databases)}`;
    at.pathname = name;
    await admin.query(
      `create database ${name} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C' locale_provider libc strategy file_copy`,
    );
    for (const setting of settings) await admin.query(`alter database ${name} set ${setting}`);
    const client = new Client({ connectionString: at.href });
    await client.connect();
    try {
      if (encoding === 'SQL_ASCII') await client.query('set client_encoding = SQL_ASCII');
      for (const sql of setUp) await client.query(sql);
    } finally {
      await client.end();
    }
    return at.href;
  };
  const read = async (at: string, over: Partial<PostgresSource>): Promise<readonly Readonly<Record<string, ColumnValue>>[]> => {
    const source = await openSource({ type: 'postgres', connection: new Secret('HR', at), key: 'id', statementTimeout: 60_000, ...over });
    try {
      return (await readAll(source)).map(({ values }) => values);
    } finally {
      await source.close();
    }
  };

  /** Locales are the machine's: where one is missing, the text of its money is still played in postgres-types.test.ts. */
  test.for([
    ['ja_JP.UTF-8', ['1234', '-5', '0']],
    ['ar_KW.UTF-8', ['1234.000', '-5.000', '0.000']],
    ['de_DE.UTF-8', ['1234.00', '-5.00', '0.00']],
    ['en_HK.UTF-8', ['1234.00', '-5.00', '0.00']],
  ] as const)('whose money is that of %s says what it counts, and so does a cast in a query', async ([locale, pay], { skip }) => {
    const known = await admin.query(`set lc_monetary = '${locale}'; reset lc_monetary`).then(() => true, () => false); // prettier-ignore
    skip(!known, 'this machine has no such locale');
    const at = await create(
      'UTF8',
      [`lc_monetary = '${locale}'`],
      [
        'create table paid as select id, (0::money + amount::money) as pay from (values (1, 1234), (2, 0), (3, 0)) as t(id, amount)',
        'update paid set pay = pay - 5::money where id = 2',
      ],
    );
    expect((await read(at, { table: 'paid' })).map((row) => row['pay'])).toEqual(pay);
    const cast = await read(at, query('select id, pay::numeric as pay, array[pay] as list from paid order by id'));
    expect(cast).toEqual(pay.map((each, place) => ({ id: place + 1, pay: each, list: [each] })));
  });

  test('with another encoding and other settings gives the same values', async () => {
    const settings = ["client_encoding = 'LATIN1'", 'standard_conforming_strings = off', "DateStyle = 'SQL, DMY'"];
    const at = await create('WIN1252', settings, [
      'create table "größe" (id text primary key, "näme" text)',
      `insert into "größe" values ('a', 'Müller €'), ('€', null), ('é', null)`,
    ]);
    expect(await read(at, query(`select id, "näme", '\\n' as two, '2026-02-01'::date as day from "größe" where id < 'b' order by id collate "C"`))).toEqual(
      [{ id: 'a', näme: 'Müller €', two: '\\n', day: '2026-02-01' }],
    ); // prettier-ignore
    await expect(read(at, { table: '"größe"' })).rejects.toMatchObject({
      code: 'SRC-301',
      fix: expect.stringContaining(`in a database whose encoding is not UTF8: ORDER BY convert_to("id", 'UTF8')`),
    });
    const ordered = await read(at, query(`select id from "größe" order by convert_to(id, 'UTF8')`));
    expect(ordered.map(({ id }) => id)).toEqual(['a', 'é', '€']);
  });

  test('that was made without an encoding is read where its bytes are UTF-8, and refused with the way out where they are not', async () => {
    const at = await create(
      'SQL_ASCII',
      [],
      [String.raw`create table people as select * from (values (1, E'M\303\274ller'::text), (2, E'M\374ller')) as t(id, name)`],
    );
    expect(await read(at, query('select id, name from people where id = 1 order by id'))).toEqual([{ id: 1, name: 'Müller' }]);
    const refused = await read(at, { table: 'people' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SRC-211', fix: expect.stringContaining('convert_from(convert(convert_to(name') });
    const way = /convert_from\(.*'SQL_ASCII'\)/.exec(String(Reflect.get(Object(refused), 'fix')))?.[0] ?? '';
    expect(await read(at, query(`select id, ${way} as name from people where id = 2 order by id`))).toEqual([{ id: 2, name: 'Müller' }]);
  });
});
