import mssql, { type ConnectionPool } from 'mssql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMssqlAdmin } from '../../test/mssql-admin.ts';
import { Secret } from '../domain/masking.ts';
import { compareKeys, type Row } from '../domain/row.ts';
import type { MssqlSource } from '../pipeline/pipeline.ts';
import { openSource } from './open-source.ts';

const url = process.env['JOINERY_MSSQL_URL'];

/**
 * What only a real SQL Server can answer. Runs when JOINERY_MSSQL_URL names a database in which tables `joinery_test_*` may be made and dropped.
 */
describe.skipIf(url === undefined)('the SQL Server that JOINERY_MSSQL_URL names', () => {
  let admin: ConnectionPool;
  const secret = new Secret('JOINERY_MSSQL_URL', url ?? '');
  const keys = ['ab ', 'A', 'a', 'Z', 'z', 'ä', 'Ä', 'ß', '10', '9', 'a b', 'a-b', 'ab', 'ﬁ', '\uffee', '😀', '\u{10ffff}', 'İ', 'ı'];

  beforeAll(async () => {
    admin = await openMssqlAdmin(url ?? '');
    await admin.request().batch('drop table if exists joinery_test_text; drop table if exists joinery_test_many;');
    await admin
      .request()
      .batch(
        'create table joinery_test_text (id nvarchar(40) not null, code varchar(40) collate Latin1_General_100_CI_AS, guid uniqueidentifier, pay decimal(38,10), bonus money)',
      );
    for (const key of keys) {
      await admin
        .request()
        .input('id', mssql.NVarChar(40), key)
        .query('insert joinery_test_text values (@id, @id, newid(), 1234567890123456789012345678.0123456789, 922337203685477.5807)');
    }
    await admin
      .request()
      .batch(
        "select top (200000) row_number() over (order by (select null)) as id, replicate('x', 500) as filler into joinery_test_many from sys.all_objects a cross join sys.all_objects b",
      );
  });
  afterAll(async () => {
    await admin.request().batch('drop table if exists joinery_test_text; drop table if exists joinery_test_many;');
    await admin.close();
  });

  const declare = (over: Partial<MssqlSource>): MssqlSource => ({
    type: 'mssql',
    connection: secret,
    key: 'id',
    statementTimeout: 60_000,
    ...over,
  });
  const read = async (over: Partial<MssqlSource>): Promise<readonly Row[]> => {
    const source = await openSource(declare(over), { lockTimeout: 500 });
    const rows: Row[] = [];
    try {
      for await (const part of source.read({ seed: 1n })) rows.push(...part);
    } finally {
      await source.close();
    }
    return rows;
  };

  test('returns text keys in the order in which they are compared, long decimals and money exactly', async () => {
    const rows = await read({ table: 'joinery_test_text' });
    expect(rows.map(({ key }) => key)).toEqual(keys.toSorted((a, b) => compareKeys('utf16', a, b)));
    expect(rows[0]?.values).toMatchObject({ pay: '1234567890123456789012345678.0123456789', bonus: '922337203685477.5807' });
    expect(rows.flatMap(({ problems }) => problems ?? [])).toEqual([]);
  });

  test('orders varchar keys as it does nvarchar, by what their code page holds', async () => {
    const held = ['ab ', 'A', 'a', 'Z', 'z', 'ä', 'Ä', 'ß', '10', '9', 'a b', 'a-b', 'ab'];
    const found = (await read({ table: 'joinery_test_text', key: 'code' })).map(({ key }) => key ?? '');
    expect(found).toEqual(found.toSorted((a, b) => compareKeys('utf16', a, b)));
    expect(found).toEqual(expect.arrayContaining(held));
  });

  test('orders unique identifiers by their text', async () => {
    const guids = (await read({ table: 'joinery_test_text', key: 'guid' })).map(({ key }) => key ?? '');
    expect(guids).toEqual(guids.toSorted());
  });

  test('streams many rows, and gives the connection back when the reader leaves', async () => {
    const source = await openSource(declare({ table: 'joinery_test_many' }));
    const chunks = source.read({ seed: 1n })[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.return?.();
    let count = 0;
    for await (const rows of source.read({ seed: 1n })) count += rows.length;
    expect(count).toBe(200_000);
    await source.close();
  });

  test('names what is wrong with a query, with its line', async () => {
    const query = { sql: 'select id,\n oops\nfrom joinery_test_many order by id', file: 'q.sql', firstLine: 1 };
    await expect(read({ query })).rejects.toMatchObject({ code: 'SRC-202', place: { file: 'q.sql' } });
    await expect(read({ query: { ...query, sql: 'select id from joinery_test_nothing order by id' } })).rejects.toMatchObject({
      code: 'SRC-202',
    });
  });

  test('does not wait for a schema lock longer than its limit', async () => {
    const holder = admin.transaction();
    await holder.begin();
    try {
      await holder.request().batch('alter table joinery_test_text add extra int');
      await expect(read({ table: 'joinery_test_text' })).rejects.toMatchObject({ code: 'SRC-208' });
    } finally {
      await holder.rollback();
    }
  });
});
