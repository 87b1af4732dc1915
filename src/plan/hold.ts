import type { HoldCause } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import { isSentChange, type ChangeKind } from '../domain/words.ts';

/** What the directory shows about the account of a worker. `unread`: the pipeline says `holds: unchecked`. */
export const accountStates = ['unread', 'none', 'on', 'off', 'several', 'onPremises'] as const;
export type AccountState = (typeof accountStates)[number];

/**
 * What we know to have said last about a worker's activity. `foundOff`: adopted while it was off, so that somebody else turned it off. `released`: a person
 * decided that he may be enabled.
 */
export const lastWords = ['nothing', 'on', 'off', 'foundOff', 'released'] as const;
export type LastWord = (typeof lastWords)[number];

/**
 * Directory × our last word → whether an enabling payload is held, and why. An account that is off and that we did not turn off was turned off by somebody who had
 * a reason: security comes first. What the service cannot match or write is held too, because it would fail every time.
 */
export const holdTable: Readonly<Record<AccountState, Readonly<Record<LastWord, HoldCause | 'free'>>>> = {
  unread: everywhere('free'),
  none: everywhere('free'),
  on: everywhere('free'),
  off: { nothing: 'directory', on: 'directory', off: 'free', foundOff: 'directory', released: 'free' },
  several: everywhere('ambiguous'),
  onPremises: everywhere('onPremises'),
};

function everywhere(cause: HoldCause | 'free'): Readonly<Record<LastWord, HoldCause | 'free'>> {
  return { nothing: cause, on: cause, off: cause, foundOff: cause, released: cause };
}

/**
 * Directory → whether the creation of a disabled account (a pre-hire) is held. The service joins an account that carries the employee id instead of creating one: an account
 * that is on, and that we never wrote, would be turned off under somebody who works with it.
 */
const creationTable: Readonly<Record<AccountState, HoldCause | 'free'>> = {
  unread: 'free',
  none: 'free',
  on: 'exists',
  off: 'free',
  several: 'ambiguous',
  onPremises: 'onPremises',
};

/** What a payload would do to the account, as far as the directory has a say in it; undefined: it turns it off, which always goes. */
export type Effect = 'on' | 'create';

export function effectOf(change: ChangeKind, active: boolean): Effect | undefined {
  if (!isSentChange(change)) return undefined;
  if (active) return 'on';
  return change === 'pre-hire' ? 'create' : undefined;
}

/** Whether a payload of this effect is held by what the directory shows; a release answers for either. */
export function holdOf(effect: Effect, account: AccountState, word: LastWord): HoldCause | 'free' {
  if (effect === 'on') return holdTable[account][word];
  return account === 'on' && word === 'released' ? 'free' : creationTable[account];
}

/**
 * How long a release lets its worker be enabled; ms. One that nothing came of, because the account was turned on by hand or no row moved, would otherwise undo the next
 * hold, months later, which nobody has looked at.
 */
export const releaseStands = 7 * 86_400_000;

export function lastWordOf(entry: LedgerEntry | undefined, now: Instant): LastWord {
  if (entry === undefined) return 'nothing';
  if (entry.released !== undefined && now - entry.released < releaseStands) return 'released';
  if (entry.sent !== undefined) return entry.sent.payload.active ? 'on' : 'off';
  // After silence the account may be as confirmed or as last wished for: a disable of ours may be what turned it off.
  if (entry.baselineUnknown && entry.desired?.payload.active === false) return 'off';
  const { confirmed } = entry;
  if (confirmed === undefined) return 'nothing';
  if (confirmed.payload.active) return 'on';
  // Adopted while it waited for its first day: off as a pre-hire is.
  return confirmed.evidence.kind === 'adopted' && entry.everEnabled ? 'foundOff' : 'off';
}

export function accountStateOf(accounts: readonly { readonly enabled: boolean; readonly onPremises: boolean }[] | undefined): AccountState {
  if (accounts === undefined) return 'unread';
  const [account] = accounts;
  if (account === undefined) return 'none';
  if (accounts.length > 1) return 'several';
  if (account.onPremises) return 'onPremises';
  return account.enabled ? 'on' : 'off';
}

/** The parts of a change that a hold moves. */
interface Holdable {
  readonly change: ChangeKind;
  readonly payload: { readonly active: boolean };
  readonly send: boolean;
  readonly waiting: boolean;
}

/**
 * A hold stops what would leave the account on; a disable always goes. Whoever is protected is not touched at all, nor is either half of a rekey case: the disable of
 * the old number would lock out the person who goes on under the new one.
 */
export function holdBack<T extends Holdable>(change: T, cause: HoldCause | undefined): T & { readonly held?: HoldCause } {
  if (cause === undefined || !(change.send || change.waiting)) return change;
  const whole = cause === 'protected' || cause === 'rekey';
  if (!whole && effectOf(change.change, change.payload.active) === undefined) return change;
  return { ...change, send: false, waiting: false, held: cause };
}
