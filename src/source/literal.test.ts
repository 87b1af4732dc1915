import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { writeConstant, writeLiteral, writeNull, type LiteralType } from './literal.ts';
import { bindParameters, readStatement, type Dialect } from './statement.ts';

const dialects: readonly Dialect[] = ['postgres', 'mssql'];
const wild = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "'",
      "''",
      '"',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      '$$',
      '$1',
      ')',
      '(',
      '?',
      ':since',
      ':as_of',
      ']',
      '[',
      'N',
      '\n',
      'ż',
      '😀',
      ' ',
    ),
  }),
  fc.string({ unit: 'grapheme' }),
);
const text = wild.filter((each) => !each.includes('\0'));

describe('a value as SQL', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ connectionString: await freshDatabase('literal') });
    await client.connect();
  });
  afterAll(() => client.end());

  test('comes back from PostgreSQL as it was, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (values) => {
        const list = values.map((value, index) => `${writeLiteral('text', value, 'postgres')}::text as c${String(index)}`);
        const { rows } = await client.query<unknown[]>({ text: `select ${list.join(', ')}`, rowMode: 'array' });
        expect(rows).toEqual([values]);
      }),
      { numRuns: 60 },
    );
  });

  test('comes back with its type', async () => {
    const values: readonly (readonly [LiteralType, string, string])[] = [
      ['integer', '-9223372036854775807', '-9223372036854775807'],
      ['number', '-1.5e+30', '-1500000000000000000000000000000'],
      ['boolean', 'true', 'true'],
      ['date', '2026-11-27', '2026-11-27'],
      ['timestamp', '2026-11-27 08:00:00.123456', '2026-11-27 08:00:00.123456'],
      ['timestamptz', '2026-11-27 08:00:00.5+00', '2026-11-27 08:00:00.5+00'],
    ];
    await client.query("set timezone to 'UTC'");
    const list = values.map(([type, value]) => `(${writeLiteral(type, value, 'postgres')})::text`);
    const { rows } = await client.query<unknown[]>({ text: `select ${list.join(', ')}`, rowMode: 'array' });
    expect(rows[0]).toEqual(values.map(([, , shown]) => shown));
  });

  test.each(dialects)('is one token that ends where it ends (%s)', (dialect) => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        const sql = `select ${writeConstant(value, undefined, dialect)}, ${writeConstant(other, undefined, dialect)}`;
        const statement = readStatement({ sql: `${sql};`, file: 'q', firstLine: 1 }, dialect);
        expect(statement.text).toBe(sql);
        expect(statement.parameters).toEqual([]);
      }),
    );
  });

  test.each(['1; drop table x', '1 or 1=1', "'", '2026-13', 'now()', '1e5'])(
    'is refused when %j is said to be of a type that it is not',
    (value) => {
      for (const type of ['integer', 'date', 'timestamp', 'timestamptz', 'boolean'] as const) {
        for (const dialect of dialects) expect(() => writeLiteral(type, value, dialect)).toThrow('is not of the type');
      }
    },
  );

  test('is written for SQL Server so that no language of the session reads it otherwise', () => {
    expect(writeLiteral('timestamp', '2026-11-27 08:00:00.1234567', 'mssql')).toBe("CAST('2026-11-27T08:00:00.1234567' AS datetime2(7))");
    expect(writeLiteral('timestamptz', '2026-11-27 08:00:00+00', 'mssql')).toBe("CAST('2026-11-27T08:00:00+00:00' AS datetimeoffset(7))");
    expect(writeLiteral('text', "Ł'", 'mssql')).toBe("N'Ł'''");
    expect(writeLiteral('text', "O'Brien", 'mssql')).toBe("'O''Brien'");
    expect(writeNull('date', 'mssql')).toBe('CAST(NULL AS date)');
    // A backslash at the end of a line would be swallowed together with the line.
    expect(writeLiteral('text', 'a\\\nb\\\r\nc\\d', 'mssql')).toBe("N'a\\' + N'\nb\\' + N'\r\nc\\d'");
    expect(writeLiteral('text', 'a\\\nb', 'postgres')).toBe("'a\\\nb'");
  });
});

describe('parameters of a query', () => {
  const read = (sql: string, dialect: Dialect = 'postgres'): ReturnType<typeof readStatement> =>
    readStatement({ sql, file: 'workers.sql', firstLine: 1 }, dialect);

  test('are found where they are parameters, and nowhere else', () => {
    const names = (sql: string, dialect?: Dialect): readonly string[] => read(sql, dialect).parameters.map(({ name }) => name);
    expect(names('select a from t where b > :since and c <= :AS_OF order by a')).toEqual(['since', 'as_of']);
    expect(names('select \':since\', ":since", a::since, /* :since */ x[1:since] -- :since\nfrom t')).toEqual([]);
    expect(names("select [:since], geography::since, ':as_of' from t", 'mssql')).toEqual([]);
  });

  test('that do not exist are refused with their place', () => {
    expect(() => read('select a\nfrom t where b > :sinse')).toThrow(
      expect.objectContaining({ code: 'SRC-201', place: { file: 'workers.sql', line: 2, column: 18 } }),
    );
  });

  test('are replaced without moving the places of what stands behind them', () => {
    const statement = read('-- note\nselect a from t where b >= :since and c <= :as_of order by zz');
    const bound = bindParameters(statement, { since: "'2026-11-27 08:00:00+00'::timestamptz", as_of: 'NULL::date' });
    expect(bound.text).toBe("select a from t where b >= '2026-11-27 08:00:00+00'::timestamptz and c <= NULL::date order by zz");
    expect(bound.placeOf(bound.text.indexOf('zz'))).toEqual({ file: 'workers.sql', line: 2, column: 60 });
    expect(bound.placeOf(bound.text.indexOf('08:00'))).toEqual({ file: 'workers.sql', line: 2, column: 28 });
    expect(bound.placeOf(0)).toEqual({ file: 'workers.sql', line: 2, column: 1 });
  });
});
