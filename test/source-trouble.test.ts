import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql } from '../samples/databases.ts';
import { scopeOf } from '../src/stages/context.ts';
import { freshDatabase } from './database.ts';
import { openWorkplace, peopleOf, uploadsOf, type Workplace } from './workplace.ts';

const pipeline = `pipeline: trouble
source:
  type: postgres
  connection: \${HR_URL}
  query: workers.sql
  key: id
  columns:
    id: { type: string, required: true }
    name: { type: string, required: true }
    status: { type: string, required: true, values: [on, off] }
transform:
  attributes:
    active: status = "on"
    userName: $lowercase(id) & "@contoso.example"
    displayName: name
    enterprise:
      employeeNumber: id
leavers:
  vanished: { action: disable, after: { fullPasses: 1, hours: 0 } }
guards:
  first: { joiners: 1000, rejections: 1% }
sink:
  type: entra
  tenant: \${ENTRA_TENANT_ID}
  servicePrincipal: \${ENTRA_SERVICE_PRINCIPAL_ID}
  job: \${ENTRA_JOB_ID}
  emulator: \${ENTRA_EMULATOR_ORIGIN}
  auth:
    client: \${ENTRA_CLIENT_ID}
    secret: \${ENTRA_CLIENT_SECRET}
  quota: p1
`;

const usual = `create or replace view workers as select id, name, status from hr`;
/** A view that does something terrible at its 300th row, in the middle of the read. */
const terrible = (what: string): string =>
  `create or replace function terror(n bigint) returns text language plpgsql as $f$ begin if n = 300 then ${what}; end if; return 'on'; end $f$;
   create or replace view workers as select id, name, case when status = 'on' then terror(row_number() over (order by id collate "C")) else status end as status from hr`;

