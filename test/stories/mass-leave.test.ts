import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;
const columns = 'id, given, family, status, starts, ends, zone, department, title, manager, person, kind';
const attributes = `    userName: { once: '$lowercase(id) & "@contoso.example"' }
    displayName: given & " " & family
    title: title
    enterprise:
      department: { value: department, empty: omit }`;

/** 200 workers behind a view, and what becomes of a view. Nothing of a scenario that is stopped is sent, so that they share a company. */
describe('a view that goes wrong', () => {
  let story: Story;
  /** The view from now on. */
  const view = (select: string): Promise<void> => story.sql('drop view if exists workers', `create view workers as ${select}`);

  beforeAll(async () => {
    story = await openStory({ attributes, guards: 'first: { joiners: 200, rejections: 0 }\n  leavers: { percent: 2, atLeast: 0 }' });
    const company = Array.from({ length: 200 }, (_, index) => ({
      id: `W${String(index).padStart(3, '0')}`,
      given: 'Given',
      family: 'Family',
      title: 'Clerk',
      department: `D${String(index % 4)}`,
    }));
    await story.sql(people(company), 'alter table workers rename to staff');
    await view(`select ${columns} from staff`);
    await story.run();
  });
  afterAll(async () => {
    await story.close();
  });

  async function stopsWith(guard: string, code = 'PLN-201'): Promise<readonly string[]> {
    const [before, accounts] = [uploadsOf(story.work.emulator), story.accounts()];
    await expect(story.run()).rejects.toMatchObject({ code, message: expect.stringContaining(`guard ${guard}: `) });
    expect(uploadsOf(story.work.emulator)).toBe(before);
    expect(story.accounts()).toEqual(accounts);
    const tripped = story.events.flatMap((event) => (event.type === 'guard' && event.verdict.tripped ? [event.verdict.guard] : []));
    return tripped;
  }

  it.each([
    ['is empty', `select ${columns} from staff where false`, 'population'],
    ['has half of the company', `select ${columns} from staff where id < 'W100'`, 'population'],
    ['lost a required column to NULL', `select ${columns.replace('status', 'null::text as status')} from staff`, 'rejections'],
    ['lost an attribute to NULL', `select ${columns.replace('department', 'null::text as department')} from staff`, 'emptied.department'],
    ['joins a table that doubles its rows', `select ${columns.replace('title', 't.title')} from staff cross join (values ('A'), ('B')) t (title)`, 'rejections'],
    ['says that everybody left', `select ${columns.replace('status', `'Terminated' as status`)} from staff`, 'leavers'],
    ['gives everybody another title', `select ${columns.replace('title', `'Chief' as title`)} from staff`, 'changes.title'],
    ['gives one department another title', `select ${columns.replace('title', `case department when 'D1' then 'Chief' else title end as title`)} from staff`, 'changes.title@D1'],
    ['gives everybody a new key', `select ${columns.replace('id', `'N' || id as id`)} from staff`, 'joiners'],
    ['has rows without a key', `select ${columns} from staff union all select ${columns.replace('id', 'null')} from staff where id < 'W020'`, 'keyless'],
  ])('and %s stops before the first call', async (_, select, guard) => {
    await view(select);
    expect(await stopsWith(guard)).toContain(guard);
  }); // prettier-ignore

  it('and has a renamed column stops, whoever sends the plan, with the column named', async () => {
    await view(`select ${columns.replace('status', 'status as state')} from staff`);
    expect(await stopsWith('columns', 'SRC-204')).toEqual(['columns']);
    expect(story.events).toContainEqual(
      expect.objectContaining({ verdict: expect.objectContaining({ guard: 'columns', words: expect.stringContaining('status') }) }),
    );
  });

  it('is shown by its first twenty workers and the number of the others, whether or not all of the plan is read for it', async () => {
    await view(`select ${columns.replace('title', `'Chief' as title`)} from staff`);
    const file = `${story.folder}/story.yaml`;
    for (const options of [[], ['--by', 'attribute']]) {
      const { out } = await story.command('plan', file, ...options);
      expect(out).toContain('… and 180 more workers; --json lists them all');
      expect(out.match(/W\d{3}/g)).toHaveLength(20);
    }
  });

  it('stops stage by stage, and when it is applied, confined or sent again', async () => {
    await view(`select ${columns.replace('status', `'Terminated' as status`)} from staff`);
    const runner = await story.open();
    const stopped = { code: 'PLN-201', message: expect.stringContaining('guard leavers: ') };
    try {
      const { id } = await runner.extract();
      await runner.transform({ run: id });
      expect((await runner.batch({ run: id })).run.state).toBe('stopped');
      await expect(runner.load({ run: id })).rejects.toMatchObject(stopped);
      await expect(runner.apply({ run: id })).rejects.toMatchObject(stopped);
      const confined = await runner.plan('leavers');
      await expect(runner.apply({ run: confined.run.id })).rejects.toMatchObject(stopped);
      const again = await runner.resend({ all: true });
      await expect(runner.apply({ run: again.run.id })).rejects.toMatchObject(stopped);
    } finally {
      await runner.close();
    }
  });

  it('and loses 1.9 % every half hour stops within the day, and within the week however slowly it goes', async () => {
    const without = (count: number): Promise<void> =>
      view(
        `select ${columns.replace('status', `case when id < 'W${String(count).padStart(3, '0')}' then 'Terminated' else status end as status`)} from staff`,
      );
    const off = (): number => Object.values(story.accounts()).filter((state) => state === 'off').length;
    await without(3);
    await story.run();
    story.clock.advance(hour / 2);
    await without(6);
    expect(await stopsWith('leavers')).toContain('leavers');
    const sent = 3;
    for (const day of [1, 2]) {
      story.clock.advance(24 * hour);
      await without(sent + day * 3);
      await story.run();
      expect(off()).toBe(sent + day * 3);
    }
    story.clock.advance(24 * hour);
    await without(sent + 9);
    expect(await stopsWith('leavers')).toContain('leavers');
    const weekly = story.events.find((event) => event.type === 'guard' && event.verdict.guard === 'leavers');
    expect(weekly).toMatchObject({ verdict: { window: 'week', limit: 9 } });
  });
});
