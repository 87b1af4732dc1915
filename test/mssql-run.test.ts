import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql, fillDirty } from '../samples/databases.ts';
import type { RunResult } from '../src/stages/run.ts';
import { freshDatabase } from './database.ts';
import { answerFromTables, startTdsDouble, type TdsColumn, type TdsDouble, type TdsValue } from './tds-double.ts';
import { openWorkplace, peopleOf, root, uploadsOf, type Workplace } from './workplace.ts';

/** The query of workers-dirty.sql in T-SQL. */
const transactSql = `SELECT *, CAST(CASE WHEN WorkerStatus = 'Active'
    AND COUNT(CASE WHEN WorkerStatus = 'Active' THEN 1 END) OVER (PARTITION BY WorkerID COLLATE Latin1_General_100_BIN2) = 1
    THEN 1 ELSE 0 END AS bit) AS is_primary
FROM dbo.hr_export
ORDER BY WorkerID COLLATE Latin1_General_100_BIN2, RowNumber`;
const overPostgres = join(root, 'pipelines', 'contoso-dirty.yaml');
const nextDay = `update hr_export set "Department" = 'Research' where "WorkerStatus" = 'Active' and "RowNumber" % 7 = 0;
  update hr_export set "WorkerStatus" = 'Inactive' where "WorkerID" in (select "WorkerID" from hr_export group by 1 having count(*) = 1 order by 1 limit 5)`;

/** pg_type: the types that the export has beside text. */
const oid = { bool: 16, int4: 23, date: 1082 };

/** What the PostgreSQL query returns now, in its order, as SQL Server would hold it: the same rows behind the other wire. */
async function readExport(url: string): Promise<{ readonly columns: readonly TdsColumn[]; readonly rows: readonly TdsValue[][] }> {
  const client = new Client({ connectionString: url });
  // Dates as the text that they are.
  client.setTypeParser(oid.date, String);
  await client.connect();
  try {
    const text = await readFile(join(root, 'pipelines', 'workers-dirty.sql'), 'utf8');
    const { fields, rows } = await client.query<TdsValue[]>({ text, rowMode: 'array' });
    return {
      columns: fields.map(({ name, dataTypeID }): TdsColumn => {
        if (dataTypeID === oid.int4) return { name, type: 'int' };
        if (dataTypeID === oid.bool) return { name, type: 'bit' };
        return dataTypeID === oid.date ? { name, type: 'date' } : { name, type: 'nvarchar', length: 'max' };
      }),
      rows,
    };
  } finally {
    await client.end();
  }
}

/** The shipped pipeline with nothing but its source changed. */
async function writeMssqlPipeline(folder: string): Promise<string> {
  await mkdir(join(folder, 'pipelines'));
  await mkdir(join(folder, 'samples'));
  await copyFile(join(root, 'samples', 'country-codes.csv'), join(folder, 'samples', 'country-codes.csv'));
  await writeFile(join(folder, 'pipelines', 'workers-dirty-mssql.sql'), transactSql);
  const file = join(folder, 'pipelines', 'contoso-dirty.yaml');
  const text = await readFile(overPostgres, 'utf8');
  const changed = text.replace('type: postgres', 'type: mssql').replace('workers-dirty.sql', 'workers-dirty-mssql.sql');
  expect(changed.split('\n').filter((line) => !text.includes(line))).toHaveLength(2);
  await writeFile(file, changed);
  return file;
}

/** Everything that the ledger knows of each worker, but for ids of runs and operations. */
async function ledgerOf(work: Workplace, pipeline: string): Promise<readonly object[]> {
  const runner = await work.open(pipeline);
  try {
    const entries: object[] = [];
    const { tenant, job } = runner.pipeline.sink;
    for await (const chunk of runner.store.ledger.streamEntries({ tenant, job }, runner.pipeline.name)) {
      for (const { externalId, evaluated, desired, sent, confirmed, failed, missing } of chunk) {
        const { verdict, draftHash, reasons, nextDate, missingManager } = evaluated ?? {};
        const judged = { verdict, draftHash, reasons, nextDate, missingManager };
        const outcome = confirmed?.evidence.outcome;
        entries.push({ externalId, judged, desired: desired?.payload, sent, confirmed: confirmed?.payload, outcome, failed, missing });
      }
    }
    return entries;
  } finally {
    await runner.close();
  }
}

describe('the same pipeline over SQL Server and over PostgreSQL', () => {
  let url: string;
  let folder: string;
  let double: TdsDouble;
  let table: Awaited<ReturnType<typeof readExport>>;
  let overMssql: string;
  let postgres: Workplace;
  let mssql: Workplace;

  beforeAll(async () => {
    url = await freshDatabase('mssqlrun');
    await fillDirty(url);
    folder = await mkdtemp(join(tmpdir(), 'joinery-mssql-'));
    overMssql = await writeMssqlPipeline(folder);
    double = await startTdsDouble({ answer: (sql) => answerFromTables([{ name: 'dbo.hr_export', ...table }])(sql) });
    postgres = await openWorkplace({ variables: { HR_EXPORT_URL: url } });
    mssql = await openWorkplace({ variables: { HR_EXPORT_URL: double.url } });
  });

  afterAll(async () => {
    await postgres.close();
    await mssql.close();
    await double.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function runBoth(): Promise<readonly RunResult[]> {
    table = await readExport(url);
    return [(await postgres.run(overPostgres)).result, (await mssql.run(overMssql)).result];
  }

  async function expectSameEnd([left, right]: readonly RunResult[]): Promise<void> {
    expect(right?.plan.counts).toEqual(left?.plan.counts);
    expect(right?.plan.rejections).toEqual(left?.plan.rejections);
    expect(right?.tally).toEqual(left?.tally);
    expect(peopleOf(mssql.emulator)).toEqual(peopleOf(postgres.emulator));
    expect(await ledgerOf(mssql, overMssql)).toEqual(await ledgerOf(postgres, overPostgres));
  }

  it('ends the first run in the same directory and the same ledger', async () => {
    const results = await runBoth();
    expect(peopleOf(mssql.emulator).length).toBeGreaterThan(250);
    await expectSameEnd(results);
    // The rows came through the wire, by one statement of the query's own text inside a snapshot.
    expect(double.counts.rows).toBeGreaterThan(900);
    expect(double.log.filter((text) => text === transactSql)).toHaveLength(1);
  });

  it('sends on a later day the same movers and leavers', async () => {
    await executeSql(url, nextDay);
    const results = await runBoth();
    // Two of the five were inactive before.
    expect(results[1]?.plan.counts).toMatchObject({ leaver: 3 });
    expect(results[1]?.plan.counts.mover).toBeGreaterThan(10);
    await expectSameEnd(results);
  });

  it('sends nothing when nothing changed', async () => {
    const before = uploadsOf(mssql.emulator);
    const results = await runBoth();
    expect(results.map(({ plan }) => plan.price.operations)).toEqual([0, 0]);
    expect(uploadsOf(mssql.emulator)).toBe(before);
    await expectSameEnd(results);
  });
});
