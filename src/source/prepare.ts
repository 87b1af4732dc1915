import { invariant, JoineryError } from '../domain/error.ts';
import type { KeyOrder } from '../domain/row.ts';
import type { Place } from '../domain/place.ts';
import type { MssqlSource, PostgresSource, VersionsDeclaration } from '../pipeline/pipeline.ts';
import { checkColumns } from './columns.ts';
import type { PartialRead, ReadRequest } from './contract.ts';
import type { ResultColumn } from './layout.ts';
import { writeLiteral, writeNull } from './literal.ts';
import { readFrom, watermarkOf, type Watermark } from './position.ts';
import { bindParameters, type Dialect, type Statement } from './statement.ts';
import { quoteName, quoteReference, type ColumnReference } from './quote-name.ts';
import type { KeyRestriction } from './table-query.ts';
import { TableSource, type FoundColumn, type PlacedColumn } from './table-source.ts';

/** What is read, after the schema was looked at. */
export interface Prepared<C extends ResultColumn> extends Order {
  readonly sql: string;
  readonly columns: readonly C[];
  readonly watermark: Watermark | undefined;
  /** Columns of source.table that the pipeline does not read. */
  readonly unread: readonly C[];
  /** Of a source that asks for versions of its rows. */
  readonly versions?: PreparedVersions<C>;
}

/** The statements of a read by versions. */
export interface PreparedVersions<C extends ResultColumn> {
  /** Key and version of every row. */
  readonly sql: string;
  readonly key: C;
  /** What the columns of the version are called in the result. Of PostgreSQL `ctid` and `xmin` of each table, `source.table` first. */
  readonly names: readonly string[];
  /** Of SQL Server: the column of the version. */
  readonly column: C | undefined;
  /** All columns of the rows at these places, in key order: of PostgreSQL places are those of `ctid`, of SQL Server keys. */
  at(places: readonly string[]): string;
  /** Quoted, `source.table` first. */
  readonly tables: readonly string[];
  /** How a row is made of the columns of its tables. */
  readonly form: string;
}

/** In which order the key's text sorts as its values do, and the SQL of ORDER BY that asks for it so that an index can serve. */
export interface Order {
  readonly keyOrder: KeyOrder;
  readonly orderBy: string;
  /** What has to be asked for beside it, so that keys which the database takes for equal have an order, too: those that differ in blanks at their end. */
  readonly tie?: string;
}

/** What a read asks for beyond the declaration. */
export type Asked = Pick<ReadRequest, 'asOf' | 'partial'>;

/** What one database does its own way. */
export interface DatabaseWays<C extends ResultColumn> {
  readonly dialect: Dialect;
  /** Columns of a statement, without running it. */
  describe(sql: string): Promise<readonly FoundColumn<C>[]>;
  /** `name`: the key as SQL. Errors: SRC-206 for a type that has no dependable order. */
  orderOf(column: C, name: string): Order;
  /** SQL that stands for a column where the column itself would lose something on the way. */
  select(column: C): string | undefined;
  /** An error of `describe` that says that the account may not see a column. */
  isRefused(error: unknown): boolean;
  /** Told what a person wrote of what is sent, for the places of errors. */
  about(statement: Statement): void;
}

/** Looks at the columns and makes the one statement that is read. */
export async function prepareStatement<C extends ResultColumn>(
  declaration: PostgresSource | MssqlSource,
  statement: Statement | undefined,
  ways: DatabaseWays<C>,
  asked: Asked,
): Promise<Prepared<C>> {
  if (statement !== undefined) return prepareQuery(declaration, statement, ways, asked);
  invariant(declaration.table, 'a source has a query or a table');
  return prepareTable(declaration, new TableSource(declaration, declaration.table, ways.dialect), ways, asked);
}

