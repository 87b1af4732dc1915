import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql } from '../samples/databases.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import type { JoineryEvent } from '../src/domain/event.ts';
import type { RunResult } from '../src/stages/run.ts';
import { freshDatabase } from './database.ts';
import { openWorkplace, peopleOf, type Workplace } from './workplace.ts';

const pipeline = `pipeline: marked
timezone: Europe/Berlin
source:
  type: postgres
  connection: \${HR_URL}
  table: hr
  key: id
  columns:
    id: { type: string, required: true }
    name: { type: string, required: true }
    status: { type: string, required: true, values: [on, off] }
  changes: { mode: watermark, column: updated_at, lookBack: 30m, fullPass: 24h }
transform:
  attributes:
    active: status = "on"
    userName: $lowercase(id) & "@contoso.example"
    displayName: name
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
  auth: { client: '\${ENTRA_CLIENT_ID}', secret: '\${ENTRA_CLIENT_SECRET}' }
  quota: p1
`;

describe('runs over a watermark', () => {
  let url: string;
  let folder: string;
  let file: string;
  let work: Workplace;
  const clock = new VirtualClock('2026-11-02T07:00:00Z');

  const stamp = (): string => `'${new Date(clock.now()).toISOString()}'`;
  const countsOf = (events: readonly JoineryEvent[]): Readonly<Record<string, number>> =>
    events.flatMap((event) => (event.type === 'stage.finished' && event.stage === 'extract' ? [event.counts] : []))[0] ?? {};
  async function run(): Promise<{ readonly result: RunResult; readonly counts: Readonly<Record<string, number>> }> {
    const { result, events } = await work.run(file);
    return { result, counts: countsOf(events) };
  }
  const minutes = (count: number): Promise<void> => clock.sleep(count * 60_000);

  beforeAll(async () => {
    url = await freshDatabase('watermark');
    await executeSql(
      url,
      `create table hr (id text primary key, name text, status text, updated_at timestamptz);
       insert into hr select 'W' || n, 'Name ' || n, 'on', '2026-10-01'::timestamptz + n * interval '1 hour' from generate_series(1, 30) n`,
    );
    folder = await mkdtemp(join(tmpdir(), 'joinery-watermark-'));
    file = join(folder, 'marked.yaml');
    await writeFile(file, pipeline);
    work = await openWorkplace({ clock, variables: { HR_URL: url } });
  }, 60_000);
  afterAll(async () => {
    await work.close();
    await rm(folder, { recursive: true });
  });

  it('read everybody first, and then only who moved', { timeout: 60_000 }, async () => {
    expect((await run()).counts).toMatchObject({ rows: 30, keys: 30 });
    await minutes(60);
    await executeSql(url, `update hr set name = 'Changed', updated_at = ${stamp()} where id = 'W7'`);
    const second = await run();
    expect(second.counts).toMatchObject({ rows: 2, keys: 30, changed: 1, vanished: 0 });
    expect(second.result.plan.counts.mover).toBe(1);
  });

  it('see a change that was committed late, because each read begins before the last position', { timeout: 60_000 }, async () => {
    const early = new Date(clock.now() - 20 * 60_000).toISOString();
    await minutes(10);
    await executeSql(url, `update hr set name = 'Position', updated_at = ${stamp()} where id = 'W8'`);
    await run();
    await executeSql(url, `update hr set name = 'Late', updated_at = '${early}' where id = 'W9'`);
    expect((await run()).result.plan.counts.mover).toBe(1);
  });

  it('move the position with accept, never before', { timeout: 60_000 }, async () => {
    await minutes(60);
    await executeSql(url, `update hr set name = 'Only planned', updated_at = ${stamp()} where id = 'W10'`);
    for (let twice = 0; twice < 2; twice++) {
      const runner = await work.open(file);
      try {
        expect((await runner.plan()).plan.counts.mover).toBe(1);
      } finally {
        await runner.close();
      }
      await minutes(90);
    }
    expect((await run()).result.plan.counts.mover).toBe(1);
    expect((await run()).result.plan.counts.mover).toBe(0);
  });

  it('take nobody for gone until a full pass has looked', { timeout: 60_000 }, async () => {
    await executeSql(url, "delete from hr where id = 'W11'");
    const partial = await run();
    expect(partial.counts).toMatchObject({ vanished: 0, keys: 30 });
    expect(partial.result.plan.counts.leaver).toBe(0);
    await minutes(24 * 60);
    const full = await run();
    expect(full.counts).toMatchObject({ rows: 29, keys: 29, vanished: 1 });
    expect(full.result.plan.counts.leaver).toBe(1);
    expect(peopleOf(work.emulator).filter(({ enabled }) => !enabled)).toHaveLength(1);
    expect((await run()).counts['rows']).toBeLessThan(5);
  });

  it('read everybody again when the mapping changed or the fingerprints are gone', { timeout: 60_000 }, async () => {
    await writeFile(file, pipeline.replace('displayName: name', 'displayName: name & "."'));
    const edited = await run();
    expect(edited.counts).toMatchObject({ rows: 29, changed: 29 });
    await rm(join(work.state, 'pipelines'), { recursive: true, force: true });
    await executeSql(url, "update hr set name = 'Without a stamp' where id = 'W12'");
    const rebuilt = await run();
    expect(rebuilt.counts).toMatchObject({ rows: 29, changed: 1 });
    expect(rebuilt.result.plan.counts.mover).toBe(1);
  });
});
