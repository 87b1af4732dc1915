import { JoineryError } from '../domain/error.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ExternalId, PipelineName } from '../domain/words.ts';
import type { Lease } from '../store/contract.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { DirectoryView } from './directory-names.ts';

export interface RekeyPair {
  readonly old: ExternalId;
  readonly new: ExternalId;
}

/** What a person decided about keys that are probably one person's. */
export interface RekeyRequest {
  readonly pairs: readonly RekeyPair[];
  /** They are two people. */
  readonly different: boolean;
  /** The pipeline that looks after the old keys, if it is another. */
  readonly owner?: PipelineName;
  readonly reason: string;
  readonly by: string;
}

/**
 * Closes rekey cases in the state; sends nothing. All pairs are looked at before the first is written. The directory has to say the same: the one account carries the new key, or
 * the next run would make a second one beside it. Errors: STG-107 with the step that is missing.
 */
export async function rekeyWorker(
  context: StageContext,
  directory: DirectoryView,
  request: RekeyRequest,
  other: Lease | undefined,
): Promise<void> {
  const { store, pipeline, lease, clock } = context;
  const scope = scopeOf(pipeline);
  const { pairs, reason, by } = request;
  const keys = pairs.flatMap((pair) => [pair.old, pair.new]);
  if (new Set(keys).size !== keys.length) throw new JoineryError('STG-107', 'a key is named twice');
  if (!request.different) {
    const entries = await store.ledger.getMany(scope, keys);
    for (const pair of pairs) checkEntries(pair, entries, [pipeline.name, ...(request.owner === undefined ? [] : [request.owner])]);
    await checkDirectory(context, directory, pairs);
  }
  for (const { old, new: young } of pairs) {
    const input = { scope, from: old, to: young, reason, by, at: clock.now() };
    if (request.different) await store.ledger.part(lease, input);
    else await store.ledger.rekey(lease, input, other);
  }
}

function checkEntries(pair: RekeyPair, entries: ReadonlyMap<ExternalId, LedgerEntry>, owners: readonly PipelineName[]): void {
  const [old, young] = [entries.get(pair.old), entries.get(pair.new)];
  const refuse = (why: string): never => {
    throw new JoineryError('STG-107', why);
  };
  if (old === undefined) return refuse(`no pipeline of this state knows worker ${pair.old}`);
  if (!owners.includes(old.owner)) return refuse(`worker ${pair.old} belongs to pipeline ${old.owner}: add --from ${old.owner}`);
  if (young !== undefined && young.owner !== owners[0]) return refuse(`worker ${pair.new} belongs to pipeline ${young.owner}`);
  for (const entry of [old, young]) {
    if (entry?.sent !== undefined)
      return refuse(`worker ${entry.externalId} has an operation in flight: run joinery reconcile until it has an outcome`);
  }
  if (old.confirmed === undefined) return refuse(`worker ${pair.old} has no confirmed account that ${pair.new} could take over`);
  if (young?.confirmed !== undefined)
    return refuse(
      `worker ${pair.new} has an account of his own: two accounts cannot be made one; remove one of the two rows from the source`,
    );
  return undefined;
}

async function checkDirectory({ pipeline }: StageContext, directory: DirectoryView, pairs: readonly RekeyPair[]): Promise<void> {
  if (pipeline.holds.directory === 'unchecked') return;
  const accounts = await directory.accounts(pairs.flatMap((pair) => [pair.old, pair.new]));
  if (accounts === undefined) throw new JoineryError('PLN-205', 'nobody can say which account carries which employee id');
  for (const pair of pairs) {
    const [old, young] = [accounts.get(pair.old) ?? [], accounts.get(pair.new) ?? []];
    // Two spellings of one key are one account to the directory.
    const isSpelling = pair.old.toLowerCase() === pair.new.toLowerCase();
    if (young.length === 1 && (isSpelling || old.length === 0)) continue;
    const [account] = old;
    const step =
      young.length === 0 && account !== undefined
        ? `set employeeId of account ${account.id} from ${pair.old} to ${pair.new} in the directory first`
        : `${String(old.length)} accounts carry the employee id ${pair.old} and ${String(young.length)} carry ${pair.new}; exactly one must carry ${pair.new}`;
    throw new JoineryError('STG-107', step);
  }
}
