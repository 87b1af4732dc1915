import type { LedgerEntry } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { ChangeKind } from '../domain/words.ts';

/** What the source says about a worker in this run. `vanished` only once the pipeline's passes and hours are over. */
export const rowStates = ['active', 'preHire', 'inactive', 'outOfScope', 'vanished', 'rejectedInactive', 'rejected'] as const;
export type RowState = (typeof rowStates)[number];

/**
 * What the ledger knows. `preHired`: created disabled and never enabled. The `uncertain` states: an operation went silent, so the service may
 * hold the last confirmed payload or the silent one; `uncertainNew`: nothing was ever confirmed.
 */
export const ledgerStates = [
  'unknown',
  'enabled',
  'preHired',
  'disabled',
  'uncertainNew',
  'uncertainEnabled',
  'uncertainPreHired',
  'uncertainDisabled',
] as const;
export type LedgerState = (typeof ledgerStates)[number];

/**
 * Row state × ledger state → change. `mover` becomes `none` where no attribute differs and nothing is uncertain.
 * The danger is in three cells: an unknown inactive worker must not become a ghost account (`ignored`), a disabled worker must not be
 * touched before a rehire (`frozen`), and after silence a worker who should be off is sent again even if he was off before, because
 * the silent operation may have turned him on.
 */
export const decisionTable: Readonly<Record<RowState, Readonly<Record<LedgerState, ChangeKind>>>> = {
  active: {
    unknown: 'joiner',
    enabled: 'mover',
    preHired: 'enable',
    disabled: 'rehire',
    uncertainNew: 'joiner',
    uncertainEnabled: 'mover',
    uncertainPreHired: 'enable',
    uncertainDisabled: 'rehire',
  },
  preHire: {
    unknown: 'pre-hire',
    enabled: 'leaver',
    preHired: 'mover',
    disabled: 'frozen',
    uncertainNew: 'pre-hire',
    uncertainEnabled: 'leaver',
    uncertainPreHired: 'mover',
    uncertainDisabled: 'leaver',
  },
  inactive: leaving('ignored'),
  outOfScope: leaving('ignored'),
  vanished: leaving('ignored'),
  rejectedInactive: leaving('ignored'),
  rejected: {
    unknown: 'none',
    enabled: 'none',
    preHired: 'none',
    disabled: 'none',
    uncertainNew: 'none',
    uncertainEnabled: 'none',
    uncertainPreHired: 'none',
    uncertainDisabled: 'none',
  },
};

function leaving(unknown: ChangeKind): Readonly<Record<LedgerState, ChangeKind>> {
  return {
    unknown,
    enabled: 'leaver',
    preHired: 'cancelled',
    disabled: 'frozen',
    uncertainNew: 'leaver',
    uncertainEnabled: 'leaver',
    uncertainPreHired: 'cancelled',
    uncertainDisabled: 'leaver',
  };
}

export function rowStateOf(verdict: Verdict): RowState {
  if (verdict.kind === 'outOfScope') return 'outOfScope';
  if (verdict.kind === 'rejected') return verdict.saysInactive ? 'rejectedInactive' : 'rejected';
  if (verdict.draft.active) return 'active';
  return verdict.draft.preHire ? 'preHire' : 'inactive';
}

/** Rows that mean: the account must be off. */
export function isLeavingRow(row: RowState): boolean {
  return row === 'inactive' || row === 'outOfScope' || row === 'vanished' || row === 'rejectedInactive';
}

export function ledgerStateOf(entry: LedgerEntry | undefined): LedgerState {
  if (entry === undefined) return 'unknown';
  const last = lastPayload(entry);
  if (entry.sent === undefined && entry.baselineUnknown) {
    if (entry.confirmed === undefined) return 'uncertainNew';
    if (entry.confirmed.payload.active) return 'uncertainEnabled';
    return entry.everEnabled ? 'uncertainDisabled' : 'uncertainPreHired';
  }
  if (last === undefined) return 'unknown';
  if (last.active) return 'enabled';
  // A disable in flight over an enabled account is `disabled`, although only reconcile sets everEnabled.
  const wasEnabled = entry.everEnabled || entry.sent?.change === 'leaver';
  return wasEnabled ? 'disabled' : 'preHired';
}

export function isUncertain(state: LedgerState): boolean {
  return state.startsWith('uncertain');
}

/** The payload that the service has, as far as we know: in flight, else confirmed. */
export function lastPayload(entry: LedgerEntry | undefined): Payload | undefined {
  return entry?.sent?.payload ?? entry?.confirmed?.payload;
}
