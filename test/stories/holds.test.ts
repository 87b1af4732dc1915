import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { collect } from '../state-builders.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

const three = people([
  { id: 'W1', given: 'Anna', family: 'One' },
  { id: 'W2', given: 'Ben', family: 'Two' },
  { id: 'W3', given: 'Cleo', family: 'Three' },
]);

async function release(worker: string): Promise<void> {
  const runner = await story.open();
  try {
    await runner.release(worker, 'incident closed', 'ops');
  } finally {
    await runner.close();
  }
}

describe('an account that somebody else disabled', () => {
  it('is held when his row changes, until it is released; others go on', async () => {
    story = await openStory();
    await story.sql(three);
    await story.run();
    story.setAccount('W1', { accountEnabled: false });
    await story.sql(`update workers set title = 'Chief' where id in ('W1', 'W2')`);
    const { plan } = await story.run();
    expect(plan).toMatchObject({ counts: { mover: 1 }, held: { directory: 1 } });
    expect(story.events).toContainEqual(
      expect.objectContaining({ type: 'warning', externalId: 'W1', diagnostic: expect.objectContaining({ code: 'PLN-106' }) }),
    );
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'on', W3: 'on' });
    expect(story.property('W1', 'jobTitle')).not.toBe('Chief');
    expect(story.property('W2', 'jobTitle')).toBe('Chief');

    // He stays held and is named again, and nothing is sent for it.
    const calls = uploadsOf(story.work.emulator);
    expect((await story.run()).plan.held).toEqual({ directory: 1 });
    expect(uploadsOf(story.work.emulator)).toBe(calls);

    await release('W1');
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 } });
    expect(story.accounts()).toMatchObject({ W1: 'on' });

    // A release is for one enabling.
    story.setAccount('W1', { accountEnabled: false });
    await story.sql(`update workers set title = 'Chief of all' where id = 'W1'`);
    expect((await story.run()).plan.held).toEqual({ directory: 1 });
    expect(story.accounts()).toMatchObject({ W1: 'off' });
  });

  it('is still disabled when he leaves, and not held when he comes back after we disabled him', async () => {
    story = await openStory();
    await story.sql(three);
    await story.run();
    story.setAccount('W1', { accountEnabled: false });
    await story.sql(`update workers set status = 'Terminated' where id in ('W1', 'W2')`);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 2 });
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'off', W3: 'on' });
    await story.sql(`update workers set status = 'Active' where id = 'W2'`);
    expect((await story.run()).plan).toMatchObject({ counts: { rehire: 1 } });
    expect(story.accounts()).toMatchObject({ W2: 'on' });
  });

  it('is found between plan and load too', async () => {
    story = await openStory();
    await story.sql(three);
    await story.run();
    await story.sql(`update workers set title = 'Chief' where id = 'W1'`);
    const runner = await story.open();
    const { run } = await runner.plan();
    story.setAccount('W1', { accountEnabled: false });
    await runner.apply({ run: run.id });
    await runner.close();
    expect(story.accounts()).toMatchObject({ W1: 'off' });
    expect((await story.run()).plan.held).toEqual({ directory: 1 });
    story.setAccount('W1', { accountEnabled: true });
    expect((await story.run()).plan.counts).toMatchObject({ mover: 1 });
  });
});

it('a pre-hire whose employee id an account carries that is on turns nobody off, until somebody decides', async () => {
  const users = [{ userPrincipalName: 'temp@contoso.example', displayName: 'Temp', employeeId: 'P1', accountEnabled: true }];
  story = await openStory({}, { tenant: { users } });
  await story.sql(three);
  await story.run();
  await story.sql(people([{ id: 'P1', given: 'Pia', family: 'Pre', starts: '2026-11-10' }]));
  expect((await story.run()).plan).toMatchObject({ counts: { 'pre-hire': 0 }, held: { exists: 1 } });
  expect(story.accounts()).toMatchObject({ P1: 'on' });
  await release('P1');
  expect((await story.run()).plan.counts).toMatchObject({ 'pre-hire': 1 });
  expect(story.accounts()).toMatchObject({ P1: 'off' });
});

it('a pre-hire whose account we turned on ourselves, by a joining that went silent, is turned off: his first day was moved', async () => {
  story = await openStory();
  await story.sql(people([{ id: 'P1', given: 'Pia', family: 'Pre', starts: '2026-11-01' }]));
  const soon = story.clock.now() + 600_000;
  story.work.emulator.setFaults({
    row: () => ({ kind: 'missing' }),
    request: ({ path, now }) => (path.endsWith('/users') && now > soon ? { kind: 'status', status: 403 } : undefined),
  });
  expect((await story.run()).tally).toEqual({ silent: 1 });
  expect(story.accounts()).toEqual({ P1: 'on' });
  story.work.emulator.setFaults({});
  await story.sql(`update workers set starts = '2026-11-10' where id = 'P1'`);
  expect((await story.run()).plan).toMatchObject({ counts: { 'pre-hire': 1 } });
  expect(story.accounts()).toEqual({ P1: 'off' });
});

