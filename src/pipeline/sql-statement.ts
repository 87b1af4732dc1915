import { tokeniseSql, type SqlDialect, type SqlToken } from './sql-tokens.ts';

/** What is wrong with a query, with the offset and length of the text to mark. */
export interface SqlProblem {
  readonly code: 'PIP-311' | 'PIP-312' | 'PIP-313';
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

const questionWords = new Set(['select', 'with', 'values', 'table']);
/** Words that make a statement write. MERGE is one only where it is not a join hint of SQL Server. */
const writingWords = new Set(['insert', 'update', 'delete', 'into', 'merge', 'truncate', 'drop', 'alter', 'create']);

/**
 * The one statement of a query without what follows its last token: a final `;` and comments after it would break a query that
 * wraps this one. Offsets of what is kept do not move.
 */
export function oneStatement(sql: string, dialect: SqlDialect): { readonly sql: string } | SqlProblem {
  const tokens = tokeniseSql(sql, dialect);
  const unclosed = tokens.find(({ kind }) => kind === 'unterminated')?.mark;
  if (unclosed !== undefined) {
    const what = unclosed.text === '/*' ? 'the comment' : `the quote ${unclosed.text}`;
    return { code: 'PIP-312', offset: unclosed.at, length: unclosed.text.length, message: `${what} is not closed` };
  }
  const isSemicolon = ({ kind, start }: SqlToken): boolean => kind === 'symbol' && sql[start] === ';';
  const semicolon = tokens.findIndex(isSemicolon);
  const statement = semicolon < 0 ? tokens : tokens.slice(0, semicolon);
  const after = semicolon < 0 ? undefined : tokens.slice(semicolon).find((token) => !isSemicolon(token));
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

function findWriting(sql: string, statement: readonly SqlToken[], first: SqlToken): SqlProblem | undefined {
  const wordOf = (token: SqlToken | undefined): string =>
    token?.kind === 'word' || token?.kind === 'symbol' ? sql.slice(token.start, token.end).toLowerCase() : '';
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

function problem(code: SqlProblem['code'], token: SqlToken, message: string): SqlProblem {
  return { code, offset: token.start, length: token.end - token.start, message };
}
