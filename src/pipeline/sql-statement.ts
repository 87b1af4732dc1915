import { tokeniseSql, type SqlDialect, type SqlToken } from './sql-tokens.ts';
import { findWriting, questionWords } from './sql-writing.ts';

/** What is wrong with a query, with the offset and length of the text to mark. */
export interface SqlProblem {
  readonly code: 'PIP-311' | 'PIP-312' | 'PIP-313';
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

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
  const opener = statement.find((token) => sql.slice(token.start, token.end) !== '(') ?? first;
  const begins = sql.slice(opener.start, opener.end);
  if (opener.kind !== 'word' || !questionWords.has(begins.toLowerCase()))
    return problem(opener.start, opener.end, `it begins with ${begins}`);
  const writing = findWriting(sql, statement, dialect);
  return writing === undefined ? { sql: sql.slice(0, last.end) } : problem(writing.start, writing.end, writing.message);
}

function problem(start: number, end: number, message: string): SqlProblem {
  return { code: 'PIP-313', offset: start, length: end - start, message };
}
