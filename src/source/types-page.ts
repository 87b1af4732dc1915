import { typeFamilies, type TypeFamily } from './type-families.ts';

/** The reference page of database types, made from the table that the converters follow. */
export const typesPage: { readonly path: string; readonly render: () => string } = {
  path: 'docs/reference/types.md',
  render: renderTypesPage,
};

function renderTypesPage(): string {
  const families: readonly TypeFamily[] = Object.values(typeFamilies);
  return `# Database types and the values that expressions see

<!-- Made from src/source/type-families.ts; do not edit. -->

The rule: nothing is lost. A value that has no lossless form makes its row a rejection that names the column, and the account stays as it is.
SQL NULL is nothing in an expression, never \`null\`. *Type* is what a column is unless \`source.columns\` declares it as something else.

| PostgreSQL | SQL Server | Type | Value in an expression |
| --- | --- | --- | --- |
${families.map(line).join('\n')}

A column declared \`string\` arrives as text whatever its type: numbers in decimal digits, booleans as \`true\` and \`false\`, dates as above but with infinite and
far ones as the database writes them, arrays and JSON as the database's own text. Other declarations move a value only among its kin, as the table
says; anything else is left as it is, and the contract's check names the disagreement.

Domains and alias types count as the type below them, elements of arrays as their own type. Sessions are pinned: UTC, ISO dates, shortest exact floats, and for PostgreSQL
\`IntervalStyle\`, \`bytea_output\` and \`standard_conforming_strings\`, so that a database's or a role's settings change no value but one: \`lc_monetary\` says what a number of \`money\` counts (cents or yen) and is left as it is, for casts of a query, too.
Text of every server encoding arrives as UTF-8; bytes of a database made as SQL_ASCII that are no UTF-8 end the read (SRC-211).

CSV files hold text. A column declared as another type is read as strictly as a database would write it (\`2026-11-22\`, \`true\`, \`1200.50\`); what does not fit is a problem of its row.
An empty field is NULL, an empty field in quotes is empty text.
`;
}

/** Names by which people know what the catalogue calls otherwise. */
const shownAs: Readonly<Record<string, string>> = { other: 'every other', array: 'arrays', enum: 'enums', bpchar: '`char(n)`' };

function line({ postgres, mssql, type, value, note }: TypeFamily): string {
  const inPostgres = postgres.map((name) => (name === 'char' ? '`"char"`' : (shownAs[name] ?? `\`${name}\``)));
  const inMssql = mssql.map((name) => shownAs[name] ?? `\`${name}\``);
  return `| ${inPostgres.join(', ')} | ${inMssql.join(', ')} | ${type} | ${value}${note === undefined ? '' : `. ${note}`} |`;
}
