import type { ConditionValue } from '../pipeline/pipeline.ts';
import { invariant } from '../domain/error.ts';
import type { Dialect } from './statement.ts';

/**
 * The one writer of values as SQL. COPY takes no parameters, and a statement that is the same text for both drivers is described, read and explained alike; so every value that
 * gets into a statement goes through here, by its type, and a property test holds it against the tokeniser and a real server.
 */
export type LiteralType = 'text' | 'number' | 'boolean' | 'integer' | 'date' | 'timestamp' | 'timestamptz' | 'datetime' | 'smalldatetime';

/** Text is left untyped in PostgreSQL, so that it takes the type of the column beside it (an enum, a uuid). Errors: DOM-001 for a value that is not of the type. */
export function writeLiteral(type: LiteralType, value: string, dialect: Dialect): string {
  invariant(forms[type].test(value), `a value is not of the type ${type}`);
  switch (type) {
    case 'text':
      return writeText(value, dialect);
    case 'number':
    case 'integer':
      return value.startsWith('-') ? `(${value})` : value;
    case 'boolean':
      return dialect === 'postgres' ? value : value === 'true' ? '1' : '0';
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'datetime':
    case 'smalldatetime':
      return dialect === 'postgres' ? `'${value}'::${postgresTypes[type]}` : `CAST('${isoText(value)}' AS ${mssqlTypes[type]})`;
    default:
      return type satisfies never;
  }
}

/** Places of rows as PostgreSQL's `ctid` has them, as an array. Errors: DOM-001 for what is none. */
export function writeRowPlaces(places: readonly string[]): string {
  for (const place of places) invariant(/^\(\d+,\d+\)$/.test(place), 'a place of a row is a block and a number');
  return `'{${places.map((place) => `"${place}"`).join(',')}}'::pg_catalog.tid[]`;
}

/** NULL of a type, where a bare one would have none. */
export function writeNull(type: LiteralType | undefined, dialect: Dialect): string {
  if (type === undefined) return 'NULL';
  if (dialect === 'postgres') return `NULL::${postgresTypes[type]}`;
  return `CAST(NULL AS ${mssqlTypes[type]})`;
}

/** A constant of the pipeline file, or the day of the run (undefined: not known yet, as when columns are looked at). */
export function writeConstant(value: ConditionValue, asOf: string | undefined, dialect: Dialect): string {
  if (typeof value === 'object') return asOf === undefined ? writeNull('date', dialect) : writeLiteral('date', asOf, dialect);
  if (typeof value === 'string') return writeLiteral('text', value, dialect);
  return writeLiteral(typeof value === 'number' ? 'number' : 'boolean', String(value), dialect);
}

function writeText(value: string, dialect: Dialect): string {
  const quoted = value.replaceAll("'", "''");
  // T-SQL takes a backslash at the end of a line for its continuation and swallows both (learn.microsoft.com, "Backslash (Line Continuation)"), so the literal is parted there.
  const doubled = dialect === 'mssql' ? quoted.replaceAll(/\\(?=\r?\n)/g, String.raw`\' + N'`) : quoted;
  // The session has standard_conforming_strings on, so that a backslash is a character. Without N, SQL Server would squeeze the text into a code page; with it, an index on varchar would not serve.
  return dialect === 'mssql' && /[^ -~]/.test(value) ? `N'${doubled}'` : `'${doubled}'`;
}

const isoText = (value: string): string => value.replace(' ', 'T').replace(/\+00$/, '+00:00');

const day = String.raw`\d{4}-\d\d-\d\d`;
const moment = String.raw`${day} \d\d:\d\d:\d\d(?:\.\d{1,7})?`;
const forms: Readonly<Record<LiteralType, RegExp>> = {
  text: /^[^\0]*$/,
  number: /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/,
  integer: /^-?\d+$/,
  boolean: /^(?:true|false)$/,
  date: new RegExp(`^${day}$`),
  timestamp: new RegExp(`^${moment}$`),
  datetime: new RegExp(`^${moment}$`),
  smalldatetime: new RegExp(`^${moment}$`),
  timestamptz: new RegExp(`^${moment}\\+00$`),
};
const postgresTypes: Readonly<Record<LiteralType, string>> = {
  text: 'text',
  number: 'numeric',
  integer: 'bigint',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  datetime: 'timestamp',
  smalldatetime: 'timestamp',
  timestamptz: 'timestamptz',
};
const mssqlTypes: Readonly<Record<LiteralType, string>> = {
  text: 'nvarchar(4000)',
  number: 'float',
  integer: 'bigint',
  boolean: 'bit',
  date: 'date',
  timestamp: 'datetime2(7)',
  datetime: 'datetime',
  smalldatetime: 'smalldatetime',
  timestamptz: 'datetimeoffset(7)',
};
