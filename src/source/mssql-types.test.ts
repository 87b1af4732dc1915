import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTdsDouble, type TdsColumn, type TdsDouble, type TdsTypeName, type TdsValue } from '../../test/tds-double.ts';
import { Secret } from '../domain/masking.ts';
import type { ColumnValue, Row } from '../domain/row.ts';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { Source } from './contract.ts';
import { openSource } from './open-source.ts';

const place = { file: 'p.yaml', line: 1, column: 1 };
let double: TdsDouble;
let answer: { readonly column: Omit<TdsColumn, 'name'>; readonly values: readonly TdsValue[] };

beforeAll(async () => {
  double = await startTdsDouble({
    answer: () => ({
      columns: [
        { name: 'id', type: 'int' },
        { name: 'v', ...answer.column },
      ],
      rows: answer.values.map((value, index) => [index + 1, value]),
    }),
  });
});
afterAll(() => double.close());

function open(url: string, sql: string, declared?: ColumnType): Promise<Source> {
  return openSource({
    type: 'mssql',
    connection: new Secret('HR', url),
    key: 'id',
    statementTimeout: 60_000,
    query: { sql, file: 'q.sql', firstLine: 1 },
    ...(declared === undefined ? {} : { columns: [{ name: 'v', type: declared, required: false, place }] }),
  });
}

async function readRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  try {
    for await (const part of source.read({ seed: 1n })) rows.push(...part);
  } finally {
    await source.close();
  }
  return rows;
}

async function readBack(column: Omit<TdsColumn, 'name'>, values: readonly TdsValue[], declared?: ColumnType): Promise<readonly Row[]> {
  answer = { column, values };
  return readRows(await open(double.url, 'select id, v from t order by id', declared));
}

/** What T-SQL writes, how it goes over the wire, and what an expression sees. */
const table: readonly (readonly [sql: string, column: Omit<TdsColumn, 'name'>, value: TdsValue, expected: ColumnValue])[] = [
  ['cast(null as int)', { type: 'int' }, null, null],
  ['cast(null as nvarchar(max))', { type: 'nvarchar', length: 'max' }, null, null],
  ['cast(255 as tinyint)', { type: 'tinyint' }, 255, 255],
  ['cast(-32768 as smallint)', { type: 'smallint' }, -32_768, -32_768],
  ['cast(-2147483648 as int)', { type: 'int' }, -2_147_483_648, -2_147_483_648],
  ['cast(9223372036854775807 as bigint)', { type: 'bigint' }, '9223372036854775807', '9223372036854775807'],
  ['cast(1 as bit)', { type: 'bit' }, true, true],
  ['cast(0.1 as float)', { type: 'float' }, 0.1, 0.1],
  ['cast(0.1 as real)', { type: 'real' }, 0.1, 0.1],
  ['cast(-1200.50 as decimal(15,2))', { type: 'decimal', precision: 15, scale: 2 }, '-1200.50', '-1200.50'],
  ['cast(-0.01 as numeric(5,2))', { type: 'numeric', precision: 5, scale: 2 }, '-0.01', '-0.01'],
  ['cast(0 as decimal(5,2))', { type: 'decimal', precision: 5, scale: 2 }, '0.00', '0.00'],
  ['cast(12345678901.2345 as money)', { type: 'money' }, '12345678901.2345', '12345678901.2345'],
  ['cast(-214748.3648 as smallmoney)', { type: 'smallmoney' }, '-214748.3648', '-214748.3648'],
  ["cast('2026-11-22' as date)", { type: 'date' }, '2026-11-22', '2026-11-22'],
  ["cast('0001-01-01' as date)", { type: 'date' }, '0001-01-01', '0001-01-01'],
  ["cast('9999-12-31' as date)", { type: 'date' }, '9999-12-31', '9999-12-31'],
  ["cast('08:00:00.1234567' as time)", { type: 'time' }, '08:00:00.1234567', '08:00:00.1234567'],
  ["cast('2026-11-22T08:00:00.003' as datetime)", { type: 'datetime' }, '2026-11-22T08:00:00.003', '2026-11-22T08:00:00.003'],
  ["cast('2026-11-22T08:01:00' as smalldatetime)", { type: 'smalldatetime' }, '2026-11-22T08:01:00', '2026-11-22T08:01:00'],
  ["cast('2026-11-22T08:00:00.1234567' as datetime2)", { type: 'datetime2' }, '2026-11-22T08:00:00.1234567', '2026-11-22T08:00:00.1234567'],
  ["cast('0001-01-01' as datetime2(0))", { type: 'datetime2', scale: 0 }, '0001-01-01T00:00:00', '0001-01-01T00:00:00'],
  [
    "cast('2026-11-22T08:00:00.1234567+05:30' as datetimeoffset)",
    { type: 'datetimeoffset' },
    '2026-11-22T08:00:00.1234567+05:30',
    '2026-11-22T02:30:00.1234567Z',
  ],
  [
    "cast('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' as uniqueidentifier)",
    { type: 'uniqueidentifier' },
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  ],
  ["cast(N'ż😀 ' as nvarchar(20))", { type: 'nvarchar', length: 20 }, 'ż😀 ', 'ż😀 '],
  ["cast(N'' as nvarchar(max))", { type: 'nvarchar', length: 'max' }, '', ''],
  ["cast(N'é' collate Latin1_General_100_CI_AS as varchar(20))", { type: 'varchar', length: 20 }, 'é', 'é'],
  ["cast(N'x' as nchar(4))", { type: 'nchar', length: 4 }, 'x', 'x'],
  ["cast('x' as char(4))", { type: 'char', length: 4 }, 'x', 'x'],
  ['cast(0xDEADBEEF as varbinary(10))', { type: 'varbinary', length: 10 }, new Uint8Array([0xde, 0xad, 0xbe, 0xef]), '3q2+7w=='],
  ["cast(N'<a/>' as xml)", { type: 'xml' }, '<a/>', '<a/>'],
];

