import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { Client } from 'pg';
import { generateContoso, insertStatements, type ContosoTables } from './contoso/generate.ts';

/** Text of a file of the samples. */
export function sampleText(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
}

/** Runs SQL of several statements against a database. */
export async function executeSql(url: string, ...scripts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const script of scripts) await client.query(script);
  } finally {
    await client.end();
  }
}

/** Fills an empty database with the clean company as it is on the first day. */
export async function fillContoso(url: string, tables: ContosoTables = generateContoso()): Promise<void> {
  await executeSql(url, sampleText('contoso/schema.sql'), 'begin', ...insertStatements(tables), 'commit', 'analyze');
}

/** Fills an empty database with Microsoft's export as it was published: every column text, empty text as NULL, and the number of the row. */
export async function fillDirty(url: string): Promise<void> {
  const rows: string[][] = parse(sampleText('microsoft/workers.csv'));
  const [header = [], ...records] = rows;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const columns = header.map((name) => (name === 'HireDate' ? `"${name}" date` : `"${name}" text`));
    await client.query(`create table hr_export ("RowNumber" integer primary key, ${columns.join(', ')})`);
    // One statement for all rows: one each takes most of a second.
    const names = header.map((name) => `"${name}"`);
    const values = header.map((name) => `nullif(row ->> '${name}', '')${name === 'HireDate' ? '::date' : ''}`);
    const objects = records.map((record) => Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])));
    await client.query(
      `insert into hr_export ("RowNumber", ${names.join(', ')})
       select number, ${values.join(', ')} from jsonb_array_elements($1::jsonb) with ordinality as rows (row, number)`,
      [JSON.stringify(objects)],
    );
  } finally {
    await client.end();
  }
}
