import knex, { type Knex } from 'knex';
import type { ConditionDeclaration, ConditionTest, ConditionValue } from '../pipeline/pipeline.ts';
import { writeConstant, writeRowPlaces } from './literal.ts';
import { quoteName, quoteReference, type ColumnReference } from './quote-name.ts';
import type { Dialect } from './statement.ts';

/** A condition whose column is known. */
export interface Condition extends Pick<ConditionDeclaration, 'tests' | 'orNull'> {
  readonly reference: ColumnReference;
}

export interface TableQuery {
  readonly table: readonly string[];
  /** What the table is called in the query; needed where others are joined. */
  readonly alias?: string | undefined;
  readonly joins?: readonly TableJoin[];
  /** Undefined: all. */
  readonly columns: readonly SelectedColumn[] | undefined;
  readonly where?: readonly Condition[];
  /** Only rows of these keys. */
  readonly only?: KeyRestriction | undefined;
  /** Only these rows of the table, by where PostgreSQL has written them: `(12,34)`. Good within one moment. */
  readonly at?: readonly string[] | undefined;
  /** Only rows whose key is one of these literals, and what the database takes for equal. */
  readonly of?: { readonly key: ColumnReference; readonly keys: readonly string[] } | undefined;
  /** SQL of the ORDER BY list. */
  readonly orderBy?: string | undefined;
  /** The day of the run; undefined: NULL stands for it. */
  readonly asOf?: string | undefined;
}

export interface TableJoin {
  readonly alias: string;
  readonly table: readonly string[];
  readonly kind: 'left' | 'inner';
  readonly on: readonly { readonly column: string; readonly equals: ColumnReference }[];
  readonly where: readonly Condition[];
}

/** Keys with a row whose watermark has come up to `since` or is NULL, and keys that are asked for; of these all rows, so that a group of rows stays whole. */
export interface KeyRestriction {
  readonly key: ColumnReference;
  readonly watermark: ColumnReference;
  /** Literals. */
  readonly since: string;
  readonly keys: readonly string[];
}

/** A column as it is called, and the SQL that stands for it where that is not its quoted name. */
interface SelectedColumn {
  readonly name: string;
  readonly select?: string | undefined;
}

/** `select … from … order by …`, built by knex without a connection. Names and values are written by us and nothing else is put in, so there are no bindings. */
export function buildTableQuery(query: TableQuery, dialect: Dialect): string {
  const builder = knex({ client: dialect === 'postgres' ? 'pg' : 'mssql' });
  const quote = (name: string): string => quoteName(name, dialect);
  const columns = query.columns?.map(({ name, select }) => (select === undefined ? quote(name) : `${select} as ${quote(name)}`));
  const select = addTables(builder, query, dialect).select((columns ?? ['*']).map((column) => builder.raw(column)));
  if (query.only !== undefined) void select.where(builder.raw(renderRestriction(builder, query, query.only, dialect)));
  if (query.at !== undefined) {
    const ctid = quoteReference({ alias: query.alias, column: 'ctid' }, dialect);
    void select.where(builder.raw(`${ctid} = any (${writeRowPlaces(query.at)})`));
  }
  if (query.of !== undefined) void select.where(builder.raw(`${quoteReference(query.of.key, dialect)} in (${query.of.keys.join(', ')})`));
  const ordered = query.orderBy === undefined ? select : select.orderByRaw(query.orderBy);
  // `.sql`, not `.toNative()`: that one would take a question mark in a name for a placeholder.
  return ordered.toSQL().sql;
}

/** FROM with its joins, and WHERE. */
function addTables(builder: Knex, query: TableQuery, dialect: Dialect): Knex.QueryBuilder {
  const named = (parts: readonly string[], alias: string | undefined): Knex.Raw => {
    const table = parts.map((part) => quoteName(part, dialect)).join('.');
    return builder.raw(alias === undefined ? table : `${table} as ${quoteName(alias, dialect)}`);
  };
  const select = builder.queryBuilder().from(named(query.table, query.alias));
  for (const { alias, table, kind, on, where } of query.joins ?? []) {
    const conditions = [
      ...on.map(({ column, equals }) => `${quoteReference({ alias, column }, dialect)} = ${quoteReference(equals, dialect)}`),
      ...where.map((condition) => renderCondition(condition, query.asOf, dialect)),
    ];
    const clause = (joined: Knex.JoinClause): void => {
      for (const condition of conditions) joined.on(builder.raw(condition));
    };
    void (kind === 'inner' ? select.innerJoin(named(table, alias), clause) : select.leftJoin(named(table, alias), clause));
  }
  for (const condition of query.where ?? []) void select.where(builder.raw(renderCondition(condition, query.asOf, dialect)));
  return select;
}

function renderRestriction(builder: Knex, query: TableQuery, only: KeyRestriction, dialect: Dialect): string {
  const key = quoteReference(only.key, dialect);
  const watermark = quoteReference(only.watermark, dialect);
  const touched = addTables(builder, query, dialect)
    .select(builder.raw(key))
    .where(builder.raw(`(${watermark} >= ${only.since} or ${watermark} is null)`))
    .toSQL().sql;
  const asked = only.keys.length === 0 ? '' : ` or ${key} in (${only.keys.join(', ')})`;
  return `(${key} in (${touched})${asked})`;
}

function renderCondition({ reference, tests, orNull }: Condition, asOf: string | undefined, dialect: Dialect): string {
  const column = quoteReference(reference, dialect);
  const write = (value: ConditionValue): string => writeConstant(value, asOf, dialect);
  const rendered = tests.map((test) => renderTest(column, test, write)).join(' and ');
  return orNull ? `((${rendered}) or ${column} is null)` : rendered;
}

const operators = { from: '>=', above: '>', to: '<=', below: '<' } as const;

function renderTest(column: string, test: ConditionTest, write: (value: ConditionValue) => string): string {
  switch (test.kind) {
    case 'is':
      return `${column} in (${test.values.map(write).join(', ')})`;
    case 'not':
      return `(${column} not in (${test.values.map(write).join(', ')}) or ${column} is null)`;
    case 'null':
      return test.isNull ? `${column} is null` : `${column} is not null`;
    case 'from':
    case 'above':
    case 'to':
    case 'below':
      return `${column} ${operators[test.kind]} ${write(test.value)}`;
    default:
      return test satisfies never;
  }
}
