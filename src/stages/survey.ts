import type { LedgerEntry } from '../domain/ledger.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { lastPayload } from '../plan/decision.ts';
import { triedPayload } from '../plan/change-of.ts';
import { getAttribute } from '../scim/index.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { TransformItem } from '../store/run-files.ts';
import { inChunks } from '../store/ndjson.ts';
import { foldName, NameChoice, type NameSeeker, type TakenNames } from './user-names.ts';

/** What the whole of a plan's workers is needed for: whose names are chosen, and which managers come with the plan. */
export interface Survey {
  readonly names: NameChoice;
  /** Workers who get an account by this plan. */
  readonly newcomers: ReadonlySet<ExternalId>;
}

/** First pass over the verdicts. `directory` says which names accounts outside the ledger have. */
export async function surveyVerdicts(context: StageContext, items: AsyncIterable<TransformItem>, directory: TakenNames): Promise<Survey> {
  const scope = scopeOf(context.pipeline);
  const { ledger } = context.store;
  const names = new NameChoice();
  const newcomers = new Set<ExternalId>();
  for await (const chunk of inChunks(items, 500)) {
    const verdicts = chunk.filter((item) => item.kind === 'verdict').map((item) => item.verdict);
    const entries = await ledger.getMany(
      scope,
      verdicts.map((verdict) => verdict.externalId),
    );
    const seekers: NameSeeker[] = [];
    for (const verdict of verdicts) {
      const entry = entries.get(verdict.externalId);
      if (!getsAccount(verdict, entry, context.pipeline.name)) continue;
      newcomers.add(verdict.externalId);
      seekers.push(...seekersOf(verdict, entry));
    }
    if (seekers.length === 0) continue;
    const candidates = [...new Set(seekers.flatMap((seeker) => seeker.candidates))];
    const [inLedger, inDirectory] = await Promise.all([ledger.userNamesTaken(scope, candidates), directory.of(candidates)]);
    names.choose(seekers, merged(inLedger, inDirectory));
  }
  return { names, newcomers };
}

function getsAccount(verdict: Verdict, entry: LedgerEntry | undefined, pipeline: string): boolean {
  if (verdict.kind !== 'draft' || (entry !== undefined && entry.owner !== pipeline)) return false;
  return lastPayload(entry) === undefined && (verdict.draft.active || verdict.draft.preHire || entry?.baselineUnknown === true);
}

function seekersOf(verdict: Verdict, entry: LedgerEntry | undefined): NameSeeker[] {
  if (verdict.kind !== 'draft') return [];
  const tried = triedPayload(entry);
  return verdict.draft.once
    .filter(({ path }) => tried === undefined || getAttribute(tried, path) === undefined)
    .map(({ path, candidates }) => ({ externalId: verdict.externalId, path, candidates }));
}

function merged(...maps: readonly ReadonlyMap<string, readonly string[]>[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const map of maps) for (const [name, owners] of map) all.set(foldName(name), [...(all.get(foldName(name)) ?? []), ...owners]);
  return all;
}
