import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashJson } from '../../src/domain/canonical-json.ts';
import type { DirectoryUserInput } from '../../src/emulator/directory.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

const total = 5000;
const key = (index: number): string => `E${String(index).padStart(5, '0')}`;

/**
 * 5,000 accounts: 4,460 carry a key of the source, 300 carry none or one that HR does not know, 40 share 20 keys, 200 are mastered on-premises. Of the
 * 4,460, 50 are off, 30 of whom HR says have left; 10 have another department than HR says; 5 have left and are on.
 */
function existing(): DirectoryUserInput[] {
  return Array.from({ length: total }, (_, index): DirectoryUserInput => {
    const base = {
      userPrincipalName: `u${String(index)}@contoso.example`,
      displayName: `Given${String(index)} Family`,
      givenName: `Given${String(index)}`,
      surname: 'Family',
      jobTitle: 'Analyst',
      department: index >= 100 && index < 110 ? 'Old' : 'Sales',
      accountEnabled: !(index < 50),
    };
    if (index >= 4960) return { ...base, employeeId: key(4960 + ((index - 4960) % 20)) };
    if (index >= 4760) return { ...base, employeeId: key(index), onPremisesSyncEnabled: true };
    if (index >= 4460) return { ...base, employeeId: index % 2 === 0 ? null : `other-${String(index)}` };
    return { ...base, employeeId: key(index) };
  });
}

describe('starting where 5,000 users exist', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory({}, { tenant: { users: existing() } });
    await story.sql(`insert into workers (id, given, family, department, title, status)
      select 'E' || lpad(n::text, 5, '0'), 'Given' || n, 'Family', 'Sales', 'Analyst',
             case when n < 30 or (n >= 200 and n < 205) then 'Terminated' else 'Active' end
      from generate_series(0, 4979) n where n < 4460 or n >= 4760`);
    // Somebody who is new, and somebody whose account nobody gave an employee id.
    await story.sql(`insert into workers (id, given, family) values ('E90001', 'Brand', 'New'), ('E90002', 'u4460', 'Same')`);
  });

  afterAll(async () => {
    await story.close();
  });

  it('refuses to plan before somebody decided what the accounts are', async () => {
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-204', message: expect.stringContaining('accounts already') });
    expect(uploadsOf(story.work.emulator)).toBe(0);
  });

  it('reports who is matched, unmatched, ambiguous, on-premises and whose name is taken, and sends nothing', async () => {
    const before = hashJson(story.work.emulator.directory.users());
    const runner = await story.open();
    const report = await runner.adopt();
    await runner.close();
    expect(report).toMatchObject({ accounts: 5000, keys: 4682, adopted: 4460 });
    expect(report.counts).toEqual({
      matched: 4460,
      known: 0,
      foreign: 0,
      ambiguous: 20,
      onPremises: 200,
      nameTaken: 1,
      unmatchedWorker: 1,
      unmatchedAccount: 300,
    });
    // 20 are off and HR says active; 10 departments; 5 have left and are on; 30 have left and are off.
    expect(report.changes).toMatchObject({ rehire: 20, leaver: 5, frozen: 30 });
    expect(report.differences).toMatchObject({ 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': 10, active: 25 });
    expect(report.notComparable).toEqual([]);
    expect(uploadsOf(story.work.emulator)).toBe(0);
    expect(hashJson(story.work.emulator.directory.users())).toBe(before);
  });

  it('adopts nobody twice', async () => {
    const runner = await story.open();
    const report = await runner.adopt();
    await runner.close();
    expect(report).toMatchObject({ adopted: 0, counts: { matched: 0, known: 4460, ambiguous: 20 } });
  });

  it('then sends only what differs, and holds who was off, ambiguous or on-premises', async () => {
    const { plan } = await story.run();
    // Brand New; ten departments; five leavers. The one whose first name is taken by an unmatched account gets his second.
    expect(plan.counts).toMatchObject({ joiner: 2, mover: 10, leaver: 5, rehire: 0, frozen: 30 });
    expect(plan.held).toEqual({ directory: 20, ambiguous: 20, onPremises: 200 });
    expect(plan.price.operations).toBe(17);
    expect(story.accounts()).toMatchObject({ E90001: 'on', E90002: 'on', E00040: 'off', E00200: 'off', E00010: 'off', E00300: 'on' });
    expect(story.property('E00105', 'department')).toBe('Sales');
    expect(story.property('E00300', 'userPrincipalName')).toBe('u300@contoso.example');
    expect((await story.run()).plan.price.operations).toBe(0);
  });

  it('refuses no later run, and finds a leaver of the adopted', async () => {
    await story.sql(`delete from workers where id = 'E00300'`);
    await story.run();
    story.clock.advance(25 * 3_600_000);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 1 });
    expect(story.accounts()).toMatchObject({ E00300: 'off' });
  });
});

