import { connection } from './kinds-secret.ts';
import { defaulted, list, map, optional, record, reportKind, required, type Kind } from './kind.ts';
import { query } from './kind-query.ts';
import { choice, duration, flag, text } from './kinds.ts';
import type { ListItem } from './kind.ts';

const column = text({ words: 'the name of a column' });

/** A value as it stands in YAML: text, number or boolean. */
const plainValue: Kind<string | number | boolean> = {
  words: 'text, a number or a boolean',
  schema: { type: ['string', 'number', 'boolean'] },
  read(node, path, reading) {
    if (node.kind === 'scalar' && node.value !== null) return node.value;
    return reportKind(reading, node, path, this.words);
  },
};
const plainValues: Kind<readonly ListItem<string | number | boolean>[]> = list(plainValue);

const columnTypes = ['string', 'integer', 'number', 'decimal', 'boolean', 'date', 'datetime', 'json'] as const;

const columnFields = map({
  type: required(choice(columnTypes), {
    doc: 'Type in which the value reaches an expression. decimal arrives as text with all its digits; date as YYYY-MM-DD; datetime as ISO 8601 in UTC.',
    example: 'string',
  }),
  required: defaulted(flag, false, 'false', {
    doc: 'NULL rejects the row.',
    example: 'true',
  }),
  values: optional(plainValues, {
    doc: 'The closed list of values; any other rejects the row and leaves the account as it is. For string, integer and boolean columns. active and scope decide only over columns that have it, or that state whenNull.',
    danger: 'A value that HR introduces later rejects its workers until it is added here.',
    example: '[Active, Leave, Terminated]',
  }),
  whenNull: optional(plainValue, {
    doc: 'What NULL means: this value stands for it in expressions. never, for date and datetime columns, is a day that does not come.',
    danger: 'An end date that HR forgot to enter counts as never ending.',
    example: 'never',
  }),
  class: optional(choice(['public', 'personal', 'sensitive'] as const), {
    doc: 'How openly values are shown: public as they are, personal masked but for a reader who gives a reason, sensitive never. The default is public for the key, booleans and columns with values, else personal. What is made of a sensitive column is sensitive too, unless its own class says otherwise.',
    danger: 'public writes the values into logs, reports and exports, for everybody who can read those.',
    example: 'sensitive',
  }),
});

const unsupported = {
  code: 'PIP-301',
  reasons: {
    postgresql: 'write postgres.',
    pg: 'write postgres.',
    sqlserver: 'write mssql.',
    'sql-server': 'write mssql.',
    azuresql: 'write mssql; Azure SQL speaks the same protocol.',
    mysql: 'MySQL is not read yet; its dates, time zones and orders of text need care of their own.',
    mariadb: 'MariaDB is not read yet; its dates, time zones and orders of text need care of their own.',
    sqlite: 'SQLite has no column types that a contract with HR could be checked against.',
    oracle: 'there is no Oracle driver among the dependencies.',
    json: 'JSON files are not read yet; load them into a table.',
    csv: 'CSV files are lookups here, not sources; load them into a table.',
    rest: 'HR systems are read through a database, not through their web services.',
  },
} as const;

export const sourceFields = map({
  type: required(choice(['postgres', 'mssql'] as const, unsupported), {
    doc: 'The database that holds the HR data: PostgreSQL or SQL Server.',
    example: 'postgres',
  }),
  connection: required(connection, {
    doc: 'Address and login of the database, from the environment or a file. A login that can only read is enough and better.',
    danger: 'Never written out: a literal password is refused, and shown in no message.',
    example: '${HR_DATABASE_URL}',
    secret: true,
  }),
  query: optional(query, {
    doc: 'One SELECT statement: the path of an .sql file, or the statement itself. Exactly one of query and table.',
    example: 'workers.sql',
  }),
  table: optional(text({ words: 'the name of a table or view, with its schema if need be', pattern: /^[^\s;'"()]+$/ }), {
    doc: 'A table or view that is read whole: the declared columns, or all. Exactly one of query and table.',
    example: 'hr.workers',
  }),
  key: required(column, {
    doc: 'The column whose value names the worker, as text: SCIM externalId. It must never change for a person and never be given to another.',
    danger: 'Changing the key makes everybody a leaver and a joiner at once; the guards stop that.',
    example: 'worker_id',
  }),
  primary: optional(column, {
    doc: 'A boolean column that says which of several rows of a key counts. Without it a key with several rows is rejected.',
    example: 'is_primary_assignment',
  }),
  identity: optional(list(column), {
    doc: 'Columns that together say who a person is, whatever his number: a national id, or birth date and names. Two keys with the same values are a rekey case: nothing is sent about either until somebody decides. Kept as keyed hashes, never sent; a row in which one of them is NULL has no identity.',
    danger: 'Columns that two people can share hold both of them, the disable included; without identity a new number is a new account.',
    example: '[national_id]',
  }),
  columns: optional(record('COLUMN', columnFields), {
    doc: 'The contract with HR: the columns that expressions may use. Without it columns are taken as they come, and neither employment nor the checks of active and scope are possible.',
    example: '{ worker_id: { type: string, required: true } }',
  }),
  statementTimeout: defaulted(duration, 900_000, '15m', {
    doc: 'How long the query may run before it is cancelled.',
    example: '30m',
  }),
});
