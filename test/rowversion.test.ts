import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sinkText } from '../samples/sink-variables.ts';
import type { JoineryEvent } from '../src/domain/event.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import type { RunResult } from '../src/stages/run.ts';
import { freshDatabase } from './database.ts';
import { hrEngines, type HrEngine, type HrRow } from './hr-engines.ts';
import { openWorkplace, peopleOf, type Workplace } from './workplace.ts';

const pipeline = `pipeline: versioned
timezone: Europe/Berlin
source:
  type: postgres
  connection: \${HR_URL}
  table: workers
  join:
    team: { table: teams, on: { id: team } }
  key: id
  columns:
    id: { type: string, required: true }
    name: { type: string, required: true }
    status: { type: string, required: true, values: [on, off] }
    team: { type: string, from: team.label }
  changes: { mode: rowversion, fullPass: 24h }
transform:
  attributes:
    active: status = "on"
    userName: $lowercase(id) & "@contoso.example"
    displayName: name
    title: team
leavers:
  vanished: { action: disable, after: { fullPasses: 1, hours: 0 } }
guards:
  first: { joiners: 1000, rejections: 1% }
${sinkText()}`;

describe('runs that read the rows whose version is another', () => {
  let admin: Client;
  let folder: string;
  let file: string;
  let work: Workplace;
  const clock = new VirtualClock('2026-11-02T07:00:00Z');

  interface Told {
    readonly result: RunResult;
    readonly counts: Readonly<Record<string, number>>;
    /** What `source.read` said. */
    readonly read: number | string | undefined;
  }
  function told(result: RunResult, events: readonly JoineryEvent[]): Told {
    const counts = events.flatMap((event) => (event.type === 'stage.finished' && event.stage === 'extract' ? [event.counts] : []))[0] ?? {};
    const [read] = events.flatMap((event) => (event.type === 'source.read' ? ['rows' in event ? event.rows : event.because] : []));
    return { result, counts, read };
  }
  async function run(): Promise<Told> {
    await clock.sleep(60_000);
    const { result, events } = await work.run(file);
    return told(result, events);
  }
  const nothingElse = { joiner: 0, mover: 0, leaver: 0 };

  beforeAll(async () => {
    const url = await freshDatabase('rowversion');
    admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(`create type state as enum ('on', 'off');
      create table teams (id int primary key, label text); insert into teams values (1, 'One'), (2, 'Two');
      create table workers (id text collate "C" primary key, name text, status state, team int);
      insert into workers select 'W' || i, 'Name ' || i, 'on', i % 3 from generate_series(1, 30) i`);
    folder = await mkdtemp(join(tmpdir(), 'joinery-rowversion-'));
    file = join(folder, 'versioned.yaml');
    await writeFile(file, pipeline);
    work = await openWorkplace({ clock, variables: { HR_URL: url } });
  });
  afterAll(async () => {
    await work.close();
    await admin.end();
    await rm(folder, { recursive: true });
  });

  it('read everybody first, and nobody when nothing was written', async () => {
    expect(await run()).toMatchObject({ read: 'nothing was read before', counts: { rows: 30, keys: 30, changed: 30 } });
    expect(await run()).toMatchObject({ read: 0, counts: { rows: 30, keys: 30, changed: 0, unchanged: 30 } });
  });

  it('find who was changed, who came and who left in the same run', async () => {
    await admin.query(`update workers set name = 'Changed' where id = 'W7'; update workers set name = name where id = 'W8';
      delete from workers where id = 'W9'; insert into workers values ('W31', 'New', 'on', 1)`);
    const { read, counts, result } = await run();
    expect({ read, counts }).toMatchObject({ read: 3, counts: { rows: 30, keys: 30, changed: 2, vanished: 1 } });
    expect(result.plan.counts).toMatchObject({ joiner: 1, mover: 1, leaver: 1 });
    expect(peopleOf(work.emulator).filter(({ enabled }) => !enabled)).toHaveLength(1);
    expect((await run()).result.plan.counts).toMatchObject(nothingElse);
  });

  it('read the workers of a joined row that was changed', async () => {
    await admin.query("update teams set label = 'Second' where id = 2");
    const { read, result } = await run();
    expect(read).toBe(10);
    expect(result.plan.counts).toMatchObject({ ...nothingElse, mover: 10 });
  });

  it('count a version as seen once the plan is accepted, never before', async () => {
    await admin.query("update workers set name = 'Only planned' where id = 'W10'");
    for (let twice = 0; twice < 2; twice++) {
      const runner = await work.open(file);
      try {
        expect((await runner.plan()).plan.counts.mover).toBe(1);
      } finally {
        await runner.close();
      }
    }
    expect((await run()).result.plan.counts.mover).toBe(1);
    expect((await run()).read).toBe(0);
  });

  it('find a change whose transaction was open while others were read', async () => {
    const slow = new Client({ connectionString: work.environment['HR_URL'] ?? '' });
    await slow.connect();
    await slow.query("begin; update workers set name = 'Late' where id = 'W11'");
    await admin.query("update workers set name = 'Early' where id = 'W12'");
    expect((await run()).result.plan.counts.mover).toBe(1);
    await slow.query('commit');
    await slow.end();
    expect((await run()).result.plan.counts.mover).toBe(1);
  });

  it('read everybody, and say why, when values could be others without a write', async () => {
    await admin.query(
      "alter type state rename value 'on' to 'x'; alter type state rename value 'off' to 'on'; alter type state rename value 'x' to 'off'",
    );
    const renamed = await run().catch((error: unknown) => String(error));
    // Everybody would be disabled: a guard stops it, and nothing is accepted.
    expect(renamed).toMatch(/30 workers would be disabled/);
    await admin.query(
      "alter type state rename value 'on' to 'x'; alter type state rename value 'off' to 'on'; alter type state rename value 'x' to 'off'",
    );
    expect(await run()).toMatchObject({ read: 0 });
    await admin.query("alter table workers add column note text default 'x'");
    expect(await run()).toMatchObject({
      read: expect.stringContaining('the table or a type of its columns is another'),
      counts: { changed: 0 },
    });
    await admin.query('vacuum full workers');
    expect((await run()).read).toMatch(/is another/);
    expect((await run()).read).toBe(0);
  });

  it('read everybody when the last full pass is too old, the mapping was edited, or what was kept is gone or broken', async () => {
    await clock.sleep(24 * 3_600_000);
    expect((await run()).read).toMatch(
      /^everything was read last at 2026-11-02T\d\d:\d\d:00\.000Z, and source\.changes\.fullPass has passed$/,
    );
    await writeFile(file, pipeline.replace('displayName: name', 'displayName: name & "."'));
    expect(await run()).toMatchObject({ read: 'the mapping was edited', counts: { changed: 30 } });
    const kept = join(work.state, 'pipelines', 'versioned');
    await rm(join(kept, 'versions'));
    expect((await run()).read).toBe('the versions that the last run read are gone');
    await writeFile(join(kept, 'versions'), 'nonsense');
    expect((await run()).read).toBe('the versions that the last run read are gone');
    const records = await readFile(join(kept, 'versions'), 'utf8');
    await writeFile(join(kept, 'versions'), records.slice(0, -10));
    await expect(run()).rejects.toMatchObject({ code: 'SRC-401' });
    expect((await run()).read).toBe('the fingerprints are made anew from the ledger');
    expect((await run()).read).toBe(0);
  });

  it('leave no versions behind that are older than the fingerprints', async () => {
    await writeFile(file, pipeline.replace('mode: rowversion, fullPass: 24h', 'mode: snapshot'));
    await admin.query("update workers set name = 'By snapshot' where id = 'W13'");
    const whole = await run();
    expect(whole).toMatchObject({ read: undefined, result: { plan: { counts: expect.anything() } } });
    await writeFile(file, pipeline);
    expect((await run()).read).not.toBe(0);
    await admin.query("update workers set name = 'By version' where id = 'W13'");
    expect(await run()).toMatchObject({ read: 1, result: { plan: { counts: { mover: 1 } } } });
  });

  it.runIf(process.platform === 'linux')('leave no file open when they end before the source is read', async () => {
    await admin.query("create table plain (id text primary key, name text); insert into plain values ('P1', 'One')");
    const source = `pipeline: plain
source: { type: postgres, connection: "\${HR_URL}", table: plain, key: id, changes: { mode: rowversion } }
transform: { attributes: { active: true, userName: $lowercase(id) & "@contoso.example", displayName: name } }
${sinkText()}`;
    const own = join(folder, 'plain.yaml');
    await writeFile(own, source);
    await work.run(own);
    await admin.query('alter table plain rename column name to title');
    await expect(work.run(own)).rejects.toMatchObject({ code: 'SRC-204' });
    const open = readdirSync('/proc/self/fd').flatMap((name) => {
      try {
        return [readlinkSync(join('/proc/self/fd', name))];
      } catch {
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(work.state) && /\/(?:versions|fingerprints)$/.test(path))).toEqual([]);
  });
});

describe.each(hrEngines)('versions of rows in whole runs: %s', (_name, open) => {
  let engine: HrEngine;
  let folder: string;
  let work: Workplace;
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const people: readonly HrRow[] = ['W1', 'W2', 'w4', 'W5', 'W6'].map((id) => ({ id, name: id, status: 'on', at: null }));

  beforeAll(async () => {
    engine = await open();
    await engine.put(people);
    folder = await mkdtemp(join(tmpdir(), 'joinery-rowversions-'));
    const { table, column } = engine.versioned;
    const text = pipeline
      .replace('type: postgres', `type: ${engine.type}`)
      .replace(/ {2}table: workers\n {2}join:\n.*\n/, `  table: ${table}\n`)
      .replace(/ {4}team: .*\n/, '')
      .replace('    title: team\n', '')
      .replace('$lowercase(id)', '$encodeUrlComponent(id)')
      .replace('mode: rowversion', column === undefined ? 'mode: rowversion' : `mode: rowversion, column: ${column}`);
    await writeFile(join(folder, 'versioned.yaml'), text);
    work = await openWorkplace({ clock, variables: { HR_URL: engine.url } });
  });
  afterAll(async () => {
    await work.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });

  it('read who was written, and find who is gone', async () => {
    const run = async (): Promise<unknown> => {
      await clock.sleep(60_000);
      const { result, events } = await work.run(join(folder, 'versioned.yaml'));
      const { joiner, mover, leaver } = result.plan.counts;
      const read = events.flatMap((event) => (event.type === 'source.read' ? ['rows' in event ? event.rows : 'all'] : []));
      return { read, joiner, mover, leaver };
    };
    expect(await run()).toEqual({ read: ['all'], joiner: 5, mover: 0, leaver: 0 });
    await engine.rename('w4', 'Other');
    expect(await run()).toEqual({ read: [1], joiner: 0, mover: 1, leaver: 0 });
    await engine.put(people.filter(({ id }) => id !== 'W1'));
    // All of them were written anew: by another file of PostgreSQL, or row by row.
    expect(await run()).toMatchObject({ joiner: 0, mover: 1, leaver: 1 });
    expect(await run()).toEqual({ read: [0], joiner: 0, mover: 0, leaver: 0 });
  });
});
