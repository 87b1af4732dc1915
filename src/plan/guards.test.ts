import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardMark } from './guard-marks.ts';
import { evaluateGuards, limitOf, type GuardFigures, type SentBefore } from './guards.ts';
import { department, guards } from './guards.test-data.ts';
import { priceOf } from './price.ts';

type Case = Omit<Partial<GuardFigures>, 'marks' | 'before' | 'groups'> & {
  readonly marks?: Readonly<Record<GuardMark, number>>;
  readonly before?: Readonly<Record<GuardMark, SentBefore>>;
  readonly groups?: Readonly<Record<string, number>>;
};

function figuresOf({ marks, before, groups, ...figures }: Case): GuardFigures {
  return {
    first: false,
    enabled: 5_000,
    population: 5_000,
    lastPopulation: 5_000,
    rejections: 0,
    keyless: 0,
    ...figures,
    marks: new Map(Object.entries(marks ?? {})),
    before: new Map(Object.entries(before ?? {})),
    groups: new Map(Object.entries(groups ?? {})),
  };
}

function tripped(figures: Case): string[] {
  return evaluateGuards(guards, figuresOf(figures))
    .filter((verdict) => verdict.tripped)
    .map(({ guard }) => guard);
}

describe('guards', () => {
  it('let an ordinary day pass', () => {
    expect(tripped({ marks: { leavers: 100, joiners: 500, enables: 250, renames: 50, 'changes.title': 1_000 }, rejections: 250 })).toEqual(
      [],
    );
  });

  it('stop one leaver more than the share, the floor or the ceiling allows', () => {
    expect(tripped({ marks: { leavers: 101 } })).toEqual(['leavers']);
    expect(tripped({ enabled: 40, marks: { leavers: 10 } })).toEqual([]);
    expect(tripped({ enabled: 40, marks: { leavers: 11 } })).toEqual(['leavers']);
    const million = { enabled: 1_000_000, population: 1_000_000, lastPopulation: 1_000_000 };
    expect(tripped({ ...million, marks: { leavers: 501 } })).toEqual(['leavers']);
  });

  it('are there for each kind of change that can go wrong for everybody', () => {
    expect(tripped({ marks: { joiners: 501, enables: 251, renames: 51, rekeys: 51 } })).toEqual([
      'joiners',
      'enables',
      'renames',
      'rekeys',
    ]);
    expect(tripped({ keyless: 26, rejections: 251 })).toEqual(['rejections', 'keyless']);
  });

  it('watch each attribute by itself, with its own limit where it has one', () => {
    const marks = { 'changes.title': 1_001, 'emptied.title': 101, 'changes.displayName': 900, [`emptied.${department}`]: 1 };
    expect(tripped({ marks })).toEqual(['emptied.title', 'emptied.department', 'changes.title']);
  });

  it('watch groups, but for small ones', () => {
    const marks = { 'changes.title': 60, 'changes.title@Sales': 31, 'changes.title@Legal': 19, 'changes.title@Board': 10 };
    expect(tripped({ marks, groups: { Sales: 40, Legal: 19, Board: 100 } })).toEqual(['changes.title@Sales']);
    expect(tripped({ marks: { 'changes.title@Sales': 30 }, groups: { Sales: 40 } })).toEqual([]);
  });

  it('count what was sent before: within a day to the limit, within 7 days to three times the limit', () => {
    const before = (day: number, week: number): Case => ({ before: { leavers: { day, week } } });
    expect(tripped({ marks: { leavers: 95 }, ...before(5, 205) })).toEqual([]);
    expect(tripped({ marks: { leavers: 95 }, ...before(6, 6) })).toEqual(['leavers']);
    expect(tripped({ marks: { leavers: 95 }, ...before(0, 206) })).toEqual(['leavers']);
    expect(evaluateGuards(guards, figuresOf({ marks: { leavers: 95 }, ...before(0, 206) }))[0]).toMatchObject({
      measured: 301,
      limit: 300,
      window: 'week',
      words: expect.stringContaining('in the last 7 days, 95 of them by this plan'),
    });
  });

  it('do not stop a plan for what others did: one that adds nothing passes', () => {
    expect(tripped({ before: { leavers: { day: 4_000, week: 4_000 } }, marks: { joiners: 1 } })).toEqual([]);
  });

  it('stop an empty and a shrunken source, let a grown one pass, and notice a source that shrinks in small portions', () => {
    expect(tripped({ population: 0 })).toEqual(['population']);
    expect(tripped({ population: 0, first: true })).toContain('population');
    expect(tripped({ population: 4_749 })).toEqual(['population']);
    expect(tripped({ population: 9_000 })).toEqual([]);
    expect(tripped({ population: 4_749, lastPopulation: 4_800, mostPopulation: { day: 5_000, week: 5_000 } })).toEqual(['population']);
    expect(tripped({ population: 4_249, lastPopulation: 4_300, mostPopulation: { day: 4_300, week: 5_000 } })).toEqual(['population']);
    expect(tripped({ population: 4_250, lastPopulation: 4_300, mostPopulation: { day: 4_300, week: 5_000 } })).toEqual([]);
  });

  it('measure a first run by its own limits', () => {
    expect(tripped({ first: true, enabled: 0, marks: { joiners: 100 }, rejections: 50 })).toEqual([]);
    expect(tripped({ first: true, enabled: 0, marks: { joiners: 101 }, rejections: 51 })).toEqual(['first.joiners', 'first.rejections']);
  });

  it('say all verdicts at once, with measured value, limit and a way out', () => {
    const verdicts = evaluateGuards(guards, figuresOf({ marks: { leavers: 900 }, population: 100, rejections: 90, keyless: 1 }));
    expect(verdicts.filter((verdict) => verdict.tripped).map(({ guard }) => guard)).toEqual(['leavers', 'rejections', 'population']);
    expect(verdicts.map(({ guard }) => guard)).toEqual(
      'leavers joiners enables rejections renames rekeys emptied changes keyless population'.split(' '),
    );
    const silent = verdicts.filter(({ guard, words, measured, limit: most }) => {
      if (guard === 'emptied' || guard === 'changes') return words === '';
      return !words.includes(String(measured)) || !words.includes(String(most));
    });
    expect(silent).toEqual([]);
  });

  it('hold a limit between floor and ceiling, and never let it fall when the company grows', () => {
    const limits = fc.record({
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      atLeast: fc.nat(50),
      atMost: fc.integer({ min: 50, max: 500 }),
    });
    fc.assert(
      fc.property(limits, fc.nat(100_000), fc.nat(100_000), (one, of, more) => {
        const value = limitOf(one, of);
        expect(value).toBeGreaterThanOrEqual(one.atLeast);
        expect(value).toBeLessThanOrEqual(one.atMost);
        expect(limitOf(one, of + more)).toBeGreaterThanOrEqual(value);
      }),
    );
  });
});

describe('the price of a plan', () => {
  const allowance = { windowCalls: 40, windowMilliseconds: 5_000, dayCalls: 2_000, dayMilliseconds: 86_400_000 };

  it('ends at once for one window, and waits a day for what does not fit into this one', () => {
    expect(priceOf(2_000, 40, 0, allowance, 0)).toEqual({ operations: 2_000, calls: 40, callsLeft: 2_000, earliestEnd: 0 });
    expect(priceOf(2_050, 41, 0, allowance, 0).earliestEnd).toBe(5_000);
    expect(priceOf(100_050, 2_001, 0, allowance, 0).earliestEnd).toBe(86_400_000);
    expect(priceOf(50, 1, 2_000, allowance, 0)).toMatchObject({ callsLeft: 0, earliestEnd: 86_400_000 });
  });

  it('never ends earlier with more calls', () => {
    fc.assert(
      fc.property(fc.nat(9_000), fc.nat(9_000), fc.nat(2_500), (calls, more, used) => {
        const end = (of: number): number => priceOf(of * 50, of, used, allowance, 1_000).earliestEnd;
        expect(end(calls + more)).toBeGreaterThanOrEqual(end(calls));
      }),
    );
  });
});
