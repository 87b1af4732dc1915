import type { SqlDialect, SqlToken } from './sql-tokens.ts';

/** Where a statement does more than read, and what it does there. */
export interface SqlWriting {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** What a query begins with. */
export const questionWords: ReadonlySet<string> = new Set(['select', 'with', 'values', 'table']);

/**
 * What PostgreSQL would refuse in a read-only transaction only when the query runs, hours after it was written, and what SQL Server, which has no such transaction, would do. What a
 * function does inside stays for the database to say.
 */
export function findWriting(sql: string, statement: readonly SqlToken[], dialect: SqlDialect): SqlWriting | undefined {
  const words = statement.map(({ kind, start, end }) => (kind === 'word' || kind === 'symbol' ? sql.slice(start, end).toLowerCase() : ''));
  const found = dialect === 'postgres' ? findInPostgres(words) : findInTransact(words);
  const [first, last] = [statement[found?.at ?? -1], statement[(found?.at ?? 0) + (found?.words.length ?? 0) - 1]];
  if (found === undefined || first === undefined || last === undefined) return undefined;
  return { start: first.start, end: last.end, message: `${found.words.join(' ')} ${found.does}` };
}

interface Found {
  readonly at: number;
  readonly words: readonly string[];
  readonly does: 'writes' | 'locks rows' | 'moves a sequence';
}

/** How far what stands between two parentheses, or in none, has come. */
interface Level {
  at: 'start' | 'with' | 'body';
  /** It is a query, not the arguments of something. */
  isQuery: boolean;
  /** It is the query of a WITH. */
  readonly isCommon: boolean;
}

const verbs = new Set(['insert', 'update', 'delete', 'merge']);
/** In a WITH list (with its SEARCH and CYCLE) a name follows these, whatever it is. */
const beforeNames = new Set(['with', 'recursive', ',', 'by', 'set', 'using', 'to', 'default', 'cycle', 'first']);
const locks: readonly (readonly string[])[] = [
  ['for', 'update'],
  ['for', 'no', 'key', 'update'],
  ['for', 'share'],
  ['for', 'key', 'share'],
];
const sequences = new Set(['nextval', 'setval']);

/**
 * INSERT, UPDATE, DELETE and MERGE are no reserved words there (PostgreSQL documentation, appendix C): a column or a table may have such a name. As verbs they begin the query of a WITH, or follow a WITH list. FOR and INTO
 * are reserved.
 */
function findInPostgres(words: readonly string[]): Found | undefined {
  const levels: Level[] = [{ at: 'start', isQuery: true, isCommon: false }];
  for (const [at, word] of words.entries()) {
    const level = levels.at(-1);
    const before = words[at - 1] ?? '';
    if (level === undefined) return undefined;
    if (word === '(') levels.push({ at: 'start', isQuery: false, isCommon: level.at === 'with' && /^(?:as|materialized)$/.test(before) });
    else if (word === ')') levels.pop();
    else if (level.at === 'with') {
      if (beforeNames.has(before)) continue;
      if (verbs.has(word)) return { at, words: [word], does: 'writes' };
      if (questionWords.has(word)) level.at = 'body';
      continue;
    }
    if (level.at === 'start') {
      if (level.isCommon && verbs.has(word)) return { at, words: [word], does: 'writes' };
      level.at = word === 'with' ? 'with' : 'body';
      level.isQuery ||= word === '(' || questionWords.has(word);
    }
    if (word === 'into' && before !== '.' && before !== 'as') return { at, words: [word], does: 'writes' };
    const lock = level.isQuery && before !== '.' && before !== 'as' ? locks.find((each) => follows(words, at, each)) : undefined;
    if (lock !== undefined) return { at, words: lock, does: 'locks rows' };
    const isFunction = words[at + 1] === '(' && before !== 'as' && (before !== '.' || words[at - 2] === 'pg_catalog');
    if (sequences.has(word) && isFunction) return { at, words: [word], does: 'moves a sequence' };
  }
  return undefined;
}

/** All of these are reserved: unquoted they are no name ("Reserved Keywords (Transact-SQL)"). MERGE is a hint, too. */
const reserved = new Set(['insert', 'update', 'delete', 'into', 'merge', 'truncate', 'drop', 'alter', 'create']);
/** Hints of a table that make a reader lock as a writer does ("Table hints (Transact-SQL)"). */
const lockHints = new Set(['updlock', 'xlock', 'tablockx']);

function findInTransact(words: readonly string[]): Found | undefined {
  const openers: string[] = [];
  for (const [at, word] of words.entries()) {
    const [before, next] = [words[at - 1] ?? '', words[at + 1] ?? ''];
    if (word === '(') openers.push(before);
    if (word === ')') openers.pop();
    if (before === '.' || before === 'as') continue;
    const isHint = word === 'merge' && ['join', 'union', ')', ','].includes(next);
    if (reserved.has(word) && !isHint) return { at, words: [word], does: 'writes' };
    if (lockHints.has(word) && openers.at(-1) === 'with') return { at, words: [word], does: 'locks rows' };
    const sequence = ['next', 'value', 'for'];
    if (follows(words, at, sequence) && !/^(?:xml|json|browse)$/.test(words[at + 3] ?? ''))
      return { at, words: sequence, does: 'moves a sequence' };
  }
  return undefined;
}

function follows(words: readonly string[], at: number, sought: readonly string[]): boolean {
  return sought.every((word, index) => words[at + index] === word);
}
