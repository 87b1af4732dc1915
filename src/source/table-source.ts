import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { ColumnType, ConditionDeclaration, MssqlSource, PostgresSource } from '../pipeline/pipeline.ts';
import type { ResultColumn } from './layout.ts';
import type { Dialect } from './statement.ts';
import { readTableName } from './table-name.ts';
import { quoteReference, type ColumnReference } from './quote-name.ts';
import type { Condition, TableQuery } from './table-query.ts';

type Declaration = PostgresSource | MssqlSource;

/** A column of a table as the catalogue describes it; `build` makes it a column of the result under a name of its own. */
export interface FoundColumn<C extends ResultColumn> {
  readonly name: string;
  build(as: string, declared: ColumnType | undefined, sql: string): C;
}

/** A column of the result, and which column of which table it is. */
export interface PlacedColumn<C extends ResultColumn> {
  readonly column: C;
  readonly reference: ColumnReference;
}

/** The tables of a `table` source, and what is asked of them: names are looked up in what the database describes, all missing ones at once. */
export class TableSource {
  readonly tables: readonly { readonly alias: string | undefined; readonly parts: readonly string[] }[];
  readonly #declaration: Declaration;
  readonly #main: string | undefined;

  /** Errors: SRC-105 for what is not the name of a table. */
  constructor(declaration: Declaration, table: string, dialect: Dialect) {
    this.#declaration = declaration;
    const joins = declaration.join ?? [];
    const taken = new Set(joins.map(({ alias }) => alias.toLowerCase()));
    let main = 'source';
    while (taken.has(main)) main += '_';
    this.#main = joins.length === 0 ? undefined : main;
    this.tables = [
      { alias: this.#main, parts: readTableName(table, dialect) },
      ...joins.map((join) => ({ alias: join.alias, parts: readTableName(join.table, dialect) })),
    ];
  }

  /** `COLUMN` or `ALIAS.COLUMN`. */
  reference(name: string, own?: string): ColumnReference {
    const dot = name.indexOf('.');
    const alias = dot === -1 ? undefined : (this.#declaration.join ?? []).find((join) => join.alias === name.slice(0, dot))?.alias;
    if (alias !== undefined) return { alias, column: name.slice(dot + 1) };
    return { alias: own ?? this.#main, column: name };
  }

  /** What the result consists of: the declared columns, key, primary and watermark; without a contract the whole table. Errors: SRC-204. */
  select<C extends ResultColumn>(
    found: ReadonlyMap<string | undefined, readonly FoundColumn<C>[]>,
    dialect: Dialect,
    place: Place | undefined,
  ): readonly PlacedColumn<C>[] {
    const { key, primary, columns, changes } = this.#declaration;
    const wanted = new Map<string, { readonly from: string; readonly type: ColumnType | undefined; readonly place: Place | undefined }>();
    const add = (name: string, from: string, type?: ColumnType, at = place): void => {
      if (!wanted.has(name)) wanted.set(name, { from, type, place: at });
    };
    for (const { name, from, type, place: at } of columns ?? []) add(name, from ?? name, type, at);
    if (columns === undefined) for (const { name } of found.get(this.#main) ?? []) add(name, name);
    for (const name of [key, primary]) if (name !== undefined) add(name, name);
    const isRead = [...wanted.values()].some(({ from }) => from === changes?.column);
    if (changes !== undefined && !isRead) add(changes.column, changes.column, undefined, changes.place);

    const missing: (readonly [string, Place | undefined])[] = [];
    const look = (reference: ColumnReference, at: Place | undefined): FoundColumn<C> | undefined => {
      const column = found.get(reference.alias)?.find(({ name }) => name === reference.column);
      if (column === undefined) missing.push([shown(reference, this.#main), at]);
      return column;
    };
    const placed = [...wanted].flatMap(([name, { from, type, place: at }]): PlacedColumn<C>[] => {
      const reference = this.reference(from);
      const column = look(reference, at);
      return column === undefined ? [] : [{ column: column.build(name, type, quoteReference(reference, dialect)), reference }];
    });
    for (const { column, place: at } of this.#declaration.where ?? []) look(this.reference(column), at);
    for (const { alias, on, where, place: at } of this.#declaration.join ?? []) {
      for (const pair of on) {
        look({ alias, column: pair.column }, at);
        look(this.reference(pair.equals), at);
      }
      for (const condition of where) look({ alias, column: condition.column }, condition.place);
    }
    if (missing.length > 0) throw missingColumns(missing, found);
    return placed;
  }

  /** Columns of one table that the pipeline reads or compares; undefined: whatever there is. */
  needed(alias: string | undefined): readonly string[] | undefined {
    const { key, primary, columns, changes, versions, where = [], join = [] } = this.#declaration;
    if (columns === undefined && alias === this.#main) return undefined;
    const own = [
      key,
      primary,
      changes?.column,
      versions?.column,
      ...where.map(({ column }) => column),
      ...(columns ?? []).map(({ name, from }) => from ?? name),
    ];
    const references = [
      ...own.filter((name) => name !== undefined).map((name) => this.reference(name)),
      ...join.flatMap((each) => [
        ...each.on.flatMap(({ column, equals }) => [{ alias: each.alias, column }, this.reference(equals)]),
        ...each.where.map(({ column }) => ({ alias: each.alias, column })),
      ]),
    ];
    return [...new Set(references.filter((reference) => reference.alias === alias).map(({ column }) => column))];
  }

  /** Columns of source.table that the pipeline does not read. */
  unread<C extends ResultColumn>(
    found: ReadonlyMap<string | undefined, readonly FoundColumn<C>[]>,
    placed: readonly PlacedColumn<C>[],
  ): readonly string[] {
    const read = new Set(placed.filter(({ reference }) => reference.alias === this.#main).map(({ reference }) => reference.column));
    for (const { column } of this.#declaration.where ?? []) read.add(this.reference(column).column);
    if (this.#declaration.versions?.column !== undefined) read.add(this.#declaration.versions.column);
    return (found.get(this.#main) ?? []).map(({ name }) => name).filter((name) => !read.has(name));
  }

  /** The query but for its list of columns. */
  query(asOf: string | undefined): Omit<TableQuery, 'columns'> {
    const [main] = this.tables;
    const conditions = (list: readonly ConditionDeclaration[], own?: string): readonly Condition[] =>
      list.map(({ column, tests, orNull }) => ({
        reference: own === undefined ? this.reference(column) : { alias: own, column },
        tests,
        orNull,
      }));
    return {
      table: main?.parts ?? [],
      alias: this.#main,
      joins: (this.#declaration.join ?? []).map(({ alias, kind, on, where }, index) => ({
        alias,
        kind,
        table: this.tables[index + 1]?.parts ?? [],
        on: on.map(({ column, equals }) => ({ column, equals: this.reference(equals) })),
        where: conditions(where, alias),
      })),
      where: conditions(this.#declaration.where ?? []),
      asOf,
    };
  }
}

function shown({ alias, column }: ColumnReference, main: string | undefined): string {
  return alias === undefined || alias === main ? column : `${alias}.${column}`;
}

function missingColumns(
  missing: readonly (readonly [string, Place | undefined])[],
  found: ReadonlyMap<string | undefined, readonly { readonly name: string }[]>,
): JoineryError {
  const names = [...found.values()].flatMap((columns) => columns.map(({ name }) => name));
  const unique = [...new Map(missing)];
  const diagnostics = unique.map(([name, at]): Diagnostic => {
    const near = names.find((other) => other.toLowerCase() === name.slice(name.indexOf('.') + 1).toLowerCase());
    return {
      code: 'SRC-204',
      severity: 'error',
      message: `the source has no column ${name}`,
      ...(near === undefined ? {} : { fix: `It has ${near}; names are compared exactly.` }),
      ...(at === undefined ? {} : { place: at }),
    };
  });
  const [first] = unique;
  return new JoineryError(
    'SRC-204',
    `the source does not return ${unique.map(([name]) => name).join(', ')}; it returns ${[...(found.values().next().value ?? [])].map(({ name }) => name).join(', ')}`,
    { diagnostics, ...(first?.[1] === undefined ? {} : { place: first[1] }) },
  );
}
