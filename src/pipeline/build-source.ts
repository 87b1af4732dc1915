import type { PipelineValues } from './declaration.ts';
import type { QueryText } from './kind-query.ts';
import { nearestName } from './nearest-name.ts';
import type { ColumnDeclaration, ColumnType, SourceDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';
import { oneStatement, type SqlDialect } from './sql-statement.ts';

type SourceValues = NonNullable<PipelineValues['source']>;
type ColumnValues = NonNullable<SourceValues['columns']>[number];

/** The contract with HR as far as it is right; undefined: none is declared. */
export function buildColumns(values: SourceValues | undefined, reading: Reading): readonly ColumnDeclaration[] | undefined {
  return values?.columns?.flatMap((column) => buildColumn(column, reading) ?? []);
}

/** Checks what only the whole source can show; undefined when something required is missing or wrong. */
export function buildSource(
  values: SourceValues,
  columns: readonly ColumnDeclaration[] | undefined,
  reading: Reading,
): SourceDeclaration | undefined {
  const names = values.columns?.map(({ name }) => name);
  checkColumn(reading, 'source.key', values.key, names);
  checkColumn(reading, 'source.primary', values.primary, names);
  const identity = values.identity?.map(({ value }) => value);
  for (const name of identity ?? []) checkColumn(reading, 'source.identity', name, names);
  if (columns !== undefined) {
    checkType(reading, 'source.key', columns, values.key, ['string', 'integer'], 'A key is text or an integer.');
    checkType(reading, 'source.primary', columns, values.primary, ['boolean'], 'Return a boolean from the query.');
  }
  // A field that was written and refused has its own report.
  const written = (name: string): boolean => reading.isWritten(`source.${name}`);
  if (written('query') && written('table')) {
    reading.report('PIP-106', reading.rangeOf('source.table'), 'source has both query and table');
  } else if (!written('query') && !written('table')) {
    reading.report('PIP-106', reading.rangeOf('source'), 'source has neither query nor table', {
      fix: 'Add query: workers.sql, or table: and the name.',
    });
  }
  const { type, connection, key, primary, table, statementTimeout } = values;
  const query = values.query === undefined ? undefined : buildQuery(values.query, type ?? 'postgres', reading);
  if (type === undefined || connection === undefined || key === undefined) return undefined;
  return {
    type,
    connection,
    key,
    statementTimeout,
    ...(query === undefined ? {} : { query }),
    ...(table === undefined ? {} : { table }),
    ...(primary === undefined ? {} : { primary }),
    ...(identity === undefined || identity.length === 0 ? {} : { identity }),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** A column that a field names must be declared, if columns are. One that is declared wrongly has its own report. */
export function checkColumn(reading: Reading, path: string, name: string | undefined, declared: readonly string[] | undefined): void {
  if (name === undefined || declared === undefined || reading.isWritten(`source.columns.${name}`)) return;
  const near = nearestName(name, declared);
  reading.report('PIP-302', reading.rangeOf(path), `${path} names the column ${name}, which is not declared`, {
    fix: near === undefined ? undefined : `Did you mean ${near}?`,
  });
}

/** A column that a field names must have one of the types. */
export function checkType(
  reading: Reading,
  path: string,
  columns: readonly ColumnDeclaration[],
  name: string | undefined,
  types: readonly ColumnType[],
  hint: string,
): void {
  const column = columns.find((one) => one.name === name);
  if (column === undefined || types.includes(column.type)) return;
  const message = `${path} takes a column of type ${types.join(' or ')}, and ${column.name} is declared as ${column.type}`;
  reading.report('PIP-303', reading.rangeOf(path), message, { fix: `Declare ${column.name} as ${types.join(' or ')}. ${hint}` });
}

function buildQuery(query: QueryText, dialect: SqlDialect, reading: Reading): SourceDeclaration['query'] {
  const result = oneStatement(query.sql, dialect);
  const { file, firstLine } = query;
  if ('sql' in result) return { sql: result.sql, file, firstLine };
  return reading.report(result.code, query.placeAt(result.offset, result.length), `source.query: ${result.message}`);
}

function buildColumn({ name, value, keyRange }: ColumnValues, reading: Reading): ColumnDeclaration | undefined {
  const path = `source.columns.${name}`;
  const { type, required, values, whenNull, class: openness } = value;
  if (required && whenNull !== undefined) {
    reading.report('PIP-306', reading.rangeOf(`${path}.whenNull`), `${path} is required and has whenNull`);
  }
  if (type === undefined) return undefined;
  checkValues(path, type, values, reading);
  if (whenNull !== undefined) {
    const expected = whenNullWords(type, whenNull);
    const range = reading.rangeOf(`${path}.whenNull`);
    if (expected !== undefined) {
      reading.report('PIP-304', range, `${path}.whenNull takes ${expected}, not ${JSON.stringify(whenNull)}`);
    } else if (values !== undefined && !values.some((one) => one.value === whenNull)) {
      reading.report('PIP-304', range, `${path}.whenNull is ${JSON.stringify(whenNull)}, which is not one of its values`, {
        fix: `Add ${JSON.stringify(whenNull)} to values, or use one of them.`,
      });
    }
  }
  return {
    name,
    type,
    required,
    ...(values === undefined ? {} : { values: values.map((one) => one.value) }),
    ...(whenNull === undefined ? {} : { whenNull }),
    ...(openness === undefined ? {} : { class: openness }),
    place: reading.lines.place(keyRange),
  };
}

function checkValues(path: string, type: ColumnType, values: ColumnValues['value']['values'], reading: Reading): void {
  if (values === undefined) return;
  const range = reading.rangeOf(`${path}.values`);
  if (type !== 'string' && type !== 'integer' && type !== 'boolean') {
    reading.report('PIP-305', range, `${path} is of type ${type}, which has no closed list`);
    return;
  }
  if (values.length === 0) reading.report('PIP-305', range, `${path}.values is empty: it would reject every row`);
  const seen = new Set<string | number | boolean>();
  for (const item of values) {
    if (!fitsType(type, item.value)) {
      const quoted = type === 'string' ? ` Put it in quotes: "${reading.lines.text.slice(...item.range)}".` : '';
      reading.report('PIP-305', item.range, `${path}.values: ${JSON.stringify(item.value)} is not of type ${type}`, {
        fix: `Give values of type ${type}.${quoted}`,
      });
    } else if (seen.has(item.value)) {
      reading.report('PIP-305', item.range, `${path}.values: ${JSON.stringify(item.value)} is given twice`);
    }
    seen.add(item.value);
  }
}

function fitsType(type: 'string' | 'integer' | 'boolean', value: string | number | boolean): boolean {
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

/** What whenNull of this type must be, in words, if the value is not that. */
function whenNullWords(type: ColumnType, value: string | number | boolean): string | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? undefined : 'text';
    case 'integer':
      return Number.isInteger(value) ? undefined : 'a whole number';
    case 'number':
      return typeof value === 'number' ? undefined : 'a number';
    case 'decimal':
      return typeof value === 'number' || /^-?\d+(?:\.\d+)?$/.test(String(value)) ? undefined : 'a decimal number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'date':
      return value === 'never' || isDay(value) ? undefined : 'never, or a date such as 2026-12-31';
    case 'datetime':
      return value === 'never' || isInstant(value) ? undefined : 'never, or an instant such as 2026-12-31T00:00:00Z';
    case 'json':
      return 'nothing: json columns have no whenNull';
    default:
      return type satisfies never;
  }
}

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const instant = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(value);
}

function isInstant(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const day = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/.exec(value)?.[1];
  return isDay(day) && !Number.isNaN(Date.parse(value));
}
