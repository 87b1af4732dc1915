import { JoineryError } from '../domain/error.ts';

/** A row as a driver returned it. The functions below are the only way out of it: they check the type of every value. */
export type Row = Readonly<Record<string, unknown>>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : damaged(column, 'text');
}

export function integerOf(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : damaged(column, 'an integer');
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null || row[column] === undefined ? undefined : textOf(row, column);
}

export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null || row[column] === undefined ? undefined : integerOf(row, column);
}

export function flagOf(row: Row, column: string): boolean {
  return integerOf(row, column) !== 0;
}

/** One of a closed set of words. */
export function wordOf<T extends string>(row: Row, column: string, words: readonly T[]): T {
  const value = textOf(row, column);
  return words.find((word) => word === value) ?? damaged(column, `one of ${words.join(', ')}`);
}

/** JSON that this store wrote: its type is what the writing side was given. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller states what was written there
export function jsonOf<T>(row: Row, column: string): T {
  try {
    return JSON.parse(textOf(row, column));
  } catch (error) {
    return error instanceof JoineryError ? rethrow(error) : damaged(column, 'JSON');
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
export function optionalJson<T>(row: Row, column: string): T | undefined {
  return row[column] === null || row[column] === undefined ? undefined : jsonOf<T>(row, column);
}

/** For an object literal whose member is absent rather than undefined. */
export function present<K extends string, V>(name: K, value: V | undefined): { readonly [name in K]?: V } {
  if (value === undefined) return {};
  const member: { [name in K]?: V } = {};
  member[name] = value;
  return member;
}

function rethrow(error: JoineryError): never {
  throw error;
}

function damaged(column: string, expected: string): never {
  throw new JoineryError('STO-106', `The column ${column} of the state does not hold ${expected}.`);
}
