import { quoteName } from './quote-name.ts';
import type { Dialect } from './statement.ts';
import type { TableFacts } from './table-facts.ts';

/**
 * SQL that lets a login of its own read exactly these columns and nothing else. For whoever administers the database to read and run; Joinery runs it nowhere, and no password stands in it.
 */
export function writeGrantScript(dialect: Dialect, facts: TableFacts, columns: readonly string[], role: string): string {
  const name = (text: string): string => quoteName(text, dialect);
  const table = `${name(facts.schema)}.${name(facts.table)}`;
  const list = columns.map(name).join(', ');
  return dialect === 'postgres' ? forPostgres(facts, name, table, list, name(role)) : forMssql(facts, name, table, list, name(role));
}

const head = [
  `-- What Joinery needs: to read these columns, and nothing else. Read it, then run it as the owner of the database.`,
  '-- A column that the pipeline reads later is granted in the same way; one that it reads no more is revoked.',
];

function forPostgres(facts: TableFacts, name: (text: string) => string, table: string, list: string, role: string): string {
  return [
    ...head,
    `CREATE ROLE ${role} LOGIN CONNECTION LIMIT 4;`,
    '-- Give it a password where nobody reads along, as with \\password of psql.',
    `ALTER ROLE ${role} SET default_transaction_read_only = on;`,
    `GRANT CONNECT ON DATABASE ${name(facts.database)} TO ${role};`,
    `GRANT USAGE ON SCHEMA ${name(facts.schema)} TO ${role};`,
    `GRANT SELECT (${list}) ON ${table} TO ${role};`,
    ...(facts.kind === 'table'
      ? [
          '-- Only for changes: { mode: rowversion }, which reads the rows of which these are others:',
          `-- GRANT SELECT (ctid, xmin) ON ${table} TO ${role};`,
        ]
      : []),
    ...beyondGrants(facts, table, role),
    '',
  ].join('\n');
}

function beyondGrants({ beyondGrants: beyond }: TableFacts, table: string, role: string): readonly string[] {
  if (beyond === 'policies')
    return [
      '-- The table has row-level security: without a policy the role sees no row at all, and people whom it does not see look like people who left.',
      `-- CREATE POLICY joinery_reads ON ${table} FOR SELECT TO ${role} USING (true);`,
    ];
  if (beyond === 'invoker')
    return [
      '-- The view reads with the rights of whoever asks (security_invoker): grant the columns of the tables below it that it reads, too.',
    ];
  return [];
}

function forMssql(facts: TableFacts, name: (text: string) => string, table: string, list: string, role: string): string {
  return [
    ...head,
    `USE ${name(facts.database)};`,
    '-- The login is made where nobody reads along, with a password of your own:',
    `-- CREATE LOGIN ${role} WITH PASSWORD = '…';`,
    `CREATE USER ${role} FOR LOGIN ${role};`,
    `GRANT SELECT ON OBJECT::${table} (${list}) TO ${role};`,
    '-- So that a read sees one moment without locking anybody; READ_COMMITTED_SNAPSHOT or a readable secondary do as well.',
    `-- ALTER DATABASE ${name(facts.database)} SET ALLOW_SNAPSHOT_ISOLATION ON;`,
    '',
  ].join('\n');
}
