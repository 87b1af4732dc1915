import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { Secret } from '../domain/masking.ts';
import type { ColumnValue, Row } from '../domain/row.ts';
import type { ColumnType } from '../pipeline/pipeline.ts';
import { openSource } from './open-source.ts';
import { plainMoney } from './postgres-money.ts';
import { parseArray } from './postgres-types.ts';

const place = { file: 'p.yaml', line: 1, column: 1 };
let url: string;
let admin: Client;

beforeAll(async () => {
  url = await freshDatabase('types');
  admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`
    create type mood as enum ('glad', 'sad');
    create domain badge as numeric(10,2);
    create domain badges as badge[];
    create type pair as (a int, b text);
    create extension if not exists citext;
    alter database ${new URL(url).pathname.slice(1)} set timezone = 'America/St_Johns';
    alter database ${new URL(url).pathname.slice(1)} set datestyle = 'German, DMY';
    alter database ${new URL(url).pathname.slice(1)} set intervalstyle = 'sql_standard';
    alter database ${new URL(url).pathname.slice(1)} set bytea_output = 'escape';
    alter database ${new URL(url).pathname.slice(1)} set extra_float_digits = -5;
    alter database ${new URL(url).pathname.slice(1)} set quote_all_identifiers = on;
    create function set_config(text, text, boolean) returns text language sql as $$ select 'ours' $$;
    create function scale(numeric) returns int language sql as 'select 9';
    alter database ${new URL(url).pathname.slice(1)} set search_path = public, pg_catalog;
  `);
});
afterAll(() => admin.end());

/** One row with a column for each expression, read once: v0, v1, … */
function readColumns(list: readonly (readonly [sql: string, declared?: ColumnType | undefined, ...rest: unknown[]])[]): () => Promise<Row> {
  let row: Promise<Row> | undefined;
  const read = async (): Promise<Row> => {
    const source = await openSource({
      type: 'postgres',
      connection: new Secret('HR', url),
      key: 'id',
      statementTimeout: 60_000,
      query: {
        sql: `select 1 as id, ${list.map(([sql], index) => `${sql} as v${String(index)}`).join(', ')}`,
        file: 'q.sql',
        firstLine: 1,
      },
      columns: list.flatMap(([, type], index) => (type === undefined ? [] : [{ name: `v${String(index)}`, type, required: false, place }])),
    });
    try {
      for await (const [first] of source.read({ seed: 1n })) if (first !== undefined) return first;
      throw new Error('no row');
    } finally {
      await source.close();
    }
  };
  return () => (row ??= read());
}

