import { expect, it } from 'vitest';
import { refuseStale } from './status.ts';

const now = Date.parse('2026-11-22T08:00:00Z');
const [minute, hour] = [60_000, 3_600_000];
const judge = (at: number | undefined): (() => void) => {
  return () => refuseStale(now, at === undefined ? {} : { at }, '26h', 'workers');
};

it('takes a success for fresh up to the age that was asked for, and one that is a little ahead, as clocks of two machines are', () => {
  for (const at of [now, now - 26 * hour, now + 5 * minute]) expect(judge(at)).not.toThrow();
  expect(judge(now - 26 * hour - 1)).toThrow(expect.objectContaining({ code: 'STG-303', message: expect.stringContaining('26.0 h ago') }));
  expect(judge(undefined)).toThrow(expect.objectContaining({ code: 'STG-303' }));
});

it('does not take a success of the future for fresh: a clock is wrong, and says so', () => {
  expect(judge(now + 3 * hour)).toThrow(
    expect.objectContaining({
      code: 'STG-304',
      message:
        'pipeline workers: the last run that succeeded ended at 2026-11-22T11:00:00.000Z, 3.0 h after this clock (2026-11-22T08:00:00.000Z)',
    }),
  );
});