it('somebody who is inactive and unknown, and whose account is on, is named until adopt makes him a leaver', async () => {
  const users = [{ userPrincipalName: 'late@contoso.example', displayName: 'Late Row', employeeId: 'L1', accountEnabled: true }];
  const story = await openStory({}, { tenant: { users } });
  try {
    await story.sql(people(['W1', 'W2', 'W3'].map((id) => ({ id, given: `G${id}`, family: 'One' }))));
    await story.run();
    const gone = { family: 'Gone', status: 'Terminated' };
    await story.sql(people([{ id: 'L1', given: 'Late', ...gone }, { id: 'L2', given: 'Never', ...gone }])); // prettier-ignore
    const named = async (): Promise<readonly unknown[]> => {
      const { plan } = await story.run();
      expect(plan.price.operations).toBe(0);
      return story.events.flatMap((event) => (event.type === 'warning' && event.diagnostic.code === 'PLN-110' ? [event.externalId] : []));
    };
    expect(await named()).toEqual(['L1']);
    expect(story.accounts()).toMatchObject({ L1: 'on' });
    await story.command('adopt', `${story.folder}/story.yaml`);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 1 });
    expect(story.accounts()).toMatchObject({ L1: 'off', W1: 'on' });
  } finally {
    await story.close();
  }
});

it('a state that was restored from a backup asks for adopt where many have accounts that it does not know, and not for one', async () => {
  const story = await openStory({ guards: 'joiners: 100\n  first: { joiners: 100, rejections: 100% }' });
  const backup = `${story.work.state}-backup`;
  const ids = (letter: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${letter}${String(index)}`);
  const hire = (workers: readonly string[]): Promise<void> =>
    story.sql(people(workers.map((id) => ({ id, given: `G${id}`, family: 'One' }))));
  try {
    await hire(ids('W', 3));
    await story.run();
    await cp(story.work.state, backup, { recursive: true });
    await hire(ids('N', 10));
    await story.run();
    story.clock.advance(3_600_000);
    await rm(story.work.state, { recursive: true });
    await cp(backup, story.work.state, { recursive: true });
    const calls = uploadsOf(story.work.emulator);
    await expect(story.run()).rejects.toMatchObject({
      code: 'PLN-204',
      message: expect.stringContaining('10 workers of the source have accounts'),
    });
    expect(uploadsOf(story.work.emulator)).toBe(calls);
    await story.command('adopt', `${story.folder}/story.yaml`);
    expect((await story.run()).plan.price.operations).toBe(0);
    // Ten joiners without outcomes have accounts as well, which are ours.
    await hire(ids('S', 10));
    story.work.emulator.setFaults({ row: () => ({ kind: 'missing' }) });
    const runner = await story.open();
    await runner.load({ run: (await runner.plan()).run.id });
    await runner.close();
    story.work.emulator.setFaults({});
    await hire(['N99']);
    story.clock.advance(3 * 3_600_000);
    expect((await story.run()).plan.counts).toMatchObject({ joiner: 1 });
  } finally {
    await rm(backup, { recursive: true, force: true });
    await story.close();
  }
});
