import knex from 'knex';
import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { Dialect } from './statement.ts';

/**
 * A name as SQL of the dialect. knex's own quoting is not used: it takes `a.b`, `a as b`, `a[0]` and `*` apart, and a column of an HR database may be called so.
 */
export function quoteName(name: string, dialect: Dialect): string {
  if (name === '' || name.includes('\0')) throw new JoineryError('SRC-105', 'a table or column name is empty or holds a NUL');
  return dialect === 'postgres' ? `"${name.replaceAll('"', '""')}"` : `[${name.replaceAll(']', ']]')}]`;
}

/** `hr.workers`, `"HR"."Worker List"`, `[HR].[Worker List]` to its one to three parts. Unquoted parts are taken as they stand (PostgreSQL: in lower case, as it does itself). */
export function readTableName(table: string, dialect: Dialect, place?: Place): readonly string[] {
  const part = /\s*(?:"((?:[^"]|"")+)"|\[((?:[^\]]|\]\])+)\]|([\p{L}_][\p{L}\p{N}_$#@]*))\s*(\.|$)/uy;
  const parts: string[] = [];
  let more = true;
  while (more) {
    const match = part.exec(table);
    if (match === null) break;
    const [, doubled, bracketed, bare, dot] = match;
    if (bracketed !== undefined && dialect === 'postgres') break;
    const name = doubled?.replaceAll('""', '"') ?? bracketed?.replaceAll(']]', ']') ?? bare ?? '';
    parts.push(bare !== undefined && dialect === 'postgres' ? name.toLowerCase() : name);
    more = dot === '.';
    if (!more && parts.length <= (dialect === 'postgres' ? 2 : 3)) return parts;
  }
  throw new JoineryError('SRC-105', `source.table is not the name of a table: ${table}`, {
    fix: `Write schema.table; quote a part that is not a plain name ${dialect === 'postgres' ? '"like this"' : '[like this]'}.`,
    ...(place === undefined ? {} : { place }),
  });
}

export interface TableQuery {
  readonly table: readonly string[];
  /** Undefined: all. */
  readonly columns: readonly SelectedColumn[] | undefined;
  /** SQL of the ORDER BY list. */
  readonly orderBy?: string | undefined;
}

/** A column as it is called, and the SQL that stands for it where the column itself would lose something on the way. */
export interface SelectedColumn {
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
