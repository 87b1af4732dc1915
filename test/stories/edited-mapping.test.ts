import { readFile, rm, writeFile } from 'node:fs/promises';
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
  expect(story.events).toContainEqual({ type: 'mapping.edited', touched: ['title'], lookups: [] });
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

it('an edited lookup evaluates those alone who ask for what is another in it, and the state holds none of its rows', async () => {
  const more = 'lookups:\n  desk: { file: desks.csv, key: code }';
  const desks = 'code,name,head\nNorth,North Desk,boss\nSouth,South Desk,boss\nWest,West Desk,boss\n';
  story = await openStory();
  const write = (text: string): Promise<void> => writeFile(join(story.folder, 'desks.csv'), text);
  await write(desks);
  await story.rewrite({ more, attributes: attributes('$lookup($desk, department).name') });
  const of = (department: string): readonly Readonly<Record<string, string>>[] =>
    ['1', '2', '3'].map((each) => `${department.toLowerCase()}${each}`).map((id) => ({ id, given: id, family: 'Kern', department }));
  await story.sql(people([...of('North'), ...of('South'), ...of('West'), ...of('East')]));
  await story.run();
  const kept = await readFile(join(story.work.state, 'pipelines', 'story', 'lookups.json'), 'utf8');
  expect(kept).toContain('"columns":["name","head"]');
  expect(kept).not.toMatch(/North|Desk|boss/);

  // One came, one went, one is called otherwise, and all have another head, whom nobody reads.
  const next = desks
    .replace('North Desk', 'Arctic Desk')
    .replace(/West.*\n/, '')
    .concat('East,East Desk,boss\n')
    .replaceAll('boss', 'chief');
  await write(next);
  const told = { name: 'desk', came: 1, went: 1, changed: 2, columns: ['head', 'name'] };
  const { err } = await story.command('plan', join(story.folder, 'story.yaml'));
  expect(err).toContain('only those are evaluated who ask lookup desk for one of 4 keys (1 new, 1 gone, 2 changed in head, name)');
  const hashOf = async (): Promise<string> => {
    const runner = await story.open();
    try {
      return (await runner.plan()).plan.hash;
    } finally {
      await runner.close();
    }
  };
  const part = await hashOf();
  const file = join(story.work.state, 'pipelines', 'story', 'mapping.json');
  const recipe = await readFile(file, 'utf8');
  await rm(file);
  expect(await hashOf()).toBe(part);
  await writeFile(file, recipe);
  await story.run();
  expect(story.events).toContainEqual({ type: 'mapping.edited', touched: [], lookups: [told] });
  expect(counts(story.events)).toMatchObject({ rows: 12, changed: 9, spared: 3 });
  expect(['north1', 'south1', 'west1', 'east1'].map((id) => story.property(id, 'jobTitle'))).toEqual([
    'Arctic Desk',
    'South Desk',
    'West Desk',
    'East Desk',
  ]);

  // A state of before there were such hashes: everybody once, and then no more.
  await writeFile(file, (await readFile(file, 'utf8')).replace('"hasLookups":true', '"hasLookups":false'));
  await write(next.replace('South Desk', 'South'));
  await story.run();
  expect(story.events).toContainEqual(
    expect.objectContaining({ because: 'lookup desk changed, and the state does not hold which rows it had' }),
  );
  await write(next);
  await story.run();
  expect(counts(story.events)).toMatchObject({ changed: 3, spared: 9 });
  // Without the lookup nothing of it is kept.
  await story.rewrite({ attributes: attributes('title') });
  await story.run();
  await expect(readFile(join(story.work.state, 'pipelines', 'story', 'lookups.json'))).rejects.toThrow('ENOENT');
});
