import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { LedgerEntry } from '../domain/ledger.ts';
import { coreUserSchema, type Payload } from '../domain/payload.ts';
import { isDisable, isSentChange } from '../domain/words.ts';
import { decisionOf, knowledgeOf, knowledgeStates, type Knowledge } from './cells.ts';
import { isLeavingRow, rowStates, type RowState } from './decision.ts';
import { accountStates, type AccountState } from './hold.ts';

/**
 * What each cell must be, written from DESIGN sections 3 and 5 and from the issue, not from the tables: knowledge, then the change for a leaving row, and for an active row
 * and a pre-hire one cell for each state of the account (unread, none, on, off, several, onPremises). `!` is a hold.
 */
const expectations = `
unknown nothing            | ignored   | joiner joiner joiner joiner!directory joiner!ambiguous joiner!onPremises | pre-hire pre-hire pre-hire!exists pre-hire pre-hire!ambiguous pre-hire!onPremises
unknown released           | ignored   | joiner joiner joiner joiner joiner!ambiguous joiner!onPremises           | pre-hire pre-hire pre-hire pre-hire pre-hire!ambiguous pre-hire!onPremises
enabled on                 | leaver    | mover mover mover mover!directory mover!ambiguous mover!onPremises       | leaver leaver leaver leaver leaver leaver
enabled released           | leaver    | mover mover mover mover mover!ambiguous mover!onPremises                 | leaver leaver leaver leaver leaver leaver
preHired off               | cancelled | enable enable enable enable enable!ambiguous enable!onPremises           | mover mover mover mover mover mover
preHired released          | cancelled | enable enable enable enable enable!ambiguous enable!onPremises           | mover mover mover mover mover mover
disabled off               | frozen    | rehire rehire rehire rehire rehire!ambiguous rehire!onPremises           | frozen frozen frozen frozen frozen frozen
disabled foundOff          | frozen    | rehire rehire rehire rehire!directory rehire!ambiguous rehire!onPremises | frozen frozen frozen frozen frozen frozen
disabled released          | frozen    | rehire rehire rehire rehire rehire!ambiguous rehire!onPremises           | frozen frozen frozen frozen frozen frozen
uncertainNew nothing       | leaver    | joiner joiner joiner joiner!directory joiner!ambiguous joiner!onPremises | pre-hire pre-hire pre-hire!exists pre-hire pre-hire!ambiguous pre-hire!onPremises
uncertainNew off           | leaver    | joiner joiner joiner joiner joiner!ambiguous joiner!onPremises           | pre-hire pre-hire pre-hire!exists pre-hire pre-hire!ambiguous pre-hire!onPremises
uncertainNew released      | leaver    | joiner joiner joiner joiner joiner!ambiguous joiner!onPremises           | pre-hire pre-hire pre-hire pre-hire pre-hire!ambiguous pre-hire!onPremises
uncertainEnabled on        | leaver    | mover mover mover mover!directory mover!ambiguous mover!onPremises       | leaver leaver leaver leaver leaver leaver
uncertainEnabled off       | leaver    | mover mover mover mover mover!ambiguous mover!onPremises                 | leaver leaver leaver leaver leaver leaver
uncertainEnabled released  | leaver    | mover mover mover mover mover!ambiguous mover!onPremises                 | leaver leaver leaver leaver leaver leaver
uncertainPreHired off      | cancelled | enable enable enable enable enable!ambiguous enable!onPremises           | mover mover mover mover mover mover
uncertainPreHired released | cancelled | enable enable enable enable enable!ambiguous enable!onPremises           | mover mover mover mover mover mover
uncertainDisabled off      | leaver    | rehire rehire rehire rehire rehire!ambiguous rehire!onPremises           | leaver leaver leaver leaver leaver leaver
uncertainDisabled foundOff | leaver    | rehire rehire rehire rehire!directory rehire!ambiguous rehire!onPremises | leaver leaver leaver leaver leaver leaver
uncertainDisabled released | leaver    | rehire rehire rehire rehire rehire!ambiguous rehire!onPremises           | leaver leaver leaver leaver leaver leaver
`;

const byKnowledge = new Map(
  expectations
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', leaving = '', active = '', preHire = ''] = line.split('|').map((part) => part.trim());
      return [name, { leaving, active: active.split(/\s+/), preHire: preHire.split(/\s+/) }] as const;
    }),
);
const nameOf = ({ state, word }: Knowledge): string => `${state} ${word}`;

