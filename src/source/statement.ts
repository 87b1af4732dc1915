import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import { tokeniseSql, type SqlDialect as Dialect, type SqlToken } from '../pipeline/sql-tokens.ts';

export type { SqlDialect as Dialect } from '../pipeline/sql-tokens.ts';

/** SQL as a person wrote it, and where. */
export interface SqlText {
  readonly sql: string;
  readonly file: string;
  readonly firstLine: number;
}

/** One reading statement, without what stands before and behind it; positions in `text` lead back to the file. */
export interface Statement {
  readonly text: string;
  /** There is an ORDER BY outside of all parentheses. */
  readonly hasOrderBy: boolean;
  /** An outer join or a set operation may give NULL where the table has none. */
  readonly mayAddNull: boolean;
  /** Where the text has `:as_of` and `:since`, in order; `bindParameters` puts values in. */
  readonly parameters: readonly ParameterUse[];
  /** Place of an offset (UTF-16 code units) into `text`. */
  placeOf(offset: number): Place;
}

export type ParameterName = 'as_of' | 'since';

interface ParameterUse {
  readonly name: ParameterName;
  /** Offsets into the statement's text. */
  readonly start: number;
  readonly end: number;
}

/** The statement with every parameter replaced by SQL that the one writer of literals made; places still lead to the file. */
export function bindParameters(statement: Statement, values: Readonly<Record<ParameterName, string>>): Statement {
  if (statement.parameters.length === 0) return statement;
  const pieces: { readonly from: number; readonly to: number; readonly length: number }[] = [];
  let text = '';
  let at = 0;
  for (const { name, start, end } of statement.parameters) {
    text += statement.text.slice(at, start);
    pieces.push({ from: text.length, to: start, length: values[name].length });
    text += values[name];
    at = end;
  }
  text += statement.text.slice(at);
  const original = (offset: number): number => {
    let shift = 0;
    for (const [index, { from, to, length }] of pieces.entries()) {
      if (offset < from) break;
      if (offset < from + length) return to;
      const use = statement.parameters[index];
      shift += (use === undefined ? 0 : use.end - use.start) - length;
    }
    return offset + shift;
  };
  return { ...statement, text, parameters: [], placeOf: (offset) => statement.placeOf(original(offset)) };
}

/** The words that may begin a reading statement. */
const reading = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE']);

/**
 * T-SQL needs no semicolon between statements, so that a word decides. All of these are reserved: unquoted they are no name. (`MERGE JOIN` is a hint.)
 * PostgreSQL needs no such list: there a second statement needs a semicolon, and the transaction is read-only.
 */
const writing = new Set(
  'ALTER BACKUP BEGIN BULK CHECKPOINT CLOSE COMMIT CREATE DBCC DEALLOCATE DECLARE DELETE DENY DROP EXEC EXECUTE GOTO GRANT IF INSERT INTO KILL MERGE OPENDATASOURCE OPENQUERY OPENROWSET PRINT RAISERROR READTEXT RECONFIGURE RESTORE RETURN REVERT REVOKE ROLLBACK SAVE SET SETUSER SHUTDOWN TRUNCATE UPDATE UPDATETEXT USE WAITFOR WHILE WRITETEXT'.split(
    ' ',
  ),
);

/**
 * Exactly one statement that reads, or SRC-201 with the place. The text is taken apart by the database's own rules of quoting, so that a semicolon in a
 * comment is none and one in a query is found; parentheses must close, so that nothing can step out of the ones it is put into.
 */
