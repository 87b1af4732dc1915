import type { LedgerEntry } from '../domain/ledger.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId } from '../domain/words.ts';
import { isReadable } from '../entra/default-mapping.ts';
import type { DirectoryUser } from '../entra/directory.ts';
import type { Graph } from '../entra/graph.ts';
import { compareAccount, type AccountDifference } from './account-comparison.ts';
import { scopeOf, type StageContext } from './context.ts';
import { readAccounts } from './directory-accounts.ts';
import { accountOf } from './directory-names.ts';
import { foldName } from './user-names.ts';

/**
 * How an account differs from what the ledger holds as confirmed.
 * - `disabled`: it is off and should be on. `enabled`: it is on and should be off. `missing`: no account carries the key.
 * - `renumbered`: the account with the worker's user name carries another employee id, or none. `several`: more than one carries the key.
 * - `differs`: attributes alone.
 */
export const driftKinds = ['enabled', 'disabled', 'missing', 'renumbered', 'several', 'differs'] as const;
export type DriftKind = (typeof driftKinds)[number];

/** One worker whose account was changed outside. */
export interface Drift {
  readonly worker: ExternalId;
  readonly kind: DriftKind;
  /** Object id of the account; absent: there is none. */
  readonly account?: string;
  /** Of `renumbered`: the employee id that it carries; empty: none. */
  readonly number?: string;
  readonly differences: readonly AccountDifference[];
}

export interface VerifyReport {
  /** Accounts with an employee id that were read. */
  readonly accounts: number;
  readonly compared: number;
  readonly counts: Readonly<Record<DriftKind, number>>;
  /** In how many accounts each attribute differs. */
  readonly attributes: Readonly<Record<AttributePath, number>>;
  /** Attributes of the pipeline that the directory cannot show under the default mapping. */
  readonly notComparable: readonly AttributePath[];
  /** Workers who were not compared, and why. */
  readonly skipped: {
    /** An operation is in flight, or went silent: what the account should have is not certain. */
    readonly uncertain: number;
    /** Confirmed so lately that the directory may not show it yet. */
    readonly fresh: number;
    /** Confirmed as off, and the account is gone: deleted after he left. */
    readonly deleted: number;
    /** The directory does not say whether the account is on, so nothing is claimed of it. */
    readonly unshown: number;
  };
}

/** Graph may show a change minutes after the log row; graph-contract 2.2. */
const settling = 30 * 60_000;

/**
 * Compares the ledger with the directory, as far as the directory can show it. Reads both and writes neither: drift is repaired by a run that somebody asks for (`resend`, `release`), and only
 * reconcile writes what is confirmed. Errors: ENT-205 without the right to read users.
 * @param workers only these; default: everybody whom the pipeline looks after
 * @param onDrift called for each account that differs, in the order of the ledger
 */
export async function verifyLedger(
  context: Pick<StageContext, 'pipeline' | 'store' | 'clock' | 'signal'>,
  graph: Graph,
  workers: ReadonlySet<ExternalId> | undefined,
  onDrift: (drift: Drift) => void,
): Promise<VerifyReport> {
  const { pipeline, store, clock, signal } = context;
  const paths = pipeline.transform.attributes
    .map(({ path }) => path)
    .filter((path) => !['active', 'userName', 'externalId'].includes(path));
  // The name of an account that lost its number is found only in the whole listing.
  const { byId, others } = await readAccounts(graph, paths, undefined, signal);
  const byName = new Map([...byId.values(), others].flat().map((user) => [foldName(accountOf(user).userName), user]));
  const counts: Record<DriftKind, number> = { enabled: 0, disabled: 0, missing: 0, renumbered: 0, several: 0, differs: 0 };
  const attributes: Record<AttributePath, number> = {};
  const skipped = { uncertain: 0, fresh: 0, deleted: 0, unshown: 0 };
  let compared = 0;
  for await (const chunk of store.ledger.streamEntries(scopeOf(pipeline), pipeline.name)) {
    for (const entry of chunk) {
      const { confirmed } = entry;
      if (entry.rekeyedTo !== undefined || confirmed === undefined || workers?.has(entry.externalId) === false) continue;
      if (entry.sent !== undefined || entry.baselineUnknown) skipped.uncertain++;
      else if (clock.now() - confirmed.at < settling) skipped.fresh++;
      else {
        const drift = driftOf(entry, byId.get(entry.externalId.toLowerCase()) ?? [], byName);
        if (drift === 'deleted' || drift === 'unshown') {
          skipped[drift]++;
          continue;
        }
        compared++;
        if (drift === undefined) continue;
        counts[drift.kind]++;
        for (const { path } of drift.differences) attributes[path] = (attributes[path] ?? 0) + 1;
        onDrift(drift);
      }
    }
  }
  return { accounts: byId.size, compared, counts, attributes, notComparable: paths.filter((path) => !isReadable(path)), skipped };
}

function driftOf(
  { externalId: worker, confirmed }: LedgerEntry,
  accounts: readonly DirectoryUser[],
  byName: ReadonlyMap<string, DirectoryUser>,
): Drift | 'deleted' | 'unshown' | undefined {
  if (confirmed === undefined) return undefined;
  const { payload, evidence } = confirmed;
  const [user] = accounts;
  if (accounts.length > 1) return { worker, kind: 'several', differences: [] };
  if (user === undefined) {
    const name = payload['userName'];
    const other = typeof name === 'string' ? byName.get(foldName(name)) : undefined;
    if (other !== undefined) {
      const number = typeof other['employeeId'] === 'string' ? other['employeeId'] : '';
      return { worker, kind: 'renumbered', account: accountOf(other).id, number, differences: [] };
    }
    return payload.active ? { worker, kind: 'missing', differences: [] } : 'deleted';
  }
  const unset = new Set(evidence.unset ?? []);
  const comparison = compareAccount(payload, user, evidence.unknown ?? []);
  if (comparison.unreadable.includes('active')) return 'unshown';
  const differences = comparison.differing.filter(({ path }) => !unset.has(path));
  if (differences.length === 0) return undefined;
  const activity = differences.find(({ path }) => path === 'active');
  const kind = activity === undefined ? 'differs' : payload.active ? 'disabled' : 'enabled';
  return { worker, kind, account: accountOf(user).id, differences };
}
