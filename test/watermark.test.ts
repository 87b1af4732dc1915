import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sinkText } from '../samples/sink-variables.ts';
import type { JoineryEvent } from '../src/domain/event.ts';
import { Secret } from '../src/domain/masking.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { listenToOutbox } from '../src/source/outbox.ts';
import type { RunResult } from '../src/stages/run.ts';
import { Watch } from '../src/stages/watch.ts';
import { hrEngines, type HrEngine, type HrRow } from './hr-engines.ts';
import { openWorkplace, peopleOf, type Workplace } from './workplace.ts';

const pipelineOf = ({ type, table }: HrEngine): string => `pipeline: marked
timezone: Europe/Berlin
source:
  type: ${type}
  connection: \${HR_URL}
  table: ${table}
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
${sinkText()}`;

const place = { file: 'p.yaml', line: 1, column: 1 };

/** Waits for what is told by something else. */
function waiter(): { tell(): void; until(isSo: () => boolean): Promise<void> } {
  let wake = (): void => undefined;
  return {
    tell: () => wake(),
    async until(isSo) {
      while (!isSo())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
  };
}

describe.each(hrEngines)('runs over a watermark: %s', (_name, open) => {
  let engine: HrEngine;
  let rows: readonly HrRow[];
  let folder: string;
  let file: string;
  let work: Workplace;
  const clock = new VirtualClock('2026-11-02T07:00:00Z');

  const now = (): string => new Date(clock.now()).toISOString();
  /** HR changes somebody, and the time of the change unless it says otherwise. */
  async function change(id: string, name: string, at: string | null = now()): Promise<void> {
    rows = rows.map((row) => (row.id === id ? { ...row, name, at } : row));
    await engine.put(rows);
  }
  const countsOf = (events: readonly JoineryEvent[]): Readonly<Record<string, number>> =>
    events.flatMap((event) => (event.type === 'stage.finished' && event.stage === 'extract' ? [event.counts] : []))[0] ?? {};
  async function run(): Promise<{ readonly result: RunResult; readonly counts: Readonly<Record<string, number>> }> {
    const { result, events } = await work.run(file);
    return { result, counts: countsOf(events) };
  }
  const minutes = (count: number): Promise<void> => clock.sleep(count * 60_000);

  beforeAll(async () => {
    engine = await open();
    rows = Array.from({ length: 30 }, (_each, index) => ({
      id: `W${String(index + 1)}`,
      name: `Name ${String(index + 1)}`,
      status: 'on',
      at: new Date(Date.UTC(2026, 9, 1, index + 1)).toISOString(),
    }));
    await engine.put(rows);
    folder = await mkdtemp(join(tmpdir(), 'joinery-watermark-'));
    file = join(folder, 'marked.yaml');
    await writeFile(file, pipelineOf(engine));
    work = await openWorkplace({ clock, variables: { HR_URL: engine.url } });
  });
  afterAll(async () => {
    await work.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });

  it('read everybody first, and then only who moved', async () => {
    expect((await run()).counts).toMatchObject({ rows: 30, keys: 30 });
    await minutes(60);
    await change('W7', 'Changed');
    const second = await run();
    expect(second.counts).toMatchObject({ rows: 2, keys: 30, changed: 1, vanished: 0 });
    expect(second.result.plan.counts.mover).toBe(1);
  });

  it('see a change that was committed late, because each read begins before the last position', async () => {
    const early = new Date(clock.now() - 20 * 60_000).toISOString();
    await minutes(10);
    await change('W8', 'Position');
    await run();
    await change('W9', 'Late', early);
    expect((await run()).result.plan.counts.mover).toBe(1);
  });

  it('move the position with accept, never before', async () => {
    await minutes(60);
    await change('W10', 'Only planned');
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

  it('take nobody for gone until a full pass has looked', async () => {
    rows = rows.filter(({ id }) => id !== 'W11');
    await engine.put(rows);
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

  it('read everybody again when the mapping changed or the fingerprints are gone', async () => {
    await writeFile(file, pipelineOf(engine).replace('displayName: name', 'displayName: name & "."'));
    const edited = await run();
    expect(edited.counts).toMatchObject({ rows: 29, changed: 29 });
    await rm(join(work.state, 'pipelines'), { recursive: true, force: true });
    await change('W12', 'Without a stamp', rows.find(({ id }) => id === 'W12')?.at);
    const rebuilt = await run();
    expect(rebuilt.counts).toMatchObject({ rows: 29, changed: 1 });
    expect(rebuilt.result.plan.counts.mover).toBe(1);
  });

  it('begin at once when HR writes into its outbox', async () => {
    const outbox = engine.outboxes.at(-1);
    if (outbox === undefined) throw new Error('every database has an outbox');
    const stop = new AbortController();
    const told: string[] = [];
    let [begins, counts, look] = [0, {}, (): void => undefined];
    const watched = waiter();
    const hears = waiter();
    const { type, url, table } = engine;
    const source = { type, connection: new Secret('HR', url), key: 'id', table, statementTimeout: 60_000, place };
    // The outbox is looked at when the test says so.
    const looking = {
      now: () => clock.now(),
      sleep: (_milliseconds: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          look = resolve;
          signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
        }),
    };
    const watch = new Watch(
      [
        {
          name: 'marked',
          file,
          tenant: 't',
          timezone: 'UTC',
          debounce: 30_000,
          async run() {
            // The first one is for what happened while nobody listened: nothing.
            if (++begins > 1) counts = (await run()).result.plan.counts;
          },
          listen: (hearing, signal) =>
            listenToOutbox(source, outbox, {
              ...hearing,
              clock: looking,
              signal,
              ready() {
                hearing.ready();
                hears.tell();
              },
            }),
        },
      ],
      {
        clock,
        signal: stop.signal,
        tell({ type: what }) {
          told.push(what);
          watched.tell();
        },
      },
    );
    const release = clock.hold();
    const ended = watch.run();
    expect(watch.states).toMatchObject([{ isListening: false }]);
    await hears.until(() => watch.states[0]?.isListening === true);
    release();
    await watched.until(() => told.includes('watch.succeeded'));
    await change('W13', 'Told by the outbox');
    look();
    await watched.until(() => told.length >= 4);
    stop.abort(new Error('stopped'));
    await ended;
    expect(told).toEqual(['watch.started', 'watch.succeeded', 'watch.started', 'watch.succeeded', 'watch.stopped']);
    expect(counts).toMatchObject({ mover: 1, leaver: 0 });
  });

  it('keep the position when the connection is cut while what moved is read', async () => {
    if (engine.cannot.has('cut')) return;
    await minutes(60);
    // More than so many rows come before the trouble does.
    rows = rows.map((row) => ({ ...row, name: `${row.name}.`, at: now() }));
    await engine.put(
      Array.from({ length: 3 }, (_each, copy) =>
        rows.map((row) => ({ ...row, id: `${row.id ?? ''}${copy === 0 ? '' : `-${String(copy)}`}` })),
      ).flat(),
    );
    const repair = await engine.trouble('cut');
    await expect(run()).rejects.toMatchObject({ code: 'SRC-102' });
    await repair();
    await engine.put(rows);
    expect(await run()).toMatchObject({ counts: { rows: 29, changed: 29 }, result: { plan: { counts: { mover: 29 } } } });
  });
});
