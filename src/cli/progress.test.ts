import { expect, it } from 'vitest';
import { describeCounts, describeEnd } from './progress.ts';

it('counts one of a thing in the singular', () => {
  expect(describeCounts({ batches: 1, operations: 2, standingRejections: 1, entries: 1, outOfScope: 1, unchanged: 1, dropped: 0 })).toBe(
    '1 batch, 2 operations, 1 standing rejection, 1 entry, 1 out of scope, 1 unchanged',
  );
});

it.each([
  ['stopped', {}, 'a guard stopped it; nothing was sent'],
  ['abandoned', {}, 'not applied; nothing was sent'],
  ['planned', {}, 'nothing was sent yet'],
  ['superseded', {}, 'a newer run took its work over'],
  ['finished', {}, 'nothing had to be sent'],
  ['superseded', { applied: 1200 }, '1,200 applied'],
] as const)('says of a run that is %s with outcomes %j: %s', (state, outcomes, words) => {
  expect(describeEnd(state, outcomes)).toBe(words);
});
