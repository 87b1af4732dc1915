import { afterEach, describe, expect, it } from 'vitest';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

const file = (): string => `${story.folder}/story.yaml`;
const userName = (formula: string, rest = ''): string => `    userName: { ${formula}${rest} }
    name: { givenName: given, familyName: family }
    displayName: given & " " & family`;
const single = `once: '$lowercase(given) & "@contoso.example"'`;
const double = `once: '[$lowercase(given & "." & family) & "@contoso.example", id & "@contoso.example"]'`;
const nameOf = (worker: string): unknown => story.property(worker, 'userPrincipalName');

async function apply(...words: readonly string[]): Promise<void> {
  const planned = await story.command(...words);
  expect(planned).toMatchObject({ code: 0 });
  const run = /--run (\S+)/.exec(planned.out)?.[1] ?? '';
  expect(await story.command('apply', file(), '--run', run)).toMatchObject({ code: 0 });
}

describe('two who want one name', () => {
  it('are both rejected, and stay rejected from run to run; whoever comes later is rejected alone', async () => {
    story = await openStory({ attributes: userName(single) });
    const annas = [
      { id: 'W1', given: 'Anna', family: 'One' },
      { id: 'W2', given: 'ANNA', family: 'Two' },
    ];
    await story.sql(people([...annas, { id: 'W3', given: 'Ben', family: 'Three' }]));
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1 }, rejections: { fresh: 2 } });
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 0 }, rejections: { fresh: 0, standing: 2 } });
    await story.sql(`update workers set given = 'Annika' where id = 'W2'`, people([{ id: 'W4', given: 'ben', family: 'Four' }]));
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1 }, rejections: { fresh: 1 } });
    expect(story.accounts()).toEqual({ W2: 'on', W3: 'on' });
    expect(nameOf('W3')).toBe('ben@contoso.example');
  });

  it('are found also where the name follows the row, against plan, ledger and directory', async () => {
    story = await openStory({ attributes: userName(single.replace('once', 'value')) });
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two' },
      ]),
    );
    await story.run();
    await story.sql(`update workers set given = 'Anna' where id = 'W2'`, people([{ id: 'W3', given: 'Cleo', family: 'Three' }]));
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1, mover: 0 }, rejections: { fresh: 1 } });
    await story.sql(`update workers set given = 'Bernd' where id = 'W2'`);
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 0, standing: 0 } });
    expect(nameOf('W2')).toBe('bernd@contoso.example');
  });
});

describe('a rename', () => {
  it('is planned for one worker, sent by apply, and kept from then on; nobody is renamed into a name that is taken', async () => {
    story = await openStory({ attributes: userName(double) });
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two' },
      ]),
    );
    await story.run();
    await story.sql(`update workers set family = 'Married' where id = 'W1'`);
    expect((await story.run()).plan.counts).toMatchObject({ mover: 1 });
    expect(nameOf('W1')).toBe('anna.one@contoso.example');
    const taken = await story.command('rename', file(), '--worker', 'W1', '--to', 'BEN.two@contoso.example');
    expect(taken.err).toContain('STG-109');
    expect((await story.command('rename', file(), '--worker', 'W2')).err).toContain('is the user name that he has');
    expect((await story.command('rename', file(), '--worker', 'W7')).err).toContain('has no worker W7');

    await apply('rename', file(), '--worker', 'W1');
    expect(nameOf('W1')).toBe('anna.married@contoso.example');
    // For a program: the change by attribute, the plan to apply, and the refusal with its code.
    const json = await story.command('rename', file(), '--worker', 'W1', '--to', 'queen@contoso.example', '--json');
    const documents = json.out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(json.code).toBe(0);
    expect(documents).toContainEqual(
      expect.objectContaining({
        type: 'change',
        externalId: 'W1',
        attributes: [expect.objectContaining({ path: 'userName', kind: 'changed' })],
      }),
    );
    expect(documents.at(-1)).toMatchObject({ type: 'result', plan: { counts: { mover: 1 }, price: { operations: 1 } } });
    expect(json.out).not.toContain('queen@');
    const refused = await story.command('rename', file(), '--worker', 'W7', '--json');
    expect(JSON.parse(refused.out.trim().split('\n').at(-1) ?? '')).toMatchObject({ type: 'error', error: { code: 'STG-109' } });
    await apply('rename', file(), '--worker', 'W1', '--to', 'queen@contoso.example');
    expect(nameOf('W1')).toBe('queen@contoso.example');
    await story.sql(`update workers set family = 'Divorced' where id = 'W1'`);
    await story.run();
    expect(nameOf('W1')).toBe('queen@contoso.example');
    expect((await story.run()).plan.price.operations).toBe(0);
  });

  it('follows changed candidates where the pipeline says onChange: rename, under its guard, and nothing else', async () => {
    story = await openStory({
      attributes: userName(double, ', onChange: rename'),
      guards: 'renames: 1\n  first: { joiners: 100, rejections: 100% }',
    });
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two' },
        { id: 'W3', given: 'Anna', family: 'One' },
      ]),
    );
    await story.run();
    expect([nameOf('W1'), nameOf('W3')]).toEqual(['anna.one@contoso.example', 'W3@contoso.example']);
    await story.sql(`update workers set family = 'Married' where id in ('W1', 'W2')`);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-201', message: expect.stringContaining('guard renames: 2') });
    await story.sql(`update workers set family = 'Two' where id = 'W2'`);
    expect((await story.run()).plan.counts).toMatchObject({ mover: 1 });
    expect([nameOf('W1'), nameOf('W2')]).toEqual(['anna.married@contoso.example', 'ben.two@contoso.example']);
    // The better candidate of W3 is free now: that renames nobody.
    await story.sql(`update workers set department = 'Sales' where id = 'W3'`);
    await story.run();
    expect(nameOf('W3')).toBe('W3@contoso.example');
  });
});