function expected(row: RowState, knowledge: Knowledge, account: AccountState): string | undefined {
  const line = byKnowledge.get(nameOf(knowledge));
  if (row === 'rejected') return 'none';
  if (row === 'active' || row === 'preHire') return line?.[row][accountStates.indexOf(account)];
  // Whatever the directory shows: a disable is never held, and who is unknown or off is left alone.
  return line?.leaving;
}

const cells = rowStates.flatMap((row) =>
  knowledgeStates.flatMap((knowledge) => accountStates.map((account) => [row, nameOf(knowledge), account, knowledge] as const)),
);
const text = (row: RowState, knowledge: Knowledge, account: AccountState): string => {
  const { change, held } = decisionOf(row, knowledge, account);
  return held === undefined ? change : `${change}!${held}`;
};

describe('what becomes of a worker', () => {
  test.each(cells)('row %s × ledger %s × account %s is as the rules say', (row, _name, account, knowledge) => {
    expect(text(row, knowledge, account)).toBe(expected(row, knowledge, account));
  });

  it('has one expectation for everything that the ledger can know, and none beside', () => {
    expect([...byKnowledge.keys()].toSorted()).toEqual(knowledgeStates.map(nameOf).toSorted());
    expect(cells).toHaveLength(7 * 20 * 6);
  });

  it('misses no cell: whatever entry the ledger holds, what is known of it stands in the tables', () => {
    const names = new Set(knowledgeStates.map(nameOf));
    fc.assert(
      fc.property(entries, (entry) => {
        expect(names).toContain(nameOf(knowledgeOf(entry, 9)));
      }),
      { numRuns: 500 },
    );
  });

  const decided = cells.map(([row, , account, knowledge]) => ({ row, account, knowledge, ...decisionOf(row, knowledge, account) }));

  it('is never a disable that is held', () => {
    const disables = decided.filter(({ change }) => isDisable(change));
    expect(disables.length).toBeGreaterThan(0);
    expect(disables.filter(({ held }) => held !== undefined)).toEqual([]);
  });

  it('never turns on an account that somebody else turned off', () => {
    const theirs = decided.filter(
      ({ row, account, knowledge }) => row === 'active' && account === 'off' && ['nothing', 'on', 'foundOff'].includes(knowledge.word),
    );
    expect(theirs.map(({ held }) => held)).toEqual(theirs.map(() => 'directory'));
    expect(theirs).toHaveLength(6);
  });

  it('is a disable or nothing for everybody who has to be off', () => {
    const leaving = decided.filter(({ row, change }) => isLeavingRow(row) && isSentChange(change));
    expect(leaving.filter(({ change }) => !isDisable(change))).toEqual([]);
  });
});

const payload = (active: boolean): Payload => ({ schemas: [coreUserSchema], externalId: 'w1', active });
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
/** Everything that the verbs of the store can leave: adopted while off with or without a past, silent, released, in flight. */
const entries: fc.Arbitrary<LedgerEntry | undefined> = option(
  fc
    .record({
      confirmed: option(fc.record({ active: fc.boolean(), kind: fc.constantFrom('log' as const, 'adopted' as const) })),
      sent: option(fc.constantFrom('joiner' as const, 'pre-hire' as const, 'mover' as const, 'leaver' as const, 'rehire' as const)),
      desired: option(fc.boolean()),
      baselineUnknown: fc.boolean(),
      everEnabled: fc.boolean(),
      released: fc.boolean(),
    })
    .map(({ confirmed, sent, desired, released, ...rest }): LedgerEntry => ({
      externalId: 'w1',
      owner: 'contoso',
      ...rest,
      // Whoever was confirmed enabled has been so.
      everEnabled: rest.everEnabled || confirmed?.active === true,
      ...(confirmed === undefined
        ? {}
        : { confirmed: { payload: payload(confirmed.active), hash: 'h', at: 1, evidence: { kind: confirmed.kind } } }),
      ...(sent === undefined
        ? {}
        : { sent: { operation: 'o', payload: payload(sent !== 'leaver' && sent !== 'pre-hire'), hash: 'h', change: sent, at: 1 } }),
      ...(desired === undefined ? {} : { desired: { payload: payload(desired), hash: 'd', change: 'none', run: 'r' } }),
      ...(released ? { released: 5 } : {}),
    })),
);
