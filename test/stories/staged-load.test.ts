import { afterEach, describe, expect, it } from 'vitest';
import type { JoineryEvent } from '../../src/domain/event.ts';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

const company = (count: number): string =>
  people(
    Array.from({ length: count }, (_, index) => ({ id: `W${String(index).padStart(3, '0')}`, given: `g${String(index)}`, family: 'Kern' })),
  );

const failing = { errorCode: 'InvalidDomain', reason: 'The domain is not verified.', errorCategory: 'nonServiceFailure' } as const;

/** Operations sent and outcomes known when each stage began. */
function stagesOf(events: readonly JoineryEvent[]): readonly { readonly operations: number; readonly outcomes: number }[] {
  let outcomes = 0;
  const stages: { operations: number; outcomes: number }[] = [];
  for (const event of events) {
    if (event.type === 'outcome') outcomes++;
    if (event.type === 'load.stage') stages.push({ operations: event.operations, outcomes });
  }
  return stages;
}

const wide = 'first: { joiners: 10000, rejections: 100% }\n  changes: 100000';
const otherMapping = {
  guards: wide,
  attributes: `    userName: { once: '$lowercase(given) & "@contoso.example"' }
    name: { givenName: given, familyName: family }
    displayName: family & ", " & given`,
};

describe('a load in stages', () => {
  it('waits for the outcomes of each stage before a first load sends the next', async () => {
    story = await openStory({ more: 'load: { staged: { stages: [10, 25] } }' });
    await story.sql(company(45));
    const { plan, tally } = await story.run();
    expect(plan.staging?.stages.map(({ operations }) => operations)).toEqual([10, 25, 10]);
    expect(stagesOf(story.events)).toEqual([
      { operations: 10, outcomes: 0 },
      { operations: 25, outcomes: 10 },
      { operations: 10, outcomes: 35 },
    ]);
    expect(tally).toEqual({ applied: 45 });
    await story.sql(`update workers set title = 'Lead' where id in ('W001', 'W002')`);
    expect((await story.run()).plan.staging).toBeUndefined();
  });

  it('pauses after ten when a new mapping goes wrong, sends the leaver all the same, and begins with few again', async () => {
    story = await openStory({ guards: wide });
    await story.sql(company(60));
    await story.run();
    await story.rewrite(otherMapping);
    await story.sql(`update workers set status = 'Terminated' where id = 'W007'`);
    story.work.emulator.setFaults({ entry: ({ data }) => (data['active'] === true ? { kind: 'fail', error: failing } : undefined) });
    await expect(story.run()).rejects.toMatchObject({ code: 'STG-204' });
    expect(story.accounts()).toMatchObject({ W007: 'off', W008: 'on' });
    expect(story.events.filter(({ type }) => type === 'batch.accepted')).toHaveLength(2);
    expect(story.events).toContainEqual(expect.objectContaining({ type: 'load.paused', code: 'STG-204' }));

    story.work.emulator.setFaults({});
    const { plan } = await story.run();
    expect(plan.staging?.because).toContain('a load was paused since the last one that came to its end');
    expect(plan.staging?.stages[0]).toMatchObject({ operations: 10 });
    expect(story.property('W059', 'displayName')).toBe('Kern, g59');
  });

  it('goes on where it stood after an interruption: what went well is not tried again', async () => {
    story = await openStory({ more: 'load: { staged: { stages: [5, 10] } }' });
    await story.sql(company(40));
    const runner = await story.open();
    const { run } = await runner.plan();
    await runner.close();
    story.work.emulator.setSwitches({ dailyCalls: 1 });
    const loading = await story.open();
    await expect(loading.load({ run: run.id })).rejects.toMatchObject({ code: 'STG-203' });
    await loading.close();
    story.work.emulator.setSwitches({ dailyCalls: 0 });
    const { plan } = await story.run();
    expect(plan.staging?.stages.map(({ operations }) => operations)).toEqual([10, 25]);
    expect(Object.values(story.accounts())).toHaveLength(40);
  });
});

describe('a limit of operations without an outcome', () => {
  it('counts a batch that waits for another try, though the store holds nothing of it in flight', async () => {
    story = await openStory({ guards: wide, more: 'load: { staged: { when: never }, pause: { unconfirmed: 60 } }' });
    await story.sql(company(120));
    let uploads = 0;
    story.work.emulator.setFaults({
      request: ({ path }) =>
        path.endsWith('/bulkUpload') && ++uploads === 1 ? { kind: 'status', status: 429, headers: { 'retry-after': '20' } } : undefined,
    });
    await story.run();
    const sizes = new Map<string, number>();
    const peaks: number[] = [];
    let open = 0;
    for (const event of story.events) {
      if (event.type === 'outcome') open--;
      if (event.type === 'batch.retry') open -= sizes.get(event.batch) ?? 0;
      if (event.type !== 'batch.sending') continue;
      sizes.set(event.batch, event.operations);
      peaks.push((open += event.operations));
    }
    expect(peaks).toHaveLength(4);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(60);
  });
});

describe('a job that is not ready', () => {
  it('gets the disables and nothing else', async () => {
    story = await openStory();
    await story.sql(company(12));
    await story.run();
    story.work.emulator.jobs[0]?.pause();
    await story.sql(`update workers set status = 'Terminated' where id = 'W003'`, `update workers set title = 'Lead' where id = 'W004'`);
    await expect(story.run()).rejects.toMatchObject({ code: 'STG-206', message: expect.stringContaining('ENT-502') });
    expect(story.events.filter(({ type }) => type === 'batch.accepted')).toHaveLength(1);
    story.work.emulator.jobs[0]?.start();
    await story.run();
    expect(story.accounts()['W003']).toBe('off');
    expect(story.property('W004', 'jobTitle')).toBe('Lead');
  });
});
