import { describe, expect, test } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { Watch, type Watched, type WatchEvent } from './watch.ts';

const hour = 3_600_000;

/** Watches for a while of virtual time; answers when each run began, and what was told. */
async function watchFor(
  hours: number,
  make: (clock: VirtualClock, began: (name: string) => void) => readonly Watched[],
  start = '2026-11-27T08:10:00Z',
): Promise<{ readonly began: readonly string[]; readonly told: readonly WatchEvent[]; readonly watch: Watch }> {
  const clock = new VirtualClock(start);
  const stop = new AbortController();
  const began: string[] = [];
  const told: WatchEvent[] = [];
  const pipelines = make(clock, (name) => began.push(`${name} ${new Date(clock.now()).toISOString().slice(8, 16)}`));
  const watch = new Watch(pipelines, { clock, signal: stop.signal, tell: (event) => told.push(event) });
  const ended = watch.run();
  await clock.sleep(hours * hour);
  stop.abort(new Error('stop'));
  await ended;
  return { began, told, watch };
}

const base = { file: 'p.yaml', tenant: 't', timezone: 'UTC', debounce: 30_000 };

describe('watching pipelines', () => {
  test('starts runs on schedule, in the timezone of the pipeline', async () => {
    const { began, watch } = await watchFor(3, (_clock, begin) => [
      { ...base, name: 'half', cron: '*/30 * * * *', run: () => Promise.resolve(begin('half')) },
      { ...base, name: 'noon', tenant: 'u', timezone: 'Asia/Kolkata', cron: '0 15 * * *', run: () => Promise.resolve(begin('noon')) },
    ]);
    expect(began.filter((line) => line.startsWith('half'))).toEqual(
      ['08:30', '09:00', '09:30', '10:00', '10:30', '11:00'].map((at) => `half 27T${at}`),
    );
    expect(began.filter((line) => line.startsWith('noon'))).toEqual(['noon 27T09:30']);
    expect(watch.states[0]).toMatchObject({ state: 'stopped', failures: 0, lastSuccess: Date.parse('2026-11-27T11:00:00Z') });
  });

  test.each([
    // There is no half past two: the night's run begins when the clock has leapt to three.
    ['2026-03-28T12:00:00Z', ['29T01:00', '30T00:30']],
    // Half past two comes twice: the first time counts.
    ['2026-10-24T12:00:00Z', ['25T00:30', '26T01:30']],
  ])('runs once in the night in which the clock is changed, and every half hour all the same: after %s', async (start, nightly) => {
    const { began } = await watchFor(
      40,
      (_clock, begin) =>
        ['30 2 * * *', '*/30 * * * *'].map((cron) => {
          const name = cron.startsWith('30') ? 'nightly' : 'often';
          return { ...base, name, tenant: name, timezone: 'Europe/Berlin', cron, run: () => Promise.resolve(begin(name)) };
        }),
      start,
    );
    expect(began.filter((line) => line.startsWith('nightly'))).toEqual(nightly.map((at) => `nightly ${at}`));
    const often = began.filter((line) => line.startsWith('often'));
    expect(new Set(often).size).toBe(often.length);
    // Between the start and the stop lie 79 half hours.
    expect(often.length).toBe(79);
  });

  test('skips what would overlap, and lets pipelines of one tenant run one after the other', async () => {
    let running = 0;
    const { began } = await watchFor(3, (clock, begin) =>
      ['a', 'b'].map((name) => ({
        ...base,
        name,
        cron: '0 * * * *',
        async run() {
          begin(name);
          expect(++running).toBe(1);
          await clock.sleep(0.75 * hour);
          running--;
        },
      })),
    );
    expect(began).toEqual(['a 27T09:00', 'b 27T09:45', 'a 27T10:30', 'b 27T11:15'].filter((line) => began.includes(line)));
    expect(began.length).toBeGreaterThanOrEqual(3);
  });

  test('starts a run at once on change, one for many, and one for what happened while nobody listened', async () => {
    const { began } = await watchFor(2, (clock, begin) => [
      {
        ...base,
        name: 'p',
        run: () => Promise.resolve(begin('p')),
        async listen({ ready, changed }, signal) {
          ready();
          await clock.sleep(hour, signal);
          for (let n = 0; n < 100; n++) changed();
          await clock.sleep(5 * hour, signal);
        },
      },
    ]);
    expect(began).toEqual(['p 27T08:10', 'p 27T09:10']);
  });

  test('runs again for what happened between its first run and the moment from which it hears', async () => {
    const { began } = await watchFor(2, (clock, begin) => [
      {
        ...base,
        name: 'p',
        run: () => Promise.resolve(begin('p')),
        async listen({ ready }, signal) {
          await clock.sleep(hour, signal);
          ready();
          await clock.sleep(9 * hour, signal);
        },
      },
    ]);
    expect(began).toEqual(['p 27T08:10', 'p 27T09:10']);
  });

  test('lets one that fails fail, tells it without its secrets, and goes on with the others; what a change asked for is tried again', async () => {
    let tries = 0;
    const { began, told, watch } = await watchFor(1, (clock, begin) => [
      { ...base, name: 'good', cron: '*/30 * * * *', run: () => Promise.resolve(begin('good')) },
      {
        ...base,
        name: 'bad',
        tenant: 'u',
        run() {
          begin('bad');
          return ++tries < 3 ? Promise.reject(new JoineryError('SRC-101', 'postgres://hr:hunter2@db/hr is down')) : Promise.resolve();
        },
        listen: (_hearing, signal) => clock.sleep(9 * hour, signal),
      },
    ]);
    expect(began.filter((line) => line.startsWith('good'))).toHaveLength(2);
    expect(began.filter((line) => line.startsWith('bad'))).toHaveLength(3);
    expect(told.filter(({ type }) => type === 'watch.failed')).toHaveLength(2);
    expect(JSON.stringify(told)).not.toContain('hunter2');
    expect(watch.states[1]).toMatchObject({ failures: 0, lastFailure: { code: 'SRC-101' } });
  });

  test('listens again after the outbox was lost, and takes that for a change', async () => {
    let listened = 0;
    const { began, told } = await watchFor(1, (clock, begin) => [
      {
        ...base,
        name: 'p',
        run: () => Promise.resolve(begin('p')),
        async listen(_hearing, signal) {
          if (++listened === 1) {
            await clock.sleep(0.25 * hour, signal);
            throw new JoineryError('SRC-102', 'gone');
          }
          await clock.sleep(9 * hour, signal);
        },
      },
    ]);
    expect(told).toContainEqual({ type: 'watch.deaf', pipeline: 'p', code: 'SRC-102', message: 'gone' });
    expect(began).toEqual(['p 27T08:10', 'p 27T08:26']);
  });
});
