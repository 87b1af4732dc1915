import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { decideRetry, longestWait, mostUnknownSends, operationsKindOf, retryRules, type Attempt } from './retry-rules.ts';
import type { UploadAnswer } from './upload.ts';

const retryAfter = fc.option(fc.integer({ min: 0, max: 7_200_000 }), { nil: undefined });
const answers: fc.Arbitrary<UploadAnswer> = fc.oneof(
  fc.constant<UploadAnswer>({ kind: 'accepted', at: 0, clock: 'service', requestId: 'r' }),
  retryAfter.map((wait): UploadAnswer => ({ kind: 'throttled', ...(wait === undefined ? {} : { retryAfter: wait }) })),
  fc.constant<UploadAnswer>({ kind: 'bucketFull' }),
  fc
    .tuple(fc.constantFrom(408, 500, 502, 503, 504), retryAfter)
    .map(([status, wait]): UploadAnswer => ({ kind: 'unavailable', status, ...(wait === undefined ? {} : { retryAfter: wait }) })),
  fc.constant<UploadAnswer>({ kind: 'unauthorized', message: 'm' }),
  fc.constant<UploadAnswer>({ kind: 'refused', status: 400, code: 'ENT-301', graphCode: '', message: 'm' }),
  fc.boolean().map((aborted): UploadAnswer => ({ kind: 'unknown', reason: 'reset', aborted })),
  fc.boolean().map((aborted): UploadAnswer => ({ kind: 'notSent', reason: 'refused', aborted })),
  fc.constant<UploadAnswer>({ kind: 'notSent', reason: 'no token', aborted: false, error: new JoineryError('ENT-101', 'no token') }),
);
const attempts: fc.Arbitrary<Attempt> = fc.record({
  sameInARow: fc.integer({ min: 1, max: 20 }),
  unknownSends: fc.integer({ min: 0, max: 4 }),
});
const kinds = fc.constantFrom('creations' as const, 'updates' as const);
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the retry rules', () => {
  test('have exactly one line for each answer', () => {
    const names = retryRules.map((rule) => rule.answer);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(names)).toEqual(
      new Set(['accepted', 'throttled', 'bucketFull', 'unavailable', 'unauthorized', 'refused', 'unknown', 'notSent']),
    );
  });

  test('never send creations again while nobody knows whether they arrived', () => {
    fc.assert(
      fc.property(answers, attempts, chance, (answer, attempt, random) => {
        const unknown = answer.kind === 'unknown' || answer.kind === 'unavailable';
        const decision = decideRetry(answer, attempt, 'creations', random);
        expect(decision.act).not.toBe('replay');
        expect(decision.act === 'leave').toBe(unknown);
      }),
    );
  });

  test('replay what is unknown at most once, and only what is unknown', () => {
    fc.assert(
      fc.property(answers, attempts, kinds, chance, (answer, attempt, kind, random) => {
        const decision = decideRetry(answer, attempt, kind, random);
        if (decision.act !== 'replay') return;
        expect(answer.kind === 'unknown' || answer.kind === 'unavailable').toBe(true);
        expect(attempt.unknownSends).toBeLessThan(mostUnknownSends);
      }),
    );
  });

  test('send again without a replay only what was certainly not staged', () => {
    fc.assert(
      fc.property(answers, attempts, kinds, chance, (answer, attempt, kind, random) => {
        if (decideRetry(answer, attempt, kind, random).act !== 'again') return;
        expect(retryRules.find((rule) => rule.answer === answer.kind)?.staged).toBe('no');
      }),
    );
  });

  test('never wait less than the service asks for, and never longer than a run may', () => {
    fc.assert(
      fc.property(answers, attempts, kinds, chance, (answer, attempt, kind, random) => {
        const decision = decideRetry(answer, attempt, kind, random);
        if (decision.act !== 'again' && decision.act !== 'replay') return;
        expect(decision.waitMilliseconds).toBeGreaterThanOrEqual('retryAfter' in answer ? (answer.retryAfter ?? 0) : 0);
        expect(decision.waitMilliseconds).toBeLessThanOrEqual(longestWait);
      }),
    );
  });

  test('come to an end: whatever is answered again and again, the bytes stop leaving', () => {
    fc.assert(
      fc.property(answers, kinds, chance, (answer, kind, random) => {
        const acts = Array.from({ length: 12 }, (_, index) =>
          decideRetry(answer, { sameInARow: index + 1, unknownSends: index + 1 }, kind, random),
        ).map((decision) => decision.act);
        expect(['done', 'stop', 'leave']).toContain(acts.at(-1));
      }),
    );
  });

  test('stop at once when a credential is wrong, with the credential’s own code', () => {
    const answer: UploadAnswer = { kind: 'notSent', reason: 'no token', aborted: false, error: new JoineryError('ENT-102', 'expired') };
    expect(decideRetry(answer, { sameInARow: 1, unknownSends: 0 }, 'updates', 0)).toMatchObject({ act: 'stop', code: 'ENT-102' });
  });

  test('one token renewal, then stop', () => {
    const answer: UploadAnswer = { kind: 'unauthorized', message: 'expired' };
    expect(decideRetry(answer, { sameInARow: 1, unknownSends: 0 }, 'creations', 0.5)).toEqual({
      act: 'again',
      waitMilliseconds: 0,
      checkJob: false,
    });
    expect(decideRetry(answer, { sameInARow: 2, unknownSends: 0 }, 'creations', 0.5)).toMatchObject({ act: 'stop', code: 'ENT-204' });
  });

  test('a full bucket pauses for 5 to 10 minutes and asks to look at the job', () => {
    for (const random of [0, 0.5, 0.999]) {
      const decision = decideRetry({ kind: 'bucketFull' }, { sameInARow: 1, unknownSends: 0 }, 'updates', random);
      expect(decision).toMatchObject({ act: 'again', checkJob: true });
      const wait = 'waitMilliseconds' in decision ? (decision.waitMilliseconds ?? 0) : 0;
      expect(wait).toBeGreaterThanOrEqual(300_000);
      expect(wait).toBeLessThanOrEqual(600_000);
    }
  });

  test('a batch with one unknown worker is one of creations', () => {
    expect(operationsKindOf(['leaver', 'mover'])).toBe('updates');
    expect(operationsKindOf(['mover', 'joiner'])).toBe('creations');
    expect(operationsKindOf(['pre-hire'])).toBe('creations');
  });
});
