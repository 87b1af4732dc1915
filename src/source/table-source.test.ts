import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { executeSql } from '../../samples/databases.ts';
import { freshDatabase } from '../../test/database.ts';
import { answerFromTables, startTdsDouble } from '../../test/tds-double.ts';
import { Secret } from '../domain/masking.ts';
import type { Row } from '../domain/row.ts';
import type { ColumnDeclaration, ConditionDeclaration, JoinDeclaration, PostgresSource } from '../pipeline/pipeline.ts';
import type { ReadRequest, Source } from './contract.ts';
import { openSource } from './open-source.ts';
import { PositionTracker } from './position.ts';

const place = { file: 'p.yaml', line: 9, column: 5 };
let url: string;
const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of toClose.splice(0).toReversed()) await each.close();
});
beforeAll(async () => {
  url = await freshDatabase('tables');
  await executeSql(
    url,
    `create table workers (id text not null, kind text, hired date, "Note?" text, updated_at timestamptz);
     create table jobs (worker text, is_primary boolean not null, title text, org int);
     create view orgs as select 1 as id, 'Sales; --' as name;
     insert into workers values ('a', 'FT', '2020-01-01', 'x', '2026-11-01 08:00+00'), ('b', null, '2027-01-01', '?', '2026-11-20 08:00+00'),
       ('c', 'CW', null, 'O''Brien', null), ('d', 'FT', '2026-11-27', null, '2026-11-21 08:00+00');
     insert into jobs values ('a', true, 'Boss', 1), ('a', false, 'Clerk', 1), ('d', true, 'Clerk', null)`,
  );
});

const column = (name: string, over: Partial<ColumnDeclaration> = {}): ColumnDeclaration => ({
  name,
  type: 'string',
  required: false,
  place,
  ...over,
});
const where = (name: string, tests: ConditionDeclaration['tests'], orNull = false): ConditionDeclaration => ({
  column: name,
  tests,
  orNull,
  place,
});
const job: JoinDeclaration = {
  alias: 'job',
  table: 'jobs',
  kind: 'left',
  on: [{ column: 'worker', equals: 'id' }],
  where: [where('is_primary', [{ kind: 'is', values: [true] }])],
  place,
};

async function open(over: Partial<PostgresSource>): Promise<Source> {
  const source = await openSource({
    type: 'postgres',
    connection: new Secret('HR', url),
    table: 'workers',
    key: 'id',
    statementTimeout: 60_000,
    place,
    ...over,
  });
  toClose.push(source);
  return source;
}

async function readAll(source: Source, request: Partial<ReadRequest> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of source.read({ seed: 1n, asOf: '2026-11-27', ...request })) rows.push(...part);
  return rows;
}
const keys = async (over: Partial<PostgresSource>): Promise<readonly (string | undefined)[]> =>
  (await readAll(await open(over))).map(({ key }) => key);

describe('a table with conditions', () => {
  test.each<[string, ConditionDeclaration, readonly string[]]>([
    ['one of some values', where('kind', [{ kind: 'is', values: ['FT', 'PT'] }]), ['a', 'd']],
    ['none of them, NULL included', where('kind', [{ kind: 'not', values: ['FT'] }]), ['b', 'c']],
    ['until the day of the run', where('hired', [{ kind: 'to', value: { parameter: 'as_of' } }]), ['a', 'd']],
    ['after it, or NULL', where('hired', [{ kind: 'above', value: { parameter: 'as_of' } }], true), ['b', 'c']],
    [
      'between two bounds',
      where('hired', [
        { kind: 'from', value: '2020-01-01' },
        { kind: 'below', value: '2026-11-27' },
      ]),
      ['a'],
    ],
    ['NULL', where('hired', [{ kind: 'null', isNull: true }]), ['c']],
    ['text that looks like SQL', where('Note?', [{ kind: 'is', values: ["O'Brien", "x' or 'a'='a", '?'] }]), ['b', 'c']],
  ])('reads rows that are %s', async (_what, condition, expected) => {
    expect(await keys({ where: [condition] })).toEqual(expected);
  });

  test('takes columns from joined tables, NULL where there is no partner, and keeps the order of keys', async () => {
    const columns = [
      column('id'),
      column('title', { from: 'job.title' }),
      column('note', { from: 'Note?' }),
      column('org', { from: 'o.name' }),
    ];
    const org: JoinDeclaration = { alias: 'o', table: 'orgs', kind: 'left', on: [{ column: 'id', equals: 'job.org' }], where: [], place };
    const rows = await readAll(await open({ join: [job, org], columns }));
    expect(rows.map(({ values }) => values)).toEqual([
      { id: 'a', title: 'Boss', note: 'x', org: 'Sales; --' },
      { id: 'b', title: null, note: '?', org: null },
      { id: 'c', title: null, note: "O'Brien", org: null },
      { id: 'd', title: 'Clerk', note: null, org: null },
    ]);
    expect(
      await keys({
        join: [{ ...job, kind: 'inner' }],
        columns: columns.slice(0, 2),
        where: [where('job.title', [{ kind: 'is', values: ['Boss'] }])],
      }),
    ).toEqual(['a']);
  });

  test('is ordered by the column of the table, and not by another one that the result calls so', async () => {
    await executeSql(url, 'create table swapped (a int, b int); insert into swapped values (1, 30), (2, 20), (3, 10)');
    const columns = [column('a', { from: 'b', type: 'integer' }), column('b', { from: 'a', type: 'integer' })];
    expect(await keys({ table: 'swapped', key: 'a', columns })).toEqual(['10', '20', '30']);
  });

  test('names every column that is missing, of whatever table, and says what is not read', async () => {
    const bad = open({
      join: [job],
      columns: [column('id'), column('titel', { from: 'job.titel' })],
      where: [where('sort', [{ kind: 'null', isNull: true }])],
    });
    await expect(bad).rejects.toMatchObject({ code: 'SRC-204', message: expect.stringMatching(/job\.titel, sort/) });
    const source = await open({
      columns: [column('id', { required: true }), column('kind')],
      where: [where('hired', [{ kind: 'null', isNull: true }])],
    });
    expect(await source.describe()).toEqual([
      { name: 'id', databaseType: 'text', type: 'string', nullable: false },
      { name: 'kind', databaseType: 'text', type: 'string', nullable: true },
      { name: 'Note?', databaseType: 'text', type: 'string', nullable: true, isUnread: true },
      { name: 'updated_at', databaseType: 'timestamp with time zone', type: 'datetime', nullable: true, isUnread: true },
    ]);
  });
});