describe('a SQL Server value in an expression', () => {
  test.each(table)('%s arrives as it should', async (_sql, column, value, expected) => {
    const [row] = await readBack(column, [value]);
    expect(row?.values['v']).toEqual(expected);
    expect(row?.problems).toBeUndefined();
  });

  test.each<[Omit<TdsColumn, 'name'>, TdsValue, ColumnType, ColumnValue]>([
    [{ type: 'bigint' }, '42', 'integer', 42],
    [{ type: 'decimal', precision: 15, scale: 2 }, '12.00', 'integer', 12],
    [{ type: 'money' }, '12.5000', 'number', 12.5],
    [{ type: 'bit' }, false, 'string', 'false'],
    [{ type: 'int' }, 7, 'string', '7'],
    [{ type: 'datetime' }, '2026-11-22T00:00:00', 'date', '2026-11-22'],
  ])('%j of %j declared as %s arrives as %j', async (column, value, declared, expected) => {
    const [row] = await readBack(column, [value], declared);
    expect(row?.values['v']).toEqual(expected);
  });

  test.each<[Omit<TdsColumn, 'name'>, TdsValue, ColumnType | undefined, string]>([
    [{ type: 'decimal', precision: 38, scale: 10 }, '1234567890123456789.0123456789', undefined, 'CONVERT'],
    [{ type: 'decimal', precision: 38, scale: 10 }, '1234567890123456789.0123456789', 'string', 'CONVERT'],
    [{ type: 'money' }, '922337203685477.5807', undefined, 'CONVERT'],
    [{ type: 'bigint' }, '9223372036854775807', 'integer', 'not a whole number'],
    [{ type: 'datetime' }, '2026-11-22T08:00:00', 'date', 'time of day'],
  ])('%j of %j declared as %s is a problem of its row', async (column, value, declared, message) => {
    const [row] = await readBack(column, [value], declared);
    expect(row?.values['v']).toBeNull();
    expect(row?.problems).toEqual([{ column: 'v', message: expect.stringContaining(message) }]);
  });
});

describe('values that SQL Server sends', () => {
  const instants = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
  const ticks = fc.nat(9_999_999).map((each) => `.${String(each).padStart(7, '0')}`);
  const trimmed = (text: string): string => text.replace(/0+$/, '').replace(/\.$/, '');
  const moments = fc.tuple(instants, ticks).map(([at, fraction]) => `${at.toISOString().slice(0, 19)}${fraction}`);

  test.each<[TdsTypeName, Omit<TdsColumn, 'name' | 'type'>, fc.Arbitrary<string>, (text: string) => ColumnValue]>([
    ['bigint', {}, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), (each) => each],
    ['int', {}, fc.integer().map(String), Number],
    ['float', {}, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), Number],
    [
      'real',
      {},
      fc
        .tuple(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -30, max: 30 }))
        .map(([m, e]) => String(Number(`${String(m)}e${String(e)}`))),
      Number,
    ],
    [
      'decimal',
      { precision: 15, scale: 4 },
      fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map((each) => decimal(each, 4)),
      (each) => each,
    ],
    [
      'decimal',
      { precision: 38, scale: 2 },
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map((each) => decimal(each, 2)),
      (each) => each,
    ],
    ['money', {}, fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map((each) => decimal(each, 4)), (each) => each],
    ['date', {}, instants.map((each) => each.toISOString().slice(0, 10)), (each) => each],
    ['datetime2', {}, moments, trimmed],
    ['datetimeoffset', {}, moments.map((each) => `${each}+00:00`), (each) => `${trimmed(each.slice(0, -6))}Z`],
    ['uniqueidentifier', {}, fc.uuid(), (each) => each],
    ['nvarchar', { length: 'max' }, fc.string({ unit: 'binary' }), (each) => each],
    ['varchar', { length: 'max' }, fc.string({ unit: 'grapheme-ascii' }), (each) => each],
  ])('come back as they were sent: %s', async (type, details, values, expected) => {
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 30, maxLength: 100 }), async (list) => {
        const rows = await readBack({ type, ...details }, list);
        expect(rows.flatMap(({ problems }) => problems ?? [])).toEqual([]);
        expect(rows.map((row) => row.values['v'])).toEqual(list.map(expected));
      }),
      { numRuns: 5 },
    );
  });

  function decimal(units: bigint, scale: number): string {
    const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
    return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  }
});

/** The same table against a server that is really one. */
describe.skipIf(process.env['JOINERY_MSSQL_URL'] === undefined)('a value of the server that JOINERY_MSSQL_URL names', () => {
  test.each(table)('%s arrives as it should', async (sql, _column, _value, expected) => {
    const [row] = await readRows(await open(process.env['JOINERY_MSSQL_URL'] ?? '', `select 1 as id, ${sql} as v order by id`));
    expect(row?.values['v']).toEqual(expected);
  });
});
