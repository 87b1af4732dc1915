import { buildChanges, buildOutbox, buildVersions } from './build-changes.ts';
import type { PipelineValues } from './declaration.ts';
import type { ConditionShape } from './kind-condition.ts';
import type { RecordEntry } from './kind.ts';
import type { QueryText } from './kind-query.ts';
import { nearestName } from './nearest-name.ts';
import type {
  ColumnDeclaration,
  ColumnType,
  ConditionDeclaration,
  CsvSource,
  JoinDeclaration,
  MssqlSource,
  PostgresSource,
  SourceDeclaration,
} from './pipeline.ts';
import type { Reading } from './reading.ts';
import { oneStatement } from './sql-statement.ts';
import type { SqlDialect } from './sql-tokens.ts';

export type SourceValues = NonNullable<PipelineValues['source']>;

const ofDatabases = ['connection', 'query', 'table', 'join', 'where', 'changes', 'outbox', 'statementTimeout'];
const ofCsv = ['file', 'delimiter', 'encoding'];
const ofTables = ['join', 'where'];

/** Checks what only the whole source can show; undefined when something required is missing or wrong. */
export function buildSource(
  values: SourceValues,
  columns: readonly ColumnDeclaration[] | undefined,
  timezone: string | undefined,
  reading: Reading,
): SourceDeclaration | undefined {
  const names = values.columns?.map(({ name }) => name);
  checkColumn(reading, 'source.key', values.key, names);
  checkColumn(reading, 'source.primary', values.primary, names);
  for (const { value: name } of values.identity ?? []) checkColumn(reading, 'source.identity', name, names);
  if (columns !== undefined) {
    checkType(reading, 'source.key', columns, values.key, ['string', 'integer'], 'A key is text or an integer.');
    checkType(reading, 'source.primary', columns, values.primary, ['boolean'], 'Return a boolean from the query.');
  }
  return values.type === 'csv' ? buildCsv(values, columns, reading) : buildDatabase(values, columns, timezone, reading);
}

function buildCsv(values: SourceValues, columns: readonly ColumnDeclaration[] | undefined, reading: Reading): CsvSource | undefined {
  refuseFields(reading, ofDatabases, 'a CSV file');
  refuseFrom(reading, columns, 'a CSV file');
  const { file, key, primary, delimiter, encoding } = values;
  if (file === undefined && !reading.isWritten('source.file')) {
    reading.report('PIP-102', reading.rangeOf('source'), 'source.file is missing', { fix: 'Add file: ../samples/workers.csv' });
  }
  if (file === undefined || key === undefined) return undefined;
  return {
    type: 'csv',
    file: reading.absolutePath(file),
    delimiter: delimiter === 'tab' ? '\t' : delimiter,
    encoding,
    key,
    place: reading.placeOf('source.file'),
    ...identityOf(values),
    ...(primary === undefined ? {} : { primary }),
    ...(columns === undefined ? {} : { columns }),
  };
}

function buildDatabase(
  values: SourceValues,
  columns: readonly ColumnDeclaration[] | undefined,
  timezone: string | undefined,
  reading: Reading,
): PostgresSource | MssqlSource | undefined {
  // A field that was written and refused has its own report.
  const written = (name: string): boolean => reading.isWritten(`source.${name}`);
  if (!written('connection')) {
    const fix = 'Add connection: ${HR_DATABASE_URL}'; // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
    reading.report('PIP-102', reading.rangeOf('source'), 'source.connection is missing', { fix });
  }
  refuseFields(reading, ofCsv, 'a database');
  if (written('query') && written('table')) {
    reading.report('PIP-106', reading.rangeOf('source.table'), 'source has both query and table');
  } else if (!written('query') && !written('table')) {
    reading.report('PIP-106', reading.rangeOf('source'), 'source has neither query nor table', {
      fix: 'Add query: workers.sql, or table: and the name.',
    });
  }
  if (written('query') && !written('table')) {
    refuseFields(reading, ofTables, 'a query');
    refuseFrom(reading, columns, 'a query');
  }
  const { type, connection, key, primary, table, statementTimeout } = values;
  const dialect = type === 'mssql' ? 'mssql' : 'postgres';
  const query = values.query === undefined ? undefined : buildQuery('source.query', values.query, dialect, reading);
  const join = buildJoins(values, reading);
  const where = buildConditions(values.where ?? [], reading);
  checkAliases(reading, columns, join, where);
  if (join.length > 0 && columns === undefined) {
    reading.report(
      'PIP-321',
      reading.rangeOf('source.join'),
      'source.join needs source.columns: which columns the result has is said there',
    );
  }
  if (timezone === undefined && usesAsOf(where, join, query?.sql)) {
    reading.report('PIP-307', reading.rangeOf('source'), ':as_of needs the timezone of the pipeline', {
      fix: 'Add timezone: Europe/Berlin',
    });
  }
  const changes = buildChanges(values, query?.sql, dialect, reading);
  const versions = buildVersions(values, dialect, reading);
  const outbox = buildOutbox(values, dialect, reading);
  if (type === undefined || type === 'csv' || connection === undefined || key === undefined) return undefined;
  return {
    type,
    connection,
    key,
    statementTimeout,
    place: reading.placeOf('source'),
    ...(query === undefined ? {} : { query }),
    ...(table === undefined ? {} : { table }),
    ...(join.length === 0 ? {} : { join }),
    ...(where.length === 0 ? {} : { where }),
    ...(changes === undefined ? {} : { changes }),
    ...(versions === undefined ? {} : { versions }),
    ...(outbox === undefined ? {} : { outbox }),
    ...(primary === undefined ? {} : { primary }),
    ...identityOf(values),
    ...(columns === undefined ? {} : { columns }),
  };
}

