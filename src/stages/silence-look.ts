import type { LedgerEntry } from '../domain/ledger.ts';
import type { Operation, OperationFailure } from '../domain/operation.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { Outcome } from '../domain/words.ts';
import { isReadable, readAttribute } from '../entra/default-mapping.ts';
import type { DirectoryUser } from '../entra/directory.ts';
import { silenceCauses, type SilenceCode } from '../entra/silence-causes.ts';
import { clausesAgainst, type ScopeFilter } from '../entra/schema/scope-filter.ts';
import { differences, getAttribute } from '../scim/index.ts';
import { compareAccount } from './account-comparison.ts';

/** What could be looked at when an operation went silent. */
export interface SilenceView {
  /** The accounts that carry the worker's key. */
  readonly accounts: readonly DirectoryUser[];
  readonly scope: ScopeFilter;
}

/** The directory shows all that was sent, or why there is no row. */
export type SilenceFinding =
  | {
      readonly kind: 'shown';
      readonly outcome: Extract<Outcome, 'applied' | 'unchanged'>;
      readonly account: string;
      readonly unknown: readonly AttributePath[];
    }
  | { readonly kind: 'cause'; readonly failure: OperationFailure };

/**
 * Judges an operation that has no row by what the directory has. A service that writes no row for what changes nothing would else leave the worker silent in every run. Shown is only what is
 * whole: one account with every value that the directory can show, and nothing new among the values that it cannot.
 */
export function lookAtSilence(operation: Operation, entry: LedgerEntry | undefined, { accounts, scope }: SilenceView): SilenceFinding {
  const [account, ...others] = accounts;
  if (others.length > 0) return cause('SilentAmbiguous', `${String(accounts.length)} accounts carry the key`);
  const confirmed = entry?.confirmed?.payload;
  if (account !== undefined) {
    const changed = differences(confirmed, operation.payload);
    const emptied = changed.filter(({ kind }) => kind === 'emptied').map(({ path }) => path);
    // Sent empty: the account has to be. Left out: whether that clears is the job's affair, and stays unknown where something is left.
    const cleared = emptied.filter((path) => getAttribute(operation.payload, path) !== undefined);
    const omitted = emptied.filter((path) => !cleared.includes(path));
    const { differing, unreadable } = compareAccount(operation.payload, account, cleared);
    const unseen = [
      ...unreadable.filter((path) => changed.some((difference) => difference.path === path)),
      ...cleared.filter((path) => !isReadable(path)),
    ];
    if (differing.length === 0 && unseen.length === 0) {
      return {
        kind: 'shown',
        outcome: confirmed !== undefined && changed.length === 0 ? 'unchanged' : 'applied',
        account: typeof account['id'] === 'string' ? account['id'] : '',
        unknown: omitted.filter((path) => !isReadable(path) || readAttribute(account, path) !== undefined),
      };
    }
    if (differing.length === 0) return cause('SilentUnseen', unseen.join(', '));
  }
  const against = clausesAgainst(scope, operation.payload, getAttribute);
  if (scope.length > 0 && against !== undefined && against.length > 0) {
    return cause(
      'SilentOutOfScope',
      against.map(({ attribute, operator, values }) => [attribute, operator, ...values].join(' ')).join('; '),
    );
  }
  if (account === undefined) return cause('SilentNoAccount', 'no account carries the key');
  const differing = compareAccount(operation.payload, account).differing.map(({ path }) => path);
  return cause('SilentNotWritten', `other values in ${differing.join(', ')}`);
}

function cause(code: SilenceCode, detail: string): SilenceFinding {
  const found = silenceCauses.find((known) => known.code === code);
  return {
    kind: 'cause',
    failure: { code, reason: `${found?.words ?? ''} (${detail})`, ...(found === undefined ? {} : { recommendedAction: found.todo }) },
  };
}
