import type { Secret } from '../domain/masking.ts';
import { propose, proposeKey, statusVocabulary, writePipeline, type Proposal } from '../mapping/proposal/index.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import type { TableSurvey } from '../pipeline/survey.ts';
import type { ColumnDescription } from '../source/contract.ts';
import { writeGrantScript } from '../source/grant-script.ts';
import { writeExactly } from '../source/mssql-types.ts';
import { openSource } from '../source/open-source.ts';
import { quoteName } from '../source/quote-name.ts';
import { readShapes } from '../source/shapes.ts';
import { readTableFacts, type TableFacts } from '../source/table-facts.ts';
import { writeTableName } from '../source/table-name.ts';
import { buildTableQuery } from '../source/table-query.ts';
import { isReadableType, typeOfMssql } from '../source/type-families.ts';

export interface InitOptions {
  readonly type: 'postgres' | 'mssql';
  /** Whoever looks at the table; the pipeline gets a login of its own. */
  readonly connection: Secret;
  /** The variable that holds the address for the pipeline. */
  readonly variable: string;
  readonly table: string;
  /** Of the pipeline and its files. */
  readonly name: string;
  readonly key?: string | undefined;
  /** Rows whose shapes are looked at; 0: names alone. */
  readonly sample: number;
  readonly domain?: string | undefined;
  readonly timezone?: string | undefined;
  /** The SELECT stands in a file of its own, to be edited. */
  readonly asQuery: boolean;
  /** Who is granted the columns. */
  readonly role: string;
  /** The sink is an emulated tenant. */
  readonly emulator: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface InitResult {
  readonly survey: TableSurvey;
  readonly proposal: Proposal;
  /** By name, to be written beside each other. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Looks at a table or view and makes a pipeline for it: contract, mapping with a reason for every line, and the script of grants. Writes neither to disk nor to the database. Errors: SRC
 * codes, among them SRC-215 for a table that cannot be seen and SRC-216 for one without a key.
 */
export async function initPipeline(options: InitOptions): Promise<InitResult> {
  const { type, name, role } = options;
  const facts = await readTableFacts(type, options.connection, options.table);
  const readable = facts.columns.filter((column) => column.isReadable && isReadableType(column.databaseType) && canBeNamed(column.name));
  const table = writeTableName([facts.schema, facts.table], type);
  const key = proposeKey(
    { name: table, kind: facts.kind, primaryKey: facts.primaryKey, uniqueKeys: facts.uniqueKeys, columns: readable },
    options.key,
  );
  const { survey, orderBy, exactly, hasVersions } = await lookAt(options, facts, readable, table, key.column);
  const proposal = propose(survey, key, { domain: options.domain });
  const read = proposal.columns.filter(({ isRead }) => isRead).map((column) => column.name);
  const [query, grants] = [`${name}.sql`, `${name}.grants.sql`];
  const pipeline = writePipeline(proposal, {
    name,
    type,
    origin: `${table} (${facts.kind}, ${survey.isWhole ? 'all ' : ''}${String(survey.rows)} rows looked at)`,
    source: { variable: options.variable, ...(options.asQuery ? { query } : { table }) },
    order: `Rows are read in the order ${orderBy}; an index on exactly that spares the database a sort on every run`,
    timezone: options.timezone,
    emulator: options.emulator,
    hasVersions: hasVersions && !options.asQuery,
    grants,
  });
  const files = new Map([[`${name}.yaml`, pipeline]]);
  if (options.asQuery) files.set(query, writeQuery(facts, type, read, orderBy, exactly));
  files.set(grants, writeGrantScript(type, facts, read, role));
  return { survey, proposal, files };
}

/** A pipeline file takes a reference to the environment for one, wherever it stands. */
export function canBeNamed(column: string): boolean {
  return column.trim() !== '' && !column.includes('${');
}

interface Looked {
  readonly survey: TableSurvey;
  readonly orderBy: string;
  /** SQL of columns whose digits the driver would not keep. */
  readonly exactly: ReadonlyMap<string, string>;
  /** An equal version of a row means an equal row. */
  readonly hasVersions: boolean;
}

async function lookAt(
  { type, connection, sample, asQuery, signal }: InitOptions,
  facts: TableFacts,
  readable: TableFacts['columns'],
  table: string,
  key: string,
): Promise<Looked> {
  const place = { file: table, line: 1, column: 1 };
  const source = { type, connection, table, key, statementTimeout: 900_000, place };
  const declare = (name: string, as: ColumnDescription['type']): ColumnDeclaration => ({ name, type: as, required: false, place });
  const options = { applicationName: 'joinery init' };
  // The key alone is declared, as something that moves no value; so every column is described as what it is.
  const types = new Map<string, ColumnDescription>();
  const first = await openSource({ ...source, columns: [declare(key, 'json')] }, options);
  try {
    for (const column of await first.describe(signal)) types.set(column.name, column);
  } finally {
    await first.close();
  }
  const natural = readable.map((fact) => ({
    fact,
    type: types.get(fact.name)?.type ?? typeOfMssql(fact.databaseType),
  }));
  const versions = type === 'postgres' ? { versions: { fullPass: 0, place } } : {};
  const columns = natural.map((column) => declare(column.fact.name, column.type));
  const second = await openSource({ ...source, ...versions, columns }, options);
  try {
    const shapes = await readShapes(second, sample, statusVocabulary, signal);
    const described = new Map((await second.describe(signal)).map((column) => [column.name, column]));
    // ORDER BY would mean the text if the key were one; its digits are told when they are too many for the driver.
    const exactly = new Map(
      type === 'mssql' && asQuery
        ? [...described.values()].flatMap(({ name, databaseType }) => {
            const sql = name === key ? undefined : writeExactly(databaseType, quoteName(name, type));
            return sql === undefined ? [] : [[name, sql] as const];
          })
        : [],
    );
    const surveyed = natural.map(({ fact, type: as }) => ({
      name: fact.name,
      databaseType: fact.databaseType,
      type: exactly.has(fact.name) ? ('string' as const) : (described.get(fact.name)?.type ?? as),
      nullable: fact.nullable,
      isGenerated: fact.isGenerated,
      labels: fact.labels,
      shape: shapes.byColumn.get(fact.name),
    }));
    const { kind, primaryKey, uniqueKeys } = facts;
    const survey = { type, name: table, kind, columns: surveyed, primaryKey, uniqueKeys, rows: shapes.rows, isWhole: shapes.isWhole };
    const hasVersions = second.versions !== undefined && (await second.versions.refusal(signal)) === undefined;
    return { survey, orderBy: second.orderBy ?? key, exactly, hasVersions };
  } finally {
    await second.close();
  }
}

/** `exactly`: SQL of columns whose digits the driver would not keep. */
function writeQuery(
  facts: TableFacts,
  type: InitOptions['type'],
  columns: readonly string[],
  orderBy: string,
  exactly: ReadonlyMap<string, string>,
): string {
  const query = { table: [facts.schema, facts.table], columns: columns.map((name) => ({ name, select: exactly.get(name) })), orderBy };
  return `${buildTableQuery(query, type)}\n`;
}
