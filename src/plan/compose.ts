import type { Payload } from '../domain/payload.ts';
import type { Draft } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { getAttribute, managerPath, removeAttribute, setAttribute } from '../scim/index.ts';

/** What a draft still lacks to become a payload. */
export interface Completion {
  /** What the service has, in flight or confirmed: `keep` takes from it, and names computed once stay as they are. */
  readonly last: Payload | undefined;
  /** For workers without a name: the candidate that was chosen, by attribute path. */
  readonly chosen: ReadonlyMap<string, string>;
  /** For workers who have a name and get another one by this plan: the name, by attribute path. */
  readonly renamed?: ReadonlyMap<string, string>;
  /** False: the manager is not in the ledger and not in this plan, and is left out. */
  readonly managerKnown: boolean;
  /** A manager who is not known leaves the last one where he is; default: nobody. */
  readonly keepManager?: boolean;
}

/**
 * The complete payload of a draft. Emptiness: `keep` sends the last value again, `clear` sends null, `omit` leaves it out. A name that is
 * computed once is the last one as long as there is one.
 */
export function composePayload(draft: Draft, completion: Completion): Payload {
  const { last } = completion;
  let payload = draft.payload;
  for (const { path, rule } of draft.empty) {
    if (rule === 'clear') payload = setAttribute(payload, path, null);
    else if (rule === 'omit') payload = removeAttribute(payload, path);
    else payload = keepLast(payload, path, last);
  }
  for (const { path } of draft.once) {
    const kept = last === undefined ? undefined : getAttribute(last, path);
    const value = completion.renamed?.get(path) ?? kept ?? completion.chosen.get(path);
    if (value !== undefined) payload = setAttribute(payload, path, value);
  }
  if (draft.manager !== undefined && !completion.managerKnown) {
    payload = removeAttribute(payload, managerPath);
    if (completion.keepManager === true) payload = keepLast(payload, managerPath, last);
  }
  return payload;
}

function keepLast(payload: Payload, path: string, last: Payload | undefined): Payload {
  const value = last === undefined ? undefined : getAttribute(last, path);
  return value === undefined || value === null ? payload : setAttribute(payload, path, value);
}

/** The confirmed payload with `active: false`: what leavers by vanishing, scope or rejection are sent, never a fresh evaluation. */
export function disabledPayload(last: Payload): Payload {
  return { ...last, active: false };
}

/** The manager that a payload names. */
export function managerOf(payload: Payload): ExternalId | undefined {
  const value = getAttribute(payload, managerPath);
  return typeof value === 'string' ? value : undefined;
}
