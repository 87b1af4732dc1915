import type { Change } from '../domain/change.ts';
import { isDisable } from '../domain/words.ts';
import type { ChangeListing, ListedChange } from '../store/run-files.ts';

/** Workers of each urgency that are kept: together what one page of a browser can show. */
const keptOfEach = 500;

/** Counts what a plan changes while it streams by, and keeps the most urgent workers: a page about a large run must not read the whole plan. */
export class ChangeTally {
  readonly #attributes = new Map<string, { set: number; changed: number; emptied: number }>();
  readonly #kept: ListedChange[][] = [[], [], [], []];
  #total = 0;

  add(change: Change): void {
    const { externalId, change: kind, cause, send, waiting, failedBefore, held, differences } = change;
    if (!(send || waiting || failedBefore || held !== undefined)) return;
    this.#total++;
    const rank = this.#kept[rankOf(change)];
    if (rank !== undefined && rank.length < keptOfEach) {
      rank.push({ externalId, change: kind, cause, send, waiting, failedBefore, differences, ...(held === undefined ? {} : { held }) });
    }
    if (!send) return;
    for (const { path, kind: moved } of differences) {
      const row = this.#attributes.get(path) ?? { set: 0, changed: 0, emptied: 0 };
      row[moved]++;
      this.#attributes.set(path, row);
    }
  }

  listing(): ChangeListing {
    const attributes = [...this.#attributes].map(([path, row]) => ({ path, ...row }));
    return { attributes, total: this.#total, changes: this.#kept.flat() };
  }
}

/** Disables first, then those who are not sent, movers, and everybody else. */
function rankOf(change: Change): number {
  if (isDisable(change.change)) return 0;
  if (!change.send) return 1;
  return change.change === 'mover' ? 2 : 3;
}
