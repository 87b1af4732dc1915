import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sinkText } from '../samples/sink-variables.ts';
import type { JoineryEvent } from '../src/domain/event.ts';
import { scopeOf } from '../src/stages/context.ts';
import { hrEngines, type HrEngine, type HrRow, type Trouble } from './hr-engines.ts';
import { openWorkplace, peopleOf, uploadsOf, type Workplace } from './workplace.ts';

const pipelineOf = (type: string, query: string, limit: string): string => `pipeline: trouble
source:
  type: ${type}
  connection: \${HR_URL}
  query: ${query}
  key: id
  statementTimeout: ${limit}
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
  rejections: { percent: 5, atLeast: 10 }
${sinkText()}`;

const everybody: readonly HrRow[] = Array.from({ length: 120 }, (_each, index) => ({
  id: `W${String(index + 1).padStart(4, '0')}`,
  name: `Worker ${String(index + 1)}`,
  status: 'on',
  at: null,
}));

/** What can go wrong with a source between two runs; each test leaves the database as it was. */
describe.each(hrEngines)('trouble with the source: %s', (_name, open) => {
  let engine: HrEngine;
  let folder: string;
  let file: string;
  let work: Workplace;

  beforeAll(async () => {
    engine = await open();
    await engine.put(everybody);
    folder = await mkdtemp(join(tmpdir(), 'joinery-trouble-'));
    file = await write('workers', `select * from ${engine.table} order by ${engine.orderBy}`);
    work = await openWorkplace({ variables: { HR_URL: engine.url } });
    await work.run(file);
  });

  afterAll(async () => {
    await work.close();
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function write(name: string, sql: string, limit = '15m'): Promise<string> {
    const path = join(folder, `${name}.yaml`);
    await writeFile(path, pipelineOf(engine.type, `${name}.sql`, limit));
    await writeFile(join(folder, `${name}.sql`), sql);
    return path;
  }

  /** Everything that a run believes: the directory, the ledger, what was sent, and the fingerprints to their last byte. */
  async function believed(): Promise<object> {
    const runner = await work.open(file);
    try {
      const ledger: object[] = [];
      for await (const chunk of runner.store.ledger.streamEntries(scopeOf(runner.pipeline), runner.pipeline.name)) ledger.push(...chunk);
      const kept = join(work.state, 'pipelines', 'trouble');
      const files = await Promise.all(
        (await readdir(kept)).toSorted().map(async (name) => [name, await readFile(join(kept, name), 'latin1')]),
      );
      return { people: peopleOf(work.emulator), uploads: uploadsOf(work.emulator), ledger, files };
    } finally {
      await runner.close();
    }
  }

  /** The trouble ends the run with its code and changes nothing at all. Answers whether everything is believed as before. */
  async function endsWith(error: object, begin: () => Promise<() => Promise<void>>, pipeline = file): Promise<boolean> {
    const before = await believed();
    const repair = await begin();
    await expect(work.run(pipeline)).rejects.toMatchObject(error);
    expect(await believed()).toEqual(before);
    await repair();
    return true;
  }
  const filled = (rows: readonly HrRow[]) => async () => {
    await engine.put(rows);
    return () => engine.put(everybody);
  };
  const nothing = (): Promise<() => Promise<void>> => Promise.resolve(() => Promise.resolve());

  const rejectionsOf = (events: readonly JoineryEvent[]): readonly object[] =>
    events.flatMap((event) =>
      event.type === 'rejection'
        ? [{ externalId: event.rejection.externalId, codes: event.rejection.reasons.map(({ code }) => code) }]
        : [],
    );

  it('begins with everybody provisioned', () => {
    expect(peopleOf(work.emulator)).toHaveLength(120);
  });

  it.each<[string, Trouble, object]>([
    ['a connection that is cut in the middle of the rows is lost', 'cut', { code: 'SRC-102' }],
    ['a lock that is not given is told by name', 'lock', { code: 'SRC-208' }],
    [
      'a column that was renamed since the last run is missed by name',
      'columnGone',
      {
        code: 'SRC-204',
        message: expect.stringContaining('does not return name'),
        place: { file: expect.stringMatching(/workers\.(?:yaml|sql)$/), line: expect.any(Number) },
      },
    ],
  ])('%s', async (_what, trouble, error) => {
    if (engine.cannot.has(trouble)) return;
    expect(
      await endsWith({ ...error, why: expect.stringMatching(/./), fix: expect.stringMatching(/./) }, () => engine.trouble(trouble)),
    ).toBe(true);
  });

  it('a statement that does not end is ended at its limit', async () => {
    if (engine.cannot.has('slow')) return;
    const limited = await write('limited', `select * from ${engine.table} order by ${engine.orderBy}`, '1s');
    expect(await endsWith({ code: 'SRC-207' }, () => engine.trouble('slow'), limited)).toBe(true);
  });

  it('an error in the query is told with its file and line', async () => {
    const wrong = await write('wrong', `select id, name,\n  oops\nfrom nowhere_${engine.table}s order by id`);
    expect(await endsWith({ code: 'SRC-202', place: { file: expect.stringMatching(/wrong\.sql$/) } }, nothing, wrong)).toBe(true);
  });

  it('rows out of key order end the run by name, with the ORDER BY to write', async () => {
    const disordered = await write('disordered', `select * from ${engine.table} order by id desc`);
    const fix = expect.stringMatching(/ORDER BY .*id.* COLLATE/);
    expect(
      await endsWith({ code: 'SRC-301', fix, place: { file: expect.stringMatching(/disordered\.sql$/), line: 1 } }, nothing, disordered),
    ).toBe(true);
  });

  it.each([
    ['shrank to a third', everybody.slice(0, 40), 'approve PIPELINE'],
    // Nobody is sent to an approval that would be refused.
    ['is empty', [], 'can be approved by nobody'],
  ])('a table that %s stops before the first call, and the way out is told', async (_what, rows, fix) => {
    expect(await endsWith({ code: 'PLN-201', fix: expect.stringContaining(fix) }, filled(rows))).toBe(true);
  });

  it('a run behind all of these looks at nobody and sends nothing', async () => {
    const { result, events } = await work.run(file);
    expect(result.plan.price.operations).toBe(0);
    expect(events.find((event) => event.type === 'stage.finished' && event.stage === 'extract')).toMatchObject({
      counts: { rows: 120, changed: 0, vanished: 0 },
    });
  });

  it('a column of another type has everybody looked at again and nobody sent', async () => {
    const repair = await engine.trouble('otherType');
    const { result, events } = await work.run(file);
    expect(events.find((event) => event.type === 'stage.finished' && event.stage === 'extract')).toMatchObject({
      counts: { changed: 120 },
    });
    expect(result.plan.price.operations).toBe(0);
    await repair();
    await work.run(file);
  });

  it('a key that two rows claim is a rejection by name, and the account stays', async () => {
    const people = peopleOf(work.emulator);
    await engine.put([...everybody, { id: 'W0007', name: 'Somebody Else', status: 'off', at: null }]);
    const { result, events } = await work.run(file);
    expect(result.plan.rejections).toMatchObject({ fresh: 1, keyless: 0 });
    expect(rejectionsOf(events)).toEqual([{ externalId: 'W0007', codes: ['MAP-205'] }]);
    expect(result.plan.price.operations).toBe(0);
    expect(peopleOf(work.emulator)).toEqual(people);
    await engine.put(everybody);
    expect((await work.run(file)).result.plan).toMatchObject({ price: { operations: 0 }, rejections: { standing: 0 } });
  });

  it('a row whose key became NULL is counted, and nobody counts as gone while it is there', async () => {
    const people = peopleOf(work.emulator);
    await engine.put(everybody.map((row) => (row.name === 'Worker 9' ? { ...row, id: null } : row)));
    const { result, events } = await work.run(file);
    expect(rejectionsOf(events)).toEqual([{ externalId: undefined, codes: ['PLN-105'] }]);
    expect(result.plan).toMatchObject({ counts: { leaver: 0 }, rejections: { keyless: 1 }, price: { operations: 0 } });
    expect(peopleOf(work.emulator)).toEqual(people);
    await engine.put(everybody);
    expect((await work.run(file)).result.plan).toMatchObject({ rejections: { keyless: 0 }, price: { operations: 0 } });
    expect(peopleOf(work.emulator)).toEqual(people);
  });
});
