import type { ColumnType } from '../pipeline/pipeline.ts';

/** One line of the documented table: which database types there are, and how their values reach an expression. */
export interface TypeFamily {
  readonly postgres: readonly string[];
  readonly mssql: readonly string[];
  /** Unless the column is declared as something else. */
  readonly type: ColumnType;
  /** Form of the value in an expression. */
  readonly value: string;
  readonly note?: string;
}

/**
 * Database type → value in the expression. The converters (`values.ts`), the reference page (`types-page.ts`) and the columns' description come from this table.
 * The rule: nothing is lost. A value that has no lossless form makes its row a rejection that names the column.
 */
export const typeFamilies = {
  boolean: { postgres: ['bool'], mssql: ['bit'], type: 'boolean', value: '`true`, `false`' },
  integer: { postgres: ['int2', 'int4', 'oid'], mssql: ['tinyint', 'smallint', 'int'], type: 'integer', value: 'number' },
  bigint: {
    postgres: ['int8'],
    mssql: ['bigint'],
    type: 'decimal',
    value: 'text in decimal digits, `"9007199254740993"`',
    note: 'A number when the column is declared `integer` or `number`; then a value beyond 2^53 - 1 is a problem of its row.',
  },
  decimal: {
    postgres: ['numeric'],
    mssql: ['decimal', 'numeric'],
    type: 'decimal',
    value: 'text as the database writes it, `"1200.50"`',
    note: 'A number when the column is declared `integer` or `number` and a number can hold it exactly, otherwise a problem of its row. SQL Server: the driver reads a double, so a value of more than 15 digits is a problem of its row unless the query converts it to varchar; a `table` source does so itself.',
  },
  money: {
    postgres: ['money'],
    mssql: ['money', 'smallmoney'],
    type: 'decimal',
    value: 'text in decimal digits, `"1200.50"`, without currency sign or separators',
    note: 'PostgreSQL: what the stored number counts is said by `lc_monetary` of the database or role, which is left as it is: `"1200"` for yen, `"1200.500"` for dinars. SQL Server: more than 15 digits as for decimals.',
  },
  float: {
    postgres: ['float4', 'float8'],
    mssql: ['real', 'float'],
    type: 'number',
    value: 'number',
    note: 'NaN and the infinities are a problem of their row unless the column is declared `string`.',
  },
  text: {
    postgres: ['text', 'varchar', 'name', 'citext', 'char', 'enum'],
    mssql: ['varchar', 'nvarchar', 'text', 'ntext', 'sysname'],
    type: 'string',
    value: 'text, exactly as stored, trailing blanks included',
  },
  padded: {
    postgres: ['bpchar'],
    mssql: ['char', 'nchar'],
    type: 'string',
    value: 'text without the blanks at its end',
    note: 'The blanks are padding and mean nothing in SQL either.',
  },
  uuid: { postgres: ['uuid'], mssql: ['uniqueidentifier'], type: 'string', value: 'text in lower case, 36 characters' },
  date: {
    postgres: ['date'],
    mssql: ['date'],
    type: 'date',
    value: '`"2026-11-22"`',
    note: 'PostgreSQL’s infinite dates and years before 1 or after 9999 are a problem of their row unless the column is declared `string`.',
  },
  timestamp: {
    postgres: ['timestamp'],
    mssql: ['datetime', 'datetime2', 'smalldatetime'],
    type: 'datetime',
    value: '`"2026-11-22T08:00:00.123456"`, without a zone because there is none',
    note: 'Declared `date`: `"2026-11-22"`, and a time of day other than midnight is a problem of its row. Bounds as for dates.',
  },
  timestamptz: {
    postgres: ['timestamptz'],
    mssql: ['datetimeoffset'],
    type: 'datetime',
    value: '`"2026-11-22T07:00:00.123456Z"`, in UTC with full precision',
    note: 'Bounds as for dates.',
  },
  time: {
    postgres: ['time', 'timetz'],
    mssql: ['time'],
    type: 'string',
    value: '`"08:00:00.5"`; with the offset behind it (`+02`) for `timetz`',
  },
  interval: { postgres: ['interval'], mssql: [], type: 'string', value: 'ISO 8601, `"P1Y2M3DT4H"`' },
  json: {
    postgres: ['json', 'jsonb'],
    mssql: [],
    type: 'json',
    value: 'the parsed value',
    note: 'A number that a double cannot hold exactly is a problem of its row.',
  },
  bytes: {
    postgres: ['bytea'],
    mssql: ['binary', 'varbinary', 'image', 'rowversion', 'timestamp'],
    type: 'string',
    value: 'base64',
  },
  array: {
    postgres: ['array'],
    mssql: [],
    type: 'json',
    value: 'an array, nested as in the database, its elements as above; NULL inside is `null`',
  },
  other: {
    postgres: ['bit', 'varbit', 'inet', 'cidr', 'macaddr', 'xml', 'other'],
    mssql: ['xml', 'other'],
    type: 'string',
    value: 'the database’s own text form',
    note: 'PostgreSQL: ranges, composites, `hstore` and every type not named here. SQL Server: `sql_variant` and CLR types (`geography`, `hierarchyid`) are refused, SRC-213; convert them in the query.',
  },
} as const satisfies Readonly<Record<string, TypeFamily>>;

export type FamilyName = keyof typeof typeFamilies;

/** The table as entries of the declared shape. */
export function familyOf(name: FamilyName): TypeFamily {
  return typeFamilies[name];
}

/** The type of a type of SQL Server by its name, where nothing else describes it. */
export function typeOfMssql(databaseType: string): ColumnType {
  const base = databaseType.replace(/\(.*$/, '').trim().toLowerCase();
  return Object.values<TypeFamily>(typeFamilies).find(({ mssql }) => mssql.includes(base))?.type ?? 'string';
}

/** SQL Server has types of which no text comes through the driver; see SRC-213. */
export function isReadableType(databaseType: string): boolean {
  return databaseType !== 'sql_variant' && databaseType !== 'CLR type';
}
