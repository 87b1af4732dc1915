import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readStatement, type Dialect, type Statement } from './statement.ts';
import { reviewSource } from './review-source.ts';
import { readTableName } from './table-name.ts';
import { quoteName } from './quote-name.ts';
import { buildTableQuery } from './table-query.ts';
import { Secret } from '../domain/masking.ts';
import type { PostgresSource, SourceDeclaration } from '../pipeline/pipeline.ts';

const dialects: readonly Dialect[] = ['postgres', 'mssql'];
const read = (sql: string, dialect: Dialect = 'postgres'): Statement => readStatement({ sql, file: 'q.sql', firstLine: 5 }, dialect);

describe('readStatement', () => {
  test.each(dialects)('leaves what stands before and behind the statement away (%s)', (dialect) => {
    const statement = read("-- who ; where\n/* a /* nested */ ; */\n  select ';' as a -- end\n ; -- bye (", dialect);
    expect(statement.text).toBe("select ';' as a");
    expect(statement.placeOf(0)).toEqual({ file: 'q.sql', line: 7, column: 3 });
    expect(statement.placeOf(7)).toEqual({ file: 'q.sql', line: 7, column: 10 });
  });

  test.each<[string, Dialect]>([
    ["select E'it\\'s; ' as a", 'postgres'],
    ['select \'back\\\' as a, $$;$$ as b, $x$ $$ ; $x$ as c, "a;"";" as d', 'postgres'],
    ["select n'x;', b'01', U&'d\\0061t' -- ;", 'postgres'],
    ['with a as (select 1 as id) select * from a union all select 2', 'postgres'],
    ['values (1), (2)', 'postgres'],
    ["select [a]];'b] as x, N';' as y, \"z;\" from t", 'mssql'],
    ['with a as (select 1 as id), b as (select 2 as id) select * from a union all select * from b', 'mssql'],
    ['select a from t inner merge join u on t.id = u.id option (merge join)', 'mssql'],
    ['select a from t order by a offset 5 rows fetch next 3 rows only', 'mssql'],
    ['select a.[update], @@version from dbo.#t as a where exists (select 1 from b)', 'mssql'],
    ['with a as (select 1 as id) (select * from a) except (select 2)', 'mssql'],
  ])('accepts %s', (sql, dialect) => {
    expect(read(sql, dialect).text).toBe(sql.replace(/ -- ;$/, ''));
  });

  test.each<[string, Dialect, string, number]>([
    ['', 'postgres', 'no statement', 1],
    ['-- only this', 'mssql', 'no statement', 1],
    ['select 1; select 2', 'postgres', 'second statement', 11],
    ["select 'a", 'postgres', 'not closed', 8],
    ['select $a$ x $b$', 'postgres', 'not closed', 8],
    ['select 1 /* x', 'postgres', 'not closed', 10],
    ['select 1) to program $$x$$; --', 'postgres', 'closes nothing', 9],
    ['select (1', 'postgres', 'not closed', 8],
    ['delete from t', 'postgres', 'begins with delete', 1],
    ['copy t to stdout', 'postgres', 'begins with copy', 1],
    ['select 1 select 2', 'mssql', 'second statement', 10],
    ['select (1) select 2', 'mssql', 'second statement', 12],
    ['select 1 delete from t', 'mssql', 'DELETE does not belong', 10],
    ['select 1 as x into y', 'mssql', 'INTO does not belong', 15],
    ["select 1 exec('drop table t')", 'mssql', 'EXEC does not belong', 10],
    ['select 1 if 1=1 drop table t', 'mssql', 'IF does not belong', 10],
    ['select [a from t', 'mssql', 'not closed', 8],
  ])('refuses %j for %s', (sql, dialect, message, column) => {
    expect(() => read(sql, dialect)).toThrow(
      expect.objectContaining({ code: 'SRC-201', message: expect.stringContaining(message), place: { file: 'q.sql', line: 5, column } }),
    );
  });

  test.each(dialects)('never lets quoted text end the statement (%s)', (dialect) => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", '"', ';', '-', '/', '*', ')', '(', '$', 'a', ']', '[', '\n', ' ') }), (wild) => {
        const sql = `select '${wild.replaceAll("'", "''")}' as ${quoteName(`x${wild}`, dialect)}`;
        expect(read(`${sql};`, dialect).text).toBe(sql);
      }),
    );
  });
});