describe('a PostgreSQL value in an expression', () => {
  const plain: readonly (readonly [sql: string, expected: ColumnValue])[] = [
    ['null::text', null],
    ['true', true],
    ['32767::int2', 32767],
    ['(-2147483648)::int4', -2147483648],
    ['4294967295::oid', 4294967295],
    ['9223372036854775807', '9223372036854775807'],
    ['1200.50::numeric', '1200.50'],
    ['12345678901234567890.12345678901234567890', '12345678901234567890.12345678901234567890'],
    ["'NaN'::numeric", 'NaN'],
    ['1234567.89::money', '1234567.89'],
    ['(-0.05)::money', '-0.05'],
    ['0.1::float8', 0.1],
    ['0.1::float4', 0.1],
    ['1e300::float8', 1e300],
    ["E'a\\tb\\\\\\nc '::text", 'a\tb\\\nc '],
    ["'\\N'::text", '\\N'],
    ["''", ''],
    ["'x'::char(4)", 'x'],
    ["'Ab'::citext", 'Ab'],
    ["'glad'::mood", 'glad'],
    ['12.3::badge', '12.30'],
    ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ["'2026-11-22'::date", '2026-11-22'],
    ["'0001-01-01'::date", '0001-01-01'],
    ["'2026-11-22 08:00:00.123456'::timestamp", '2026-11-22T08:00:00.123456'],
    ["'2026-11-22 00:00'::timestamp", '2026-11-22T00:00:00'],
    ["'2026-11-22 08:00:00.5+01'::timestamptz", '2026-11-22T07:00:00.5Z'],
    ["'1900-01-01 00:00:00 Asia/Kathmandu'::timestamptz", '1899-12-31T18:18:44Z'],
    ["'08:00:00.5'::time", '08:00:00.5'],
    ["'08:00:00+02'::timetz", '08:00:00+02'],
    ["'1 year 2 months 3 days 4 hours'::interval", 'P1Y2M3DT4H'],
    [`'{"a":[1,null,"ü"],"__proto__":1}'::json`, JSON.parse('{"a":[1,null,"ü"],"__proto__":1}')],
    ["'null'::jsonb", null],
    [`'{"a":0.1,"b":1e3,"c":"12345678901234567890"}'::jsonb`, { a: 0.1, b: 1000, c: '12345678901234567890' }],
    ["'\\xdeadbeef'::bytea", '3q2+7w=='],
    ['array[1,null,3]', [1, null, 3]],
    [
      "array[['a b','c\"d'],['NULL',null]]",
      [
        ['a b', 'c"d'],
        ['NULL', null],
      ],
    ],
    ["'[0:1]={1,2}'::int8[]", ['1', '2']],
    ["'{}'::text[]", []],
    ["array['2026-11-22']::date[]", ['2026-11-22']],
    ['array[1.5,2]::badges', ['1.50', '2.00']],
    ["array['glad']::mood[]", ['glad']],
    ["B'0101'", '0101'],
    ["'10.0.0.1/8'::inet", '10.0.0.1/8'],
    ["'<a/>'::xml", '<a/>'],
    ['int4range(1,5)', '[1,5)'],
    ["row(1,'a b')::pair", '(1,"a b")'],
  ];
  const plainRow = readColumns(plain.map(([sql]) => [sql]));
  test.each(plain.map(([sql, expected], index) => ({ sql, expected, name: `v${String(index)}` })))(
    '$sql arrives as $expected',
    async ({ expected, name }) => {
      const { values, problems } = await plainRow();
      expect(values[name]).toEqual(expected);
      expect(problems).toBeUndefined();
    },
  );

  const declared: readonly (readonly [sql: string, declared: ColumnType, expected: ColumnValue])[] = [
    ['9007199254740991', 'integer', 9007199254740991],
    ['12.00::numeric', 'integer', 12],
    ['12.50::numeric', 'number', 12.5],
    ['0.1::numeric', 'number', 0.1],
    ['1200.50::money', 'number', 1200.5],
    ['7', 'decimal', '7'],
    ['7', 'string', '7'],
    ['true', 'string', 'true'],
    ["'NaN'::float8", 'string', 'NaN'],
    ["'infinity'::date", 'string', 'infinity'],
    ["'0044-03-15 BC'::date", 'string', '0044-03-15 BC'],
    ["'2026-11-22 00:00'::timestamp", 'date', '2026-11-22'],
    [`'{"a": 1}'::json`, 'string', '{"a": 1}'],
    ['array[1,2]', 'string', '{1,2}'],
  ];
  const declaredRow = readColumns(declared);
  test.each(declared.map(([sql, type, expected], index) => ({ sql, type, expected, name: `v${String(index)}` })))(
    '$sql declared as $type arrives as $expected',
    async ({ expected, name }) => {
      const { values, problems } = await declaredRow();
      expect(values[name]).toEqual(expected);
      expect(problems).toBeUndefined();
    },
  );

  const unfit: readonly (readonly [sql: string, declared: ColumnType | undefined, message: string])[] = [
    ['9007199254740992', 'integer', 'not a whole number'],
    ['1.5::numeric', 'integer', 'not a whole number'],
    ['0.12345678901234567890::numeric', 'number', 'more digits'],
    ["'NaN'::numeric", 'number', 'NaN or infinite'],
    ["'Infinity'::float8", undefined, 'infinite'],
    ["'infinity'::date", undefined, 'NULLIF'],
    ["'-infinity'::timestamptz", undefined, 'NULLIF'],
    ["'0044-03-15 BC'::date", undefined, 'before year 1'],
    ["'10000-01-01 00:00'::timestamp", undefined, 'after year 9999'],
    ["'2026-11-22 08:00'::timestamp", 'date', 'time of day'],
    ["'[12345678901234567890]'::json", undefined, 'JSON number'],
    ["array['NaN']::float8[]", undefined, 'NaN'],
  ];
  const unfitRow = readColumns(unfit);
  test.each(unfit.map(([sql, type, message], index) => ({ sql, type, message, name: `v${String(index)}` })))(
    '$sql declared as $type is a problem of its row',
    async ({ message, name }) => {
      const { key, values, problems } = await unfitRow();
      expect(values[name]).toBeNull();
      expect(problems?.filter(({ column }) => column === name)).toEqual([{ column: name, message: expect.stringContaining(message) }]);
      expect(key).toBe('1');
    },
  );
});

