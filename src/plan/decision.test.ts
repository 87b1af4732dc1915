import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { changeKinds, isDisable, isSentChange, type ChangeKind } from '../domain/words.ts';
import { decisionTable, ledgerStates, rowStates, type LedgerState, type RowState } from './decision.ts';

/** What each cell must be and why, written from DESIGN sections 2, 3 and 5 and not from the table. */
const expectations: readonly (readonly [RowState, LedgerState, ChangeKind, string])[] = [
  ['active', 'unknown', 'joiner', 'nobody knows him: he is created enabled'],
  ['active', 'enabled', 'mover', 'he is on already: only attributes can differ'],
  ['active', 'preHired', 'enable', 'a pre-hire starts: first activation, counted apart from a rehire'],
  ['active', 'disabled', 'rehire', 'a leaver comes back'],
  ['active', 'uncertainNew', 'joiner', 'his creation went silent: it is sent again'],
  ['active', 'uncertainEnabled', 'mover', 'he was on, and something went silent: sent again as he should be'],
  ['active', 'uncertainPreHired', 'enable', 'perhaps he was enabled, perhaps not: enabled again'],
  ['active', 'uncertainDisabled', 'rehire', 'perhaps he was enabled again, perhaps not'],

  ['preHire', 'unknown', 'pre-hire', 'starts soon: created disabled'],
  ['preHire', 'enabled', 'leaver', 'his start moved into the future while the account is on: it is turned off'],
  ['preHire', 'preHired', 'mover', 'still waits for his start: attributes may change'],
  ['preHire', 'disabled', 'frozen', 'a leaver who will come back: untouched until he does'],
  ['preHire', 'uncertainNew', 'pre-hire', 'his creation went silent: created disabled again'],
  ['preHire', 'uncertainEnabled', 'leaver', 'may be on, must be off'],
  ['preHire', 'uncertainPreHired', 'mover', 'may lack what went silent: sent again, disabled'],
  ['preHire', 'uncertainDisabled', 'leaver', 'the silent operation may have turned him on, must be off'],

  ['inactive', 'unknown', 'ignored', 'a past leaver must never become a ghost account'],
  ['inactive', 'enabled', 'leaver', 'on and must be off'],
  ['inactive', 'preHired', 'cancelled', 'his start was rescinded'],
  ['inactive', 'disabled', 'frozen', 'off already: attributes wait for a rehire'],
  ['inactive', 'uncertainNew', 'leaver', 'an account may have been created: it must be off'],
  ['inactive', 'uncertainEnabled', 'leaver', 'may be on, must be off'],
  ['inactive', 'uncertainPreHired', 'cancelled', 'may have been enabled, must be off'],
  ['inactive', 'uncertainDisabled', 'leaver', 'the silent operation may have turned him on, must be off'],

  ['outOfScope', 'unknown', 'ignored', 'never was ours'],
  ['outOfScope', 'enabled', 'leaver', 'left the scope while on'],
  ['outOfScope', 'preHired', 'cancelled', 'left the scope before he was ever on'],
  ['outOfScope', 'disabled', 'frozen', 'off already'],
  ['outOfScope', 'uncertainNew', 'leaver', 'an account may have been created: it must be off'],
  ['outOfScope', 'uncertainEnabled', 'leaver', 'may be on, must be off'],
  ['outOfScope', 'uncertainPreHired', 'cancelled', 'may have been enabled, must be off'],
  ['outOfScope', 'uncertainDisabled', 'leaver', 'the silent operation may have turned him on, must be off'],

  ['vanished', 'unknown', 'ignored', 'nobody knows him and there is no row'],
  ['vanished', 'enabled', 'leaver', 'missing for long enough'],
  ['vanished', 'preHired', 'cancelled', 'the row of a pre-hire was withdrawn'],
  ['vanished', 'disabled', 'frozen', 'off already'],
  ['vanished', 'uncertainNew', 'leaver', 'an account may have been created: it must be off'],
  ['vanished', 'uncertainEnabled', 'leaver', 'may be on, must be off'],
  ['vanished', 'uncertainPreHired', 'cancelled', 'may have been enabled, must be off'],
  ['vanished', 'uncertainDisabled', 'leaver', 'the silent operation may have turned him on, must be off'],

  ['rejectedInactive', 'unknown', 'ignored', 'nobody knows him, and his rows say that he is gone'],
  ['rejectedInactive', 'enabled', 'leaver', 'a rejection never blocks a disable'],
  ['rejectedInactive', 'preHired', 'cancelled', 'a rejection never blocks a disable'],
  ['rejectedInactive', 'disabled', 'frozen', 'off already'],
  ['rejectedInactive', 'uncertainNew', 'leaver', 'an account may have been created: it must be off'],
  ['rejectedInactive', 'uncertainEnabled', 'leaver', 'may be on, must be off'],
  ['rejectedInactive', 'uncertainPreHired', 'cancelled', 'may have been enabled, must be off'],
  ['rejectedInactive', 'uncertainDisabled', 'leaver', 'the silent operation may have turned him on, must be off'],

  ['rejected', 'unknown', 'none', 'a rejection leaves everything as it is'],
  ['rejected', 'enabled', 'none', 'a rejection is never a leaver'],
  ['rejected', 'preHired', 'none', 'a rejection enables nobody'],
  ['rejected', 'disabled', 'none', 'a rejection enables nobody'],
  ['rejected', 'uncertainNew', 'none', 'a rejection leaves everything as it is'],
  ['rejected', 'uncertainEnabled', 'none', 'a rejection is never a leaver'],
  ['rejected', 'uncertainPreHired', 'none', 'a rejection enables nobody'],
  ['rejected', 'uncertainDisabled', 'none', 'a rejection enables nobody'],
];