async function prepareQuery<C extends ResultColumn>(
  declaration: PostgresSource | MssqlSource,
  statement: Statement,
  ways: DatabaseWays<C>,
  { asOf, partial }: Asked,
): Promise<Prepared<C>> {
  const { dialect } = ways;
  const { key, changes } = declaration;
  const day = asOf === undefined ? writeNull('date', dialect) : writeLiteral('date', asOf, dialect);
  const looked = bindParameters(statement, { as_of: day, since: writeNull(undefined, dialect) });
  ways.about(looked);
  const types = new Map(declaration.columns?.map(({ name, type }) => [name, type]));
  const columns = (await ways.describe(looked.text)).map((column) => {
    const built = column.build(column.name, types.get(column.name), quoteIfNamed(column.name, dialect));
    // PostgreSQL tells of the table's column; an outer join gives NULL for one that has none there.
    return statement.mayAddNull && dialect === 'postgres' ? withoutNullability(built) : built;
  });
  checkColumns(declaration, changes === undefined ? [] : [changes], columns, statement.placeOf(0));
  const watermark = watermarkOf(declaration, columns);
  const since = watermark === undefined ? writeNull(undefined, dialect) : writeSince(declaration, watermark, partial, dialect);
  const bound = bindParameters(statement, { as_of: day, since });
  ways.about(bound);
  const keyColumn = columns.find(({ name }) => name === key);
  invariant(keyColumn, 'the key column was checked');
  return { sql: bound.text, columns, ...ways.orderOf(keyColumn, quoteName(key, dialect)), watermark, unread: [] };
}

/** A query may return a column without a name, which is refused later with its own words. */
function quoteIfNamed(name: string, dialect: Dialect): string {
  return name === '' ? '' : quoteName(name, dialect);
}