describe('values that go into PostgreSQL', () => {
  const readBack = async (type: string, values: readonly string[]): Promise<readonly ColumnValue[]> => {
    await admin.query(`drop table if exists trip; create table trip (id int primary key, v ${type})`);
    await admin.query(`insert into trip select place, v::${type} from unnest($1::text[]) with ordinality as t(v, place)`, [values]);
    const source = await openSource({
      type: 'postgres',
      connection: new Secret('HR', url),
      key: 'id',
      statementTimeout: 60_000,
      table: 'trip',
    });
    const back: ColumnValue[] = [];
    for await (const rows of source.read({ seed: 1n })) back.push(...rows.map((row) => row.values['v'] ?? null));
    await source.close();
    return back;
  };
  const many = { numRuns: 5 };
  const lists = { minLength: 50, maxLength: 200 };
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\t', '\n', '\r', '\b', '\v', '\f', '\\', '\\N', ' ', '"', '{', ','),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((each) => !each.includes('\0')),
    ),
  });

  test.each<[string, fc.Arbitrary<string>, (text: string) => ColumnValue]>([
    ['text', text, (each) => each],
    ['int8', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), (each) => each],
    ['int4', fc.integer().map(String), Number],
    ['float8', fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), Number],
    ['numeric', fc.tuple(fc.bigInt(), fc.nat(999_999)).map(([whole, part]) => `${String(whole)}.${String(part)}`), (each) => each],
    ['uuid', fc.uuid(), (each) => each.toLowerCase()],
    [
      'date',
      fc
        .date({ min: new Date('0001-01-02'), max: new Date('9999-12-31'), noInvalidDate: true })
        .map((each) => each.toISOString().slice(0, 10)),
      (each) => each,
    ],
    [
      'timestamptz',
      fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-31'), noInvalidDate: true }).map((each) => each.toISOString()),
      (each) => each.replace(/\.?0*Z$/, 'Z'),
    ],
    [
      'jsonb',
      fc
        .jsonValue()
        .map((each) => JSON.stringify(each))
        .filter((each) => !each.includes(String.raw`\u0000`)),
      (each) => JSON.parse(each),
    ],
  ])(
    'come back as they went in: %s',
    async (type, values, expected) => {
      await fc.assert(
        fc.asyncProperty(fc.array(values, lists), async (list) => {
          expect(await readBack(type, list)).toEqual(list.map(expected));
        }),
        many,
      );
    },
    30_000,
  );

  test('come back as they went in: arrays of text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { maxLength: 50 }), async (list) => {
        await admin.query('drop table if exists trip; create table trip (id int, v text[])');
        await admin.query('insert into trip values (1, $1)', [list]);
        const source = await openSource({
          type: 'postgres',
          connection: new Secret('HR', url),
          key: 'id',
          statementTimeout: 60_000,
          table: 'trip',
        });
        for await (const rows of source.read({ seed: 1n })) expect(rows[0]?.values['v']).toEqual(list);
        await source.close();
      }),
      many,
    );
  });
});

describe('a table of PostgreSQL', () => {
  test('is read whatever its columns are called, and nothing but read', async () => {
    const part = fc.constantFrom(
      '"',
      "'",
      ';',
      '?',
      '??',
      '\\',
      ':a',
      '.',
      ' as ',
      '*',
      '[0]',
      '--',
      '/*',
      ')',
      '$1',
      'x',
      'ü',
      '; drop table precious; --',
    );
    const name = fc.string({ unit: part, minLength: 1, maxLength: 6 }).filter((each) => Buffer.byteLength(each) < 60);
    await admin.query('create table precious (id int)');
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 5 }), name, async (names, table) => {
        const quote = (each: string): string => admin.escapeIdentifier(each);
        const list = names.map(quote);
        await admin.query(`create table ${quote(table)} (${list.map((each) => `${each} text`).join(', ')})`);
        await admin.query(
          `insert into ${quote(table)} select ${names.map((_each, index) => `n || '${String(index)}'`).join(', ')} from generate_series(1, 2) n`,
        );
        const columns = names.map((each) => ({ name: each, type: 'string' as const, required: false, place }));
        const source = await openSource({
          type: 'postgres',
          connection: new Secret('HR', url),
          key: names[0] ?? '',
          statementTimeout: 60_000,
          table: quote(table),
          columns,
        });
        for await (const rows of source.read({ seed: 1n })) {
          expect(rows.map(({ values }) => values)).toEqual(
            ['1', '2'].map((n) => Object.fromEntries(names.map((each, index) => [each, `${n}${String(index)}`]))),
          );
        }
        await source.close();
        await admin.query(`drop table ${quote(table)}`);
      }),
      { numRuns: 25 },
    );
    expect((await admin.query('select * from precious')).rowCount).toBe(0);
  });
});

describe('the text of a PostgreSQL value', () => {
  test.each([
    ['$1,234.50', 2, '-', '1234.50'],
    ['-$0.05', 2, '-', '-0.05'],
    ['$0.00', 2, '-', '0.00'],
    ['(HK$1,234.50)', 2, '()', '-1234.50'],
    ['1.234,50 €', 2, '−', '1234.50'],
    ['−1.234,50 €', 2, '−', '-1234.50'],
    ['￥-5', 0, '-', '-5'],
    ['￥0', 0, '-', '0'],
    ['￥1,234', 0, '-', '1234'],
    ['د.ك. 0.005-', 3, '-', '-0.005'],
  ])('money %s with %d decimals, negative by %s, is %s', (printed, scale, negative, expected) => {
    expect(plainMoney(printed, { scale, negative: new Set(negative) })).toBe(expected);
  });

  test('an array of boxes is parted by semicolons', () => {
    expect(parseArray('{(1,1),(0,0);(2,2),(1,1)}', ';', String)).toEqual(['(1,1),(0,0)', '(2,2),(1,1)']);
  });
});
