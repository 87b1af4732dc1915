import { afterEach, describe, expect, it } from 'vitest';
import { collect } from '../state-builders.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

const identity = { source: '  identity: [person]\n' };
let story: Story;
afterEach(async () => {
  await story.close();
});

const file = (): string => `${story.folder}/story.yaml`;

describe('a contractor who becomes an employee under a new number', () => {
  it('gets no second account and keeps his first, until somebody closes the case', async () => {
    story = await openStory(identity);
    await story.sql(people([{ id: 'C17', given: 'Anna', family: 'One', person: '1985-A', title: 'Contractor' }]));
    await story.run();
    await story.sql(
      `update workers set status = 'Terminated' where id = 'C17'`,
      people([{ id: 'W90', given: 'Anna', family: 'One', person: ' 1985-a ', title: 'Engineer' }]),
    );
    const calls = uploadsOf(story.work.emulator);
    const { plan } = await story.run();
    expect(plan).toMatchObject({ counts: { joiner: 0, leaver: 0 }, held: { rekey: 2 }, rekeys: { fresh: 1, standing: 0 } });
    expect(story.accounts()).toEqual({ C17: 'on' });
    // It stands, and nothing is sent: neither by another run nor by what a run sends afterwards.
    expect((await story.run()).plan).toMatchObject({ held: { rekey: 2 }, rekeys: { fresh: 0, standing: 1 } });
    expect(uploadsOf(story.work.emulator)).toBe(calls);

    const shown = await story.command('plan', file());
    expect(shown.out).toContain('C17 and W90 share the columns of source.identity');
    expect(shown.out).toContain('joinery rekey');

    const early = await story.command('rekey', file(), 'C17', 'W90', '--reason', 'now employed');
    expect(early.code).not.toBe(0);
    expect(early.err).toContain('STG-107');
    expect(early.err).toMatch(/set employeeId of account .* from C17 to W90/);

    story.setAccount('C17', { employeeId: 'W90' });
    const done = await story.command('rekey', file(), 'C17', 'W90', '--reason', 'now employed', '--json');
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.out.trim().split('\n').at(-1) ?? '')).toMatchObject({ type: 'result', rekeyed: [{ old: 'C17', new: 'W90' }] });
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 1, joiner: 0, leaver: 0 } });
    expect(story.accounts()).toEqual({ W90: 'on' });
    expect(story.property('W90', 'jobTitle')).toBe('Engineer');
    expect(story.property('W90', 'userPrincipalName')).toBe('anna@contoso.example');
    expect((await story.run()).plan.price.operations).toBe(0);

    const runner = await story.open();
    const lines = (await collect(runner.store.journal.stream())).filter(({ kind }) => kind === 'worker.rekeyed');
    await runner.close();
    expect(lines.map(({ data }) => data['reason'])).toEqual(['now employed']);
    expect(JSON.stringify(lines)).not.toContain('W90');
  });

  it('in another spelling only is held too: the service takes both for one, and the disable of the old would lock him out', async () => {
    story = await openStory();
    await story.sql(people([{ id: 'c17', given: 'Anna', family: 'One' }, { id: 'C20', given: 'Ben', family: 'Two' }])); // prettier-ignore
    await story.run();
    await story.sql(
      `update workers set id = 'C17', given = 'Zoe' where id = 'c17'`,
      people([{ id: 'e5', given: 'Eva', family: 'Five' }, { id: 'E5', given: 'Emil', family: 'Five' }]), // prettier-ignore
    );
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 0 }, rekeys: { fresh: 2 } });
    story.clock.advance(25 * 3_600_000);
    expect((await story.run()).plan).toMatchObject({ counts: { leaver: 0 }, rekeys: { fresh: 0, standing: 2 } });
    expect(story.accounts()).toEqual({ c17: 'on', C20: 'on' });
    expect(await story.command('rekey', file(), 'c17', 'C17', '--reason', 'new spelling')).toMatchObject({ code: 0 });
    expect((await story.run()).plan.counts).toMatchObject({ mover: 1, leaver: 0, joiner: 0 });
    story.clock.advance(25 * 3_600_000);
    await story.run();
    expect(Object.values(story.accounts())).toEqual(['on', 'on']);
  });

  it('is held also when the old number vanishes, and both go on when they are two people', async () => {
    story = await openStory(identity);
    await story.sql(people([{ id: 'C17', given: 'Anna', family: 'One', person: 'P1' }]));
    await story.run();
    await story.sql(`delete from workers`, people([{ id: 'W90', given: 'Anna', family: 'One', person: 'P1' }]));
    await story.run();
    story.clock.advance(25 * 3_600_000);
    expect((await story.run()).plan.held).toEqual({ rekey: 2 });
    expect(story.accounts()).toEqual({ C17: 'on' });
    expect(await story.command('rekey', file(), 'C17', 'W90', '--different', '--reason', 'twins')).toMatchObject({ code: 0 });
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1, leaver: 1 } });
    expect(story.accounts()).toEqual({ C17: 'off', W90: 'on' });
  });

  it('is found by his user name where nothing says who a person is, unless the identities differ', async () => {
    story = await openStory();
    await story.sql(people([{ id: 'C17', given: 'Anna', family: 'One' }]));
    await story.run();
    await story.sql(`delete from workers`, people([{ id: 'W90', given: 'Anna', family: 'Uno' }]));
    expect((await story.run()).plan).toMatchObject({ rekeys: { fresh: 1 }, held: { rekey: 1 } });
    expect(story.events).toContainEqual(
      expect.objectContaining({ type: 'warning', diagnostic: expect.objectContaining({ code: 'PLN-108' }) }),
    );
    await story.rewrite(identity);
    await story.sql(`update workers set person = 'P2'`, people([{ id: 'C17', given: 'Anna', family: 'One', person: 'P1' }]));
    await story.run();
    await story.sql(`update workers set status = 'Terminated' where id = 'C17'`);
    expect((await story.run()).plan).toMatchObject({ counts: { leaver: 1 } });
    expect(story.accounts()).toEqual({ C17: 'off', W90: 'on' });
  });
});

