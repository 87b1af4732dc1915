import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notification } from '../../src/stages/notify/notification.ts';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;

/** One company whose runs tell a webhook. The tests are one story and build on each other. */
describe('people who do not look', () => {
  let story: Story;
  let server: Server;
  let status = 200;
  const told: Notification[] = [];
  const parts = {
    guards: 'first: { joiners: 100, rejections: 0 }\n  leavers: { percent: 1, atLeast: 2 }',
    more: "notify:\n  webhook: { url: '${NOTIFY_URL}' }\n",
  };
  const pipeline = (): string => `${story.folder}/story.yaml`;
  const run = async (...more: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
    told.length = 0;
    story.clock.advance(30 * 60_000);
    return story.command('run', pipeline(), '--json', ...more);
  };
  const words = (): string[] =>
    told.map(({ kind, condition, detail }) => `${kind} ${condition ?? ''}${detail === undefined ? '' : ` ${detail}`}`);

  beforeAll(async () => {
    server = createServer((request, response) => {
      const answer = async (): Promise<void> => {
        const body = await text(request);
        if (status === 200) told.push(JSON.parse(body));
        response.writeHead(status).end();
      };
      void answer();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    story = await openStory(parts);
    story.work.environment['NOTIFY_URL'] =
      `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}/hook`;
    await story.sql(people(['W1', 'W2', 'W3', 'W4'].map((id) => ({ id, given: id, family: 'One', title: 'Clerk' }))));
  });
  afterAll(async () => {
    server.close();
    await story.close();
  });

  it('hear nothing of a run that went well, and can try the channel', async () => {
    expect(await run()).toMatchObject({ code: 0 });
    expect(told).toEqual([]);
    expect(await story.command('notify', pipeline())).toMatchObject({ code: 0, out: 'webhook  taken\n' });
    expect(told).toEqual([expect.objectContaining({ kind: 'trial' })]);
    status = 404;
    expect(await story.command('notify', pipeline())).toMatchObject({ code: 8, err: expect.stringContaining('it answered 404') });
    status = 200;
  });

  it('hear once of a guard that trips in every run, again after a day, and once that it is over', async () => {
    await story.sql(`update workers set status = 'Terminated' where id in ('W1', 'W2', 'W3')`);
    expect(await run()).toMatchObject({ code: 6 });
    expect(words()).toEqual(['raised guard leavers']);
    expect(told[0]).toMatchObject({
      pipeline: 'story',
      figures: { leavers: 3 },
      run: expect.stringMatching(/^2026/),
      todo: expect.stringContaining('joinery approve'),
    });
    expect(JSON.stringify(told)).not.toMatch(/W1|Clerk|One/);
    for (let time = 0; time < 2; time++) {
      expect(await run()).toMatchObject({ code: 6 });
      expect(told).toEqual([]);
    }
    expect((await story.command('status', pipeline())).out).toMatch(/told of {2}guard \(leavers\) since 2026-11-02/);
    story.clock.advance(22.5 * hour);
    await run();
    expect(words()).toEqual(['reminder guard leavers']);
    await story.sql(`update workers set status = 'Active' where id in ('W2', 'W3')`);
    expect(await run()).toMatchObject({ code: 0 });
    expect(words()).toEqual(['cleared guard leavers']);
    await run();
    expect(told).toEqual([]);
  });

  it('are told by the next run what a channel did not take, and the run ends as it would have ended', async () => {
    await story.sql(`update workers set status = 'Terminated' where id in ('W2', 'W3')`);
    status = 500;
    const { code, out } = await run();
    expect(code).toBe(6);
    expect(out).toContain('"code":"NTF-101"');
    status = 200;
    expect(await run()).toMatchObject({ code: 6 });
    expect(words()).toEqual(['raised guard leavers']);
    await story.sql(`update workers set status = 'Active' where id in ('W2', 'W3')`);
    status = 500;
    expect(await run()).toMatchObject({ code: 0 });
    status = 200;
    expect(await run()).toMatchObject({ code: 0 });
    expect(words()).toEqual(['cleared guard leavers']);
  });

  it('hear of a job in quarantine, of a disable without an outcome while the run still waits, and of both when they are over', async () => {
    await story.sql(`update workers set status = 'Terminated' where id = 'W2'`);
    story.work.emulator.setFaults({ entry: () => ({ kind: 'late', milliseconds: 3 * hour }) });
    await run('--wait', '2h');
    expect(words()).toEqual(['raised disables']);
    expect(told[0]?.figures).toEqual({ disables: 1 });
    expect(Date.parse(told[0]?.at ?? '') - Date.parse(told[0]?.since ?? '')).toBe(0);
    story.work.emulator.setFaults({});
    story.clock.advance(5 * hour);
    await run();
    expect(words()).toEqual(['cleared disables']);
    story.work.emulator.jobs[0]?.quarantine('QuarantinedOnDemand');
    await story.sql(`update workers set title = 'Chief' where id = 'W3'`);
    await run();
    expect(words()).toEqual(['raised quarantine QuarantinedOnDemand']);
    story.work.emulator.jobs[0]?.restart('QuarantineState');
  });

  it('hear of a set-up that refuses everybody, and of a pipeline that has not succeeded for long', async () => {
    const secret = story.work.environment['ENTRA_CLIENT_SECRET'] ?? '';
    story.work.environment['ENTRA_CLIENT_SECRET'] = 'an old one';
    await story.sql(`update workers set title = 'Chief' where id = 'W4'`);
    await run();
    expect(words()).toEqual(['raised setUp ENT-101']);
    expect(await story.command('status', pipeline(), '--max-age', '26h')).toMatchObject({ code: 0 });
    story.clock.advance(27 * hour);
    await run();
    expect(words()).toEqual(['reminder setUp ENT-101', 'raised stale']);
    expect(await story.command('status', pipeline(), '--max-age', '26h')).toMatchObject({
      code: 4,
      err: expect.stringContaining('STG-303'),
    });
    story.work.environment['ENTRA_CLIENT_SECRET'] = secret;
    expect(await run()).toMatchObject({ code: 0 });
    expect(words().toSorted()).toEqual(['cleared quarantine QuarantinedOnDemand', 'cleared setUp ENT-101', 'cleared stale']);
    expect(await story.command('status', pipeline(), '--max-age', '26h')).toMatchObject({ code: 0 });
  });

  it('hear once that the day’s calls are used up, and once that they are not any more', async () => {
    story.clock.advance(25 * hour);
    // All of the 2,000 calls but two are for disables.
    await story.rewrite({ ...parts, more: `${parts.more}load:\n  reserve: { disables: 99.9% }\n` });
    const renamed = async (title: string): Promise<readonly string[]> => {
      await story.sql(`update workers set title = '${title}' where id = 'W4'`);
      const { code } = await run();
      return [String(code), ...words()];
    };
    expect(await renamed('First')).toEqual(['0']);
    expect(await renamed('Second')).toEqual(['0']);
    expect(await renamed('Third')).toEqual(['5', 'raised quota']);
    expect(told[0]?.todo).toContain('Nothing is lost');
    expect(await renamed('Fourth')).toEqual(['5']);
    story.clock.advance(24 * hour);
    expect(await renamed('Fifth')).toEqual(['0', 'cleared quota']);
    expect(story.property('W4', 'jobTitle')).toBe('Fifth');
    expect(await run()).toMatchObject({ code: 0 });
    expect(told).toEqual([]);
  });
});
