import { randomUUID } from 'node:crypto';
import mssql from 'mssql';
import { executeSql } from '../samples/databases.ts';
import type { OutboxDeclaration } from '../src/pipeline/pipeline.ts';
import { freshDatabase } from './database.ts';
import { allowOneMoment, openMssqlAdmin } from './mssql-admin.ts';
import { startTdsDouble, type TdsAnswer, type TdsColumn, type TdsValue } from './tds-double.ts';

/** A row of HR's table `workers`: the key, two columns, and when it was changed. */
export interface HrRow {
  readonly id: string | null;
  readonly name: string;
  readonly status: string;
  /** ISO 8601 in UTC. */
  readonly at: string | null;
}

/** What can go wrong while the table is read. */
export type Trouble = 'cut' | 'lock' | 'slow' | 'columnGone' | 'otherType';

/** One HR table behind one database, for sentences that hold whatever the database is. */
export interface HrEngine {
  readonly type: 'postgres' | 'mssql';
  readonly url: string;
  /** The table as the source names it; columns id, name, status, updated_at. */
  readonly table: string;
  /** The table itself, whose rows have versions, and the column that holds them where one is needed. */
  readonly versioned: { readonly table: string; readonly column?: string };
  /** What ORDER BY says for text keys. */
  readonly orderBy: string;
  /** One row, T1, of the types that both databases have. */
  readonly typed: string;
  /** A read sees one moment. */
  readonly oneMoment: boolean;
  /** What cannot be arranged there. */
  readonly cannot: ReadonlySet<Trouble>;
  /** What tells of every statement that changes the table: a table that HR's trigger fills, and a channel where the database has them. */
  readonly outboxes: readonly OutboxDeclaration[];
  put(rows: readonly HrRow[]): Promise<void>;
  /** One row, whatever the readers are doing. */
  rename(id: string, name: string): Promise<void>;
  /** Answers what takes the trouble away again. `cut` happens in the middle of the rows. */
  trouble(kind: Trouble): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const place = { file: 'p.yaml', line: 1, column: 1 };
const outboxTable = (table: string): OutboxDeclaration => ({ kind: 'table', table, column: 'line', every: 10_000, place });

export const hrEngines: readonly (readonly [name: string, open: () => Promise<HrEngine>])[] = [
  ['PostgreSQL', openPostgresHr],
  ['SQL Server', openDoubleHr],
  ...(process.env['JOINERY_MSSQL_URL'] === undefined
    ? []
    : [['the SQL Server of JOINERY_MSSQL_URL', () => openServerHr(process.env['JOINERY_MSSQL_URL'] ?? '')] as const]),
];

const typedOfPostgres = `select * from (select 'T1' as id, 9007199254740993::int8 as big, 7::int4 as small, 1200.50::numeric(12, 2) as amount, true as flag,
  0.1::float8 as share, date '2026-11-22' as day, timestamp '2026-11-22 08:00:00.123456' as clock, timestamptz '2026-11-22 08:00:00+01' as moment,
  time '08:00:00.5' as hour, 'ab'::char(5) as padded, 'ab  ' as kept, 'C56A4180-65AA-42EC-A945-5FD21DEC0538'::uuid as guid, '\\x00ff'::bytea as bytes,
  null::text as nothing) as t order by id collate "C"`;

const typedOfMssql = `select * from (select N'T1' as id, CAST(9007199254740993 AS bigint) as big, 7 as small, CAST(1200.50 AS decimal(12, 2)) as amount, CAST(1 AS bit) as flag,
  CAST(0.1 AS float) as share, CAST('2026-11-22' AS date) as day, CAST('2026-11-22T08:00:00.123456' AS datetime2(6)) as clock, CAST('2026-11-22T08:00:00+01:00' AS datetimeoffset(0)) as moment,
  CAST('08:00:00.5' AS time(1)) as hour, CAST(N'ab' AS nchar(5)) as padded, N'ab  ' as kept, CAST('C56A4180-65AA-42EC-A945-5FD21DEC0538' AS uniqueidentifier) as guid, 0x00FF as bytes,
  CAST(NULL AS nvarchar(9)) as nothing) as t order by id COLLATE Latin1_General_100_BIN2`;

/** What the server would answer to that. */
const typedAnswer: TdsAnswer = {
  columns: [
    { name: 'id', type: 'nvarchar', length: 2 },
    { name: 'big', type: 'bigint' },
    { name: 'small', type: 'int' },
    { name: 'amount', type: 'decimal', precision: 12, scale: 2 },
    { name: 'flag', type: 'bit' },
    { name: 'share', type: 'float' },
    { name: 'day', type: 'date' },
    { name: 'clock', type: 'datetime2', scale: 6 },
    { name: 'moment', type: 'datetimeoffset', scale: 0 },
    { name: 'hour', type: 'time', scale: 1 },
    { name: 'padded', type: 'nchar', length: 5 },
    { name: 'kept', type: 'nvarchar', length: 4 },
    { name: 'guid', type: 'uniqueidentifier' },
    { name: 'bytes', type: 'varbinary', length: 2 },
    { name: 'nothing', type: 'nvarchar', length: 9 },
  ],
  rows: [
    [
      'T1',
      '9007199254740993',
      7,
      '1200.50',
      true,
      0.1,
      '2026-11-22',
      '2026-11-22T08:00:00.123456',
      '2026-11-22T08:00:00+01:00',
      '08:00:00.5',
      'ab   ',
      'ab  ',
      'C56A4180-65AA-42EC-A945-5FD21DEC0538',
      Buffer.from([0x00, 0xff]),
      null,
    ],
  ],
};

/** A view over the table, in the middle of which something terrible may happen. */
async function openPostgresHr(): Promise<HrEngine> {
  const url = await freshDatabase('hr');
  const usual = 'create or replace view workers as select id, name, status, updated_at from hr';
  const terrible = (what: string): string =>
    `create or replace function terror(n bigint) returns text language plpgsql as $f$ begin if n = 60 then ${what}; end if; return 'on'; end $f$;
     create or replace view workers as select id, name, case when status = 'on' then terror(row_number() over (order by id collate "C")) else status end as status, updated_at from hr`;
  const again = `drop view workers; ${usual}`;
  const scripts: Readonly<Record<Trouble, string>> = {
    cut: terrible('perform pg_terminate_backend(pg_backend_pid())'),
    lock: terrible("raise exception 'lock' using errcode = '55P03'"),
    slow: terrible('perform pg_sleep(3600)'),
    columnGone: 'drop view workers; create view workers as select id, name as full_name, status, updated_at from hr',
    otherType: 'drop view workers; create view workers as select id, name::varchar(80) as name, status, updated_at from hr',
  };
  await executeSql(
    url,
    `create table hr (id text, name text, status text, updated_at timestamptz);
     create table hr_outbox (line bigint generated always as identity primary key);
     create function tell() returns trigger language plpgsql as $f$ begin insert into hr_outbox default values; notify hr_changed; return null; end $f$;
     create trigger tell after insert or update or delete on hr for each statement execute function tell()`,
    usual,
  );
  return {
    type: 'postgres',
    url,
    table: 'workers',
    versioned: { table: 'hr' },
    orderBy: 'id COLLATE "C"',
    typed: typedOfPostgres,
    cannot: new Set(),
    oneMoment: true,
    outboxes: [outboxTable('hr_outbox'), { kind: 'notify', channel: 'hr_changed', place }],
    async put(rows) {
      await executeSql(
        url,
        `begin; truncate hr; insert into hr select * from json_to_recordset(${literal(JSON.stringify(rows))}) as t(id text, name text, status text, at timestamptz); commit`,
      );
    },
    rename: (id, name) => executeSql(url, `update hr set name = ${literal(name)} where id = ${literal(id)}`),
    async trouble(kind) {
      await executeSql(url, scripts[kind]);
      return () => executeSql(url, again);
    },
    close: () => Promise.resolve(),
  };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The table in memory behind the wire of SQL Server. It knows no SQL beyond what the builder writes for a watermark: WHERE a time, or NULL, or one of some keys. */
async function openDoubleHr(): Promise<HrEngine> {
  let rows: readonly HrRow[] = [];
  /** What HR's trigger has written. */
  let lines = 0;
  let trouble: Trouble | undefined;
  /** As the database counts rows that are written. */
  let written = 0;
  const writtenAt = new Map<string | null, number>();
  const text = { type: 'nvarchar', length: 40 } as const;
  const columns = (): readonly TdsColumn[] => [
    { name: 'id', ...text },
    { name: trouble === 'columnGone' ? 'full_name' : 'name', ...(trouble === 'otherType' ? { type: 'varchar', length: 80 } : text) },
    { name: 'status', ...text },
    { name: 'updated_at', type: 'datetimeoffset' },
  ];
  const answer = (sql: string): TdsAnswer | undefined => {
    if (sql === typedOfMssql) return typedAnswer;
    if (sql === 'select top (100) [line] as line from [hr_outbox] with (readcommittedlock, readpast) order by 1 desc')
      return {
        columns: [{ name: 'line', type: 'bigint' }],
        rows: Array.from({ length: Math.min(lines, 100) }, (_each, at) => [String(lines - at)]),
      };
    if (/\bfrom sys\.objects o\b/.test(sql)) return factsOfHr(written);
    const isVersioned = /\bfrom \[hr\](?!\.)/.test(sql);
    if (!isVersioned && !/\bworkers\b/.test(sql)) return undefined;
    const all = isVersioned ? [...columns(), { name: 'version', type: 'rowversion' } as const] : columns();
    const list = /^\s*select\s+(.*?)\s+from\s/is.exec(sql)?.[1] ?? '*';
    const chosen = list === '*' ? all : all.filter(({ name }) => list.includes(`[${name}]`));
    if (chosen.length < list.split(',').length) return { error: { number: 207, message: "Invalid column name 'name'." } };
    const isRead = /\border by\b/i.test(sql);
    if (isRead && trouble === 'slow') return 'never';
    const found = inOrder(
      rows.filter((row) => isAskedFor(row, sql)),
      sql,
    );
    const failure = isRead && trouble === 'lock' ? { number: 1222, message: 'Lock request time out period exceeded.' } : undefined;
    return {
      columns: chosen,
      rows: isRead && trouble === 'cut' ? cutWithin(found, chosen) : valuesOf(found, chosen, writtenAt),
      ...(failure === undefined ? {} : { failure }),
    };
  };
  const double = await startTdsDouble({ answer });
  function* cutWithin(found: readonly HrRow[], chosen: readonly TdsColumn[]): Generator<readonly TdsValue[]> {
    yield* valuesOf(found.slice(0, 60), chosen, writtenAt);
    double.kill();
  }
  return {
    type: 'mssql',
    url: double.url,
    table: 'workers',
    versioned: { table: 'hr', column: 'version' },
    orderBy: 'id COLLATE Latin1_General_100_BIN2, DATALENGTH(id)',
    typed: typedOfMssql,
    cannot: new Set(),
    oneMoment: true,
    outboxes: [outboxTable('hr_outbox')],
    put(next) {
      rows = next;
      for (const { id } of rows) writtenAt.set(id, ++written);
      lines++;
      return Promise.resolve();
    },
    rename(id, name) {
      rows = rows.map((row) => (row.id === id ? { ...row, name } : row));
      writtenAt.set(id, ++written);
      lines++;
      return Promise.resolve();
    },
    trouble(kind) {
      trouble = kind;
      return Promise.resolve(() => {
        trouble = undefined;
        return Promise.resolve();
      });
    },
    close: () => double.close(),
  };
}

/** What the catalogue would say of the table, which nobody alters. */
function factsOfHr(counted: number): TdsAnswer {
  const words = ['object', 'kind', 'made', 'altered', 'server', 'started', 'database', 'counted'];
  const columns = [...words.map((name) => ({ name, type: 'nvarchar' }) as const), { name: 'computed', type: 'bit' } as const];
  return { columns, rows: [['1', 'U ', '2026-01-01', '2026-01-01', 'HR', '2026-01-01', '2026-01-01', String(counted), false]] };
}

function isAskedFor({ id, at }: HrRow, sql: string): boolean {
  // A collation that takes capitals for small letters.
  const asked = /where \[id\] in \(([^)]*)\) order by/.exec(sql)?.[1];
  if (asked !== undefined) return keysIn(asked).some((key) => key.toLowerCase() === id?.toLowerCase());
  const since = /\[updated_at\] >= CAST\('([^']+)' AS/.exec(sql)?.[1];
  if (since === undefined || at === null) return true;
  const list = /\[id\] in \(([^)]*)\)\) order by/.exec(sql)?.[1] ?? '';
  return Date.parse(at) >= Date.parse(since) || keysIn(list).includes(id ?? '');
}