describe('the same person in two sources', () => {
  it('is held in both pipelines, and moves to the new one with his account', async () => {
    story = await openStory(identity);
    const contractors = await story.write('contractors', identity);
    await story.sql(people([{ id: 'C17', given: 'Anna', family: 'One', person: 'P1' }], 'contractors'));
    await story.run(contractors);
    await story.sql(people([{ id: 'W90', given: 'Anna', family: 'One', person: 'P1' }]));
    expect((await story.run()).plan).toMatchObject({ held: { rekey: 1 }, rekeys: { fresh: 1 } });
    await story.sql(`update contractors set status = 'Terminated'`);
    expect((await story.run(contractors)).plan).toMatchObject({ counts: { leaver: 0 }, held: { rekey: 1 } });
    expect(story.accounts()).toEqual({ C17: 'on' });
    story.setAccount('C17', { employeeId: 'W90' });
    const refused = await story.command('rekey', file(), 'C17', 'W90', '--reason', 'x');
    expect(refused.err).toContain('add --from contractors');
    expect(await story.command('rekey', file(), 'C17', 'W90', '--from', 'contractors', '--reason', 'x')).toMatchObject({ code: 0 });
    await story.run(contractors);
    await story.run();
    expect(story.accounts()).toEqual({ W90: 'on' });
    expect((await story.run(contractors)).plan.price.operations).toBe(0);
  });

  it('twice in one source, under two new numbers, gets no account at all', async () => {
    story = await openStory(identity);
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One', person: 'P1' },
        { id: 'W2', given: 'Anna', family: 'One', person: 'P1' },
        { id: 'W3', given: 'Ben', family: 'Two', person: 'P2' },
        { id: 'W4', given: 'Cleo', family: 'Three' },
        { id: 'W5', given: 'Dora', family: 'Four' },
      ]),
    );
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 3 }, held: { rekey: 2 } });
    expect(story.accounts()).toEqual({ W3: 'on', W4: 'on', W5: 'on' });
    await story.sql(`delete from workers where id = 'W2'`);
    await story.run();
    expect(story.accounts()).toMatchObject({ W1: 'on' });
  });
});

it('a company with new numbers trips the guard, and its pairs are closed from a file', async () => {
  story = await openStory({ ...identity, guards: 'first: { joiners: 10000, rejections: 100% }\n  population: 100%' });
  await story.sql(
    `insert into workers (id, given, family, person) select 'A' || n, 'Given' || n, 'Family', 'P' || n from generate_series(1, 8) n`,
  );
  await story.run();
  await story.sql(`update workers set id = 'B' || substr(id, 2)`);
  await expect(story.run()).rejects.toMatchObject({ code: 'PLN-201', message: expect.stringContaining('guard rekeys: 8') });
  const { writeFile } = await import('node:fs/promises');
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  await writeFile(`${story.folder}/pairs.txt`, `# old new\n${numbers.map((n) => `A${String(n)} B${String(n)}`).join('\r\n')}\n`);
  for (const n of numbers) story.setAccount(`A${String(n)}`, { employeeId: `B${String(n)}` });
  const done = await story.command('rekey', file(), '--pairs', `${story.folder}/pairs.txt`, '--reason', 'new payroll');
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining('8 cases closed') });
  expect((await story.run()).plan).toMatchObject({ counts: { joiner: 0, leaver: 0 }, price: { operations: 0 } });
  story.clock.advance(50 * 3_600_000);
  expect((await story.run()).plan.price.operations).toBe(0);
  expect(Object.values(story.accounts())).toEqual(numbers.map(() => 'on'));
});
