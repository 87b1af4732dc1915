import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pump } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { executeSql } from '../samples/databases.ts';
import { startPostgres } from '../test/postgres.ts';
import { fewer, type BenchDatabase, type BenchKey } from './source-database.ts';
import { cursorLoop } from './source-naive.ts';
import { copyOut } from './source-process.ts';
import { generateWorkers } from './workload.ts';

const workload = process.env['BENCH_WORKLOAD'] ?? fileURLToPath(new URL('../../shared/bench-workload/', import.meta.url));
const columns =
  'employee_number first_name last_name middle_name preferred_name email department_code country country2 locale timezone hire_date termination_date manager_number job_title phone mobile street city postal_code region cost_centre employment_type fte pay_grade updated_at first_day'.split(
    ' ',
  );

const keys: readonly BenchKey[] = [
  { name: 'text COLLATE "C"', table: 'hr_worker', order: 'employee_number', isGoal: true, isWhole: true },
  { name: 'integer', table: 'hr_worker_integer', order: 'employee_number', isGoal: true, isWhole: true },
  {
    name: 'text in another collation, no index fits',
    table: 'hr_worker_default',
    order: 'employee_number COLLATE "C"',
    isGoal: false,
    isWhole: false,
  },
];

/** A PostgreSQL of its own, empty. */
export async function openPostgresBench(): Promise<BenchDatabase> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase('bench');
  return {
    type: 'postgres',
    url,
    keys,
    plainly: "psql's COPY",
    fill: (workers, date, otherKeys) => fillTables(url, workers, date, otherKeys),
    readPlainly: (query) => Promise.resolve(copyOut(url, query)),
    loop: (query) => cursorLoop(url, query),
    versions: {
      columns,
      change: (table) => executeSql(url, `update ${table} set job_title = 'Changed' where ${isChanged}`, `analyze ${table}`),
    },
    employedOn: (table, date) => employedOn(url, table, date),
    knex: { client: 'pg', connection: url },
    first: (query, rows) => `${query} limit ${String(rows)}`,
    close: () => postgres.stop(),
  };
}

async function fillTables(url: string, workers: number, date: string, otherKeys: boolean): Promise<void> {
  await executeSql(url, readFileSync(join(workload, 'ddl.sql'), 'utf8'), 'alter table hr_worker add first_day date');
  const lines = function* (): Generator<string> {
    for (const rows of generateWorkers(workers))
      yield rows.map((row) => `${columns.map((name) => row[name] ?? '\\N').join('\t')}\n`).join('');
  };
  const filling = spawn('psql', [url, '-X', '-q', '-c', `copy hr_worker (${columns.join(',')}) from stdin`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const filled = once(filling, 'close');
  await pump(Readable.from(lines()), filling.stdin);
  await filled;
  await executeSql(
    url,
    `update hr_worker set termination_date = '${date}' where substr(employee_number, 2)::int % 333 = 0`,
    ...others('hr_worker'),
    ...(otherKeys
      ? [
          `create table hr_worker_integer as select * from hr_worker order by employee_number`,
          `alter table hr_worker_integer alter employee_number type bigint using substr(employee_number, 2)::bigint, alter manager_number type bigint using substr(manager_number, 2)::bigint, add primary key (employee_number)`,
          ...others('hr_worker_integer'),
          `create table hr_worker_default as select * from hr_worker`,
          `alter table hr_worker_default alter employee_number type text collate "default", add primary key (employee_number)`,
        ]
      : []),
    `vacuum full analyze`,
  );
}

/** One worker of a hundred, whatever the type of the key. */
const isChanged = `right(employee_number::text, 2) = '00'`;

/** The same company with 1 % changed, and the smaller one. */
function others(table: string): readonly string[] {
  return [
    `create table ${table}_changed (like ${table} including all)`,
    `insert into ${table}_changed select * from ${table} order by employee_number`,
    `update ${table}_changed set job_title = 'Changed' where ${isChanged}`,
    `create table ${table}_fewer (like ${table} including all)`,
    `insert into ${table}_fewer select * from ${table} order by employee_number limit ${String(fewer)}`,
  ];
}

async function employedOn(url: string, table: string, date: string): Promise<ReadonlySet<string>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ key: string }>(
      `select employee_number::text as key from ${table} where first_day <= $1 and (termination_date is null or termination_date >= $1)`,
      [date],
    );
    return new Set(rows.map(({ key }) => key));
  } finally {
    await client.end();
  }
}
