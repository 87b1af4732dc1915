import type { PipelineValues } from './declaration.ts';
import type { ColumnDeclaration, ColumnType } from './pipeline.ts';
import type { Reading } from './reading.ts';

type ColumnValues = NonNullable<NonNullable<PipelineValues['source']>['columns']>[number];

/** The contract with HR as far as it is right; undefined: none is declared. */
export function buildColumns(values: PipelineValues['source'], reading: Reading): readonly ColumnDeclaration[] | undefined {
  return values?.columns?.flatMap((column) => buildColumn(column, reading) ?? []);
}

function buildColumn({ name, value, keyRange }: ColumnValues, reading: Reading): ColumnDeclaration | undefined {
  const path = `source.columns.${name}`;
  const { type, required, values, whenNull, from, class: openness } = value;
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
    ...(from === undefined ? {} : { from }),
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
