import type { Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { hideValue, maskValue } from '../domain/masking.ts';
import type { Row } from '../domain/row.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';

/** A row as expressions see it, and what its columns hold against the contract. */
export interface CheckedRow {
  readonly row: Row;
  /** Columns by name. NULL is undefined or left out, so that it reaches an expression as nothing; whenNull has been put in. */
  readonly input: Readonly<Record<string, Json | undefined>>;
  /** What is wrong, by column. */
  readonly violations: ReadonlyMap<string, Diagnostic>;
}

const noViolations: ReadonlyMap<string, Diagnostic> = new Map();

export type CheckRow = (row: Row) => CheckedRow;

/**
 * Builds the check of rows against the contract with HR. Columns in `needed` that a row does not have are violations too: a
 * column that the query does not return is an error, not nothing. `seesNames`: an expression looks at the row as a whole, so that a column that is NULL must not even have its name there.
 */
export function createRowCheck(columns: readonly ColumnDeclaration[] | undefined, needed: Iterable<string>, seesNames: boolean): CheckRow {
  const declared = new Map((columns ?? []).map((column) => [column.name, column]));
  const expected = new Map([...declared.keys(), ...needed].map((name) => [name, { column: declared.get(name) }]));
  return (row) => {
    const { values } = row;
    // Copied, and its members set, it stays an object; more than a dozen members that are added one by one make a dictionary, which costs more here and in every expression.
    const input: Record<string, Json | undefined> = seesNames ? {} : { ...values };
    let violations: Map<string, Diagnostic> | undefined;
    const violate = (name: string, problem: Diagnostic): void => {
      (violations ??= new Map()).set(name, problem);
    };
    let found = 0;
    for (const name of Object.keys(values)) {
      const value = values[name] ?? null;
      const known = expected.get(name);
      if (known !== undefined) found++;
      const column = known?.column;
      if (value === null) {
        if (!seesNames) input[name] = undefined;
        if (column?.whenNull !== undefined) {
          if (column.whenNull !== 'never' || !isDateType(column.type)) input[name] = column.whenNull;
        } else if (column?.required === true) {
          violate(name, violation('MAP-201', column, 'is NULL and required'));
        }
        continue;
      }
      if (seesNames) input[name] = value;
      // Most columns are text of any kind.
      if (column === undefined || (column.type === 'string' && column.values === undefined && typeof value === 'string')) continue;
      const problem = checkColumn(column, value);
      if (problem !== undefined) violate(name, problem);
    }
    for (const name of found === expected.size ? [] : expected.keys()) {
      if (Object.hasOwn(values, name)) continue;
      const place = declared.get(name)?.place;
      const message = `column ${name} is not among the columns that the query returns`;
      violate(name, { code: 'MAP-204', severity: 'error', message, ...(place === undefined ? {} : { place }) });
    }
    // After the rest: NULL is only how such a value looks, so `required` and `whenNull` have nothing to say about it.
    for (const { column, message } of row.problems ?? []) {
      if (seesNames) delete input[column];
      else input[column] = undefined;
      const place = declared.get(column)?.place;
      violate(column, {
        code: 'MAP-216',
        severity: 'error',
        message: `column ${column} ${message}`,
        ...(place === undefined ? {} : { place }),
      });
    }
    return { row, input, violations: violations ?? noViolations };
  };
}

function isDateType(type: ColumnDeclaration['type']): boolean {
  return type === 'date' || type === 'datetime';
}

function checkColumn(column: ColumnDeclaration, value: Json): Diagnostic | undefined {
  const mask = column.class === 'sensitive' ? hideValue : maskValue;
  if (!hasColumnType(column.type, value)) return violation('MAP-202', column, `is ${mask(value)}, which is no ${typeWords[column.type]}`);
  const { values } = column;
  if (values === undefined || values.some((one) => one === value || (typeof value === 'string' && String(one) === value))) return undefined;
  const listed = values.map(String).join(', ');
  return violation('MAP-203', column, `is ${mask(value)}, none of ${listed}`);
}

const typeWords: Readonly<Record<ColumnDeclaration['type'], string>> = {
  string: 'text',
  integer: 'integer',
  number: 'number',
  decimal: 'decimal number',
  boolean: 'boolean',
  date: 'date (YYYY-MM-DD)',
  datetime: 'date and time (ISO 8601)',
  json: 'JSON',
};

/** Whether a value is of a column's type. Integers and decimals that JavaScript would round come as text of digits. */
function hasColumnType(type: ColumnDeclaration['type'], value: Json): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
    case 'number':
      return typeof value === 'number';
    case 'decimal':
      return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value));
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && isCalendarDate(value);
    case 'datetime':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value) && isCalendarDate(value.slice(0, 10));
    case 'json':
    default:
      return true;
  }
}

const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/;

/** `YYYY-MM-DD` of a day that exists. */
export function isCalendarDate(text: string): boolean {
  const match = dateForm.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return day <= last;
}

function violation(code: 'MAP-201' | 'MAP-202' | 'MAP-203', column: ColumnDeclaration, words: string): Diagnostic {
  return { code, severity: 'error', message: `column ${column.name} ${words}`, place: column.place };
}
