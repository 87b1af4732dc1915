import { rekeyWords, type Change, type HoldCause, type RekeyCase } from '../domain/change.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import { isDisable, type ChangeKind, type ExternalId, type JobScope, type RunId } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';
import { accountStateOf, effectOf, holdBack, holdOf, lastWordOf, type Effect } from '../plan/hold.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { Decided } from './decide.ts';
import type { DirectoryView } from './directory-names.ts';
import type { PlanLine } from '../store/run-files.ts';
import { openHoldList, openProtection, type Protection } from './worker-lists.ts';

/** A worker about whom something is about to be sent. */
export interface Asked {
  readonly externalId: ExternalId;
  readonly effect: Effect;
}

/** Those of whom the directory has to be asked. */
export function askedOf(
  operations: readonly { readonly externalId: ExternalId; readonly change: ChangeKind; readonly payload: { readonly active: boolean } }[],
): Asked[] {
  return operations.flatMap(({ externalId, change, payload }) => {
    const effect = effectOf(change, payload.active);
    return effect === undefined ? [] : [{ externalId, effect }];
  });
}

/** Who must not be enabled, and who must not be touched, as it is now. */
export interface Holds extends Protection {
  /** About to be sent something that the directory has a say in: the causes of those who are held. Errors: PLN-205, and as `openHoldList`. */
  causes(asked: readonly Asked[], entries: ReadonlyMap<ExternalId, LedgerEntry>): Promise<ReadonlyMap<ExternalId, HoldCause>>;
  /** Of workers who are inactive and about whom nothing was ever sent: those of whom an account is on. Nobody where users are not read. */
  leftOn(workers: readonly ExternalId[]): Promise<readonly ExternalId[]>;
}

/** Errors: PLN-206 for a list that cannot be read: without it nobody knows who must not be touched. */
export function openHolds(context: Pick<StageContext, 'pipeline' | 'store' | 'clock' | 'signal'>, directory: DirectoryView): Holds {
  const { pipeline, store, clock } = context;
  const { isProtected } = openProtection(context);
  const holdList = openHoldList(context);
  const unchecked = pipeline.holds.directory === 'unchecked';
  return {
    isProtected,
    async leftOn(workers) {
      const accounts = unchecked || workers.length === 0 ? undefined : await directory.accounts(workers);
      return workers.filter((worker) => accounts?.get(worker)?.some(({ enabled }) => enabled) === true);
    },
    async causes(asked, entries) {
      const workers = asked.map(({ externalId }) => externalId);
      const held = new Map<ExternalId, HoldCause>();
      const accounts = unchecked || workers.length === 0 ? new Map() : await directory.accounts(workers);
      const enabling = asked.filter(({ effect }) => effect === 'on').length;
      if (accounts === undefined && enabling > 0) {
        throw new JoineryError('PLN-205', `${String(enabling)} workers are about to be enabled or kept enabled`);
      }
      const isListed = enabling > 0 ? await holdList() : () => false;
      for (const { externalId, effect } of asked) {
        const entry = entries.get(externalId);
        const cause = holdOf(effect, accountStateOf(accounts?.get(externalId)), lastWordOf(entry, clock.now()));
        const doubted = cause === 'directory' || cause === 'exists' ? entry : undefined;
        const ours = doubted?.baselineUnknown === true && (await wentSilent(store, scopeOf(pipeline), doubted, cause === 'exists'));
        if (cause !== 'free' && !ours) held.set(externalId, cause);
        if (effect === 'on' && isListed(externalId)) held.set(externalId, 'list');
      }
      // The key may have been given to somebody else, and nothing is left by which anybody could tell.
      for (const worker of (await store.erasure.forgotten(scopeOf(pipeline), workers)).keys()) held.set(worker, 'forgotten');
      return held;
    },
  };
}

/** An operation of ours that turns accounts on (or off) left after what is confirmed and has no outcome: it may be what made the account as it is, whatever was wished for since. */
async function wentSilent(store: Store, scope: JobScope, { externalId, confirmed }: LedgerEntry, on: boolean): Promise<boolean> {
  const operations = await store.operations.ofWorker(scope, externalId);
  return operations.some(
    ({ payload, outcome, sentAt = 0 }) =>
      payload.active === on && (outcome === 'silent' || outcome === 'superseded') && sentAt > (confirmed?.at ?? 0),
  );
}

