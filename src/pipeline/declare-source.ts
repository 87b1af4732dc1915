import { columnFields } from './declare-columns.ts';
import { changesFields, outboxFields } from './declare-changes.ts';
import { connection } from './kinds-secret.ts';
import { condition } from './kind-condition.ts';
import { defaulted, list, map, optional, record, required, section } from './kind.ts';
import { query } from './kind-query.ts';
import { choice, text, waitingTime } from './kinds.ts';

const column = text({ words: 'the name of a column' });
/** Parts that are no plain names are quoted as the database does; which names a database takes is its own affair. */
const tableName = text({
  words: 'the name of a table or view, with its schema if need be, and quoted where it is no plain name',
  pattern: /^(?:"(?:[^"]|"")+"|\[(?:[^\]]|\]\])+\]|[^\s;'"()[\]])+$/,
});
const where = record('COLUMN', condition);

const joinFields = map({
  table: required(tableName, { doc: 'The table or view to join.', example: 'hr.assignments' }),
  on: required(record('COLUMN', text({ words: 'the name of a column of source.table, or ALIAS.COLUMN of a table joined before' })), {
    doc: 'Columns of the joined table, and the columns that they equal.',
    danger: 'A join that finds several rows for a worker multiplies his rows; source.primary says which of them counts.',
    example: '{ worker_id: worker_id }',
  }),
  kind: defaulted(choice(['left', 'inner'] as const), 'left', 'left', {
    doc: 'left keeps workers without a partner, whose joined columns are NULL.',
    danger: 'inner drops them, and whoever is dropped counts as vanished.',
    example: 'left',
  }),
  where: optional(where, { doc: 'Which rows of the joined table count; a part of the join, as in ON.', example: '{ is_primary: true }' }),
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
    json: 'JSON files are not read yet; load them into a table, or export CSV.',
    excel: 'save the sheet as CSV and write csv.',
    xlsx: 'save the sheet as CSV and write csv.',
    rest: 'HR systems are read through a database, not through their web services.',
  },
} as const;

export const sourceFields = map({
  type: required(choice(['postgres', 'mssql', 'csv'] as const, unsupported), {
    doc: 'What holds the HR data: PostgreSQL, SQL Server, or an export as a CSV file.',
    example: 'postgres',
  }),
  connection: optional(connection, {
    doc: 'For postgres and mssql, and required there: address and login of the database, from the environment or a file. A login that can only read is enough and better.',
    danger: 'Never written out: a literal password is refused, and shown in no message.',
    example: '${HR_DATABASE_URL}',
    secret: true,
  }),
  query: optional(query, {
    doc: 'One SELECT statement: the path of an .sql file, or the statement itself. Exactly one of query and table. It may use the parameters :as_of (the day of the run, a date) and, with changes, :since.',
    example: 'workers.sql',
  }),
  table: optional(tableName, {
    doc: 'A table or view: the declared columns, or all, of the rows that where leaves. Exactly one of query and table.',
    example: 'hr.workers',
  }),
  join: optional(record('ALIAS', joinFields, { pattern: /^[A-Za-z][A-Za-z0-9_]{0,62}$/ }), {
    doc: 'For table: further tables by alias; columns take their values with from. Needs columns.',
    example: '{ assignment: { table: hr.assignments, on: { worker_id: worker_id }, where: { is_primary: true } } }',
  }),
  where: optional(where, {
    doc: 'For table: which rows are read, by columns of source.table, or ALIAS.COLUMN; all conditions have to hold.',
    danger:
      'Whoever it leaves out counts as vanished and is disabled in the end. Who belongs into the directory is said by transform.scope, which leavers.outOfScope follows.',
    example: '{ worker_type: { not: Volunteer }, last_day: { from: :as_of, orNull: true } }',
  }),
  file: optional(text({ words: 'the path of a CSV file', environment: { standIn: 'workers.csv' } }), {
    doc: 'For csv, and required there: the export. One header line, quoting as RFC 4180 has it.',
    example: '../samples/workers.csv',
  }),
  delimiter: defaulted(choice([',', ';', '|', 'tab'] as const), ',', ',', {
    doc: 'For csv: what parts the fields.',
    example: "';'",
  }),
  encoding: defaulted(choice(['utf-8', 'utf-16le', 'windows-1252'] as const), 'utf-8', 'utf-8', {
    doc: 'For csv: the encoding of the file. Bytes that do not fit it stop the run.',
    danger: 'windows-1252 fits any bytes: a UTF-8 file read so damages every name that is not plain ASCII.',
    example: 'windows-1252',
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
  changes: section(changesFields, { doc: 'How a run finds out who changed.', example: '{ mode: watermark, column: updated_at }' }),
  outbox: optional(outboxFields, {
    doc: 'What starts a run of joinery watch at once, beside its schedule: exactly one of notify and table.',
    example: '{ notify: joinery_workers }',
  }),
  statementTimeout: defaulted(waitingTime, 900_000, '15m', {
    doc: 'How long the query may keep Joinery waiting for its rows, all waits together, before it is cancelled on the server. Time in which the server waits for Joinery (rows are evaluated while the query runs) does not count.',
    danger:
      'Too short, and each run is cancelled in the middle (SRC-207; SRC-102 where the server does not even answer to that): nothing is lost, nothing is done.',
    example: '30m',
  }),
});
