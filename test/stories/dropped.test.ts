import { afterEach, expect, it } from 'vitest';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

it('whose baseline moved between plan and apply is looked at by the next run, though his row is as the plan saw it', async () => {
  story = await openStory();
  await story.sql(
    people([
      { id: 'a', given: 'a', family: 'Kern', title: 'Old' },
      { id: 'b', given: 'b', family: 'Kern' },
    ]),
  );
  const runner = await story.open();
  const first = await runner.plan();
  await runner.load({ run: first.run.id });
  await story.sql(`update workers set title = 'New' where id = 'a'`);
  const second = await runner.plan();
  await runner.reconcile();
  const { dropped } = await runner.apply({ run: second.run.id });
  await runner.close();
  expect(dropped).toEqual(['a']);
  await story.run();
  expect(story.property('a', 'jobTitle')).toBe('New');
});
