import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashJson } from '../../src/domain/canonical-json.ts';
import { defaultRoles } from '../../src/emulator/index.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

/** One company whose accounts somebody changes outside. The tests are one story and build on each other. */
describe('accounts that were changed outside', () => {
  let story: Story;
  const pipeline = (): string => `${story.folder}/story.yaml`;
  const verify = async (...more: readonly string[]): Promise<{ code: number; out: string; lines: readonly Record<string, unknown>[] }> => {
    const { code, out } = await story.command('verify', pipeline(), '--json', ...more);
    return {
      code,
      out,
      lines: out
        .trim()
        .split('\n')
        .map((line): Record<string, unknown> => JSON.parse(line)),
    };
  };
  const drifts = (lines: readonly Record<string, unknown>[]): readonly string[] =>
    lines.filter(({ type }) => type === 'drift').map(({ worker, kind }) => `${String(worker)} ${String(kind)}`);

  beforeAll(async () => {
    const roles = defaultRoles.filter((role) => role !== 'User.Read.All');
    story = await openStory({}, { clients: [{ roles: defaultRoles }, { roles }] });
    const ids = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'];
    await story.sql(
      people(ids.map((id) => ({ id, given: `Given${id}`, family: 'One', title: 'Clerk', manager: id === 'W6' ? 'W7' : null }))),
    );
    await story.run();
    await story.sql(`update workers set status = 'Terminated' where id in ('W2', 'W7')`);
    await story.run();
    story.clock.advance(3_600_000);
  });
  afterAll(async () => {
    await story.close();
  });

  it('are none while nobody changes anything, managers and switched-off accounts included', async () => {
    const { code, lines } = await verify();
    expect(drifts(lines)).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ type: 'result', drifts: 0, compared: 7, skipped: { uncertain: 0, fresh: 0, deleted: 0 } });
    expect(code).toBe(0);
  });

  it('are named by what happened to them, with old and new value masked; a shown value needs a reason, which is journalled', async () => {
    story.setAccount('W1', { accountEnabled: false });
    story.setAccount('W2', { accountEnabled: true });
    story.work.emulator.directory.remove(String(story.property('W3', 'id')));
    story.setAccount('W4', { jobTitle: 'Director', department: 'Anything' });
    story.setAccount('W5', { employeeId: 'X5' });
    story.work.emulator.directory.remove(String(story.property('W7', 'id')));
    const before = hashJson(story.work.emulator.directory.users());
    const uploads = uploadsOf(story.work.emulator);
    const { code, lines, out } = await verify();
    expect(code).toBe(4);
    expect(drifts(lines)).toEqual(['W1 disabled', 'W2 enabled', 'W3 missing', 'W4 differs', 'W5 renumbered', 'W6 differs']);
    expect(lines.find(({ worker }) => worker === 'W4')).toMatchObject({
      attributes: [{ path: 'title', ledger: 'C•••', directory: 'D•••' }],
    });
    expect(lines.find(({ worker }) => worker === 'W5')).toMatchObject({ number: 'X5' });
    expect(lines.find(({ worker }) => worker === 'W6')).toMatchObject({ attributes: [{ directory: null }] });
    expect(lines.at(-1)).toMatchObject({ skipped: { deleted: 1 }, attributes: { title: 1, active: 2 } });
    expect(out).not.toMatch(/Director|GivenW4/);
    expect([hashJson(story.work.emulator.directory.users()), uploadsOf(story.work.emulator)]).toEqual([before, uploads]);
    const shown = await story.command('verify', pipeline(), '--worker', 'W4', '--reveal', 'ticket 4711: wrong title');
    expect(shown).toMatchObject({ code: 4, out: expect.stringContaining('Director') });
    expect(shown.out).toContain('1 account is with other values: joinery resend');
    expect(await story.command('verify', pipeline(), '--reveal', 'why')).toMatchObject({
      code: 8,
      err: expect.stringContaining('AUD-105'),
    });
    expect((await story.command('journal', 'verify', pipeline())).code).toBe(0);
  });

  it('are disabled again when somebody names who was turned on, whether his row still says so or is gone', async () => {
    const again = async (): Promise<void> => {
      expect((await story.command('resend', pipeline(), '--all')).out).not.toMatch(/leaver\s+[1-9]/);
      story.clock.advance(60_000);
      const { out } = await story.command('resend', pipeline(), '--worker', 'W2');
      expect(out).toMatch(/leaver\s+1/);
      await story.command('apply', pipeline(), '--run', 'latest');
      expect(story.accounts()).toMatchObject({ W2: 'off' });
    };
    await again();
    await story.sql(`delete from workers where id = 'W2'`);
    for (let pass = 0; pass < 3; pass++) {
      story.clock.advance(25 * 3_600_000);
      await story.run();
    }
    story.setAccount('W2', { accountEnabled: true });
    expect(drifts((await verify()).lines)).toContain('W2 enabled');
    await again();
    expect((await story.run()).plan.price.operations).toBe(0);
  });

  it('are not guessed at: what is in flight or was confirmed a moment ago is counted and not compared', async () => {
    await story.sql(`update workers set title = 'Chief' where id = 'W4'`);
    const runner = await story.open();
    const { run } = await runner.plan();
    await runner.load({ run: run.id });
    await runner.close();
    expect((await verify('--worker', 'W4')).lines.at(-1)).toMatchObject({ compared: 0, skipped: { uncertain: 1 } });
    await story.command('reconcile', pipeline());
    const { code, lines } = await verify('--worker', 'W4');
    expect(lines.at(-1)).toMatchObject({ compared: 0, skipped: { uncertain: 0, fresh: 1 } });
    expect(code).toBe(0);
    story.clock.advance(3_600_000);
    expect((await verify('--worker', 'W4')).lines.at(-1)).toMatchObject({ compared: 1, drifts: 0 });
    story.setAccount('W4', { accountEnabled: null });
    expect((await verify('--worker', 'W4')).lines.at(-1)).toMatchObject({ compared: 0, drifts: 0, skipped: { unshown: 1 } });
  });

  it('are not looked at without the right to read users', async () => {
    const other = story.work.emulator.clients[1];
    Object.assign(story.work.environment, { ENTRA_CLIENT_ID: other?.clientId, ENTRA_CLIENT_SECRET: other?.clientSecret });
    const { code, out } = await verify();
    expect(code).toBe(5);
    expect(out).toContain('ENT-205');
  });
});
