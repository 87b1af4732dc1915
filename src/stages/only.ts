import { isDisable, isSentChange, type ExternalId } from '../domain/words.ts';
import type { Change } from '../domain/change.ts';

/** What a plan is confined to: disables, or some workers. All else stays the work of the next run, neither evaluated nor desired. */
export type Only = 'leavers' | readonly ExternalId[];

/** `--only leavers`, `--only W1 W2`. */
export function readOnly(words: readonly string[]): Only {
  return words.length === 1 && words[0] === 'leavers' ? 'leavers' : words;
}

/** As the plan hash covers it: in another order it is the same choice. */
export function onlyKey(only: Only): readonly string[] {
  return only === 'leavers' ? ['leavers'] : [...new Set(only)].toSorted();
}

/** Whether a worker of the pass is in a plan that is confined. */
export function inOnly(only: Only | undefined): (externalId: ExternalId, change: Change | undefined) => boolean {
  if (only === undefined) return () => true;
  if (only === 'leavers') {
    return (_, change) =>
      change !== undefined && isSentChange(change.change) && isDisable(change.change) && (change.send || change.waiting);
  }
  const chosen = new Set(only);
  return (externalId) => chosen.has(externalId);
}
