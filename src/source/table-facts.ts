import * as z from 'zod';
import { JoineryError } from '../domain/error.ts';
import type { Secret } from '../domain/masking.ts';
import { readMssqlUrl } from './mssql-connection.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { readPostgresUrl } from './postgres-connection.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { beginReading, PostgresPool } from './postgres-session.ts';
import { readTableName } from './table-name.ts';
import { quoteName } from './quote-name.ts';
import type { Dialect } from './statement.ts';

/** What the catalogue says about a table or view, as far as this account may see it. */
export interface TableFacts {
  /** Database, schema and name as the catalogue has them. */
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly kind: 'table' | 'view';
  readonly columns: readonly ColumnFacts[];
  readonly primaryKey: readonly string[];
  readonly uniqueKeys: readonly (readonly string[])[];
  /** What rights on columns do not give: rows are let through by policies, or the view reads with the rights of whoever asks. */
  readonly beyondGrants?: 'policies' | 'invoker' | undefined;
}

export interface ColumnFacts {
  readonly name: string;
  readonly databaseType: string;
  readonly nullable: boolean | undefined;
  readonly isGenerated: boolean;
  /** This account may select it. */
  readonly isReadable: boolean;
  /** Of an enum. */
  readonly labels?: readonly string[] | undefined;
}

const statementTimeout = 60_000;
const lockTimeout = 10_000;

/** Errors: SRC-1xx for the connection, SRC-215 for a table that is not there or that the account may not see. */
export async function readTableFacts(dialect: Dialect, connection: Secret, table: string): Promise<TableFacts> {
  const quoted = readTableName(table, dialect)
    .map((part) => quoteName(part, dialect))
    .join('.');
  const rows = dialect === 'postgres' ? await askPostgres(connection, quoted) : await askMssql(connection, quoted);
  const [first] = rows.columns;
  if (first === undefined) throw new JoineryError('SRC-215', `there is no table or view ${table} that this account may see`);
  const uniqueKeys = new Map<string, { readonly isPrimary: boolean; readonly columns: string[] }>();
  for (const { index, is_primary: isPrimary, column } of rows.keys) {
    const known = uniqueKeys.get(index);
    if (known === undefined) uniqueKeys.set(index, { isPrimary, columns: [column] });
    else known.columns.push(column);
  }
  const kind = first.is_view ? 'view' : 'table';
  return {
    database: first.database,
    schema: first.schema,
    table: first.table,
    kind,
    columns: rows.columns.map((row) => ({
      name: row.column,
      databaseType: row.type,
      // A view of PostgreSQL says nothing about NULL.
      nullable: dialect === 'postgres' && kind === 'view' ? undefined : row.is_nullable,
      isGenerated: row.is_generated,
      isReadable: row.is_readable,
      ...(row.labels === null || row.labels === undefined ? {} : { labels: row.labels }),
    })),
    primaryKey: [...uniqueKeys.values()].find(({ isPrimary }) => isPrimary)?.columns ?? [],
    uniqueKeys: [...uniqueKeys.values()].map(({ columns }) => columns),
    beyondGrants: first.beyond_grants ?? undefined,
  };
}

const flag = z.union([z.boolean(), z.number(), z.null()]).transform(Boolean);
const columnRow = z.object({
  database: z.string(),
  schema: z.string(),
  table: z.string(),
  is_view: flag,
  column: z.string(),
  type: z.string(),
  is_nullable: flag,
  is_generated: flag,
  is_readable: flag,
  labels: z.array(z.string()).nullish(),
  beyond_grants: z.enum(['policies', 'invoker']).nullish(),
});
const keyRow = z.object({ index: z.union([z.string(), z.number()]).transform(String), is_primary: flag, column: z.string() });

interface CatalogueRows {
  readonly columns: readonly z.infer<typeof columnRow>[];
  readonly keys: readonly z.infer<typeof keyRow>[];
}

