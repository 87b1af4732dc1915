import { hashJson } from '../domain/canonical-json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { DraftVerdict, Draft } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { triedPayload } from '../plan/change-of.ts';
import { lastPayload } from '../plan/decision.ts';
import { getAttribute } from '../scim/index.ts';
import { foldName, type NameSeeker } from './user-names.ts';

/** Whom a person asked to be renamed: the name, or undefined for the first free candidate. */
export type Renames = ReadonlyMap<ExternalId, string | undefined>;

/** What a name was chosen from, as the ledger keeps it. */
export function candidatesHash(draft: Draft): string | undefined {
  return draft.once.length === 0 ? undefined : hashJson(draft.once.map(({ path, candidates }) => [path, candidates])).slice(0, 32);
}

/**
 * Which names of a worker have to be found or looked at. Without an account: everything that is computed once and was not tried before. With one, a name is kept for life unless
 * somebody asked for another, or the pipeline says `onChange: rename`, the candidates are others than before and the name is none of them. A rename that was accepted and
 * is not confirmed goes on under the name that was chosen. A user name that follows the row is looked at when it changes: two workers must never want the same.
 */
export function seekersOf(verdict: DraftVerdict, entry: LedgerEntry | undefined, asked: Renames): NameSeeker[] {
  const { draft, externalId } = verdict;
  const last = lastPayload(entry);
  if (!draft.active && !draft.preHire && entry?.baselineUnknown !== true) return [];
  const seekers: NameSeeker[] = [];
  const tried = last === undefined ? triedPayload(entry) : undefined;
  for (const { path, candidates, renames } of draft.once) {
    if (last === undefined) {
      if (tried === undefined || getAttribute(tried, path) === undefined) seekers.push({ externalId, path, candidates });
      continue;
    }
    const wanted = path === 'userName' && asked.has(externalId) ? wish(asked.get(externalId), candidates) : undefined;
    const found = wanted ?? unsettledName(entry, last, path) ?? (renames === true ? otherCandidates(draft, entry, last, path) : undefined);
    if (found !== undefined) seekers.push({ externalId, path, candidates: found, renames: true });
  }
  const written = draft.payload['userName'];
  const before = last?.['userName'];
  if (typeof written === 'string' && !(typeof before === 'string' && foldName(before) === foldName(written))) {
    seekers.push({ externalId, path: 'userName', candidates: [written] });
  }
  return seekers;
}

function wish(name: string | undefined, candidates: readonly string[]): readonly string[] {
  return name === undefined ? candidates : [name];
}

type Last = NonNullable<ReturnType<typeof lastPayload>>;

/** An accepted rename that waits, is held or went silent; not one that the service refused. */
function unsettledName(entry: LedgerEntry | undefined, last: Last, path: string): readonly string[] | undefined {
  const desired = entry?.desired;
  if (desired === undefined || entry?.failed?.hash === desired.hash) return undefined;
  const name = getAttribute(desired.payload, path);
  return typeof name !== 'string' || name === getAttribute(last, path) ? undefined : [name];
}

function otherCandidates(draft: Draft, entry: LedgerEntry | undefined, last: Last, path: string): readonly string[] | undefined {
  const before = entry?.evaluated?.candidates;
  if (before === undefined || before === candidatesHash(draft)) return undefined;
  const candidates = draft.once.find((one) => one.path === path)?.candidates ?? [];
  const name = getAttribute(last, path);
  return typeof name === 'string' && candidates.some((candidate) => foldName(candidate) === foldName(name)) ? undefined : candidates;
}
