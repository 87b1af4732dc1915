import type { RekeyCase } from '../domain/change.ts';
import { otherOwnerOf, type LedgerEntry } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import type { DraftVerdict, Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { isLeavingRow, lastPayload, rowStateOf } from '../plan/decision.ts';
import { findRekeys, type Newcomer, type Somebody } from '../plan/rekey.ts';
import { seekersOf, type Renames } from './name-seekers.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { AccountName } from '../store/contract.ts';
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

/** Workers who are looked up together. */
const workersPerLook = 500;

/**
 * First pass over the verdicts, in pieces of any size and in the order of the source: while they are made, or from the file in which they wait. Of most workers it is enough to know
 * that they have an account and by which name, which the ledger tells without their payloads. `directory`, which says which names accounts outside the ledger have, is asked at the
 * end: the source's statement must not wait for it. `asked`: who is to be renamed.
 */
export class Surveyor {
  readonly #context: StageContext;
  readonly #directory: TakenNames;
  readonly #asked: Renames;
  readonly #newcomers = new Set<ExternalId>();
  readonly #people = new People();
  readonly #seekers: NameSeeker[] = [];
  #waiting: Surveyed[] = [];

  constructor(context: StageContext, directory: TakenNames, asked: Renames) {
    this.#context = context;
    this.#directory = directory;
    this.#asked = asked;
  }

  async add(items: readonly TransformItem[]): Promise<void> {
    for (const item of items) if (item.kind !== 'keyless') this.#waiting.push(slimmed(item));
    while (this.#waiting.length >= workersPerLook) await this.#look(this.#waiting.splice(0, workersPerLook));
  }

  /** After the last verdict. */
  async finish(): Promise<Survey> {
    await this.#look(this.#waiting.splice(0));
    const { ledger } = this.#context.store;
    const names = new NameChoice();
    for await (const seekers of inChunks(this.#seekers, workersPerLook)) {
      const candidates = [...new Set(seekers.flatMap((seeker) => seeker.candidates))];
      const [inLedger, inDirectory] = await Promise.all([
        ledger.userNamesTaken(scopeOf(this.#context.pipeline), candidates),
        this.#directory.of(candidates),
      ]);
      names.choose(seekers, merged(inLedger, inDirectory));
    }
    return { names, newcomers: this.#newcomers, rekeys: await rekeysOf(this.#context, this.#people) };
  }

  async #look(items: readonly Surveyed[]): Promise<void> {
    const { pipeline, store } = this.#context;
    const scope = scopeOf(pipeline);
    const hopeful = items.filter((item) => mayBeCalm(item, this.#asked));
    // Who keeps all that he has needs no look at what that is. Of another pipeline's worker nothing is sought in any case.
    const unnamed = hopeful.filter(({ verdict }) => verdict.draft.payload['userName'] === undefined).map(idOf);
    const settled = unnamed.length === 0 ? new Set() : await store.ledger.settled(scope, unnamed);
    const calm = hopeful.map(idOf).filter((externalId) => !settled.has(externalId));
    const accounts = calm.length === 0 ? new Map() : await store.ledger.accountNames(scope, pipeline.name, calm);
    const isFound = (item: CalmItem): boolean => settled.has(idOf(item)) || isCalm(item.verdict, accounts.get(idOf(item)));
    const others = items.filter((item) => !(mayBeCalm(item, this.#asked) && isFound(item)));
    const entries = others.length === 0 ? new Map() : await store.ledger.getMany(scope, others.map(idOf));
    for (const item of items) this.#people.evaluated.add(idOf(item));
    for (const item of others) this.#weigh(item, entries.get(idOf(item)));
  }

  #weigh(item: Surveyed, entry: LedgerEntry | undefined): void {
    if (otherOwnerOf(entry, this.#context.pipeline.name) !== undefined) return;
    if (item.kind === 'vanished' || isLeavingRow(rowStateOf(item.verdict))) this.#people.addLeaving(entry);
    if (item.kind === 'vanished' || item.verdict.kind !== 'draft') return;
    this.#seekers.push(...seekersOf(item.verdict, entry, this.#asked));
    if (!getsAccount(item.verdict, entry)) return;
    this.#newcomers.add(item.verdict.externalId);
    this.#people.add(item, entry);
  }
}

/** Survey of the verdicts in a file. */
export async function surveyVerdicts(chunks: AsyncIterable<readonly TransformItem[]>, surveyor: Surveyor): Promise<Surveyor> {
  for await (const chunk of chunks) await surveyor.add(chunk);
  return surveyor;
}

type Surveyed = Exclude<TransformItem, { readonly kind: 'keyless' }>;
type CalmItem = Extract<Surveyed, { readonly kind: 'verdict' }> & { readonly verdict: DraftVerdict };

/** A verdict with what of it is looked at here, for hundreds wait together while the source is read. */
function slimmed(item: Surveyed): Surveyed {
  if (item.kind === 'vanished' || item.verdict.kind !== 'draft') return item;
  const { verdict, fingerprint, identity } = item;
  const { active, preHire, payload, once, hash } = verdict.draft;
  const { schemas, externalId, userName } = payload;
  const slim: Payload = { schemas, externalId, active, ...(userName === undefined ? {} : { userName }) };
  return {
    kind: 'verdict',
    verdict: {
      kind: 'draft',
      externalId: verdict.externalId,
      warnings: [],
      draft: { active, preHire, payload: slim, empty: [], once, hash },
    },
    fingerprint,
    ordinals: [],
    ...(identity === undefined ? {} : { identity }),
  };
}

function idOf(item: Surveyed): ExternalId {
  return item.kind === 'verdict' ? item.verdict.externalId : item.externalId;
}

/** Whom nothing is sought for if he has his account already. A rename by other candidates is found in the whole entry. */
function mayBeCalm(item: Surveyed, asked: Renames): item is CalmItem {
  if (item.kind !== 'verdict' || item.verdict.kind !== 'draft') return false;
  const { draft, externalId } = item.verdict;
  return (draft.active || draft.preHire) && !asked.has(externalId) && draft.once.every(({ renames }) => renames !== true);
}

/** Names in which folding changes the case of ASCII letters and nothing else, as the ledger has it and as names are compared here. */
const plainName = /^[\w.@+'-]+$/;

/**
 * Said of somebody who has an account: he keeps the names that he has, none of which the ledger wants to be another one. A name that follows the row is his, too.
 */
function isCalm({ draft }: DraftVerdict, account: AccountName | undefined): boolean {
  if (account === undefined || (draft.once.length > 0 && !account.isSettled)) return false;
  const written = draft.payload['userName'];
  return typeof written !== 'string' || (plainName.test(written) && foldName(written) === account.userName);
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
  const cases = new Map(findRekeys(people.newcomers, known, people.leaving, await otherSpellings(context, people.newcomers)));
  for (const { externalId, other } of await ledger.openRekeys(scope)) {
    if (people.evaluated.has(externalId) || cases.has(other)) continue;
    cases.set(other, { old: other, new: externalId, by: 'identity', fresh: false });
  }
  return cases;
}

/** By newcomer: who has an account under his key in lower or in upper case. Not asked in a company of which nobody is known yet. */
async function otherSpellings(context: StageContext, newcomers: readonly Newcomer[]): Promise<ReadonlyMap<ExternalId, Somebody>> {
  const scope = scopeOf(context.pipeline);
  const { ledger } = context.store;
  const found = new Map<ExternalId, Somebody>();
  if (newcomers.length === 0 || (await ledger.isEmpty(scope))) return found;
  for await (const chunk of inChunks(newcomers, workersPerLook)) {
    const spellings = chunk.flatMap(({ externalId }) =>
      [externalId.toLowerCase(), externalId.toUpperCase()].flatMap((other) => (other === externalId ? [] : [[other, externalId] as const])),
    );
    const entries =
      spellings.length === 0
        ? new Map()
        : await ledger.getMany(
            scope,
            spellings.map(([other]) => other),
          );
    for (const [other, externalId] of spellings) {
      const entry = entries.get(other);
      if (entry === undefined || lastPayload(entry) === undefined || entry.rekeyedTo !== undefined) continue;
      found.set(externalId, { externalId: other, ...(entry.apart === undefined ? {} : { apart: entry.apart }) });
    }
  }
  return found;
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