const postgresColumns = `select current_database()::text as database, n.nspname::text as schema, c.relname::text as table, c.relkind in ('v', 'm') as is_view,
    a.attname::text as column, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as is_nullable,
    a.attgenerated <> '' or a.attidentity <> '' or coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) like 'nextval(%', false) as is_generated,
    has_column_privilege(c.oid, a.attnum, 'SELECT') as is_readable,
    case when c.relrowsecurity then 'policies' when exists (select from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker' and o.option_value::boolean) then 'invoker' end as beyond_grants,
    (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)) as labels
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.oid = to_regclass($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
  order by a.attnum`;

const postgresKeys = `select i.indexrelid::text as index, i.indisprimary as is_primary, a.attname::text as column
  from pg_catalog.pg_index i
  cross join lateral unnest(i.indkey::int2[]) with ordinality as k(number, place)
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
  where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and k.place <= i.indnkeyatts
  order by i.indisprimary desc, i.indexrelid, k.place`;

async function askPostgres(connection: Secret, table: string): Promise<CatalogueRows> {
  const pool = await PostgresPool.open(await readPostgresUrl(connection, 'joinery init'));
  try {
    const client = await pool.acquire();
    try {
      await beginReading(client, { statementTimeout, lockTimeout });
      const columns = await client.query(postgresColumns, [table]);
      const keys = await client.query(postgresKeys, [table]);
      await client.query('rollback');
      return { columns: columns.rows.map((row) => columnRow.parse(row)), keys: keys.rows.map((row) => keyRow.parse(row)) };
    } finally {
      pool.release(client, false);
    }
  } catch (error) {
    throw explainPostgresError(error, connection);
  } finally {
    await pool.close();
  }
}

/** Object and column names are looked up by the catalogue of the connection's own database, in which the object_id of another one's table may be any table's. */
const mssqlColumns = `select db_name() as [database], schema_name(o.schema_id) as [schema], o.name as [table], cast(case when o.type = 'V' then 1 else 0 end as bit) as is_view,
    c.name as [column], coalesce(type_name(c.system_type_id), N'CLR type') as [type], c.is_nullable,
    cast(case when c.is_computed = 1 or c.is_identity = 1 or c.system_type_id = 189 then 1 else 0 end as bit) as is_generated,
    cast(has_perms_by_name(quotename(schema_name(o.schema_id)) + N'.' + quotename(o.name), N'OBJECT', N'SELECT', c.name, N'COLUMN') as bit) as is_readable
  from sys.objects o
  join sys.columns c on c.object_id = o.object_id
  where o.object_id = object_id(@table) and o.type in ('U', 'V') and (parsename(@table, 3) is null or parsename(@table, 3) = db_name())
  order by c.column_id`;

const mssqlKeys = `select i.index_id as [index], i.is_primary_key as is_primary, c.name as [column]
  from sys.indexes i
  join sys.index_columns k on k.object_id = i.object_id and k.index_id = i.index_id and k.is_included_column = 0
  join sys.columns c on c.object_id = k.object_id and c.column_id = k.column_id
  where i.object_id = object_id(@table) and i.is_unique = 1 and i.has_filter = 0
  order by i.is_primary_key desc, i.index_id, k.key_ordinal`;

async function askMssql(connection: Secret, table: string): Promise<CatalogueRows> {
  const config = await readMssqlUrl(connection, 'joinery init', statementTimeout);
  const { default: mssql } = await import('mssql');
  const pool = new mssql.ConnectionPool(config);
  pool.on('error', () => undefined);
  try {
    await pool.connect();
    const ask = async (sql: string): Promise<readonly unknown[]> =>
      (await pool.request().input('table', mssql.NVarChar(776), table).query<unknown>(sql)).recordset;
    const columns = await ask(mssqlColumns);
    const keys = await ask(mssqlKeys);
    return {
      columns: columns.map((row) => columnRow.parse(row)),
      keys: keys.map((row) => keyRow.parse(row)),
    };
  } catch (error) {
    throw explainMssqlError(error, connection, undefined);
  } finally {
    await pool.close().catch(() => undefined);
  }
}
