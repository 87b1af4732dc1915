import { afterEach, describe, expect, it } from 'vitest';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;
let story: Story;
afterEach(async () => {
  await story.close();
});

/** What HR said more than `plan.maxAge` ago enables nobody: the decision is a day old, and people leave within it. */
describe('what was decided long ago', () => {
  it('is not sent by a load that goes on: the next run plans it anew, with the rows of today', async () => {
    story = await openStory();
    await story.sql(people(['W1', 'W2'].map((id) => ({ id, given: id, family: 'One' }))));
    await story.run();
    await story.sql(people([{ id: 'N1', given: 'New', family: 'Joiner' }]));
    const busy = { kind: 'status', status: 429, headers: { 'retry-after': '7200' } } as const;
    story.work.emulator.setFaults({ request: ({ path }) => (path.endsWith('bulkUpload') ? busy : undefined) });
    await expect(story.run()).rejects.toMatchObject({ code: 'STG-203' });
    story.work.emulator.setFaults({});
    await story.sql(`update workers set status = 'Terminated' where id = 'N1'`);
    story.clock.advance(25 * hour);
    const runner = await story.open();
    for (const resume of [() => runner.apply({ run: 'latest' }), () => runner.load({ run: 'latest' })])
      await expect(resume()).rejects.toMatchObject({ code: 'PLN-202', message: expect.stringContaining('was not sent whole') });
    await runner.close();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on' });
    expect((await story.run()).plan.price.operations).toBe(0);
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on' });
  });

  it('and waited behind a disable since is not sent by reconcile: he left again meanwhile', async () => {
    story = await openStory();
    await story.sql(people(['W1', 'W2'].map((id) => ({ id, given: id, family: 'One' }))));
    await story.run();
    const load = async (): Promise<void> => {
      const runner = await story.open();
      await runner.load({ run: (await runner.plan()).run.id });
      await runner.close();
    };
    await story.sql(`update workers set status = 'Terminated' where id = 'W1'`);
    story.work.emulator.setFaults({ row: () => ({ kind: 'late', milliseconds: 26 * hour }) });
    await load();
    await story.sql(`update workers set status = 'Active' where id = 'W1'`);
    story.clock.advance(60_000);
    await load();
    // HR says that he left again, and no run reads it: the database is away, and only reconcile is called.
    await story.sql(`update workers set status = 'Terminated' where id = 'W1'`);
    story.clock.advance(27 * hour);
    const runner = await story.open();
    await runner.reconcile();
    await runner.close();
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'on' });
    expect((await story.run()).plan.price.operations).toBe(0);
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'on' });
  });
});