export function readStatement(source: SqlText, dialect: Dialect): Statement {
  const { sql } = source;
  const refuse = (offset: number, message: string): JoineryError =>
    new JoineryError('SRC-201', message, { place: placeIn(source, offset) });
  const tokens = tokeniseSql(sql, dialect);
  const textOf = (token: SqlToken): string => sql.slice(token.start, token.end);
  const open: SqlToken[] = [];
  let previous: SqlToken | undefined;
  let last: SqlToken | undefined;
  let semicolon: SqlToken | undefined;
  let hasOrderBy = false;
  let mayAddNull = false;
  const parameters: ParameterUse[] = [];
  let brackets = 0;
  for (const [index, token] of tokens.entries()) {
    const text = textOf(token);
    if (token.kind === 'unterminated') throw refuse(token.start, `what begins with ${text.slice(0, 2).trim()} is not closed`);
    if (token.kind === 'symbol' && text === ';') {
      semicolon = token;
      continue;
    }
    if (semicolon !== undefined) throw refuse(token.start, 'a second statement begins here');
    if (last === undefined && !(token.kind === 'word' && reading.has(text.toUpperCase()))) {
      throw refuse(token.start, `the statement begins with ${text}, not with SELECT or WITH`);
    }
    if (token.kind === 'symbol' && text === '(') open.push(token);
    if (token.kind === 'symbol' && text === ')' && open.pop() === undefined) throw refuse(token.start, 'this parenthesis closes nothing');
    if (dialect === 'mssql' && token.kind === 'word') checkTransactWord(text, index, open.length, tokens, textOf, refuse);
    if (token.kind === 'symbol' && text === '[') brackets++;
    if (token.kind === 'symbol' && text === ']') brackets--;
    mayAddNull ||= token.kind === 'word' && /^(?:left|right|full|union|rollup|cube|sets)$/i.test(text);
    const named = brackets === 0 ? parameterAt(tokens, index, textOf) : undefined;
    if (named !== undefined) {
      const name = known.find((each) => each === named.toLowerCase());
      if (name === undefined) throw refuse(token.start, `there is no parameter :${named}; there are :as_of and :since`);
      parameters.push({ name, start: token.start - (tokens[0]?.start ?? 0), end: token.end + named.length - (tokens[0]?.start ?? 0) });
    }
    hasOrderBy ||= open.length === 0 && /^by$/i.test(text) && previous !== undefined && /^order$/i.test(textOf(previous));
    previous = token;
    last = token;
  }
  const first = tokens[0];
  if (first === undefined || last === undefined) throw refuse(0, 'there is no statement');
  const unclosed = open.pop();
  if (unclosed !== undefined) throw refuse(unclosed.start, 'this parenthesis is not closed');
  const offset = first.start;
  return { text: sql.slice(offset, last.end), hasOrderBy, mayAddNull, parameters, placeOf: (at) => placeIn(source, offset + at) };
}

const known: readonly ParameterName[] = ['as_of', 'since'];

/** The name behind a colon of its own: `::` is a cast, and within brackets a colon parts the bounds of a slice. */
function parameterAt(tokens: readonly SqlToken[], index: number, textOf: (token: SqlToken) => string): string | undefined {
  const [before, colon, name] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (colon?.kind !== 'symbol' || textOf(colon) !== ':' || name?.kind !== 'word' || name.start !== colon.end) return undefined;
  if (before !== undefined && before.end === colon.start && textOf(before) === ':') return undefined;
  return textOf(name);
}

function checkTransactWord(
  text: string,
  index: number,
  depth: number,
  tokens: readonly SqlToken[],
  textOf: (token: SqlToken) => string,
  refuse: (offset: number, message: string) => JoineryError,
): void {
  const [previous, token, next] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (token === undefined) return;
  const word = text.toUpperCase();
  const nextWord = next === undefined ? '' : textOf(next).toUpperCase();
  if (word === 'MERGE' && (nextWord === 'JOIN' || nextWord === 'UNION')) return;
  if (writing.has(word)) throw refuse(token.start, `${word} does not belong into a query`);
  if (word !== 'SELECT' || depth > 0 || previous === undefined) return;
  const before = textOf(previous).toUpperCase();
  const joins = previous.kind === 'symbol' ? before === ')' : ['UNION', 'ALL', 'EXCEPT', 'INTERSECT'].includes(before);
  // Behind a parenthesis only the end of a WITH list may go on with SELECT.
  const isContinued = joins && (previous.kind === 'word' || textOf(tokens[0] ?? previous).toUpperCase() === 'WITH');
  if (!isContinued) throw refuse(token.start, 'a second statement begins here');
}

/** Line and column of an offset; a file's first line may lie within another file. */
function placeIn(source: SqlText, offset: number): Place {
  const before = source.sql.slice(0, offset).split('\n');
  return { file: source.file, line: source.firstLine + before.length - 1, column: (before.at(-1)?.length ?? 0) + 1 };
}
