import type { Diagnostic } from '../domain/diagnostic.ts';
import type { ExternalId } from '../domain/words.ts';

/** Somebody who needs a value that is computed once: his candidates in order of preference. */
export interface NameSeeker {
  readonly externalId: ExternalId;
  readonly path: string;
  readonly candidates: readonly string[];
  /** He has a name, and is to get another one. */
  readonly renames?: true;
}

/** Who has a name already: another worker of the ledger, or an account of the directory that is not this worker's. */
export interface TakenNames {
  /** Keys are folded by `foldName`. */
  readonly of: (candidates: readonly string[]) => Promise<ReadonlyMap<string, readonly string[]>>;
}

/** User names are compared without case, as the directory does. */
export function foldName(name: string): string {
  return name.toLowerCase();
}

/**
 * Chooses names for one plan, in the order in which workers are given: the first candidate that neither ledger nor directory nor an earlier
 * worker of this plan has. Deterministic. Where a worker runs out of candidates because of another one of this plan who has no alternative either, both are rejected.
 */
export class NameChoice {
  readonly #chosen = new Map<ExternalId, Map<string, string>>();
  readonly #holders = new Map<string, NameSeeker>();
  readonly #renamed = new Map<ExternalId, Map<string, string>>();
  readonly #rejected = new Map<ExternalId, Diagnostic>();

  /** `taken`: folded name → the workers or accounts that have it. */
  choose(seekers: readonly NameSeeker[], taken: ReadonlyMap<string, readonly string[]>): void {
    for (const seeker of seekers) {
      const free = seeker.candidates.filter((candidate) =>
        (taken.get(foldName(candidate)) ?? []).every((owner) => owner === seeker.externalId),
      );
      const choice = free.find((candidate) => !this.#holders.has(foldName(candidate)));
      if (choice === undefined) this.#reject(seeker, free, taken);
      else this.#hold(seeker, choice);
    }
  }

  chosen(externalId: ExternalId): ReadonlyMap<string, string> {
    return this.#chosen.get(externalId) ?? new Map();
  }

  /** The new names of somebody who is renamed, by attribute path. */
  renamed(externalId: ExternalId): ReadonlyMap<string, string> {
    return this.#renamed.get(externalId) ?? new Map();
  }

  rejection(externalId: ExternalId): Diagnostic | undefined {
    return this.#rejected.get(externalId);
  }

  #hold(seeker: NameSeeker, choice: string): void {
    this.#holders.set(foldName(choice), seeker);
    const choices = seeker.renames === true ? this.#renamed : this.#chosen;
    const names = choices.get(seeker.externalId) ?? new Map<string, string>();
    names.set(seeker.path, choice);
    choices.set(seeker.externalId, names);
  }

  #reject(seeker: NameSeeker, free: readonly string[], taken: ReadonlyMap<string, readonly string[]>): void {
    const rivals = free.map((candidate) => this.#holders.get(foldName(candidate))).filter((holder) => holder !== undefined);
    const equals = rivals.filter((rival) => rival.candidates.length <= 1);
    if (rivals.length === 0) {
      const owners = new Set(seeker.candidates.flatMap((candidate) => taken.get(foldName(candidate)) ?? []));
      owners.delete(seeker.externalId);
      const which = seeker.candidates.length === 1 ? 'the only candidate' : `all ${String(seeker.candidates.length)} candidates`;
      const verb = seeker.candidates.length === 1 ? 'is' : 'are';
      const message = `worker ${seeker.externalId}: ${which} for ${seeker.path} ${verb} taken, by ${[...owners].slice(0, 5).join(', ')}`;
      this.#rejected.set(seeker.externalId, { code: 'PLN-102', severity: 'error', message });
      return;
    }
    const names = rivals.map((rival) => rival.externalId).join(', ');
    const message = `worker ${seeker.externalId} wants the same ${seeker.path} as ${names} of this plan`;
    this.#rejected.set(seeker.externalId, { code: 'PLN-103', severity: 'error', message });
    for (const rival of equals) {
      const mirrored = `worker ${rival.externalId} wants the same ${rival.path} as ${seeker.externalId} of this plan`;
      this.#rejected.set(rival.externalId, { code: 'PLN-103', severity: 'error', message: mirrored });
    }
  }
}
