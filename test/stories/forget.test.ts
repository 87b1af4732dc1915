import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport } from '../../src/audit/build-report.ts';
import { exportTable, type ExportSubject } from '../../src/audit/export-rows.ts';
import { compareGolden } from '../../src/audit/golden.ts';
import { explainWorker } from '../../src/audit/explain-worker.ts';
import { masksOf } from '../../src/audit/masks.ts';
import { preparePipeline, type Prepared } from '../../src/stages/prepare.ts';
import type { Runner } from '../../src/stages/runner.ts';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Every byte of the state folder, in which nothing of a forgotten worker may stand. */
function bytesOf(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}

describe('purging and forgetting', () => {
  let story: Story;
  let prepared: Prepared;
  const using = async <T>(work: (runner: Runner) => Promise<T>): Promise<T> => {
    const runner = await story.open();
    try {
      return await work(runner);
    } finally {
      await runner.close();
    }
  };

  beforeAll(async () => {
    story = await openStory({ more: 'retention: { rows: 2d, payloads: 10d }' });
    prepared = preparePipeline(join(story.folder, 'story.yaml'), story.work.environment);
    await story.sql(
      people([
        { id: 'W1', given: 'Annabeth', family: 'Quillfeather' },
        { id: 'W2', given: 'Ben', family: 'Two', manager: 'W1' },
        { id: 'W3', given: 'Cleo', family: 'Three' },
        { id: 'W4', given: 'Dorothea', family: 'Pennyroyal' },
      ]),
    );
    await story.run();
  });

  afterAll(async () => {
    await story.close();
  });

  it('does not forget whoever is still there, nor whoever HR still returns although he is off', async () => {
    const forget = (): Promise<unknown> => using((runner) => runner.forget('W1', 'request 23', 'officer'));
    await expect(forget()).rejects.toMatchObject({ code: 'STO-304' });
    await story.sql(
      `update workers set status = 'Terminated' where id in ('W1', 'W4')`,
      `update workers set manager = 'W3' where id = 'W2'`,
    );
    await story.run();
    expect(story.accounts()).toMatchObject({ W1: 'off', W4: 'off' });
    await expect(forget()).rejects.toMatchObject({ code: 'AUD-112', message: expect.stringContaining('read worker W1') });
    await expect(using((runner) => runner.planForget('W1'))).rejects.toMatchObject({ code: 'AUD-112' });
  });

  it('purges what is old, and every figure of a report and the disable of whoever is on survive it', async () => {
    story.clock.advanceTo(story.clock.now() + 11 * day);
    await story.sql(`update workers set title = 'Chief' where id = 'W3'`);
    await story.run();
    const purged = await using(async (runner) => {
      const masks = masksOf(runner.pipeline, true);
      const runs = await runner.store.runs.list('story', 10);
      const first = runs.at(-1)?.id ?? '';
      const report = (): ReturnType<typeof buildReport> => buildReport(runner.store, first, masks, 0);
      const before = await report();
      const planned = await runner.planPurge();
      const done = await runner.purge('officer');
      const after = await report();
      const run = await runner.store.runs.get(first);
      const explained = await explainWorker(runner.store, { ...prepared, masks, worker: 'W3', ...(run === undefined ? {} : { run }) });
      if (run === undefined) throw new Error('no run');
      const rowsOf = async (subject: ExportSubject): Promise<unknown[]> => {
        const rows: unknown[] = [];
        for await (const row of exportTable(runner.store, run, subject, masks).rows) rows.push(row);
        return rows;
      };
      const exported = { payloads: await rowsOf('payloads'), changes: await rowsOf('changes') };
      const golden: unknown = await compareGolden(runner.store, prepared.pipeline, prepared.mapping, run, masks).catch(
        (error: unknown) => error,
      );
      return { before, planned, done, after, explained, exported, golden, first };
    });
    expect(purged.planned.runs).toHaveLength(2);
    expect(purged.done).toEqual(purged.planned);
    expect(purged.done.workers).toBe(2);
    const { workers, ...figures } = purged.after;
    const { workers: listed, ...figuresBefore } = purged.before;
    expect(figures).toEqual(figuresBefore);
    expect(workers.map(({ externalId, change, ends }) => [externalId, change, ends])).toEqual(
      listed.map(({ externalId, change, ends }) => [externalId, change, ends]),
    );
    expect(workers[0]?.differences.map((one) => one.new)).toContain('(erased)');
    expect(JSON.stringify(purged.after)).not.toContain('Quillfeather');
    expect(purged.explained.summary).toContain('joiner');
    expect(purged.explained.operations.length).toBeGreaterThan(0);
    expect(purged.explained.decision?.payload).toEqual([
      { name: 'externalId', value: 'W3' },
      { name: 'all else', value: '(erased)' },
    ]);
    // An empty cell would say that there never was a value.
    expect(purged.exported.payloads).toContainEqual([purged.first, 'W3', 'joiner', '(erased)', null]);
    expect(purged.exported.changes).toContainEqual([
      purged.first,
      'W3',
      'joiner',
      'new',
      true,
      false,
      'displayName',
      'set',
      null,
      '(erased)',
    ]);
    expect(purged.golden).toMatchObject({ code: 'STG-105', fix: expect.stringContaining('retention.rows') });
    // Purged before, and disabled all the same with everything that the service had.
    await story.sql(`delete from workers where id = 'W3'`);
    for (let pass = 0; pass < 2; pass++) {
      await story.run();
      story.clock.advanceTo(story.clock.now() + 25 * hour);
    }
    await story.run();
    expect(story.accounts()).toMatchObject({ W3: 'off' });
    expect(story.property('W3', 'displayName')).toBe('Cleo Three');
    await using(async (runner) => expect(await runner.planPurge()).toMatchObject({ runs: expect.any(Array) }));
  });

  it('rehires a leaver who was purged under the name that he had, with all that HR says', async () => {
    await story.sql(`update workers set status = 'Active', family = 'Rue' where id = 'W4'`);
    const name = story.property('W4', 'userPrincipalName');
    await story.run();
    expect(story.accounts()).toMatchObject({ W4: 'on' });
    expect(story.property('W4', 'userPrincipalName')).toBe(name);
    expect(story.property('W4', 'displayName')).toBe('Dorothea Rue');
  });

  it('forgets a former worker so that no byte of the state names him, and keeps every count', async () => {
    await story.sql(`delete from workers where id = 'W1'`);
    await story.run();
    const before = bytesOf(story.work.state);
    expect(before).toContain('"W1"');
    const told = await using(async (runner) => {
      const tallies = async (): Promise<unknown> =>
        Promise.all((await runner.store.runs.list('story', 20)).map(({ id }) => runner.store.operations.tally(id)));
      const counted = await tallies();
      const plan = await runner.planForget('W1');
      const done = await runner.forget('W1', 'request 23', 'officer');
      const again = await runner.forget('W1', 'request 23', 'officer').catch((error: unknown) => error);
      return { plan, done, tally: [counted, await tallies()], again };
    });
    expect(told.done).toMatchObject({ ...told.plan, namedBy: [] });
    expect(told.done.operations).toBe(2);
    expect(told.tally[1]).toEqual(told.tally[0]);
    expect(told.again).toMatchObject({ code: 'STO-305' });
    const after = bytesOf(story.work.state);
    for (const trace of ['W1', 'Annabeth', 'annabeth', 'Quillfeather']) expect([trace, after.split(trace).length - 1]).toEqual([trace, 0]);
    expect(after).toContain(told.done.pseudonym);
    await expect(
      using((runner) => explainWorker(runner.store, { ...prepared, masks: masksOf(runner.pipeline), worker: 'W1' })),
    ).rejects.toMatchObject({ code: 'AUD-111' });
  });

  it('holds a forgotten key that comes back, and enables it only when somebody said so', async () => {
    await story.sql(people([{ id: 'W1', given: 'Somebody', family: 'Else' }]));
    const { plan } = await story.run();
    expect(plan.held).toEqual({ forgotten: 1 });
    expect(story.accounts()).toMatchObject({ W1: 'off' });
    expect((await story.run()).plan.held).toEqual({ forgotten: 1 });
    await using((runner) => runner.release('W1', 'HR gave the number out again', 'hr'));
    await story.run();
    expect(story.accounts()).toMatchObject({ W1: 'on' });
    expect(story.property('W1', 'displayName')).toBe('Somebody Else');
  });
});
