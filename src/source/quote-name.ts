import { JoineryError } from '../domain/error.ts';
import type { Dialect } from './statement.ts';

/**
 * A name as SQL of the dialect. knex's own quoting is not used: it takes `a.b`, `a as b`, `a[0]` and `*` apart, and a column of an HR database may be called so.
 */
export function quoteName(name: string, dialect: Dialect): string {
  if (name === '' || name.includes('\0')) throw new JoineryError('SRC-105', 'a table or column name is empty or holds a NUL');
  return dialect === 'postgres' ? `"${name.replaceAll('"', '""')}"` : `[${name.replaceAll(']', ']]')}]`;
}

/** A column of a table that the query reads: `alias` undefined where there is only one table. */
export interface ColumnReference {
  readonly alias: string | undefined;
  readonly column: string;
}

export function quoteReference({ alias, column }: ColumnReference, dialect: Dialect): string {
  const name = quoteName(column, dialect);
  return alias === undefined ? name : `${quoteName(alias, dialect)}.${name}`;
}
