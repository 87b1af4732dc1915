import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JoineryError } from '../domain/error.ts';

/** What a command makes of a place in which there is no state. */
export type StateNeed =
  /** It is the first one: the state is made. */
  | 'make'
  /** Its answer would be wrong, or it has nothing to correct: STO-102, because the place was mistyped. */
  | 'must exist'
  /** It asks the service or the pipeline file, which goes before the first run, too: none is made, and that is said. */
  | 'may be absent'
  /** It asks the service alone: none is made, and nobody need hear of it. */
  | 'unused';

export interface OpenedState<T> {
  readonly opened: T;
  /** Removes what stood in for the state; to be called when it is closed. */
  readonly remove: () => Promise<void>;
}

/**
 * Opens the state that the options name by `open`, whose `state` is another place to use and whose `mustExist` says that none may be made there. Where one may be absent, an empty one in a temporary folder stands in for
 * it, so that a mistyped place does not become a state. Errors: STO-1xx.
 */
export async function openByNeed<T>(
  need: StateNeed,
  open: (mustExist: boolean, state?: string) => Promise<T>,
  tell: (text: string) => void,
): Promise<OpenedState<T>> {
  try {
    return { opened: await open(need !== 'make'), remove: () => Promise.resolve() };
  } catch (error) {
    const isWithout = need === 'may be absent' || need === 'unused';
    if (!isWithout || !(error instanceof JoineryError) || error.code !== 'STO-102') throw error;
    if (need === 'may be absent') tell(`${error.message} What it would tell is left out, and none is made.\n`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'joinery-no-state-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    return { opened: await open(false, folder), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
