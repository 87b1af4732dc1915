import { afterEach, expect, it } from 'vitest';
import { collect } from '../state-builders.ts';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

it('a worker whom two pipelines claim is a rejection for both, moves with joinery transfer, and is never locked out between', async () => {
  story = await openStory();
  const contractors = await story.write('contractors', { guards: 'population: 100%\n  first: { joiners: 10, rejections: 100% }' });
  await story.sql(
    people([{ id: 'W1', given: 'Anna', family: 'One' }], 'contractors'),
    people([{ id: 'W2', given: 'Ben', family: 'Two' }], 'contractors'),
    people([{ id: 'W9', given: 'Zoe', family: 'Nine' }]),
  );
  await story.run(contractors);
  await story.sql(people([{ id: 'W1', given: 'Anna', family: 'One', title: 'Employee' }]));
  expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1 }, rejections: { fresh: 1, standing: 0 } });
  expect((await story.run()).plan.rejections).toMatchObject({ fresh: 0, standing: 1 });
  // The owner rejects him as well, whatever his row does, until one of the two lets go.
  await story.sql(`update contractors set title = 'Contractor' where id in ('W1', 'W2')`);
  expect((await story.run(contractors)).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 1 } });
  expect(story.property('W1', 'jobTitle')).not.toBe('Contractor');
  await story.sql(`delete from contractors where id = 'W1'`);
  await story.run(contractors);
  story.clock.advance(50 * 3_600_000);
  for (let pass = 0; pass < 3; pass++) await story.run(contractors);
  expect(story.accounts()).toEqual({ W1: 'on', W2: 'on', W9: 'on' });

  const file = `${story.folder}/story.yaml`;
  const wrong = await story.command('transfer', file, '--worker', 'W1', 'W9', '--from', 'contractors', '--reason', 'moved');
  expect(wrong.err).toContain('worker W9 belongs to pipeline story, not to contractors');
  const moved = await story.command('transfer', file, '--worker', 'W1', '--from', 'contractors', '--reason', 'moved', '--json');
  expect(moved).toMatchObject({ code: 0, out: expect.stringContaining('"transferred":["W1"]') });
  expect((await story.run(contractors)).plan).toMatchObject({ price: { operations: 0 }, rejections: { fresh: 0, standing: 0 } });
  expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 0, standing: 0 } });
  expect(story.property('W1', 'jobTitle')).toBe('Employee');
  // From here on the new owner is the one who notices that he leaves.
  await story.sql(`delete from workers where id = 'W1'`);
  await story.run();
  story.clock.advance(25 * 3_600_000);
  await story.run();
  expect(story.accounts()).toMatchObject({ W1: 'off' });
  const runner = await story.open();
  const lines = (await collect(runner.store.journal.stream())).filter(({ kind }) => kind === 'workers.transferred');
  await runner.close();
  expect(lines.map(({ data }) => [data['from'], data['pipeline'], data['reason']])).toEqual([['contractors', 'story', 'moved']]);
});

it('two pipelines may share a table: rows that are inactive or out of scope claim nobody, and a claim that is given up frees the owner', async () => {
  story = await openStory({ scope: 'scope: kind = "Employee"' });
  const contractors = await story.write('contractors', { scope: 'scope: kind = "Contractor"' });
  const both = [
    { id: 'W1', given: 'Anna', family: 'One' },
    { id: 'W2', given: 'Ben', family: 'Two', kind: 'Contractor' },
    { id: 'W3', given: 'Cleo', family: 'Three' },
  ];
  await story.sql(people(both), people(both, 'contractors'));
  await story.run();
  expect((await story.run(contractors)).plan).toMatchObject({ counts: { joiner: 1 }, rejections: { fresh: 0, standing: 0 } });
  // Claimed, then inactive there: the owner is free again although his own row has not moved since.
  await story.sql(`update contractors set kind = 'Contractor' where id = 'W1'`);
  expect((await story.run(contractors)).plan.rejections.fresh).toBe(1);
  await story.sql(`update workers set title = 'Chief' where id = 'W1'`);
  expect((await story.run()).plan.rejections).toMatchObject({ fresh: 1 });
  await story.sql(`update contractors set status = 'Terminated' where id = 'W1'`);
  await story.run(contractors);
  expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 0, standing: 0 } });
  expect(story.property('W1', 'jobTitle')).toBe('Chief');
});