describe('lists', () => {
  it('hold whoever stands in them, but not his disable, and touch the protected never', async () => {
    story = await openStory({ more: 'holds: { file: holds.txt }\nprotected: { workers: [W3] }' });
    await writeFile(join(story.folder, 'holds.txt'), '# until the case is closed\n w1 \t# case 4711\n');
    await story.sql(three);
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1 }, held: { list: 1, protected: 1 } });
    expect(story.accounts()).toEqual({ W2: 'on' });
    await writeFile(join(story.folder, 'holds.txt'), '\uFEFFW2\r\n');
    await story.run();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on' });
    await story.sql(`update workers set status = 'Terminated'`);
    await story.run();
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'off' });
  });

  it('come from a query over the HR database too, and an expression protects; a leaver needs neither', async () => {
    const query = 'holds: { query: "select person as who from cases where closed is null", key: who }';
    story = await openStory({ more: `${query}\nprotected: { when: kind = "Contractor" }` });
    await story.sql(
      `create table cases (person text, closed date)`,
      `insert into cases values ('W2', null), ('W1', null), ('W1', null), ('W3', '2026-01-01')`,
      three,
      people([{ id: 'C4', given: 'Dora', family: 'Four', kind: 'Contractor' }]),
    );
    const file = join(story.folder, 'story.yaml');
    expect(await story.command('check', file, '--connect')).toMatchObject({ code: 0 });
    await story.rewrite({ more: query.replace('key: who', 'key: whom') });
    expect(await story.command('check', file, '--connect')).toMatchObject({ code: 7, err: expect.stringContaining('SRC-204') });
    await story.rewrite({ more: `${query}\nprotected: { when: kind = "Contractor" }` });
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 1 }, held: { list: 2, protected: 1 } });
    expect(story.accounts()).toEqual({ W3: 'on' });

    // Case closed, and who is adopted by name is protected by what his row said last, also when it is gone.
    await story.sql(`update cases set closed = '2026-11-02'`, `update workers set kind = 'Contractor' where id = 'W3'`);
    expect((await story.run()).plan).toMatchObject({ counts: { joiner: 2 } });
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on', W3: 'on' });
    await story.sql(`delete from workers where id = 'W3'`, `update workers set ends = '2026-10-20' where id = 'W1'`);
    for (const day of ['03', '05']) {
      story.clock.advanceTo(`2026-11-${day}T08:00:00Z`);
      await story.run();
    }
    const { out } = await story.command('plan', file);
    expect(out).toMatch(/^Protected, never touched: C4, W3$/m);
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'on', W3: 'on' });

    // A case that names nobody could be about anybody: nobody is enabled, and the leaver goes.
    await story.sql(`insert into cases values (null, null)`, `update workers set status = 'Terminated' where id = 'W2'`);
    await story.sql(people([{ id: 'W5', given: 'Emil', family: 'Five' }]));
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-207' });
    const runner = await story.open();
    const { run } = await runner.plan('leavers');
    await runner.apply({ run: run.id });
    await runner.close();
    expect(story.accounts()).toEqual({ W1: 'off', W2: 'off', W3: 'on' });
  });

  it('that cannot be read stop the run before anything is sent', async () => {
    story = await openStory({ more: 'holds: { file: nowhere.txt }' });
    await story.sql(three);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-206' });
    // As PowerShell's `>` writes it: read as UTF-8 it would name nobody.
    await writeFile(join(story.folder, 'nowhere.txt'), '\uFEFFW1\r\n', 'utf16le');
    await expect(story.run()).rejects.toMatchObject({
      code: 'PLN-206',
      message: expect.stringContaining('it is UTF-16'),
      place: { line: 1 },
    });
    expect(uploadsOf(story.work.emulator)).toBe(0);
  });
});

describe('without the right to read users', () => {
  const blind = {
    clients: [{ roles: ['SynchronizationData-User.Upload', 'ProvisioningLog.Read.All', 'Synchronization.Read.All'] as const }],
  };

  it('the run is refused', async () => {
    story = await openStory({}, blind);
    await story.sql(three);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-205' });
    expect(uploadsOf(story.work.emulator)).toBe(0);
  });

  it('the pipeline has to say that holds are unchecked', async () => {
    story = await openStory({ more: 'holds: unchecked' }, blind);
    await story.sql(three);
    await story.run();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on', W3: 'on' });
  });
});

describe('a release', () => {
  it('that nothing came of does not undo a hold of later', async () => {
    story = await openStory();
    await story.sql(three);
    await story.run();
    // The account was turned on by hand, and no row of his moved.
    await release('W1');
    await story.run();
    story.clock.advance(8 * 86_400_000);
    story.setAccount('W1', { accountEnabled: false });
    await story.sql(`update workers set title = 'Chief' where id = 'W1'`);
    expect((await story.run()).plan.held).toEqual({ directory: 1 });
    expect(story.accounts()).toMatchObject({ W1: 'off' });
  });

  it('stands in the journal with its reason and without the worker', async () => {
    story = await openStory();
    await story.sql(three);
    await story.run();
    await release('W1');
    const runner = await story.open();
    const lines = (await collect(runner.store.journal.stream())).filter(({ kind }) => kind === 'hold.released');
    await runner.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]?.data).toMatchObject({ reason: 'incident closed', by: 'ops' });
    await expect(release('W99')).rejects.toMatchObject({ code: 'STO-305', exit: 'configuration' });
  });
});