/** What can go wrong with a source between two runs; each test leaves the database as it was. */
describe('trouble with the source', () => {
  let url: string;
  let folder: string;
  let file: string;
  let work: Workplace;

  beforeAll(async () => {
    url = await freshDatabase('trouble');
    await executeSql(
      url,
      `create table hr (id text, name text, status text);
       insert into hr select 'W' || lpad(n::text, 4, '0'), 'Worker ' || n, 'on' from generate_series(1, 500) n`,
      usual,
    );
    folder = await mkdtemp(join(tmpdir(), 'joinery-trouble-'));
    file = join(folder, 'trouble.yaml');
    await writeFile(file, pipeline);
    await writeFile(join(folder, 'workers.sql'), 'select * from workers order by id collate "C"');
    work = await openWorkplace({ variables: { HR_URL: url } });
    await work.run(file);
  }, 120_000);

  afterAll(async () => {
    await work.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function ledger(): Promise<readonly object[]> {
    const runner = await work.open(file);
    try {
      const entries: object[] = [];
      for await (const chunk of runner.store.ledger.streamEntries(scopeOf(runner.pipeline), runner.pipeline.name)) entries.push(...chunk);
      return entries;
    } finally {
      await runner.close();
    }
  }

  /** The trouble ends the run with its code, changes nothing at all, and is forgotten once it is repaired. Answers what the run after the repair had to send. */
  async function operationsAfter(trouble: string, repair: string, error: object, pipelineFile = file): Promise<number> {
    const before = { people: peopleOf(work.emulator), ledger: await ledger(), uploads: uploadsOf(work.emulator) };
    await executeSql(url, trouble);
    await expect(work.run(pipelineFile)).rejects.toMatchObject(error);
    expect({ people: peopleOf(work.emulator), ledger: await ledger(), uploads: uploadsOf(work.emulator) }).toEqual(before);
    await executeSql(url, repair);
    const { result } = await work.run(file);
    expect(peopleOf(work.emulator)).toEqual(before.people);
    return result.plan.price.operations;
  }

  it('begins with everybody provisioned', () => {
    expect(peopleOf(work.emulator)).toHaveLength(500);
  });

  it('a connection that is cut in the middle of the read ends the run as lost', { timeout: 60_000 }, async () => {
    expect(await operationsAfter(terrible('perform pg_terminate_backend(pg_backend_pid())'), usual, { code: 'SRC-102' })).toBe(0);
  });

  it('a lock that is not given ends the run by name', { timeout: 60_000 }, async () => {
    expect(await operationsAfter(terrible(`raise exception 'lock' using errcode = '55P03'`), usual, { code: 'SRC-208' })).toBe(0);
  });

  it('a column that was renamed since the last run is missed by name', { timeout: 60_000 }, async () => {
    const error = { code: 'SRC-204', message: expect.stringContaining('does not return name') };
    expect(
      await operationsAfter(
        `drop view workers; create view workers as select id, name as full_name, status from hr`,
        `drop view workers; ${usual}`,
        error,
      ),
    ).toBe(0);
  });

  it('a column of another type has everybody looked at again and nobody sent', { timeout: 60_000 }, async () => {
    await executeSql(url, `drop view workers; create view workers as select id, name::varchar(80) as name, status from hr`);
    const { result, events } = await work.run(file);
    expect(events.find((event) => event.type === 'stage.finished' && event.stage === 'extract')).toMatchObject({
      counts: { changed: 500 },
    });
    expect(result.plan.price.operations).toBe(0);
    await executeSql(url, `drop view workers; ${usual}`);
    await work.run(file);
  });

  it('rows out of key order end the run by name, with the ORDER BY to write', { timeout: 60_000 }, async () => {
    const other = join(folder, 'disordered.yaml');
    await writeFile(other, pipeline.replace('workers.sql', 'disordered.sql'));
    await writeFile(join(folder, 'disordered.sql'), 'select * from workers order by id desc');
    expect(
      await operationsAfter('select 1', 'select 1', { code: 'SRC-301', fix: expect.stringContaining('ORDER BY "id" COLLATE "C"') }, other),
    ).toBe(0);
  });

  it('a table that shrank to a third stops before the first call', { timeout: 60_000 }, async () => {
    const shrunken = `create or replace view workers as select id, name, status from hr where id <= 'W0150'`;
    expect(await operationsAfter(shrunken, usual, { code: 'PLN-201', message: expect.stringContaining('population') })).toBe(0);
  });

  it('an empty table stops, too', { timeout: 60_000 }, async () => {
    expect(
      await operationsAfter(`create or replace view workers as select id, name, status from hr where false`, usual, { code: 'PLN-201' }),
    ).toBe(0);
  });

  it('a key that two rows claim is a rejection by name, and the account stays', { timeout: 60_000 }, async () => {
    const people = peopleOf(work.emulator);
    await executeSql(url, `insert into hr values ('W0007', 'Somebody Else', 'off')`);
    const { result } = await work.run(file);
    expect(result.plan.rejections).toMatchObject({ fresh: 1, keyless: 0 });
    expect(result.plan.price.operations).toBe(0);
    expect(peopleOf(work.emulator)).toEqual(people);
    await executeSql(url, `delete from hr where name = 'Somebody Else'`);
    expect((await work.run(file)).result.plan).toMatchObject({ price: { operations: 0 }, rejections: { standing: 0 } });
  });

  it('a row whose key became NULL is counted, and nobody counts as gone while it is there', { timeout: 60_000 }, async () => {
    const people = peopleOf(work.emulator);
    await executeSql(url, `update hr set id = null where name = 'Worker 9'`);
    const { result } = await work.run(file);
    expect(result.plan).toMatchObject({ counts: { leaver: 0 }, rejections: { keyless: 1 }, price: { operations: 0 } });
    expect(peopleOf(work.emulator)).toEqual(people);
    await executeSql(url, `update hr set id = 'W0009' where name = 'Worker 9'`);
    expect((await work.run(file)).result.plan).toMatchObject({ rejections: { keyless: 0 }, price: { operations: 0 } });
    expect(peopleOf(work.emulator)).toEqual(people);
  });
});