describe('reviewSource', () => {
  const declare = (over: Partial<PostgresSource>, type: 'postgres' | 'mssql' = 'postgres'): SourceDeclaration => ({
    connection: new Secret('HR', 'postgres://db/hr'),
    key: 'id',
    statementTimeout: 1000,
    ...over,
    type,
  });
  const query = (sql: string): Partial<PostgresSource> => ({ query: { sql, file: 'q.sql', firstLine: 5 } });

  test('finds nothing about a query that is ordered, or a table', () => {
    expect(reviewSource(declare(query('select id from t order by id')))).toEqual([]);
    expect(reviewSource(declare({ table: 'hr.workers' }))).toEqual([]);
  });

  test.each([
    'select id from t',
    'select id, row_number() over (order by id) from t',
    'select id from (select id from t order by id) as s',
    "select id, 'order by id' from t -- order by id",
  ])('warns that %s is not ordered', (sql) => {
    expect(reviewSource(declare(query(sql)))).toMatchObject([
      { code: 'SRC-301', severity: 'warning', fix: expect.stringContaining('COLLATE "C"'), place: { file: 'q.sql', line: 5, column: 1 } },
    ]);
    expect(reviewSource(declare(query(sql), 'mssql'))).toMatchObject([{ fix: expect.stringContaining('BIN2') }]);
  });

  test('reports what is no reading statement, and what is no table', () => {
    expect(reviewSource(declare(query('drop table t')))).toMatchObject([{ code: 'SRC-201', severity: 'error', place: { line: 5 } }]);
    expect(reviewSource(declare({ table: 'a;b' }))).toMatchObject([{ code: 'SRC-105', severity: 'error' }]);
  });
});

describe('the query of a table', () => {
  test('is built by dialect with every name quoted', () => {
    const query = { table: ['hr', 'workers'], columns: [{ name: 'id' }, { name: 'a b' }], orderBy: '"id" COLLATE "C"' };
    expect(buildTableQuery(query, 'postgres')).toBe('select "id", "a b" from "hr"."workers" order by "id" COLLATE "C"');
    expect(buildTableQuery({ table: ['t'], columns: undefined }, 'mssql')).toBe('select * from [t]');
    expect(buildTableQuery({ table: ['t'], columns: [{ name: 'pay', select: 'CONVERT(varchar(50), [pay])' }] }, 'mssql')).toBe(
      'select CONVERT(varchar(50), [pay]) as [pay] from [t]',
    );
  });

  test.each(dialects)('is one statement of exactly these names, whatever they are (%s)', (dialect) => {
    const name = fc.oneof(
      fc.string({
        unit: fc.constantFrom(
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
          ']',
          '[',
          '--',
          '/*',
          ')',
          '$1',
          '@p0',
          'x',
          '\n',
        ),
        minLength: 1,
      }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    );
    fc.assert(
      fc.property(
        fc.array(
          name.filter((each) => !each.includes('\0')),
          { minLength: 1 },
        ),
        name.filter((each) => !each.includes('\0')),
        (names, table) => {
          const quote = (each: string): string =>
            dialect === 'postgres' ? `"${each.split('"').join('""')}"` : `[${each.split(']').join(']]')}]`;
          const sql = buildTableQuery(
            { table: [table], columns: names.map((each) => ({ name: each })), orderBy: quote(names[0] ?? '') },
            dialect,
          );
          expect(sql).toBe(`select ${names.map(quote).join(', ')} from ${quote(table)} order by ${quote(names[0] ?? '')}`);
          expect(readStatement({ sql, file: 'q', firstLine: 1 }, dialect).text).toBe(sql);
        },
      ),
    );
  });

  test('refuses a name that no database has', () => {
    expect(() => quoteName('', 'postgres')).toThrow('empty');
    expect(() => quoteName('a\0b', 'mssql')).toThrow('NUL');
  });

  test.each<[string, Dialect, readonly string[]]>([
    ['workers', 'postgres', ['workers']],
    ['HR.Workers', 'postgres', ['hr', 'workers']],
    ['"HR"."Work""er"', 'postgres', ['HR', 'Work"er']],
    ['HR.Workers', 'mssql', ['HR', 'Workers']],
    ['[HR]. [Work]]er.x]', 'mssql', ['HR', 'Work]er.x']],
    ['db.dbo.T#1', 'mssql', ['db', 'dbo', 'T#1']],
  ])('reads the table name %s as %s', (table, dialect, parts) => {
    expect(readTableName(table, dialect)).toEqual(parts);
  });

  test.each<[string, Dialect]>([
    ['', 'postgres'],
    ['a.b.c', 'postgres'],
    ['a.', 'postgres'],
    ['[a]', 'postgres'],
    ['a; drop table b', 'postgres'],
    ['a b', 'mssql'],
    ['(select 1)', 'mssql'],
    ['a.b.c.d', 'mssql'],
    ['"a', 'mssql'],
  ])('refuses %j as the name of a table (%s)', (table, dialect) => {
    expect(() => readTableName(table, dialect)).toThrow(expect.objectContaining({ code: 'SRC-105' }));
  });
});
