/** What is wrong with a query, with the offset and length of the text to mark. */
export interface SqlProblem {
  readonly code: 'PIP-311' | 'PIP-312' | 'PIP-313';
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

export type SqlDialect = 'postgres' | 'mssql';

interface Token {
  readonly kind: 'word' | 'quoted' | 'mark' | 'semicolon';
  readonly start: number;
  readonly end: number;
}

const questionWords = new Set(['select', 'with', 'values', 'table']);
/** Words that make a statement write. MERGE is one only where it is not a join hint of SQL Server. */
const writingWords = new Set(['insert', 'update', 'delete', 'into', 'merge', 'truncate', 'drop', 'alter', 'create']);

/**
 * The one statement of a query without what follows its last token: a final `;` and comments after it would break a query that
 * wraps this one. Offsets of what is kept do not move. Knows comments (nested), quotes, PostgreSQL's E'' and dollar quotes, and
 * SQL Server's brackets.
 */
export function oneStatement(sql: string, dialect: SqlDialect): { readonly sql: string } | SqlProblem {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const next = nextToken(sql, at, dialect, tokens.at(-1));
    if ('code' in next) return next;
    if (next.token !== undefined) tokens.push(next.token);
    at = next.end;
  }
  const semicolon = tokens.findIndex(({ kind }) => kind === 'semicolon');
  const statement = semicolon < 0 ? tokens : tokens.slice(0, semicolon);
  const after = semicolon < 0 ? undefined : tokens.slice(semicolon).find(({ kind }) => kind !== 'semicolon');
  if (after !== undefined) {
    return {
      code: 'PIP-311',
      offset: after.start,
      length: after.end - after.start,
      message: `a second statement begins with ${sql.slice(after.start, after.end)}`,
    };
  }
  const first = statement[0];
  const last = statement.at(-1);
  if (first === undefined || last === undefined) return { code: 'PIP-312', offset: 0, length: 1, message: 'there is no statement in it' };
  return findWriting(sql, statement, first) ?? { sql: sql.slice(0, last.end) };
}

function findWriting(sql: string, statement: readonly Token[], first: Token): SqlProblem | undefined {
  const wordOf = (token: Token | undefined): string =>
    token?.kind === 'word' || token?.kind === 'mark' ? sql.slice(token.start, token.end).toLowerCase() : '';
  const opener = statement.find((token) => wordOf(token) !== '(') ?? first;
  if (!questionWords.has(wordOf(opener))) return problem('PIP-313', opener, `it begins with ${sql.slice(opener.start, opener.end)}`);
  const writing = statement.find((token, index) => {
    if (token.kind !== 'word' || !writingWords.has(wordOf(token))) return false;
    const before = wordOf(statement[index - 1]);
    const next = wordOf(statement[index + 1]);
    return (
      before !== '.' &&
      before !== 'as' &&
      !(wordOf(token) === 'merge' && (next === 'join' || next === 'union' || next === ')' || next === ','))
    );
  });
  return writing === undefined ? undefined : problem('PIP-313', writing, `${wordOf(writing)} writes`);
}

function problem(code: SqlProblem['code'], token: Token, message: string): SqlProblem {
  return { code, offset: token.start, length: token.end - token.start, message };
}

type Step = { readonly end: number; readonly token?: Token };

/** The next token, or white space or a comment without one. */
function nextToken(sql: string, at: number, dialect: SqlDialect, previous: Token | undefined): Step | SqlProblem {
  const char = sql.charAt(at);
  if (/\s/.test(char)) return { end: at + 1 };
  if (sql.startsWith('--', at)) {
    const end = sql.slice(at).search(/[\r\n]/);
    return { end: end < 0 ? sql.length : at + end };
  }
  if (sql.startsWith('/*', at)) return skipComment(sql, at);
  if (char === ';') return step('semicolon', at, at + 1);
  if (char === "'") {
    const escaped = dialect === 'postgres' && previous?.end === at && /^e$/i.test(sql.slice(previous.start, previous.end));
    return closeQuote(sql, at, "'", escaped);
  }
  if (char === '"') return closeQuote(sql, at, '"', false);
  if (char === '[' && dialect === 'mssql') return closeQuote(sql, at, ']', false);
  if (char === '$' && dialect === 'postgres') {
    const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(sql.slice(at))?.[0];
    if (tag !== undefined) {
      const close = sql.indexOf(tag, at + tag.length);
      return close < 0 ? unclosed(at, tag.length, `the quote ${tag}`) : step('quoted', at, close + tag.length);
    }
  }
  const word = /^[\w@#\u0080-\uffff][\w@#$\u0080-\uffff]*/.exec(sql.slice(at))?.[0];
  return word === undefined ? step('mark', at, at + 1) : step('word', at, at + word.length);
}

function skipComment(sql: string, start: number): Step | SqlProblem {
  let depth = 0;
  let at = start;
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at += 2;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at += 2;
      if (depth === 0) return { end: at };
    } else at++;
  }
  return unclosed(start, 2, 'the comment');
}

function closeQuote(sql: string, start: number, quote: string, backslash: boolean): Step | SqlProblem {
  for (let at = start + 1; at < sql.length; at++) {
    if (backslash && sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return step('quoted', start, at + 1);
      at++;
    }
  }
  return unclosed(start, 1, `the quote ${sql.charAt(start)}`);
}

function step(kind: Token['kind'], start: number, end: number): Step {
  return { end, token: { kind, start, end } };
}

function unclosed(offset: number, length: number, what: string): SqlProblem {
  return { code: 'PIP-312', offset, length, message: `${what} is not closed` };
}
