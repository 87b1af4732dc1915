export type SqlDialect = 'postgres' | 'mssql';

export interface SqlToken {
  /** `unterminated` is the last one: what it begins is not closed. */
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'unterminated';
  /** Offsets in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Of what is quoted or unterminated: where its opening mark begins, behind the letter of `E''` and `N''`, and what it is. */
  readonly mark?: { readonly at: number; readonly text: string };
}

/** What lies between two marks: how it is opened, and where it ends. */
interface Enclosed {
  readonly kind: 'quoted' | 'text' | 'comment';
  readonly mark: { readonly at: number; readonly text: string };
  /** -1: it is not closed. */
  readonly end: number;
}

const dollarQuote = /\$(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?\$/uy;
/**
 * PostgreSQL takes whatever is not ASCII for a letter; SQL Server only what Unicode calls one, so that a word there ends at a sign or a blank of any kind: DELETE must not hide in a longer
 * word.
 */
const words: Readonly<Record<SqlDialect, RegExp>> = {
  postgres: /[A-Za-z_@#\u0080-\u{10ffff}][\w$@#\u0080-\u{10ffff}]*/uy,
  mssql: /[\p{L}_@#][\p{L}\p{N}_$@#]*/uy,
};
const number = /\d[\w.]*/y;
const lineEnd = /[\r\n]/g;

/**
 * SQL taken apart by the database's own rules of quoting: nested comments, doubled quotes, PostgreSQL's E'' and dollar quotes, the brackets of SQL Server. Comments and white space are left out. It ends at what is
 * not closed. The only one: who asks whether text is one statement, where it writes or what its parameters are asks this.
 */
export function tokeniseSql(sql: string, dialect: SqlDialect): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const start = at;
    if (/\s/.test(sql.charAt(at))) {
      at++;
      continue;
    }
    const enclosed = enclosedAt(sql, at, dialect);
    if (enclosed === undefined) {
      const name = matchAt(words[dialect], sql, at);
      const digits = name === undefined ? matchAt(number, sql, at) : undefined;
      at += name?.length ?? digits?.length ?? 1;
      tokens.push({ kind: name !== undefined ? 'word' : digits !== undefined ? 'number' : 'symbol', start, end: at });
      continue;
    }
    const { kind, mark, end } = enclosed;
    if (end === -1) {
      tokens.push({ kind: 'unterminated', start, end: sql.length, mark });
      break;
    }
    if (kind !== 'comment') tokens.push({ kind, start, end, mark });
    at = end;
  }
  return tokens;
}

function enclosedAt(sql: string, at: number, dialect: SqlDialect): Enclosed | undefined {
  const pair = sql.slice(at, at + 2);
  if (pair === '--') {
    lineEnd.lastIndex = at;
    return { kind: 'comment', mark: { at, text: pair }, end: lineEnd.exec(sql)?.index ?? sql.length };
  }
  if (pair === '/*') return { kind: 'comment', mark: { at, text: pair }, end: endOfComment(sql, at) };
  const quote = (kind: 'quoted' | 'text', open: number, close: string, backslash = false): Enclosed => ({
    kind,
    mark: { at: open, text: sql.charAt(open) },
    end: endOfQuoted(sql, open, close, backslash),
  });
  if (dialect === 'postgres' && /^e'/i.test(pair)) return quote('text', at + 1, "'", true);
  if (/^[nbx]'/i.test(pair)) return quote('text', at + 1, "'");
  if (pair.startsWith("'")) return quote('text', at, "'");
  if (pair.startsWith('"')) return quote('quoted', at, '"');
  if (dialect === 'mssql' && pair.startsWith('[')) return quote('quoted', at, ']');
  const dollar = dialect === 'postgres' ? matchAt(dollarQuote, sql, at) : undefined;
  if (dollar === undefined) return undefined;
  const close = sql.indexOf(dollar, at + dollar.length);
  return { kind: 'text', mark: { at, text: dollar }, end: close === -1 ? -1 : close + dollar.length };
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** Behind the closing mark, which is doubled to stand for itself; -1 when there is none. */
function endOfQuoted(sql: string, openAt: number, close: string, backslash: boolean): number {
  for (let at = openAt + 1; at < sql.length; at++) {
    if (backslash && sql[at] === '\\') at++;
    else if (sql[at] === close) {
      if (sql[at + 1] !== close) return at + 1;
      at++;
    }
  }
  return -1;
}

/** Comments nest, in both databases. */
function endOfComment(sql: string, openAt: number): number {
  let depth = 0;
  for (let at = openAt; at < sql.length - 1; at++) {
    const pair = sql.slice(at, at + 2);
    if (pair === '/*') depth++;
    else if (pair === '*/') depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  return -1;
}
