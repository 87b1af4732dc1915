import type { Knex } from 'knex';
import type { ConnectionPool } from 'mssql';
import { Secret } from '../src/domain/masking.ts';
import { readMssqlUrl } from '../src/source/mssql-connection.ts';
import { allowOneMoment, openMssqlAdmin } from '../test/mssql-admin.ts';
import { fewer, type BenchDatabase } from './source-database.ts';
import { generateWorkers } from './workload.ts';

const table = 'joinery_test_bench';
const hour = 3_600_000;
const texts =
  'first_name last_name middle_name preferred_name email department_code country country2 locale timezone hire_date manager_number job_title phone mobile street city postal_code region cost_centre employment_type pay_grade'.split(
    ' ',
  );
/** The shared workload's columns; its key is ordered by bytes and indexed so. */
const columns = [
  'employee_number nvarchar(20)',
  ...texts.map((name) => `${name} nvarchar(200)`),
  'termination_date date',
  'fte decimal(5, 2)',
  'updated_at datetimeoffset(0)',
  'first_day date',
];
const names = columns.map((column) => column.slice(0, column.indexOf(' '))).join(', ');

/** The SQL Server of JOINERY_MSSQL_URL: tables `joinery_test_bench*` are made and dropped. It has no COPY, so that ratios are against the plainest loop of the driver, which reads what we read. */
export async function openMssqlBench(url: string): Promise<BenchDatabase> {
  const admin = await openMssqlAdmin(url, hour);
  const run = async (...batches: readonly string[]): Promise<void> => {
    for (const batch of batches) await admin.request().batch(batch);
  };
  const drop = [table, `${table}_changed`, `${table}_fewer`].map((name) => `drop table if exists ${name}`);
  const make = (name: string): string =>
    `create table ${name} (${columns.join(', ').replace('nvarchar(20)', 'nvarchar(20) collate Latin1_General_100_BIN2 not null primary key')})`;
  const { server, port, user, password, database, options } = await readMssqlUrl(
    new Secret('JOINERY_MSSQL_URL', url),
    'joinery-bench',
    hour,
  );
  const connection: Knex.MsSqlConnectionConfig & { readonly user: string } = {
    server,
    port: port ?? 1433,
    user: user ?? '',
    password: password ?? '',
    database: database ?? 'master',
    options: { encrypt: options?.encrypt === true, trustServerCertificate: options?.trustServerCertificate === true },
  };
  return {
    type: 'mssql',
    url,
    keys: [{ name: 'nvarchar COLLATE Latin1_General_100_BIN2', table, order: 'employee_number', isGoal: true, isWhole: true }],
    plainly: 'a plain loop of the driver',
    async fill(workers, date) {
      await allowOneMoment(admin);
      await run(...drop, make(table), make(`${table}_changed`), make(`${table}_fewer`));
      for (const rows of generateWorkers(workers)) await insert(admin, rows);
      await run(
        `update ${table} set termination_date = '${date}' where cast(substring(employee_number, 2, 7) as int) % 333 = 0`,
        `insert ${table}_changed with (tablock) (${names}) select ${names} from ${table}`,
        `update ${table}_changed set job_title = N'Changed' where cast(substring(employee_number, 2, 7) as int) % 100 = 0`,
        `insert ${table}_fewer with (tablock) (${names}) select top (${String(fewer)}) ${names} from ${table} order by employee_number`,
      );
    },
    async readPlainly(query) {
      const request = admin.request();
      request.arrayRowMode = true;
      request.stream = true;
      const started = performance.now();
      let rows = 0;
      request.on('row', () => rows++);
      await request.query(query);
      if (rows === 0) throw new Error(`no rows: ${query}`);
      return performance.now() - started;
    },
    async employedOn(of, date) {
      const { recordset } = await admin
        .request()
        .query<{ key: string }>(
          `select employee_number as [key] from ${of} where first_day <= '${date}' and (termination_date is null or termination_date >= '${date}')`,
        );
      return new Set(recordset.map(({ key }) => key));
    },
    knex: { client: 'mssql', connection },
    first: (query, rows) => query.replace(/^select /, `select top (${String(rows)}) `),
    async close() {
      await run(...drop);
      await admin.close();
    },
  };
}

/** As JSON, which SQL Server takes apart itself. */
async function insert(admin: ConnectionPool, rows: readonly object[]): Promise<void> {
  const { default: mssql } = await import('mssql');
  const shapes = columns.map((column) => column.replace(/^\w+/, '[$&]')).join(', ');
  await admin
    .request()
    .input('rows', mssql.NVarChar(mssql.MAX), JSON.stringify(rows))
    .query(`insert ${table} with (tablock) (${names}) select ${names} from openjson(@rows) with (${shapes})`);
}
