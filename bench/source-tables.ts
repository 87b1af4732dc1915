import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as pump } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { executeSql } from '../samples/databases.ts';
import { generateWorkers } from './workload.ts';

const workload = process.env['BENCH_WORKLOAD'] ?? fileURLToPath(new URL('../../shared/bench-workload/', import.meta.url));
const columns =
  'employee_number first_name last_name middle_name preferred_name email department_code country country2 locale timezone hire_date termination_date manager_number job_title phone mobile street city postal_code region cost_centre employment_type fte pay_grade updated_at first_day'.split(
    ' ',
  );

/** The workers of the smaller company whose memory is compared. */
export const fewer = 300_000;

/**
 * The tables of the bench: everybody, the same with 1 % changed, the same under two other kinds of key, and the smaller company. `date`: the last day of 0.3 % of the workers, so that they
 * are disabled on the day after.
 */
export async function fillTables(url: string, workers: number, date: string, otherKeys: boolean): Promise<void> {
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
    `create table hr_worker_changed (like hr_worker including all)`,
    `insert into hr_worker_changed select * from hr_worker order by employee_number`,
    `update hr_worker_changed set job_title = 'Changed' where substr(employee_number, 2)::int % 100 = 0`,
    `create table hr_worker_fewer (like hr_worker including all)`,
    `insert into hr_worker_fewer select * from hr_worker order by employee_number limit ${String(fewer)}`,
    ...(otherKeys
      ? [
          `create table hr_worker_integer as select * from hr_worker order by employee_number`,
          `alter table hr_worker_integer alter employee_number type bigint using substr(employee_number, 2)::bigint, alter manager_number type bigint using substr(manager_number, 2)::bigint, add primary key (employee_number)`,
          `create table hr_worker_default as select * from hr_worker`,
          `alter table hr_worker_default alter employee_number type text collate "default", add primary key (employee_number)`,
        ]
      : []),
    `vacuum full analyze`,
  );
}

/** Who has an account on that day. */
export async function employedOn(url: string, table: string, date: string): Promise<ReadonlySet<string>> {
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