describe('the decision table', () => {
  test.each(expectations)('%s × %s is %s: %s', (row, state, change) => {
    expect(decisionTable[row][state]).toBe(change);
  });

  it('has one expectation for each of its cells, and no cell beside them', () => {
    const all = cells().map(([row, state]) => `${row} × ${state}`);
    expect(new Set(expectations.map(([row, state]) => `${row} × ${state}`))).toEqual(new Set(all));
    expect(expectations).toHaveLength(all.length);
    expect(Object.keys(decisionTable).toSorted()).toEqual([...rowStates].toSorted());
    for (const row of rowStates) expect(Object.keys(decisionTable[row]).toSorted()).toEqual([...ledgerStates].toSorted());
  });

  it('has only words of the glossary in its cells', () => {
    for (const [row, state] of cells()) expect(changeKinds).toContain(decisionTable[row][state]);
  });

  it('turns accounts on for active rows only, and off for no active row', () => {
    const turnsOn: readonly ChangeKind[] = ['joiner', 'enable', 'rehire'];
    fc.assert(
      fc.property(fc.constantFrom(...cells()), ([row, state]) => {
        const change = decisionTable[row][state];
        expect(turnsOn.includes(change) && row !== 'active').toBe(false);
        expect(isDisable(change) && row === 'active').toBe(false);
      }),
    );
  });

  it('turns off everybody who may be on and must be off', () => {
    const due = cells().filter(([row, state]) => mustBeOff.includes(row) && (state === 'enabled' || state.startsWith('uncertain')));
    expect(due).toHaveLength(20);
    for (const [row, state] of due) expect(isDisable(decisionTable[row][state])).toBe(true);
  });

  it('sends nothing about who must be off and is certainly off or unknown', () => {
    const settled = cells().filter(([row, state]) => mustBeOff.includes(row) && (state === 'disabled' || state === 'unknown'));
    expect(settled).toHaveLength(8);
    for (const [row, state] of settled) expect(isSentChange(decisionTable[row][state])).toBe(false);
  });
});

const mustBeOff: readonly RowState[] = ['inactive', 'outOfScope', 'vanished', 'rejectedInactive'];

function cells(): (readonly [RowState, LedgerState])[] {
  return rowStates.flatMap((row) => ledgerStates.map((state) => [row, state] as const));
}
