import { describe, expect, it } from 'vitest';
import { oneStatement } from './sql-statement.ts';

describe('oneStatement', () => {
  it.each([
    ['select 1', 'select 1'],
    ['select 1;', 'select 1'],
    ['select 1 ; -- done\n', 'select 1'],
    ['select 1 -- done', 'select 1'],
    ['select \';\' as ";" -- ;\n', 'select \';\' as ";"'],
    ["select 'it''s; fine'", "select 'it''s; fine'"],
    ['/* ; /* ; */ */ select 1', '/* ; /* ; */ */ select 1'],
    ['(select 1) union (select 2)', '(select 1) union (select 2)'],
    ['with x as (select 1) select * from x;;', 'with x as (select 1) select * from x'],
    ['table hr.workers', 'table hr.workers'],
    ['select a.update, b."delete" from a as into_', 'select a.update, b."delete" from a as into_'],
  ])('keeps the statement of %j', (sql, kept) => {
    expect(oneStatement(sql, 'postgres')).toEqual({ sql: kept });
  });

  it('knows the quotes of PostgreSQL', () => {
    expect(oneStatement('select $$;$$, $tag$ $$ ; $tag$', 'postgres')).toHaveProperty('sql');
    expect(oneStatement(String.raw`select E'\';', 1`, 'postgres')).toHaveProperty('sql');
    expect(oneStatement(String.raw`select '\', 1; select 2`, 'postgres')).toMatchObject({ code: 'PIP-311' });
    expect(oneStatement('select a[1], $1', 'postgres')).toHaveProperty('sql');
  });

  it('knows the brackets and join hints of SQL Server', () => {
    expect(oneStatement('select [a;]]b] from t inner merge join u on 1 = 1 option (merge join)', 'mssql')).toHaveProperty('sql');
    expect(oneStatement('select 1 merge into t', 'mssql')).toMatchObject({ code: 'PIP-313' });
  });

  it.each([
    ['select 1; select 2', 'PIP-311', 10, 6],
    ['', 'PIP-312', 0, 1],
    [' -- nothing', 'PIP-312', 0, 1],
    ["select 'a", 'PIP-312', 7, 1],
    ['select 1 /* a /* b */', 'PIP-312', 9, 2],
    ['select $a$ $b$', 'PIP-312', 7, 3],
    ['delete from t', 'PIP-313', 0, 6],
    ['select * into t from u', 'PIP-313', 9, 4],
    ['with x as (insert into t values (1) returning *) select * from x', 'PIP-313', 11, 6],
  ])('refuses %j', (sql, code, offset, length) => {
    expect(oneStatement(sql, 'postgres')).toMatchObject({ code, offset, length });
  });
});
