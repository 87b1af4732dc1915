import * as fc from 'fast-check';
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
    ['select delete, t.update, count(*) merge from t', 'select delete, t.update, count(*) merge from t'],
    ['with merge as (select 1 as insert) select * from merge', 'with merge as (select 1 as insert) select * from merge'],
    ['select * from f() as (update text)', 'select * from f() as (update text)'],
    [
      "select substring(a for share), 'for update', coalesce(update, 1), nextval, a as for -- for share",
      "select substring(a for share), 'for update', coalesce(update, 1), nextval, a as for",
    ],
    [
      'with recursive t as (select 1 as id) search depth first by id set update, delete as (select 2) select * from t, delete',
      'with recursive t as (select 1 as id) search depth first by id set update, delete as (select 2) select * from t, delete',
    ],
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
    expect(oneStatement('select updlock, value as xlock from t with (nolock) join f(updlock) on 1 = 1', 'mssql')).toHaveProperty('sql');
    expect(oneStatement('select id from t with (rowlock, updlock)', 'mssql')).toMatchObject({
      message: 'updlock locks rows',
      offset: 32,
      length: 7,
    });
    expect(oneStatement('select next value for dbo.s as id', 'mssql')).toMatchObject({
      message: 'next value for moves a sequence',
      offset: 7,
    });
    expect(oneStatement('select next value for xml path', 'mssql')).toHaveProperty('sql');
  });

  it('takes no name for a verb, however it is quoted or qualified, and finds a verb of a WITH wherever it stands', () => {
    const verb = fc.constantFrom('insert', 'UPDATE', 'delete', 'Merge');
    const around = fc.constantFrom(
      (name: string) => `select t.${name}, "${name}", '${name}', ${name} as x from t /* ${name} */ where ${name} > 1 -- ${name}`,
      (name: string) => `with ${name} as (select 1), x (${name}) as (select ${name}(1, ${name})) select ${name} from x`,
      (name: string) => `select (select ${name} from (values (1)) as ${name}(${name})), array[${name}] from ${name} order by ${name}`,
    );
    fc.assert(
      fc.property(verb, around, (name, write) => {
        const text = write(name);
        expect(oneStatement(text, 'postgres')).toHaveProperty('sql');
        const common = `with q as (${text}\n), w as (${name} t returning *) select * from w`;
        expect(oneStatement(common, 'postgres')).toMatchObject({ code: 'PIP-313', offset: common.indexOf('w as (') + 6 });
      }),
      { numRuns: 40 },
    );
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
    ['with x as not materialized (delete from t returning *) select * from x', 'PIP-313', 28, 6],
    ['with a as (select 1), merge as (merge into t using a on true when matched then delete) select 1', 'PIP-313', 32, 5],
    ['(with a as (with b as (update t set x = 1 returning *) select * from b) select * from a)', 'PIP-313', 23, 6],
    ['with a as (select 1) delete from t', 'PIP-313', 21, 6],
    ['select id from t for\nupdate of t', 'PIP-313', 17, 10],
    ['select * from ((select id from t) for no key update) as s', 'PIP-313', 34, 17],
    ['with a as (select id from t for key share) select * from a', 'PIP-313', 28, 13],
    ['(select 1) for share', 'PIP-313', 11, 9],
    ["select nextval('s')", 'PIP-313', 7, 7],
    ["select pg_catalog.setval('s', 1)", 'PIP-313', 18, 6],
  ])('refuses %j', (sql, code, offset, length) => {
    expect(oneStatement(sql, 'postgres')).toMatchObject({ code, offset, length });
  });
});