describe('a table with a watermark', () => {
  const changes = { mode: 'watermark', column: 'updated_at', lookBack: { milliseconds: 3_600_000 }, fullPass: 86_400_000, place } as const;

  test('reads what moved since the position, what has none, and whoever is asked for; a full read gives the position', async () => {
    const source = await open({ changes, columns: [column('id')] });
    expect(source.watermark).toEqual({ column: 'updated_at', type: 'timestamptz', asksKeys: true });
    const tracker = new PositionTracker(Date.parse('2026-11-27T00:00:00Z'));
    const all = await readAll(source, { tracker });
    expect(all).toHaveLength(4);
    expect(tracker.position).toBe('2026-11-21 08:00:00+00');
    const partial = { position: '2026-11-20 08:30:00+00', keys: [] };
    const rows = await readAll(source, { partial });
    expect(rows.map(({ key }) => key)).toEqual(['b', 'c', 'd']);
    // The same row has the same fingerprint, however it was read.
    expect(rows.map(({ fingerprint }) => fingerprint)).toEqual(all.slice(1).map(({ fingerprint }) => fingerprint));
    expect(
      (await readAll(source, { partial: { ...partial, position: '2026-12-01 00:00:00+00', keys: ['a', "x' or 'a' = 'a"] } })).map(
        ({ key }) => key,
      ),
    ).toEqual(['a', 'c']);
  });

  test('reads all rows of a key when one of them moved', async () => {
    const source = await open({ changes, join: [{ ...job, where: [] }], columns: [column('id'), column('title', { from: 'job.title' })] });
    const rows = await readAll(source, { partial: { position: '2026-12-01 00:00:00+00', keys: ['a'] } });
    expect(rows.map(({ values }) => [values['id'], values['title']])).toEqual([
      ['a', 'Boss'],
      ['a', 'Clerk'],
      ['c', null],
    ]);
  });

  test('in a query is the parameter :since, NULL in a full pass', async () => {
    const sql =
      'select id, updated_at from workers where (:since is null or updated_at >= :since) and hired <= :as_of order by id collate "C"';
    const source = await openSource({
      type: 'postgres',
      connection: new Secret('HR', url),
      query: { sql, file: 'q.sql', firstLine: 1 },
      key: 'id',
      statementTimeout: 60_000,
      changes,
    });
    toClose.push(source);
    expect((await readAll(source)).map(({ key }) => key)).toEqual(['a', 'd']);
    expect((await readAll(source, { partial: { position: '2026-11-21 08:00:00+00', keys: [] } })).map(({ key }) => key)).toEqual(['d']);
  });

  test('of a type that does not grow is refused', async () => {
    await expect(open({ changes: { ...changes, column: 'kind' } })).rejects.toMatchObject({ code: 'SRC-214', place });
  });
});

test('SQL Server is asked by one statement with joins, conditions, watermark and keys', async () => {
  const double = await startTdsDouble({
    answer: answerFromTables([
      {
        name: 'hr.workers',
        columns: [
          { name: 'id', type: 'int' },
          { name: 'kind', type: 'varchar' },
          { name: 'changed', type: 'datetime' },
        ],
        rows: [],
      },
      {
        name: 'hr.jobs',
        columns: [
          { name: 'worker', type: 'int' },
          { name: 'title', type: 'nvarchar' },
        ],
        rows: [],
      },
    ]),
  });
  toClose.push(double);
  const source = await openSource({
    type: 'mssql',
    connection: new Secret('HR', double.url),
    table: 'hr.workers',
    key: 'id',
    statementTimeout: 60_000,
    columns: [column('id', { type: 'integer' }), column('title', { from: 'job.title' })],
    join: [{ ...job, table: 'hr.jobs', where: [] }],
    where: [where('kind', [{ kind: 'not', values: ['Żołnierz', "O'x"] }])],
    changes: { mode: 'watermark', column: 'changed', lookBack: { milliseconds: 60_000 }, fullPass: 1, place },
  });
  toClose.push(source);
  await readAll(source, { partial: { position: '2026-11-27 08:00:00.003', keys: ['7', '9'] } });
  expect(double.log.filter((line) => line.startsWith('select')).at(-1)).toBe(
    'select [source].[id] as [id], [job].[title] as [title], [source].[changed] as [changed] from [hr].[workers] as [source]' +
      ' left join [hr].[jobs] as [job] on [job].[worker] = [source].[id]' +
      " where ([source].[kind] not in (N'Żołnierz', 'O''x') or [source].[kind] is null)" +
      ' and ([source].[id] in (select [source].[id] from [hr].[workers] as [source] left join [hr].[jobs] as [job] on [job].[worker] = [source].[id]' +
      " where ([source].[kind] not in (N'Żołnierz', 'O''x') or [source].[kind] is null)" +
      " and ([source].[changed] >= CAST('2026-11-27T07:59:00.003' AS datetime) or [source].[changed] is null)) or [source].[id] in (7, 9))" +
      ' order by [source].[id]',
  );
});
