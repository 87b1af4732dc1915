import type { RekeyCase } from '../domain/change.ts';
import { otherOwnerOf, type LedgerEntry } from '../domain/ledger.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { isLeavingRow, lastPayload, rowStateOf } from '../plan/decision.ts';
import { findRekeys, type Newcomer, type Somebody } from '../plan/rekey.ts';
import { seekersOf, type Renames } from './name-seekers.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { TransformItem } from '../store/run-files.ts';
import { inChunks } from '../store/ndjson.ts';
import { foldName, NameChoice, type NameSeeker, type TakenNames } from './user-names.ts';

/** What the whole of a plan's workers is needed for: whose names are chosen, which managers come with the plan, and who is known under another key. */
export interface Survey {
  readonly names: NameChoice;
  /** Workers who get an account by this plan. */
  readonly newcomers: ReadonlySet<ExternalId>;
  /** Both halves of every rekey case that stands. */
  readonly rekeys: ReadonlyMap<ExternalId, RekeyCase>;
}

/** Two people are compared by what little is kept of them here; payloads are not. */
class People {
  readonly newcomers: Newcomer[] = [];
  readonly leaving = new Map<string, Somebody>();
  readonly evaluated = new Set<ExternalId>();

  add(item: Extract<TransformItem, { readonly kind: 'verdict' }>, entry: LedgerEntry | undefined): void {
    const { verdict, identity } = item;
    if (verdict.kind !== 'draft') return;
    const name = firstName(verdict);
    this.newcomers.push({
      externalId: verdict.externalId,
      ...(identity === undefined ? {} : { identity }),
      ...(name === undefined ? {} : { userName: foldName(name) }),
      ...(entry?.apart === undefined ? {} : { apart: entry.apart }),
      ...(entry?.desired?.rekey === undefined ? {} : { before: entry.desired.rekey }),
    });
  }

  addLeaving(entry: LedgerEntry | undefined): void {
    const last = lastPayload(entry);
    if (entry === undefined || last?.active !== true || typeof last['userName'] !== 'string') return;
    const identity = entry.evaluated?.identity;
    this.leaving.set(foldName(last['userName']), {
      externalId: entry.externalId,
      ...(identity === undefined ? {} : { identity }),
      ...(entry.apart === undefined ? {} : { apart: entry.apart }),
    });
  }
}

/** First pass over the verdicts. `directory` says which names accounts outside the ledger have; `asked` who is to be renamed. */
export async function surveyVerdicts(
  context: StageContext,
  items: AsyncIterable<TransformItem>,
  directory: TakenNames,
  asked: Renames,
): Promise<Survey> {
  const scope = scopeOf(context.pipeline);
  const { ledger } = context.store;
  const names = new NameChoice();
  const newcomers = new Set<ExternalId>();
  const people = new People();
  for await (const chunk of inChunks(items, 500)) {
    const keys = chunk.flatMap((item) => {
      if (item.kind === 'keyless') return [];
      return [item.kind === 'verdict' ? item.verdict.externalId : item.externalId];
    });
    const entries = await ledger.getMany(scope, keys);
    const seekers: NameSeeker[] = [];
    for (const item of chunk) {
      if (item.kind === 'keyless') continue;
      const externalId = item.kind === 'verdict' ? item.verdict.externalId : item.externalId;
      const entry = entries.get(externalId);
      people.evaluated.add(externalId);
      if (otherOwnerOf(entry, context.pipeline.name) !== undefined) continue;
      if (item.kind === 'vanished' || isLeavingRow(rowStateOf(item.verdict))) people.addLeaving(entry);
      if (item.kind === 'vanished' || item.verdict.kind !== 'draft') continue;
      seekers.push(...seekersOf(item.verdict, entry, asked));
      if (!getsAccount(item.verdict, entry)) continue;
      newcomers.add(externalId);
      people.add(item, entry);
    }
    if (seekers.length === 0) continue;
    const candidates = [...new Set(seekers.flatMap((seeker) => seeker.candidates))];
    const [inLedger, inDirectory] = await Promise.all([ledger.userNamesTaken(scope, candidates), directory.of(candidates)]);
    names.choose(seekers, merged(inLedger, inDirectory));
  }
  return { names, newcomers, rekeys: await rekeysOf(context, people) };
}

/** The cases of this plan, and those in which another plan holds a half: its other half must not move here either. */
async function rekeysOf(context: StageContext, people: People): Promise<ReadonlyMap<ExternalId, RekeyCase>> {
  const scope = scopeOf(context.pipeline);
  const { ledger } = context.store;
  const identities = people.newcomers.flatMap(({ identity }) => identity ?? []);
  const known = new Map<string, readonly Somebody[]>();
  if (identities.length > 0) {
    for (const [identity, entries] of await ledger.sharingIdentity(scope, identities)) {
      known.set(
        identity,
        // A newcomer who was only wished for is found among the newcomers, if he still is one.
        entries.filter((entry) => lastPayload(entry) !== undefined || !people.evaluated.has(entry.externalId)),
      );
    }
  }
  const cases = new Map(findRekeys(people.newcomers, known, people.leaving));
  for (const { externalId, other } of await ledger.openRekeys(scope)) {
    if (people.evaluated.has(externalId) || cases.has(other)) continue;
    cases.set(other, { old: other, new: externalId, by: 'identity', fresh: false });
  }
  return cases;
}

function getsAccount(verdict: Verdict, entry: LedgerEntry | undefined): boolean {
  if (verdict.kind !== 'draft') return false;
  return lastPayload(entry) === undefined && (verdict.draft.active || verdict.draft.preHire || entry?.baselineUnknown === true);
}

/** The name that a newcomer would like best. */
function firstName(verdict: Extract<Verdict, { readonly kind: 'draft' }>): string | undefined {
  const once = verdict.draft.once.find(({ path }) => path === 'userName');
  const written = verdict.draft.payload['userName'];
  return once?.candidates[0] ?? (typeof written === 'string' ? written : undefined);
}

function merged(...maps: readonly ReadonlyMap<string, readonly string[]>[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const map of maps) for (const [name, owners] of map) all.set(foldName(name), [...(all.get(foldName(name)) ?? []), ...owners]);
  return all;
}
