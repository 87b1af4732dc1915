import type { HoldCause } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ChangeKind } from '../domain/words.ts';
import { decisionTable, ledgerStateOf, type LedgerState, type RowState } from './decision.ts';
import { effectOf, holdOf, lastWordOf, type AccountState, type LastWord } from './hold.ts';

/** What the ledger knows of a worker: his state, and what was said last about his activity. */
export interface Knowledge {
  readonly state: LedgerState;
  readonly word: LastWord;
}

/** What can be said last in each state. A release may stand beside any of them. */
const words: Readonly<Record<LedgerState, readonly LastWord[]>> = {
  unknown: ['nothing'],
  enabled: ['on'],
  preHired: ['off'],
  disabled: ['off', 'foundOff'],
  uncertainNew: ['nothing', 'off'],
  uncertainEnabled: ['on', 'off'],
  uncertainPreHired: ['off'],
  uncertainDisabled: ['off', 'foundOff'],
};

/** Everything that the ledger can know of a worker, as far as decisions depend on it. */
export const knowledgeStates: readonly Knowledge[] = Object.entries(words).flatMap(
  ([name, said]) =>
    // The names are those of the record above.
    [...said, 'released' as const].map((word) => ({ state: name as LedgerState, word })), // oxlint-disable-line typescript/no-unsafe-type-assertion
);

export function knowledgeOf(entry: LedgerEntry | undefined, now: Instant): Knowledge {
  return { state: ledgerStateOf(entry), word: lastWordOf(entry, now) };
}

export interface Decision {
  readonly change: ChangeKind;
  /** The change is not sent: why. */
  readonly held?: HoldCause;
}

/** The decision about a worker: what his row says × what the ledger knows × what the directory shows. Lists, protection and rekey cases come on top of it. */
export function decisionOf(row: RowState, { state, word }: Knowledge, account: AccountState): Decision {
  const change = decisionTable[row][state];
  const effect = effectOf(change, row === 'active');
  const held = effect === undefined ? 'free' : holdOf(effect, account, word);
  return held === 'free' ? { change } : { change, held };
}
