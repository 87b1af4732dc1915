import { createHash } from 'node:crypto';
import type { Transaction } from 'mssql';
import * as z from 'zod';
import { invariant } from '../domain/error.ts';
import type { VersionGround, VersionRefusal } from './contract.ts';
import type { ReadingMode } from './mssql-session.ts';
import type { MssqlColumn } from './mssql-types.ts';
import type { PreparedVersions } from './prepare.ts';

/** Moves when rows are written as text in another way. */
const writingForm = 1;

/**
 * Whether an equal rowversion means an equal row, and what that depends on. The database counts for every row that is inserted or updated, and gives the row the count. What is left is everything that gives a row another value without writing it,
 * or that sets the count back: another server, its start (as that of tempdb), a database that was made or restored anew, a table that was altered, a view. A restore over the same database that has been written to for longer than the old one
 * shows in none of these; the next full pass finds what it brought. Source: Transact-SQL reference, "rowversion", "@@DBTS", "sys.databases", "sys.objects", "ALTER TABLE".
 */
export async function readMssqlGround(
  transaction: Transaction,
  { oneMoment, level }: ReadingMode,
  { tables, column, form }: PreparedVersions<MssqlColumn>,
): Promise<VersionGround | VersionRefusal> {
  invariant(column, 'of SQL Server a column holds the version');
  const [table = ''] = tables;
  if (!oneMoment || level !== 'snapshot')
    return { because: 'the database does not let several statements see one moment (ALLOW_SNAPSHOT_ISOLATION)' };
  if (column.baseType !== 'timestamp')
    return { because: `the column ${column.name} has the type ${column.databaseType} and not rowversion` };
  const { default: mssql } = await import('mssql');
  const { recordset } = await transaction.request().input('table', mssql.NVarChar(776), table).query<unknown>(facts);
  const found = recordset.map((row) => factsRow.parse(row))[0];
  if (found === undefined) return { because: `${table} is not in the database of the connection` };
  const { kind, counted, computed, ...rest } = found;
  if (kind !== 'U') return { because: `${table} is ${kind === 'V' ? 'a view' : 'no table'}` };
  if (computed) return { because: `${table} has columns that are computed when they are read` };
  const identity = createHash('sha256')
    .update(JSON.stringify([writingForm, form, rest]))
    .digest('hex');
  return { identity, transaction: counted };
}

const text = z.union([z.string(), z.number(), z.null()]).transform(String);
const factsRow = z.object({
  object: text,
  kind: z.string().transform((kind) => kind.trim()),
  made: text,
  altered: text,
  server: text,
  started: text,
  database: text,
  counted: z.string(),
  computed: z.union([z.boolean(), z.number()]).transform(Boolean),
});

/** sys.databases shows every login the rows of its own database and of tempdb, which is made anew with each start of the server. */
const facts = `select cast(o.object_id as varchar(20)) as object, o.type as kind, convert(varchar(30), o.create_date, 126) as made, convert(varchar(30), o.modify_date, 126) as altered,
    convert(nvarchar(256), serverproperty('ServerName')) as server, (select convert(varchar(30), t.create_date, 126) from sys.databases t where t.name = N'tempdb') as started,
    (select convert(varchar(30), d.create_date, 126) from sys.databases d where d.name = db_name()) as [database], convert(varchar(20), cast(@@dbts as bigint)) as counted,
    cast(case when exists (select 1 from sys.computed_columns c where c.object_id = o.object_id and c.is_persisted = 0) then 1 else 0 end as bit) as computed
  from sys.objects o
  where o.object_id = object_id(@table) and (parsename(@table, 3) is null or parsename(@table, 3) = db_name())`;
