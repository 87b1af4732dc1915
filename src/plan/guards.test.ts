import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeCounts } from '../domain/change.ts';
import type { GuardsDeclaration } from '../pipeline/pipeline.ts';
import { evaluateGuards, limitOf, type GuardFigures } from './guards.ts';
import { priceOf } from './price.ts';

const guards: GuardsDeclaration = {
  leavers: { share: 0.02, atLeast: 10, atMost: 500 },
  joiners: { share: 0.1, atLeast: 50 },
  rejections: { share: 0.05, atLeast: 10 },
  population: { share: 0.05, atLeast: 10 },
  first: { joiners: 100, rejections: { share: 0.01, atLeast: 0 } },
};
const none: ChangeCounts = {
  joiner: 0,
  'pre-hire': 0,
  enable: 0,
  mover: 0,
  leaver: 0,
  rehire: 0,
  cancelled: 0,
  none: 0,
  ignored: 0,
  frozen: 0,
};

function tripped(figures: Partial<GuardFigures>): string[] {
  const all: GuardFigures = {
    first: false,
    counts: none,
    enabled: 5_000,
    population: 5_000,
    lastPopulation: 5_000,
    rejections: 0,
    ...figures,
  };
  return evaluateGuards(guards, all)
    .filter((verdict) => verdict.tripped)
    .map(({ guard }) => guard);
}

describe('guards', () => {
  it('let an ordinary day pass', () => {
    expect(tripped({ counts: { ...none, leaver: 100, joiner: 500 }, rejections: 250 })).toEqual([]);
  });

  it('stop one leaver more than the share, the floor or the ceiling allows', () => {
    expect(tripped({ counts: { ...none, leaver: 101 } })).toEqual(['leavers']);
    expect(tripped({ enabled: 40, counts: { ...none, leaver: 10 } })).toEqual([]);
    expect(tripped({ enabled: 40, counts: { ...none, leaver: 11 } })).toEqual(['leavers']);
    expect(tripped({ enabled: 1_000_000, population: 1_000_000, lastPopulation: 1_000_000, counts: { ...none, leaver: 501 } })).toEqual([
      'leavers',
    ]);
  });

  it('count a cancelled pre-hire as a disable, and enables and rehires as joiners', () => {
    expect(tripped({ counts: { ...none, leaver: 60, cancelled: 41 } })).toEqual(['leavers']);
    expect(tripped({ counts: { ...none, joiner: 300, enable: 100, rehire: 101 } })).toEqual(['joiners']);
  });

  it('stop an empty and a shrunken source, and let a grown one pass', () => {
    expect(tripped({ population: 0 })).toEqual(['population']);
    expect(tripped({ population: 0, first: true })).toContain('population');
    expect(tripped({ population: 4_749 })).toEqual(['population']);
    expect(tripped({ population: 9_000 })).toEqual([]);
  });

  it('measure a first run by its own limits', () => {
    expect(tripped({ first: true, enabled: 0, counts: { ...none, joiner: 100 }, rejections: 50 })).toEqual([]);
    expect(tripped({ first: true, enabled: 0, counts: { ...none, joiner: 101 }, rejections: 51 })).toEqual([
      'first.joiners',
      'first.rejections',
    ]);
  });

  it('say all verdicts at once, with measured value, limit and a way out', () => {
    const verdicts = evaluateGuards(guards, {
      first: false,
      counts: { ...none, leaver: 900 },
      enabled: 5_000,
      population: 100,
      lastPopulation: 5_000,
      rejections: 90,
    });
    expect(verdicts.filter((verdict) => verdict.tripped).map(({ guard }) => guard)).toEqual(['leavers', 'rejections', 'population']);
    expect(
      verdicts.filter(({ words, measured, limit }) => !words.includes(String(measured)) || !(limit === 1 || words.includes(String(limit)))),
    ).toEqual([]);
  });

  it('hold a limit between floor and ceiling, and never let it fall when the company grows', () => {
    const limit = fc.record({
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      atLeast: fc.nat(50),
      atMost: fc.integer({ min: 50, max: 500 }),
    });
    fc.assert(
      fc.property(limit, fc.nat(100_000), fc.nat(100_000), (one, of, more) => {
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