async function prepareTable<C extends ResultColumn>(
  declaration: PostgresSource | MssqlSource,
  source: TableSource,
  ways: DatabaseWays<C>,
  { asOf, partial }: Asked,
): Promise<Prepared<C>> {
  const { dialect } = ways;
  // With it comes knex, which who wrote a query himself does not wait for.
  const { buildTableQuery } = await import('./table-query.ts');
  const found = new Map<string | undefined, readonly FoundColumn<C>[]>();
  // All columns of a table are looked at, so that a missing one is named by us and not by the first error of the server; rights are asked for the selected ones only.
  for (const { alias, parts } of source.tables) {
    found.set(alias, await describeTable(source, alias, parts, ways));
  }
  const placed = source.select(found, dialect, declaration.place);
  const [main] = source.tables;
  // What is joined may be NULL for want of a partner.
  const columns = placed.map(({ column, reference }) => (reference.alias === main?.alias ? column : withoutNullability(column)));
  const keyColumn = placed.find(({ column }) => column.name === declaration.key);
  invariant(keyColumn, 'the key column was checked');
  const watermark = watermarkOf(declaration, columns);
  const list = placed.map(({ column, reference }) => {
    const sql = quoteReference(reference, dialect);
    return { name: column.name, select: ways.select(column) ?? (sql === quoteName(column.name, dialect) ? undefined : sql) };
  });
  const order = ways.orderOf(keyColumn.column, quoteReference(keyOf(), dialect));
  const only = partial === undefined || watermark === undefined ? undefined : restrict(placed, keyColumn, order.keyOrder, watermark);
  const orderBy = order.tie === undefined ? order.orderBy : `${order.orderBy}, ${order.tie}`;
  const sql = buildTableQuery({ ...source.query(asOf), columns: list, orderBy, only }, dialect);
  const ofMain = found.get(main?.alias) ?? [];
  const unread = source
    .unread(found, placed)
    .flatMap((name) => ofMain.find((each) => each.name === name)?.build(name, undefined, quoteName(name, dialect)) ?? []);
  const prepared = { sql, columns, ...order, watermark, unread };
  const { versions } = declaration;
  return versions === undefined ? prepared : { ...prepared, versions: prepareVersions(keyColumn, versions) };

  function prepareVersions(key: PlacedColumn<C>, declared: VersionsDeclaration): PreparedVersions<C> {
    const column = declared.column === undefined ? undefined : buildVersionColumn(declared.column, declared.place);
    const own =
      column === undefined
        ? source.tables.flatMap(({ alias }, index) =>
            ['ctid', 'xmin'].map((each) => ({
              // A bare name in ORDER BY is the result's before it is the table's.
              name: `${each}${String(index)}_${key.column.name}`,
              select: quoteReference({ alias, column: each }, dialect),
            })),
          )
        : [{ name: column.name, select: quoteReference(source.reference(column.name), dialect) }];
    const selected = list.filter((each) => each.name === key.column.name);
    const rest = source.query(asOf);
    const type = order.keyOrder === 'integer' ? 'integer' : 'text';
    return {
      sql: buildTableQuery({ ...rest, columns: [...selected, ...own], orderBy }, dialect),
      key: key.column,
      names: own.map((each) => each.name),
      column,
      at: (places) =>
        buildTableQuery(
          {
            ...rest,
            columns: list,
            orderBy,
            ...(column === undefined
              ? { at: places }
              : { of: { key: key.reference, keys: places.map((each) => writeLiteral(type, each, dialect)) } }),
          },
          dialect,
        ),
      tables: source.tables.map(({ parts }) => parts.map((part) => quoteName(part, dialect)).join('.')),
      form: JSON.stringify([list, columns.map(({ databaseType }) => databaseType), rest.joins]),
    };
  }

  /** Errors: SRC-204. */
  function buildVersionColumn(name: string, place: Place): C {
    const quoted = quoteReference(source.reference(name), dialect);
    const built = found
      .get(main?.alias)
      ?.find((each) => each.name === name)
      ?.build(name, undefined, quoted);
    if (built === undefined) throw new JoineryError('SRC-204', `the source has no column ${name}`, { place });
    return built;
  }

  /** A bare name in ORDER BY is the result's before it is the table's, and the result may call something else so. */
  function keyOf(): ColumnReference {
    const { alias, column } = keyColumn?.reference ?? { alias: undefined, column: declaration.key };
    const isTaken = list.some(({ name, select }) => select !== undefined && name.toLowerCase() === column.toLowerCase());
    return { alias: alias ?? (isTaken ? main?.parts.at(-1) : undefined), column };
  }

  function restrict(all: readonly PlacedColumn<C>[], key: PlacedColumn<C>, keyOrder: KeyOrder, by: Watermark): KeyRestriction {
    const column = all.find((each) => each.column.name === by.column);
    invariant(column, 'the watermark column was checked');
    const type = keyOrder === 'integer' ? 'integer' : 'text';
    return {
      key: key.reference,
      watermark: column.reference,
      since: writeSince(declaration, by, partial, dialect),
      keys: (partial?.keys ?? []).map((each) => writeLiteral(type, each, dialect)),
    };
  }
}

/**
 * All columns; where the account may not see some, the ones that are needed: PostgreSQL describes `*` to whoever asks, SQL Server refuses it to a login that is granted
 * columns. A column that is missing is then named by the server.
 */
async function describeTable<C extends ResultColumn>(
  source: TableSource,
  alias: string | undefined,
  table: readonly string[],
  ways: DatabaseWays<C>,
): Promise<readonly FoundColumn<C>[]> {
  const { buildTableQuery } = await import('./table-query.ts');
  try {
    return await ways.describe(buildTableQuery({ table, columns: undefined }, ways.dialect));
  } catch (error) {
    const columns = source.needed(alias)?.map((name) => ({ name }));
    if (columns === undefined || columns.length === 0 || !ways.isRefused(error)) throw error;
    return ways.describe(buildTableQuery({ table, columns }, ways.dialect));
  }
}

/** NULL in a full pass. */
function writeSince(
  declaration: PostgresSource | MssqlSource,
  { type }: Watermark,
  partial: PartialRead | undefined,
  dialect: Dialect,
): string {
  if (partial === undefined) return writeNull(type, dialect);
  return writeLiteral(type, readFrom(type, partial.position, declaration.changes?.lookBack), dialect);
}

function withoutNullability<C extends ResultColumn>(column: C): C {
  return { ...column, nullable: undefined };
}
