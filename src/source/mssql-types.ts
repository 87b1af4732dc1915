import * as z from 'zod';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { ResultColumn } from './layout.ts';
import { typeFamilies, type FamilyName } from './type-families.ts';
import { createConverter, typeInExpression, UnfitValue } from './values.ts';

/** A row of `sp_describe_first_result_set`: the members we read. */
export const describedColumn = z.object({
  is_hidden: z.boolean(),
  name: z.string().nullable(),
  is_nullable: z.boolean(),
  system_type_name: z.string().nullable(),
  precision: z.number(),
  scale: z.number(),
  collation_name: z.string().nullable(),
});
export type DescribedColumn = z.infer<typeof describedColumn>;

/** A column of SQL Server: how the driver's value becomes the line's text, which has the same form for all databases. */
export interface MssqlColumn extends ResultColumn {
  /** Marks a value that the driver could not hold exactly; see `textOf`. */
  readonly textOf: (value: unknown) => string;
  /** SQL for a `table` source's select list, where the column itself would lose digits on the way. */
  readonly exactly: string | undefined;
  /** No text of the value comes through the driver, or not all of its digits do. */
  readonly isUnreadable: boolean;
  readonly baseType: string;
  readonly collation: string | null;
  readonly scale: number;
}

const familyByName = new Map<string, string>(
  Object.entries(typeFamilies).flatMap(([family, { mssql }]) => mssql.map((name): [string, string] => [name, family])),
);

/** Stands in a line for a number that lost digits in the driver; no number begins so. */
const inexact = '~';

/** SQL for a select list, where the column itself would lose digits in the driver; `databaseType` with its precision. */
export function writeExactly(databaseType: string, quoted: string): string | undefined {
  const [, base = '', precision] = /^(\w+)(?:\((\d+))?/.exec(databaseType.toLowerCase()) ?? [];
  // 18 digits are meant where none are said.
  if (familyByName.get(base) === 'decimal' && Number(precision ?? 18) > 15) return `CONVERT(varchar(50), ${quoted})`;
  return base === 'money' ? `CONVERT(varchar(50), ${quoted}, 2)` : undefined;
}

export function describeMssqlColumn(described: DescribedColumn, declared: ColumnType | undefined, quoted: string): MssqlColumn {
  const name = described.name ?? '';
  // CLR types have no system type's name; the driver returns bytes of their own format.
  const shown = described.system_type_name ?? 'CLR type';
  const baseType = shown.replace(/\(.*$/, '').trim().toLowerCase();
  const family = asScalarFamily(familyByName.get(baseType) ?? 'other');
  const convert = createConverter(family, declared);
  const exact = writeExactly(shown, quoted);
  return {
    name,
    databaseType: shown,
    type: typeInExpression(family, declared),
    nullable: described.is_nullable,
    isUnreadable: described.system_type_name === null || baseType === 'sql_variant',
    baseType,
    collation: described.collation_name,
    scale: described.scale,
    exactly: exact,
    textOf: writers(family, baseType, described.scale),
    convert: exact === undefined ? convert : (text) => convert(exactText(text)),
    keyText: family === 'padded' ? (text) => text.replace(/ +$/, '') : family === 'uuid' ? (text) => text.toLowerCase() : (text) => text,
  };
}

type ScalarFamily = Exclude<FamilyName, 'array'>;

function asScalarFamily(name: string): ScalarFamily {
  return isFamily(name) && name !== 'array' ? name : 'other';
}
function isFamily(name: string): name is FamilyName {
  return name in typeFamilies;
}

function exactText(text: string): string {
  if (text.startsWith(inexact))
    throw new UnfitValue('has more digits than the driver of SQL Server keeps; CONVERT it to varchar in the query');
  return text;
}

/** What tedious gives for a value of the family, to the text that PostgreSQL would write for the same value. */
function writers(family: ScalarFamily, baseType: string, scale: number): (value: unknown) => string {
  switch (family) {
    case 'boolean':
      return (value) => (value === true ? 't' : 'f');
    case 'decimal':
      return (value) => decimalText(value, scale);
    case 'money':
      return (value) => decimalText(value, 4);
    case 'float':
      return baseType === 'real' ? shortestFloat32 : plain;
    case 'date':
      return (value) => momentText(value).slice(0, 10);
    case 'timestamp':
      return momentText;
    case 'timestamptz':
      return (value) => `${momentText(value)}+00`;
    case 'time':
      return (value) => momentText(value).slice(11);
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? String.raw`\x` + Buffer.from(value).toString('hex') : plain(value));
    case 'uuid':
      return (value) => plain(value).toLowerCase();
    case 'integer':
    case 'bigint':
    case 'text':
    case 'padded':
    case 'interval':
    case 'json':
    case 'other':
    default:
      return plain;
  }
}

function plain(value: unknown): string {
  if (value instanceof Date) return momentText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

/**
 * tedious computes `unscaled / 10^scale` in doubles: exact again when rounded to the scale, as long as the unscaled integer fits in 52 bits. Beyond that digits are gone. A text
 * comes from CONVERT and is exact.
 */
function decimalText(value: unknown, scale: number): string {
  if (typeof value !== 'number') return String(value);
  const isExact = Math.abs(value) * 10 ** scale < 2 ** 52;
  const text = isExact ? value.toFixed(scale) : `${inexact}${String(value)}`;
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text;
}

/** A float32 arrives as the double of the same value; its shortest text is that of the fewest digits that lead back to it. */
function shortestFloat32(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** `2026-11-22 08:00:00.1234567`: milliseconds from the Date, the rest of a second from tedious' `nanosecondsDelta`, without zeros at the end. */
function momentText(value: unknown): string {
  if (!(value instanceof Date)) return String(value);
  const delta: unknown = Reflect.get(value, 'nanosecondsDelta');
  const ticks = value.getUTCMilliseconds() * 10_000 + (typeof delta === 'number' ? Math.round(delta * 1e7) : 0);
  const fraction = ticks === 0 ? '' : `.${String(ticks).padStart(7, '0').replace(/0+$/, '')}`;
  const iso = value.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}`;
}
