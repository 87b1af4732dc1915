import { afterEach, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import { formatInstant } from '../../src/domain/clock.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

const hour = 3_600_000;
let story: Story;
afterEach(async () => {
  await story.close();
});

async function forecast(days: number): Promise<readonly string[]> {
  const runner = await story.open();
  const lines = await runner.forecast(days * 24 * hour);
  await runner.close();
  return lines.map(({ externalId, change, at, because }) => `${formatInstant(at)} ${externalId} ${change} ${because}`);
}

it('says who joins, is enabled and leaves, each in his own zone, and the runs of those days do exactly that', async () => {
  story = await openStory({ more: 'protected: { workers: [SAFE], when: kind = "Contractor" }' });
  await story.sql(
    people([
      // Never touched: no account is made, and nothing is foretold.
      { id: 'SAFE', given: 'Safe', family: 'Zero', ends: '2026-11-04' },
      { id: 'BOARD', given: 'Board', family: 'Zero', kind: 'Contractor', ends: '2026-11-04' },
      { id: 'STAYS', given: 'Stays', family: 'One' },
      { id: 'SOON', given: 'Soon', family: 'Two', starts: '2026-11-06' },
      { id: 'LATER', given: 'Later', family: 'Three', starts: '2026-11-20' },
      { id: 'LEAVES', given: 'Leaves', family: 'Four', ends: '2026-11-04' },
      { id: 'TOKYO', given: 'Tokyo', family: 'Five', ends: '2026-11-04', zone: 'Asia/Tokyo' },
      { id: 'PASSES', given: 'Passes', family: 'Six', starts: '2026-11-05', ends: '2026-11-07' },
      { id: 'FAR', given: 'Far', family: 'Seven', starts: '2027-02-01' },
      { id: 'GONE', given: 'Gone', family: 'Eight' },
      { id: 'PAST', given: 'Past', family: 'Nine', status: 'Terminated' },
    ]),
  );
  await story.run();
  await story.sql(`delete from workers where id = 'GONE'`);
  await story.run();
  const calls = uploadsOf(story.work.emulator);
  const lines = await forecast(10);
  expect(lines.filter((line) => !line.includes('GONE'))).toEqual([
    '2026-11-04T15:00:00.000Z TOKYO leaver date',
    '2026-11-04T23:00:00.000Z LEAVES leaver date',
    '2026-11-04T23:00:00.000Z PASSES enable date',
    '2026-11-05T23:00:00.000Z LATER pre-hire date',
    '2026-11-05T23:00:00.000Z SOON enable date',
    '2026-11-07T23:00:00.000Z PASSES leaver date',
  ]);
  expect(lines.filter((line) => line.includes('GONE'))).toEqual([expect.stringMatching(/^2026-11-03T.* GONE leaver vanished$/)]);
  expect(uploadsOf(story.work.emulator)).toBe(calls);
  expect(await forecast(0)).toEqual([]);

  for (let day = 3; day <= 12; day++) {
    story.clock.advanceTo(`2026-11-${String(day).padStart(2, '0')}T23:30:00Z`);
    await story.run();
  }
  expect(story.accounts()).toEqual({
    STAYS: 'on',
    SOON: 'on',
    LATER: 'off',
    LEAVES: 'off',
    TOKYO: 'off',
    PASSES: 'off',
    GONE: 'off',
  });
});

it('names on the command line what the next run does, and refuses days that are none', async () => {
  story = await openStory();
  await story.sql(people([{ id: 'W1', given: 'Anna', family: 'One' }]));
  const out: string[] = [];
  const errors: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void errors.push(text),
    isTerminal: false,
    colour: false,
    columns: 80,
    environment: story.work.environment,
    clock: story.clock,
    chance: { random: () => 0.5, uuid: () => '00000000-0000-4000-8000-000000000000' },
    signal: new AbortController().signal,
  };
  const file = `${story.folder}/story.yaml`;
  expect(await runCommandLine(['forecast', file, '--days', '14', '--state', story.work.state], io)).toBe(0);
  expect(out.join('')).toContain('W1           joins: account created, enabled (with the next run)');
  expect(await runCommandLine(['forecast', file, '--days', 'many', '--state', story.work.state], io)).not.toBe(0);
  expect(errors.join('')).toContain('CLI-101');
});
