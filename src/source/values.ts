import type { Json } from '../domain/canonical-json.ts';
import type { ColumnValue } from '../domain/row.ts';
import type { ColumnType } from '../pipeline/pipeline.ts';
import { exactNumber } from './decimal.ts';
import { parseJsonExactly } from './exact-json.ts';
import { familyOf, type FamilyName } from './type-families.ts';

/** Text as the source wrote it to a value of an expression. Throws `UnfitValue`. */
export type Convert = (text: string) => ColumnValue;

/** A value without a lossless form; the message completes "column x …" and names no value. */
export class UnfitValue extends Error {}

/**
 * The converter of a family, given what the column is declared as (undefined: not declared). Declared `string` gives text for every family;
 * numbers and dates move within their kin (see the table); any other disagreement is left to the contract's check, which names it.
 */
export function createConverter(family: ScalarFamily, declared: ColumnType | undefined): Convert {
  return declared === 'string' ? (texts[family] ?? same) : converters[family](declared);
}

/** The type of what reaches an expression, which is what the contract's check compares with the declaration. */
export function typeInExpression(family: FamilyName, declared: ColumnType | undefined): ColumnType {
  const moved = declared !== undefined && (declared === 'string' || (kin[family] ?? []).includes(declared));
  return moved ? declared : familyOf(family).type;
}

/** Declarations beside `string` that move a value. */
const kin: Partial<Readonly<Record<FamilyName, readonly ColumnType[]>>> = {
  integer: ['decimal'],
  bigint: ['integer', 'number'],
  decimal: ['integer', 'number'],
  money: ['integer', 'number'],
  float: ['decimal'],
  timestamp: ['date'],
};

type ScalarFamily = Exclude<FamilyName, 'array'>;

const same = (text: string): string => text;
const exactly = (declared: ColumnType | undefined): Convert =>
  declared === 'integer' ? exactInteger : declared === 'number' ? numberOf : same;
const textual =
  (family: ScalarFamily): (() => Convert) =>
  () =>
    texts[family] ?? same;

const converters: Readonly<Record<ScalarFamily, (declared: ColumnType | undefined) => Convert>> = {
  boolean: () => (text) => text === 't',
  integer: (declared) => (declared === 'decimal' ? same : Number),
  bigint: exactly,
  decimal: exactly,
  money: exactly,
  float: (declared) => (declared === 'decimal' ? same : finiteNumber),
  text: textual('text'),
  padded: textual('padded'),
  uuid: textual('uuid'),
  date: () => dateText,
  timestamp: (declared) => (declared === 'date' ? midnightDate : timestampText),
  timestamptz: () => instantText,
  time: textual('time'),
  interval: textual('interval'),
  json: () => jsonValue,
  bytes: textual('bytes'),
  other: textual('other'),
};

/** How a family is written where text is wanted. Dates keep odd values as the database writes them: text can hold them. */
const texts: Partial<Readonly<Record<ScalarFamily, (text: string) => string>>> = {
  boolean: (text) => (text === 't' ? 'true' : 'false'),
  padded: (text) => text.replace(/ +$/, ''),
  uuid: (text) => text.toLowerCase(),
  timestamp: (text) => text.replace(' ', 'T'),
  timestamptz: (text) => (text.endsWith('+00') ? `${text.slice(0, -3).replace(' ', 'T')}Z` : text),
  bytes: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
};

function exactInteger(text: string): number {
  const value = exactNumber(text) ?? Number.NaN;
  if (!Number.isSafeInteger(value)) throw new UnfitValue('is declared integer and is not a whole number within 2^53 - 1');
  return value;
}

function numberOf(text: string): number {
  const value = exactNumber(text);
  if (/^(?:NaN|-?Infinity)$/.test(text)) throw new UnfitValue('is NaN or infinite, which JSON cannot hold');
  if (value === undefined) throw new UnfitValue('is declared a number and has more digits than a number can hold; declare it decimal');
  return value;
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new UnfitValue('is NaN or infinite, which JSON cannot hold');
  return value;
}

const dateForm = /^\d{4}-\d\d-\d\d$/;
const timestampForm = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/;

function dateText(text: string): string {
  if (!dateForm.test(text)) throw new UnfitValue(oddDate(text));
  return text;
}

function timestampText(text: string): string {
  if (!timestampForm.test(text)) throw new UnfitValue(oddDate(text));
  return text.replace(' ', 'T');
}

function instantText(text: string): string {
  if (!text.endsWith('+00')) throw new UnfitValue(oddDate(text));
  return `${timestampText(text.slice(0, -3))}Z`;
}

function midnightDate(text: string): string {
  const value = timestampText(text);
  if (!/T00:00:00(?:\.0+)?$/.test(value)) throw new UnfitValue('is declared a date and has a time of day');
  return value.slice(0, 10);
}

function oddDate(text: string): string {
  if (text.includes('infinity')) return "is an infinite date; say what it means in the query, as in NULLIF(…, 'infinity')";
  return 'is a date before year 1 or after year 9999';
}

function jsonValue(text: string): Json {
  const { value, lossy } = parseJsonExactly(text);
  if (lossy) throw new UnfitValue('holds a JSON number with more digits than a number can hold');
  return value;
}
