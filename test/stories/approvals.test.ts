import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;

/** One company in which a guard stops joiners. The tests are one story and build on each other. */
describe('what a guard stopped', () => {
  let story: Story;
  const pipeline = (): string => `${story.folder}/story.yaml`;
  /** Time passes between two commands, so that the newest run is the last one. */
  const command: Story['command'] = (...words) => {
    story.clock.advance(60_000);
    return story.command(...words);
  };
  /** Newest first, by a command that does not touch it. */
  async function runIds(): Promise<string[]> {
    const { out } = await command('status', pipeline(), '--json');
    const { runs }: { runs: { id: string }[] } = JSON.parse(out);
    return runs.map(({ id }) => id);
  }
  const approve = (run: string, ...more: string[]): ReturnType<Story['command']> =>
    story.command(
      'approve',
      pipeline(),
      '--run',
      run,
      '--guard',
      'joiners',
      '--reason',
      'new site, ticket 4711',
      '--expires',
      '2h',
      ...more,
    );

  beforeAll(async () => {
    story = await openStory({
      guards: 'first: { joiners: 10, rejections: 0 }\n  joiners: 0\napprovers: [mkeller, scheduler]',
    });
    story.as('scheduler');
    await story.sql(people(['W1', 'W2', 'W3'].map((id) => ({ id, given: id, family: 'One', title: 'Clerk' }))));
    await command('run', pipeline());
    await story.sql(
      people([{ id: 'W4', given: 'New', family: 'Joiner' }]),
      `update workers set status = 'Terminated' where id = 'W1'`,
      `update workers set title = 'Chief' where id = 'W2'`,
    );
  });
  afterAll(async () => {
    await story.close();
  });

  it('lets disables go on their own, in a plan with a hash of its own, and keeps the rest for the next run', async () => {
    expect(await command('run', pipeline())).toMatchObject({ code: 6 });
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on', W3: 'on' });
    const { out, code } = await command('plan', pipeline(), '--only', 'leavers');
    expect(code).toBe(0);
    expect(out).toContain('only leavers');
    const [confined, whole] = await runIds();
    expect(await command('apply', pipeline(), '--run', confined ?? '')).toMatchObject({ code: 0 });
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'on', W3: 'on' });
    expect(story.property('W2', 'jobTitle')).toBe('Clerk');

    const page = join(story.folder, 'plan.html');
    const plan = await command('plan', pipeline(), '--json', '--by', 'attribute', '--out', page);
    const lines = plan.out
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ type: 'result', plan: { counts: { leaver: 0, mover: 1, joiner: 1 } } });
    expect(lines.find(({ externalId }) => externalId === 'W2')).toMatchObject({
      attributes: [{ path: 'title', kind: 'changed', old: 'C•••', new: 'C•••' }],
    });
    expect(lines.find(({ type }) => type === 'view')).toMatchObject({
      by: 'attribute',
      rows: expect.arrayContaining([expect.objectContaining({ name: 'title', changed: 1 })]),
    });
    const html = await readFile(page, 'utf8');
    expect(html).toContain('Nothing of this plan is sent');
    expect(html).not.toMatch(/Chief|Clerk|src="http|href="http/);
    const shown = await command('plan', pipeline(), '--by', 'department', '--reveal', 'change meeting of Monday');
    expect(shown.out).toMatch(/Clerk.*Chief/);
    expect(shown.out).toMatch(/\(none\) .* 2 /);
    expect(await command('plan', pipeline(), '--by', 'name')).toMatchObject({ code: 8, err: expect.stringContaining('CLI-101') });
    story.as('mkeller');
    expect(await approve(whole ?? '')).toMatchObject({ code: 8, err: expect.stringContaining('PLN-304') });
    story.as('scheduler');
  });

  it('can be confined to workers by name; a row that changes back before the next run is noticed', async () => {
    const { code } = await command('plan', pipeline(), '--only', 'W2');
    expect(code).toBe(0);
    await command('apply', pipeline(), '--run', 'latest');
    expect(story.property('W2', 'jobTitle')).toBe('Chief');
    await story.sql(`update workers set title = 'Clerk' where id = 'W2'`);
    await command('plan', pipeline(), '--only', 'W2');
    await command('apply', pipeline(), '--run', 'latest');
    expect(story.property('W2', 'jobTitle')).toBe('Clerk');
  });

  it('is let through only by an approver who did not make the plan, with a reason and an end', async () => {
    expect(await command('plan', pipeline())).toMatchObject({ code: 6 });
    const [run = ''] = await runIds();
    expect(await approve(run)).toMatchObject({ code: 8, err: expect.stringContaining('PLN-302') });
    story.as('intern');
    expect(await approve(run)).toMatchObject({ code: 8, err: expect.stringContaining('PLN-301') });
    story.as('mkeller');
    expect(await approve(run, '--reason', 'ok')).toMatchObject({ err: expect.stringContaining('PLN-306') });
    expect(await approve(run, '--expires', '8d')).toMatchObject({ err: expect.stringContaining('PLN-305') });
    expect(await approve(run, '--guard', 'leavers')).toMatchObject({ err: expect.stringContaining('PLN-303') });
    expect(await command('apply', pipeline(), '--run', run)).toMatchObject({ code: 6 });

    expect(await approve(run)).toMatchObject({ code: 0, out: expect.stringContaining('mkeller approved joiners') });
    expect(await command('apply', pipeline(), '--run', run)).toMatchObject({ code: 8, err: expect.stringContaining('PLN-302') });
    expect(story.accounts()).not.toHaveProperty('W4');
  });

  it('is not let through any more once the approval has ended, or the plan is another', async () => {
    const [run = ''] = await runIds();
    story.as('scheduler');
    story.clock.advance(3 * hour);
    expect(await command('apply', pipeline(), '--run', run)).toMatchObject({ code: 6 });
    story.as('mkeller');
    await approve(run);
    await story.sql(people([{ id: 'W5', given: 'Another', family: 'Joiner' }]));
    story.as('scheduler');
    expect(await command('run', pipeline())).toMatchObject({ code: 6 });
    expect(await command('apply', pipeline(), '--run', run)).toMatchObject({ code: 8, err: expect.stringContaining('PLN-304') });
    expect(story.accounts()).not.toHaveProperty('W4');
  });

  it('is sent with the approval shown by plan, events, report and journal, and does not count in later windows', async () => {
    const [run = ''] = await runIds();
    story.as('mkeller');
    await approve(run);
    story.as('scheduler');
    const again = await command('plan', pipeline());
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('approved by mkeller until') });
    const sent = await command('apply', pipeline(), '--run', 'latest', '--json');
    expect(sent.out).toContain('"approved":{"id":');
    expect(story.accounts()).toMatchObject({ W4: 'on', W5: 'on' });
    const page = join(story.folder, 'report.html');
    await command('report', pipeline(), '--out', page);
    expect(await readFile(page, 'utf8')).toContain('approved by mkeller until');
    expect((await command('journal', 'verify', pipeline())).code).toBe(0);
    await story.sql(`update workers set title = 'Chief' where id = 'W3'`);
    expect(await command('run', pipeline())).toMatchObject({ code: 0 });
  });
});
