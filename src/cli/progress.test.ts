import { expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import type { Io } from './io.ts';
import { describeCounts, describeEnd, Progress } from './progress.ts';
import { createStyle } from './style.ts';

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

it('tells of a key with a line end in it in one line', () => {
  const lines: string[] = [];
  const io: Io = {
    out: () => undefined,
    err: (text) => lines.push(text),
    environment: {},
    isTerminal: false,
    colour: false,
    columns: 80,
    clock: new VirtualClock('2026-11-02T07:00:00Z'),
    chance: { random: () => 0, uuid: () => '' },
    signal: new AbortController().signal,
  };
  new Progress(io, createStyle(false)).sink({
    type: 'rejection',
    rejection: { externalId: 'W\n9', ordinals: [1], reasons: [], fresh: true },
  });
  expect(lines).toEqual(['  rejected worker W\\u{a}9: \n']);
});
