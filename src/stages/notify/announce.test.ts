import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelName, Condition, ConditionName } from '../../domain/condition.ts';
import { JoineryError } from '../../domain/error.ts';
import type { JoineryEvent } from '../../domain/event.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import type { StageContext } from '../context.ts';
import { announce, type Finding } from './announce.ts';
import type { Channel } from './channel.ts';
import type { Notification } from './notification.ts';
import { RunConditions } from './run-conditions.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Everything that telling needs, in memory; `deaf`: channels that take nothing at the moment. */
function world(
  names: readonly ChannelName[] = ['webhook'],
  on: readonly ConditionName[] = ['guard', 'setUp', 'quarantine', 'quota', 'disables', 'stale'],
) {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const kept = new Map<ConditionName, Condition>();
  const events: JoineryEvent[] = [];
  const deaf = new Set<ChannelName>();
  const told: { readonly channel: ChannelName; readonly notification: Notification }[] = [];
  const channels = names.map((name): Channel => ({
    name,
    tell: (notification) => {
      if (deaf.has(name)) return Promise.resolve('nobody listens there');
      told.push({ channel: name, notification });
      return Promise.resolve(undefined);
    },
  }));
  const abort = new AbortController();
  const store = {
    late: 0,
    conditions: {
      of: () => Promise.resolve([...kept.values()]),
      keep: (_lease: unknown, condition: Condition) => Promise.resolve(void kept.set(condition.name, condition)),
      forget: (_lease: unknown, name: ConditionName) => Promise.resolve(void kept.delete(name)),
      unconfirmedDisables: () => Promise.resolve(store.late),
    },
    runs: { latest: () => Promise.resolve(undefined), list: () => Promise.resolve([{ startedAt: clock.now() }]) },
  };
  const pipeline: Pick<Pipeline, 'name'> & { readonly sink: object; readonly notify: object } = {
    name: 'contoso',
    sink: { tenant: 't', job: 'j' },
    notify: { on, disables: hour, stale: 26 * hour, remind: day },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what telling reads of a context
  const context = {
    pipeline,
    store,
    clock,
    lease: {},
    emit: (event: JoineryEvent) => events.push(event),
    signal: abort.signal,
  } as unknown as StageContext;
  return {
    clock,
    kept,
    events,
    deaf,
    told,
    channels,
    context,
    store,
    abort,
    words: () => told.splice(0).map(({ notification: { kind, condition, detail } }) => [kind, condition, detail].filter(Boolean).join(' ')),
  };
}

const finding = (name: ConditionName, holds: boolean, signature = '', figures = {}): Finding => ({ name, holds, signature, figures });

describe('telling', () => {
  it('holds to one notification when it begins, one a day while it lasts, one when it is over, whatever runs meet and channels take', async () => {
    const step = fc.record({ holds: fc.boolean(), pause: fc.integer({ min: 1, max: 40 }), deaf: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { clock, channels, context, deaf, told } = world();
        for (const { holds, pause, deaf: isDeaf } of steps) {
          clock.advance(pause * hour);
          if (isDeaf) deaf.add('webhook');
          else deaf.delete('webhook');
          await announce(context, channels, [finding('guard', holds, 'leavers')], 'r');
        }
        const problems: string[] = [];
        let isOpen = false;
        let last = -Infinity;
        for (const { notification } of told) {
          const at = Date.parse(notification.at);
          if ((notification.kind === 'raised') === isOpen) problems.push(`${notification.kind} while ${isOpen ? 'open' : 'over'}`);
          if (notification.kind === 'reminder' && at - last < day) problems.push('reminded within a day');
          isOpen = notification.kind !== 'cleared';
          last = at;
        }
        // Once the channel works again, what people believe is what is so.
        const final = steps.at(-1);
        if (final !== undefined && !final.deaf && isOpen !== final.holds) problems.push('people believe something else');
        expect(problems).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('begins anew when it is another guard, or more disables than people know of, and not for fewer', async () => {
    const { channels, context, words } = world();
    await announce(context, channels, [finding('guard', true, 'leavers')], 'r');
    await announce(context, channels, [finding('guard', true, 'joiners, leavers')], 'r');
    expect(words()).toEqual(['raised guard leavers', 'raised guard joiners, leavers']);
    for (const disables of [2, 1, 1, 2]) await announce(context, channels, [finding('disables', true, '', { disables })], 'r');
    expect(words()).toEqual(['raised disables', 'raised disables']);
  });

  it('goes to each channel for itself, and to none about what the pipeline leaves out', async () => {
    const { channels, context, deaf, told, kept, events } = world(['webhook', 'smtp'], ['guard']);
    deaf.add('smtp');
    await announce(context, channels, [finding('guard', true, 'leavers'), finding('quota', true)], 'r');
    expect(told.map(({ channel }) => channel)).toEqual(['webhook']);
    expect(events.map(({ type }) => type)).toEqual(['notified', 'warning']);
    deaf.clear();
    await announce(context, channels, [finding('guard', false)], 'r');
    // Nobody hears that something is over of which he never heard.
    expect(told.map(({ channel, notification }) => `${channel} ${notification.kind}`)).toEqual(['webhook raised', 'webhook cleared']);
    expect(kept.size).toBe(0);
  });
});

describe('the end of an execution', () => {
  const ended = async (
    error: unknown,
    prepare: (conditions: RunConditions) => void = () => undefined,
    delivering = true,
  ): Promise<readonly string[]> => {
    const { channels, context, words, kept, clock } = world();
    for (const name of ['guard', 'setUp', 'quarantine', 'quota'] as const)
      kept.set(name, { pipeline: 'contoso', name, signature: 'before', since: 0, figures: {}, told: { webhook: clock.now() } });
    const conditions = new RunConditions(channels);
    conditions.begin(context);
    prepare(conditions);
    await conditions.end(context, error, delivering);
    return words();
  };
  const job = (
    code: string,
    quarantine?: { readonly reason: string; readonly words: string },
  ): Parameters<RunConditions['noteJob']>[0] => ({
    id: 'API2AAD.x',
    code,
    schedule: { state: 'Active' },
    ...(quarantine === undefined ? {} : { quarantine }),
  });
  const verdict = (guard: string, tripped: boolean): JoineryEvent => ({
    type: 'guard',
    verdict: { guard, tripped, measured: 40, limit: 1, words: '' },
  });

  it('tells that the day’s calls are used up, and a success that they no longer are; an unreachable source says nothing of either', async () => {
    expect(await ended(new JoineryError('STG-202', 'used up'))).toEqual(['raised quota']);
    expect(await ended(undefined)).toEqual(['cleared setUp before', 'cleared quota before']);
    expect(await ended(new JoineryError('SRC-101', 'away'))).toEqual([]);
    expect(await ended(undefined, undefined, false)).toEqual([]);
  });

  it('tells a quarantine once, and not as a failure of the set-up besides', async () => {
    const quarantined = (conditions: RunConditions): void => conditions.noteJob(job('Quarantine', { reason: 'TooManyDeletes', words: '' }));
    expect(await ended(new JoineryError('STG-206', 'quarantine'), quarantined)).toEqual(['raised quarantine TooManyDeletes']);
    expect(await ended(new JoineryError('STG-206', 'paused'), (conditions) => conditions.noteJob(job('Paused')))).toEqual([
      'cleared quarantine before',
      'raised setUp STG-206',
    ]);
  });

  it('names guards and no group of HR, and none once the plan was approved and accepted', async () => {
    const trip = (conditions: RunConditions): void => {
      for (const guard of ['changes.title@Works council', 'leavers']) conditions.sink(verdict(guard, true));
    };
    expect(await ended(new JoineryError('PLN-201', 'stopped'), trip)).toEqual(['raised guard changes.title@…, leavers']);
    const accepted: JoineryEvent = { type: 'accepted', run: 'r', evaluated: 1, desired: 1, dropped: [] };
    const approved = (conditions: RunConditions): void => [verdict('leavers', false), accepted].forEach(conditions.sink);
    expect(await ended(undefined, approved)).toContain('cleared guard before');
  });

  it('tells nothing when somebody stopped it', async () => {
    const { channels, context, words, abort } = world();
    abort.abort();
    await new RunConditions(channels).end(context, new JoineryError('STG-202', 'used up'), true);
    expect(words()).toEqual([]);
  });
});
