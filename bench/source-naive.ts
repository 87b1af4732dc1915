import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import knex, { type Knex } from 'knex';
import { Client } from 'pg';
import QueryStream from 'pg-query-stream';
import { loadPipeline } from '../src/pipeline/load.ts';
import type { WorkloadRow } from './workload.ts';

/** Milliseconds of a plain cursor loop that does nothing with a row. */
export async function cursorLoop(url: string, query: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const started = performance.now();
  let rows = 0;
  for await (const row of client.query(new QueryStream(query, [], { batchSize: 1000 }))) rows += row === undefined ? 0 : 1;
  if (rows === 0) throw new Error(`no rows: ${query}`);
  const milliseconds = performance.now() - started;
  await client.end();
  return milliseconds;
}

/** The naive pipeline: knex stream, and one awaited evaluation of jsonata for each attribute; nothing is compared or kept. Milliseconds for the rows that were read. */
export async function naivePipeline(
  connection: Knex.Config,
  query: string,
  file: string,
): Promise<{ readonly milliseconds: number; readonly rows: number }> {
  const { pipeline } = loadPipeline(file, { environment: {}, unset: 'standIn' });
  const departments = readFileSync(join(file, '..', 'departments.csv'), 'utf8');
  const unit = Object.fromEntries(
    departments
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([code = '', name, division, org]) => [code, { name, division, org }]),
  );
  const expressions = (pipeline?.transform.attributes ?? []).flatMap(({ formula }) =>
    formula.kind === 'literal' || formula.text === '$employed' ? [] : [jsonata(formula.text)],
  );
  const database = knex(connection);
  const started = performance.now();
  let rows = 0;
  const stream: AsyncIterable<WorkloadRow> = database.raw(query).stream();
  for await (const row of stream) {
    rows++;
    const bound = { given: row['preferred_name'] ?? row['first_name'], unit: unit[String(row['department_code'])] };
    for (const expression of expressions) await expression.evaluate(row, bound);
  }
  const milliseconds = performance.now() - started;
  await database.destroy();
  return { milliseconds, rows };
}