/** Takes out of decided changes what must not be sent. Of a plan that is confined only those in it are asked about: a list that cannot be read holds up no plan of leavers. */
export async function holdDecided(
  holds: Holds,
  decided: readonly Decided[],
  entries: ReadonlyMap<ExternalId, LedgerEntry>,
  rekeys: ReadonlyMap<ExternalId, RekeyCase>,
  isIn: (externalId: ExternalId, change: Change | undefined) => boolean,
): Promise<Decided[]> {
  const isUntouched = ({ externalId, evaluated }: PlanLine): boolean => holds.isProtected(externalId, entries.get(externalId), evaluated);
  const changes = decided.flatMap((one) => {
    const change = one.kind === 'line' ? one.line.change : undefined;
    if (one.kind !== 'line' || change === undefined || !(change.send || change.waiting)) return [];
    return isIn(change.externalId, change) && !isUntouched(one.line) ? [change] : [];
  });
  const causes = await holds.causes(askedOf(changes), entries);
  return decided.map((one) => {
    if (one.kind !== 'line' || one.line.change === undefined) return one;
    const { change, externalId } = { ...one.line, change: one.line.change };
    const rekey = rekeys.get(externalId);
    const cause = isUntouched(one.line) ? 'protected' : rekey === undefined ? causes.get(externalId) : 'rekey';
    const held = holdBack(change, cause);
    if (held.held === undefined) return one;
    const warnings = [...held.warnings, rekey === undefined ? heldWarning(externalId, held.held) : rekeyWarning(rekey)];
    return { ...one, line: { ...one.line, change: { ...held, ...(rekey === undefined ? {} : { rekey }), warnings } } };
  });
}

const words: Readonly<Record<HoldCause, string>> = {
  directory: 'the account was disabled in the directory, and not by this pipeline',
  list: 'the worker stands on the hold list',
  ambiguous: 'several accounts carry the employee id',
  onPremises: 'the account is mastered on-premises, where the service cannot write it',
  forgotten: 'somebody with this key was forgotten; joinery release says that it is him, or that the key may be used again',
  protected: 'the worker is protected',
  exists:
    'the account with his employee id is on, and creating him disabled would turn it off: joinery adopt takes it over, joinery release says that it may be turned off',
  rekey: 'the worker is probably known under another key',
};

function heldWarning(externalId: ExternalId, cause: HoldCause): Diagnostic {
  return { code: 'PLN-106', severity: 'warning', message: `worker ${externalId} is held: ${words[cause]}` };
}

/** Once for each half, because each is in a plan of his own if two pipelines look after them. */
function rekeyWarning({ old, new: young, by }: RekeyCase): Diagnostic {
  const message = `workers ${old} and ${young} share ${rekeyWords[by]} and are probably one person: nothing is sent about either`;
  return { code: 'PLN-108', severity: 'warning', message };
}

/**
 * The last look before anything of a run leaves: between plan and load hours may pass, in which somebody disables an account. What is held by now is dropped from
 * the run; the next plan names it. Disables ask nobody but the list of the protected, so that a directory that cannot be read holds none of them up.
 */
export async function dropHeld(context: StageContext, run: RunId, directory: DirectoryView, which: 'disables' | 'others'): Promise<void> {
  const { store, pipeline, lease, clock, emit } = context;
  const holds = openHolds(context, directory);
  for await (const chunk of store.operations.stream(run)) {
    const planned = chunk.filter(({ state, change }) => state === 'planned' && isDisable(change) === (which === 'disables'));
    for (const operations of inSteps(planned)) {
      const entries = await store.ledger.getMany(
        scopeOf(pipeline),
        operations.map(({ externalId }) => externalId),
      );
      const causes = await holds.causes(askedOf(operations), entries);
      const dropped = operations.flatMap((operation) => {
        const { externalId } = operation;
        const cause = holds.isProtected(externalId, entries.get(externalId)) ? 'protected' : causes.get(externalId);
        if (cause === undefined) return [];
        emit({ type: 'warning', externalId, diagnostic: heldWarning(externalId, cause) });
        return [operation.id];
      });
      if (dropped.length > 0) await store.operations.drop(lease, dropped, 'the worker is held', clock.now());
    }
  }
}

function* inSteps<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += 500) yield items.slice(from, from + 500);
}