function keysIn(list: string): readonly string[] {
  return [...list.matchAll(/N?'((?:[^']|'')*)'/g)].map(([, key = '']) => key.replaceAll("''", "'"));
}

/** As SQL Server sorts: NULL first, text by its code units, the shorter one filled up with blanks; what then is equal comes in any order, here in the worst, unless its length is asked for. */
function inOrder(rows: readonly HrRow[], sql: string): readonly HrRow[] {
  const byLength = /\bDATALENGTH\(/.test(sql) ? 1 : -1;
  const sorted = rows.toSorted(({ id: left }, { id: right }) => {
    if (left === null || right === null) return Number(left !== null) - Number(right !== null);
    const [a, b] = [left.padEnd(right.length), right.padEnd(left.length)];
    return a === b ? (left.length - right.length) * byLength : a < b ? -1 : 1;
  });
  return /\bdesc\b/i.test(sql) ? sorted.toReversed() : sorted;
}

function* valuesOf(
  rows: readonly HrRow[],
  chosen: readonly TdsColumn[],
  writtenAt: ReadonlyMap<string | null, number>,
): Generator<readonly TdsValue[]> {
  const versionOf = (id: string | null): Uint8Array => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(writtenAt.get(id) ?? 0));
    return bytes;
  };
  const of: Readonly<Record<string, (row: HrRow) => TdsValue>> = {
    version: ({ id }) => versionOf(id),
    id: ({ id }) => id,
    name: ({ name }) => name,
    full_name: ({ name }) => name,
    status: ({ status }) => status,
    updated_at: ({ at }) => at?.replace('T', ' ').replace('Z', '+00:00') ?? null,
  };
  for (const row of rows) yield chosen.map(({ name }) => of[name]?.(row) ?? null);
}

