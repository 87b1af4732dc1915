import { describe, expect, it } from 'vitest';
import { tokeniseSql, type SqlDialect } from './sql-tokens.ts';

const taken = (sql: string, dialect: SqlDialect): readonly string[] =>
  tokeniseSql(sql, dialect).map(({ kind, start, end }) => `${kind} ${sql.slice(start, end)}`);

describe('SQL taken apart', () => {
  it.each<[SqlDialect, string, readonly string[]]>([
    ['postgres', "select E'a\\';' -- ;\r/* /* ; */ */, $a$;$$;$a$", ['word select', "text E'a\\';'", 'symbol ,', 'text $a$;$$;$a$']],
    ['postgres', 'a$a$[1] "x;""y"', ['word a$a$', 'symbol [', 'number 1', 'symbol ]', 'quoted "x;""y"']],
    ['mssql', "N'a\\' [b;]]] $a$ 1.5e3", ["text N'a\\'", 'quoted [b;]]]', 'symbol $', 'word a$', 'number 1.5e3']],
    ['postgres', 'größe\u00a0x', ['word größe\u00a0x']],
    ['mssql', 'delete\u00a0x delete€', ['word delete', 'word x', 'word delete', 'symbol €']],
  ])('is words, quotes and signs by the rules of %s: %j', (dialect, sql, tokens) => {
    expect(taken(sql, dialect)).toEqual(tokens);
  });

  it.each([
    ["select e'a", { at: 8, text: "'" }],
    ['select [a', undefined],
    ['select $x$ $y$', { at: 7, text: '$x$' }],
    ['select 1 /* /* */', { at: 9, text: '/*' }],
  ])('ends at what is not closed, and says where that is opened: %j', (sql, mark) => {
    const last = tokeniseSql(sql, 'postgres').at(-1);
    expect(last?.kind === 'unterminated' ? last.mark : undefined).toEqual(mark);
  });
});
