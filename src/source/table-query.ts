import knex from 'knex';
import { JoineryError } from '../domain/error.ts';
import type { Dialect } from './statement.ts';

/**
 * A name as SQL of the dialect. knex's own quoting is not used: it takes `a.b`, `a as b`, `a[0]` and `*` apart, and a column of an HR database may be called so.
 */
export function quoteName(name: string, dialect: Dialect): string {
  if (name === '' || name.includes('\0')) throw new JoineryError('SRC-105', 'a table or column name is empty or holds a NUL');
  return dialect === 'postgres' ? `"${name.replaceAll('"', '""')}"` : `[${name.replaceAll(']', ']]')}]`;
}

export interface TableQuery {
  readonly table: readonly string[];
  /** Undefined: all. */
  readonly columns: readonly SelectedColumn[] | undefined;
  /** SQL of the ORDER BY list. */
  readonly orderBy?: string | undefined;
}

/** A column as it is called, and the SQL that stands for it where the column itself would lose something on the way. */
interface SelectedColumn {
  readonly name: string;
  readonly select?: string | undefined;
}

/** `select … from … order by …`, built by knex without a connection. Names are quoted by us and nothing else is put in, so there are no bindings. */
export function buildTableQuery(query: TableQuery, dialect: Dialect): string {
  const builder = knex({ client: dialect === 'postgres' ? 'pg' : 'mssql' });
  const quote = (name: string): string => quoteName(name, dialect);
  const columns = query.columns?.map(({ name, select }) => (select === undefined ? quote(name) : `${select} as ${quote(name)}`));
  const select = builder
    .select((columns ?? ['*']).map((column) => builder.raw(column)))
    .from(builder.raw(query.table.map(quote).join('.')));
  const ordered = query.orderBy === undefined ? select : select.orderByRaw(query.orderBy);
  // `.sql`, not `.toNative()`: that one would take a question mark in a name for a placeholder.
  return ordered.toSQL().sql;
}
