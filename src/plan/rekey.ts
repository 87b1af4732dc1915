import type { RekeyCase } from '../domain/change.ts';
import { compareKeys } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';

/** What one key is compared by. */
export interface Somebody {
  readonly externalId: ExternalId;
  /** Keyed hash of who the person is; undefined: unknown. */
  readonly identity?: string;
  /** Folded. Of a newcomer his first choice, of somebody who leaves the name that he has. */
  readonly userName?: string;
  /** Keys of whom a person said that they are somebody else. */
  readonly apart?: readonly ExternalId[];
}

/** Somebody who would get an account by this plan. */
export interface Newcomer extends Somebody {
  /** The other half of the case in which he was held before. */
  readonly before?: ExternalId;
}

/**
 * Which newcomers are probably somebody who is known already: the same identity as an entry of the ledger or another newcomer; or, where the identity of one of the two
 * is not known, the user name of somebody who leaves in this very plan. Equal names alone are no case: two people share a name often enough, and the second gets
 * his second candidate. Keys that differ only in the case of letters are one to the service: it would join the second to the account of the first, and the disable of the one would lock out the other.
 * `spelled`: by newcomer, who is known under such a key. Answers each half's case; a half that stands in several is named in the first.
 */
export function findRekeys(
  newcomers: readonly Newcomer[],
  known: ReadonlyMap<string, readonly Somebody[]>,
  leaving: ReadonlyMap<string, Somebody>,
  spelled: ReadonlyMap<ExternalId, Somebody> = new Map(),
): ReadonlyMap<ExternalId, RekeyCase> {
  const cases = new Map<ExternalId, RekeyCase>();
  const fresh = byIdentity(newcomers);
  const twins = bySpelling(newcomers);
  for (const newcomer of newcomers) {
    if (cases.has(newcomer.externalId)) continue;
    const { identity, userName } = newcomer;
    const same = identity === undefined ? [] : [...(known.get(identity) ?? []), ...(fresh.get(identity) ?? [])];
    const twin = same.find((other) => isAnother(newcomer, other));
    if (twin !== undefined) {
      add(cases, newcomer, twin, 'identity', fresh.get(identity ?? '') ?? []);
      continue;
    }
    const spelling = spelled.get(newcomer.externalId) ?? twins.get(newcomer.externalId);
    if (spelling !== undefined && isAnother(newcomer, spelling)) {
      add(cases, newcomer, spelling, 'key', newcomers);
      continue;
    }
    const gone = userName === undefined ? undefined : leaving.get(userName);
    if (gone === undefined || !isAnother(newcomer, gone)) continue;
    if (identity === undefined || gone.identity === undefined) add(cases, newcomer, gone, 'userName', []);
  }
  return cases;
}

function isAnother(newcomer: Somebody, other: Somebody): boolean {
  if (other.externalId === newcomer.externalId) return false;
  return newcomer.apart?.includes(other.externalId) !== true && other.apart?.includes(newcomer.externalId) !== true;
}

function add(
  cases: Map<ExternalId, RekeyCase>,
  newcomer: Newcomer,
  other: Somebody,
  by: RekeyCase['by'],
  alsoNew: readonly Newcomer[],
): void {
  const bothNew = alsoNew.some(({ externalId }) => externalId === other.externalId);
  const isOlder = bothNew && compareKeys('bytes', newcomer.externalId, other.externalId) < 0;
  const [old, young] = isOlder ? [newcomer, other] : [other, newcomer];
  const found: RekeyCase = { old: old.externalId, new: young.externalId, by, fresh: newcomer.before !== other.externalId };
  cases.set(newcomer.externalId, found);
  if (!cases.has(other.externalId)) cases.set(other.externalId, found);
}

function byIdentity(newcomers: readonly Newcomer[]): ReadonlyMap<string, readonly Newcomer[]> {
  const groups = new Map<string, Newcomer[]>();
  for (const newcomer of newcomers) {
    if (newcomer.identity === undefined) continue;
    const group = groups.get(newcomer.identity);
    if (group === undefined) groups.set(newcomer.identity, [newcomer]);
    else group.push(newcomer);
  }
  return groups;
}

/** Newcomers whose key another newcomer has in another spelling. Of keys in one case, as most companies have them, nothing is kept. */
function bySpelling(newcomers: readonly Newcomer[]): ReadonlyMap<ExternalId, Newcomer> {
  const lower = newcomers.filter(({ externalId }) => externalId !== externalId.toUpperCase());
  const upper = lower.length === 0 ? [] : newcomers.filter(({ externalId }) => externalId !== externalId.toLowerCase());
  const twins = new Map<ExternalId, Newcomer>();
  if (upper.length === 0) return twins;
  const folded = new Map(lower.map((newcomer) => [newcomer.externalId.toLowerCase(), newcomer]));
  for (const newcomer of upper) {
    const twin = folded.get(newcomer.externalId.toLowerCase());
    if (twin === undefined || twin.externalId === newcomer.externalId) continue;
    twins.set(newcomer.externalId, twin);
    twins.set(twin.externalId, newcomer);
  }
  return twins;
}
