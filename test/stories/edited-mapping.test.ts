import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { JoineryEvent } from '../../src/domain/event.ts';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

const attributes = (title: string, more = ''): string => `    userName: { once: '$lowercase(given) & "@contoso.example"' }
    name: { givenName: given, familyName: family }
    displayName: given & " " & family
    title: '${title}'
    enterprise:
      department: department
      manager: manager${more}`;

const counts = (events: readonly JoineryEvent[]): Readonly<Record<string, number>> =>
  events.flatMap((event) => (event.type === 'stage.finished' && event.stage === 'extract' ? [event.counts] : []))[0] ?? {};
/** What people read of the workers of a plan. */
const words = (events: readonly JoineryEvent[]): readonly JoineryEvent[] =>
  events.filter(({ type }) => type === 'rejection' || type === 'warning' || type === 'guard');

it('an edited mapping evaluates those alone whom the edit concerns, and its plan is the one that evaluating everybody gives', async () => {
  story = await openStory({ attributes: attributes('title') });
  await story.sql(
    people([
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id, given: id, family: 'Kern', title: 'Lead', department: 'Home' })),
      { id: 'sold', given: 'sold', family: 'Kern', title: 'Lead', department: 'Sales' },
      { id: 'soon', given: 'soon', family: 'Kern', starts: '2026-11-20' },
      { id: 'due', given: 'due', family: 'Kern', ends: '2026-11-02' },
      { id: 'wrong', given: 'wrong', family: 'Kern', status: 'Gone' },
      { id: 'own', given: 'own', family: 'Kern', manager: 'own' },
      { id: 'never', given: 'never', family: 'Kern', starts: '2026-01-02', ends: '2026-01-01' },
      { id: 'guest', given: 'guest', family: 'Kern', kind: 'Volunteer' },
    ]),
  );
  await story.run();
  await story.clock.sleep(86_400_000);
  await story.sql(`update workers set family = 'Stern' where id = 'a'`, `delete from workers where id = 'b'`);
  await story.rewrite({ attributes: attributes('department = "Sales" ? title & "!" : title') });

  const plan = async (): Promise<{ readonly hash: string; readonly counts: unknown; readonly rejections: unknown }> => {
    story.events.length = 0;
    const runner = await story.open();
    try {
      const { plan: made } = await runner.plan();
      return { hash: made.hash, counts: made.counts, rejections: made.rejections };
    } finally {
      await runner.close();
    }
  };
  const part = await plan();
  const told = words(story.events);
  expect(story.events).toContainEqual({ type: 'mapping.edited', touched: ['title'] });
  // Spared: c to f, the one to come and the one out of scope. Evaluated: the edit, the changed row, the date, the rejection, the two of whom there is a warning.
  expect(counts(story.events)).toMatchObject({ rows: 12, changed: 6, spared: 6, vanished: 1 });
  expect(part.counts).toMatchObject({ mover: 2, leaver: 1 });

  // A plan moves nothing: the next one is told of the same edit, unless the state has lost what the mapping was.
  await rm(join(story.work.state, 'pipelines', 'story', 'mapping.json'));
  expect(await plan()).toEqual(part);
  expect(story.events).toContainEqual(
    expect.objectContaining({ type: 'mapping.edited', because: expect.stringContaining('does not hold') }),
  );
  expect(counts(story.events)).toMatchObject({ rows: 12, changed: 12 });
  expect(words(story.events)).toEqual(told);

  await story.run();
  expect(story.property('sold', 'jobTitle')).toBe('Lead!');
  await story.run();
  expect(counts(story.events)).toMatchObject({ changed: 0 });
  // What was accepted whole is what the next edit is told against.
  await story.rewrite({ attributes: attributes('title') });
  await story.run();
  expect(counts(story.events)).toMatchObject({ spared: 8 });
  expect(story.property('sold', 'jobTitle')).toBe('Lead');
  await story.rewrite({ attributes: attributes('title', '\n      costCenter: department') });
  await story.run();
  expect(story.events).toContainEqual(expect.objectContaining({ type: 'mapping.edited', because: 'attributes changed' }));
});