function identityOf({ identity = [] }: SourceValues): { readonly identity?: readonly string[] } {
  return identity.length === 0 ? {} : { identity: identity.map(({ value }) => value) };
}

function refuseFields(reading: Reading, names: readonly string[], what: string): void {
  for (const name of names) {
    if (reading.isWritten(`source.${name}`)) {
      reading.report('PIP-321', reading.rangeOf(`source.${name}`), `source.${name} does not go with ${what}`);
    }
  }
}

function refuseFrom(reading: Reading, columns: readonly ColumnDeclaration[] | undefined, what: string): void {
  for (const { name, from } of columns ?? []) {
    const path = `source.columns.${name}.from`;
    if (from !== undefined) reading.report('PIP-321', reading.rangeOf(path), `${path} does not go with ${what}`);
  }
}

function buildJoins(values: SourceValues, reading: Reading): JoinDeclaration[] {
  return (values.join ?? []).flatMap(({ name, value, keyRange }): JoinDeclaration[] => {
    const path = `source.join.${name}`;
    if (value.on?.length === 0) reading.report('PIP-322', reading.rangeOf(`${path}.on`), `${path}.on names no column`);
    if (value.table === undefined || value.on === undefined) return [];
    return [
      {
        alias: name,
        table: value.table,
        kind: value.kind,
        on: value.on.map((pair) => ({ column: pair.name, equals: pair.value })),
        where: buildConditions(value.where ?? [], reading),
        place: reading.lines.place(keyRange),
      },
    ];
  });
}

function buildConditions(entries: readonly RecordEntry<ConditionShape>[], reading: Reading): ConditionDeclaration[] {
  return entries.map(({ name, value, keyRange }) => ({ column: name, ...value, place: reading.lines.place(keyRange) }));
}

/** `ALIAS.COLUMN` has to name a join; where none is of that name, the whole may be the name of a column with a dot in it. */
function checkAliases(
  reading: Reading,
  columns: readonly ColumnDeclaration[] | undefined,
  joins: readonly JoinDeclaration[],
  where: readonly ConditionDeclaration[],
): void {
  const aliases = joins.map(({ alias }) => alias);
  const check = (reference: string, path: string, known: readonly string[]): void => {
    const dot = reference.indexOf('.');
    if (dot === -1 || known.includes(reference.slice(0, dot))) return;
    const near = nearestName(reference.slice(0, dot), known);
    reading.report('PIP-322', reading.rangeOf(path), `${path}: ${reference.slice(0, dot)} is no alias of source.join`, {
      fix: near === undefined ? undefined : `Did you mean ${near}?`,
    });
  };
  for (const { name, from } of columns ?? []) if (from !== undefined) check(from, `source.columns.${name}.from`, aliases);
  for (const { column } of where) check(column, `source.where.${column}`, aliases);
  for (const [index, { alias, on, where: conditions }] of joins.entries()) {
    for (const { column, equals } of on) check(equals, `source.join.${alias}.on.${column}`, aliases.slice(0, index));
    for (const { column } of conditions) check(column, `source.join.${alias}.where.${column}`, []);
  }
}

/** Whether the day of the run is asked for. */
export function usesAsOf(where: readonly ConditionDeclaration[], joins: readonly JoinDeclaration[], sql: string | undefined): boolean {
  const conditions = [...where, ...joins.flatMap((join) => join.where)];
  const values = conditions.flatMap(({ tests }) =>
    tests.flatMap((test) => (test.kind === 'null' ? [] : 'values' in test ? test.values : [test.value])),
  );
  return values.some((value) => typeof value === 'object') || (sql !== undefined && /(?<![:\w]):as_of(?!\w)/i.test(sql));
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

/** One statement that reads; what else it is has been reported. */
export function buildQuery(path: string, query: QueryText, dialect: SqlDialect, reading: Reading): PostgresSource['query'] {
  const result = oneStatement(query.sql, dialect);
  const { file, firstLine } = query;
  if ('sql' in result) return { sql: result.sql, file, firstLine };
  return reading.report(result.code, query.placeAt(result.offset, result.length), `${path}: ${result.message}`);
}