/**
 * A real server: tables and views `joinery_test_hr_*` are made and dropped, each time under another name, because files of tests run beside each other. Nobody can be made to die or to be
 * slow in the middle of a view there.
 */
async function openServerHr(url: string): Promise<HrEngine> {
  const admin = await openMssqlAdmin(url);
  const hr = `joinery_test_hr_${randomUUID().slice(0, 8)}`;
  const run = async (...batches: readonly string[]): Promise<void> => {
    for (const batch of batches) await admin.request().batch(batch);
  };
  const drop = [`drop view if exists ${hr}_workers`, `drop table if exists ${hr}`, `drop table if exists ${hr}_outbox`];
  const view = (name: string): string => `create or alter view ${hr}_workers as select id, ${name}, status, updated_at from ${hr}`;
  await run(
    `create table ${hr} (id nvarchar(40), name nvarchar(40), status nvarchar(40), updated_at datetimeoffset, version rowversion)`,
    `create table ${hr}_outbox (line bigint identity primary key)`,
    `create trigger ${hr}_tell on ${hr} after insert, update, delete as set nocount on; insert ${hr}_outbox default values`,
    view('name'),
  );
  return {
    type: 'mssql',
    url,
    table: `${hr}_workers`,
    versioned: { table: hr, column: 'version' },
    orderBy: 'id COLLATE Latin1_General_100_BIN2, DATALENGTH(id)',
    typed: typedOfMssql,
    cannot: new Set(['cut', 'slow']),
    oneMoment: await allowOneMoment(admin),
    outboxes: [outboxTable(`${hr}_outbox`)],
    async put(rows) {
      await admin.request().batch(`truncate table ${hr}`);
      await admin
        .request()
        .input('rows', mssql.NVarChar(mssql.MAX), JSON.stringify(rows))
        .query(
          `insert ${hr} (id, name, status, updated_at) select [id], [name], [status], [at] from openjson(@rows) with ([id] nvarchar(40), [name] nvarchar(40), [status] nvarchar(40), [at] datetimeoffset)`,
        );
    },
    async rename(id, name) {
      await admin
        .request()
        .input('id', mssql.NVarChar(40), id)
        .input('name', mssql.NVarChar(40), name)
        .query(`update ${hr} set name = @name where id = @id`);
    },
    async trouble(kind) {
      if (kind === 'lock') {
        const holder = admin.transaction();
        await holder.begin();
        await holder.request().batch(`alter table ${hr} add extra int`);
        return async () => holder.rollback();
      }
      await run(view(kind === 'columnGone' ? 'name as full_name' : 'cast(name as varchar(80)) as name'));
      return () => run(view('name'));
    },
    async close() {
      await run(...drop);
      await admin.close();
    },
  };
}
