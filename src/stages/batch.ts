import {
  isRescinded,
  type Change,
  type ChangeCounts,
  type GuardVerdict,
  type HoldCause,
  type PlanHead,
  type Price,
  type RekeyCase,
  type Rejection,
  type Staging,
} from '../domain/change.ts';
import { stopsPlan } from '../domain/approval.ts';
import { formatInstant } from '../domain/clock.ts';
import type { Run } from '../domain/run.ts';
import { isSentChange, type ChangeKind, type ExternalId, type SentChangeKind, type Sha256 } from '../domain/words.ts';
import { callsFor, operationBytes, placeOperations } from '../plan/batching.ts';
import { PlannedMembers } from '../plan/group-sizes.ts';
import { marksOf, type GuardMark } from '../plan/guard-marks.ts';
import { managerCircles, orderForSending } from '../plan/order.ts';
import { groundOf } from '../plan/ground.ts';
import { PlanHash } from '../plan/plan-hash.ts';
import { priceOf } from '../plan/price.ts';
import { stagesOf } from '../plan/staging.ts';
import { callAllowance } from './allowance.ts';
import { ChangeTally } from './change-listing.ts';
import { scopeOf, type StageContext } from './context.ts';
import { decideWorkers, type Decided } from './decide.ts';
import {
  readDocument,
  readHandoffInChunks,
  writeDocument,
  writeHandoff,
  type BatchLine,
  type PlanLine,
  type TransformItem,
} from '../store/run-files.ts';
import { judgePlan } from './judge-plan.ts';
import { inOnly, onlyKey, type Only } from './only.ts';
import { Repeats } from './repeats.ts';
import { timed } from './stage-events.ts';
import { acceptedStates, isOfJob } from './previous-pass.ts';
import type { Renames } from './name-seekers.ts';
import { Surveyor, surveyVerdicts } from './survey.ts';
import { planStaging } from './plan-staging.ts';
import { refuseUnknownHistory } from './first-run.ts';
import type { DirectoryView } from './directory-names.ts';
import { openHolds } from './holds.ts';

/** Verdicts that are decided together: of enough workers at once the directory is read whole, which takes fewer calls. */
const verdictsPerChunk = 500;

interface Member {
  readonly externalId: ExternalId;
  readonly change: SentChangeKind;
  readonly manager?: ExternalId;
  readonly bytes: number;
}

/** What is counted while the plan streams by. Only members of batches are held, without their payloads. */
class PlanTotals {
  readonly counts: Record<ChangeKind, number> = zeroCounts();
  readonly members: Member[] = [];
  /** Workers by what they count for in the guards. */
  readonly marks = new Map<GuardMark, number>();
  waiting = 0;
  readonly held: Partial<Record<HoldCause, number>> = {};
  backDated = 0;
  rescinded = 0;
  /** Rekey cases by their new half, and whether they are fresh. */
  readonly rekeys = new Map<ExternalId, boolean>();
  fresh = 0;
  standing = 0;
  keyless = 0;
  /** Rejected by the last accepted run and evaluated again in this one. */
  revisited = 0;

  addRejection(rejection: Rejection): void {
    if (rejection.externalId === undefined && rejection.fresh) this.keyless++;
    else if (rejection.fresh) this.fresh++;
    else this.standing++;
  }

  addMarks(marks: readonly GuardMark[]): void {
    for (const mark of marks) this.marks.set(mark, (this.marks.get(mark) ?? 0) + 1);
  }

  addChange(change: Change, bytes: number): void {
    // A kind that is sent, but not by this plan (it waits, or stands failed), is none of this plan's changes.
    this.counts[isSentChange(change.change) && !change.send ? 'none' : change.change]++;
    if (change.waiting) this.waiting++;
    if (change.held !== undefined) this.held[change.held] = (this.held[change.held] ?? 0) + 1;
    if (change.backDated !== undefined) this.backDated++;
    if (isRescinded(change)) this.rescinded++;
    if (change.rekey !== undefined) this.#addRekey(change.rekey);
    if (!change.send || !isSentChange(change.change)) return;
    const manager = change.manager === undefined ? {} : { manager: change.manager };
    this.members.push({ externalId: change.externalId, change: change.change, bytes, ...manager });
  }

  #addRekey(found: RekeyCase): void {
    if (found.fresh && !this.rekeys.has(found.new)) this.addMarks(['rekeys']);
    this.rekeys.set(found.new, found.fresh);
  }
}

/** What a person asked of one plan. */
export interface PlanOptions {
  /** Plan although the job has accounts that the state does not know. */
  readonly firstRun?: boolean;
  /** Workers to be sent again although nothing differs, or although the service refused the same before. */
  readonly resend?: ReadonlySet<ExternalId>;
  /** Of `resend`, whom the person named: they go also where they are off already. */
  readonly named?: ReadonlySet<ExternalId>;
  /** Workers who are to get another user name: this one, or the first free candidate. */
  readonly rename?: Renames;
  /** Only a part of what would change; the rest stays as if it had not been looked at. */
  readonly only?: Only;
  /** What the job makes of attributes, as a hash; absent: it could not be read. */
  readonly jobShape?: Sha256;
}

/**
 * Third stage: from verdicts and ledger to a plan with its guards, price, hash and batches. Changes nothing in the ledger. Two passes over
 * the verdicts, so that names and managers are judged by the whole plan while payloads are never all in memory. `surveyed`: the first of them was made with the verdicts.
 */
export async function batch(
  context: StageContext,
  run: Run,
  directory: DirectoryView,
  options: PlanOptions = {},
  surveyed?: Surveyor,
): Promise<PlanHead> {
  return timed(context, 'batch', async () => {
    const { store, pipeline, mapping } = context;
    const scope = scopeOf(pipeline);
    const verdicts = (): AsyncIterable<readonly TransformItem[]> => readHandoffInChunks(store, run.id, 'verdicts.ndjson', verdictsPerChunk);
    const surveyor = surveyed ?? (await surveyVerdicts(verdicts(), new Surveyor(context, directory, options.rename ?? new Map())));
    const survey = await surveyor.finish();
    if (options.firstRun !== true) await refuseUnknownHistory(context, survey.newcomers, directory);
    const summary = await readDocument(store, run.id, 'extract.json');
    const totals = new PlanTotals();
    const changed = new ChangeTally();
    const planned = new PlannedMembers(pipeline.guards.changes.groups?.by);
    const confined = options.only === undefined ? {} : { only: onlyKey(options.only) };
    const repeats = new Repeats(context);
    const date = mapping.readsClock ? { date: formatInstant(run.asOf).slice(0, 10) } : {};
    const hash = new PlanHash({ mappingId: mapping.id, guards: pipeline.guards, sink: pipeline.sink, ...date, ...confined });
    const rejections: Rejection[] = [];
    const last = await store.runs.latestWhole(pipeline.name, acceptedStates);
    const input = {
      run: run.id,
      asOf: run.asOf,
      survey,
      lastAccepted: last?.asOf,
      keyless: summary.keyless > 0,
      keylessBefore: await keylessOf(context, last),
      claims: new Set(await store.ledger.claims(scope, pipeline.name)),
      claimed: await store.ledger.claimsAgainst(scope, pipeline.name),
      holds: openHolds(context, directory),
      isIn: inOnly(options.only),
      resend: options.resend ?? new Set<ExternalId>(),
      named: options.named ?? new Set<ExternalId>(),
    };
    const decided = decideWorkers(context, verdicts(), input);
    await writeHandoff(
      store,
      run.id,
      'plan.ndjson',
      tally(context, decided, { totals, changed, planned, hash, rejections, repeats, only: options.only }),
    );
    await writeDocument(store, run.id, 'changes.json', changed.listing());
    await writeHandoff(store, run.id, 'rejections.ndjson', [rejections]);
    for (const circle of managerCircles(totals.members)) {
      const message = `the managers of these workers lead in a circle: ${circle.join(', ')}`;
      context.emit({ type: 'warning', diagnostic: { code: 'PLN-107', severity: 'warning', message } });
    }

    // A first run that was interrupted before all was sent is still the first: what it left is planned again.
    const sent = await store.runs.latest(pipeline.name, ['loaded', 'finished']);
    const first = sent === undefined || !isOfJob(sent, scope);
    const ledger = await store.ledger.standing(scope, pipeline.name);
    const { because, sizes } = await planStaging(context, run, totals.counts, ledger.enabled);
    const { batches, stages } = arrange(run, totals.members, sizes);
    await writeHandoff(store, run.id, 'batches.ndjson', [batches]);
    const standing = ledger.standingRejections - totals.revisited + totals.standing;
    const planHash = hash.digest();
    const guards = await judgePlan(context, {
      first,
      last,
      repeats,
      planned: planned.groups,
      hash: planHash,
      marks: totals.marks,
      enabled: ledger.enabled,
      population: summary.keys,
      rejections: totals.fresh + standing + summary.keyless,
      keyless: summary.keyless,
    });
    const again = totals.members.filter(({ manager }) => manager !== undefined && survey.newcomers.has(manager)).length;
    const head = await headOf(context, run, {
      totals,
      again,
      guards,
      standing: standing + summary.keyless - totals.keyless,
      batches: batches.length,
      ...(stages.length < 2 ? {} : { staging: { because, stages } }),
      first,
      hash: planHash,
      only: options.only,
      jobShape: options.jobShape,
    });
    await writeDocument(store, run.id, 'plan.json', head);
    await store.runs.advance(context.lease, run.id, {
      state: head.guards.some(stopsPlan) ? 'stopped' : 'planned',
      planHash: head.hash,
      ...(options.only === undefined ? {} : { partial: true }),
    });
    for (const verdict of guards) context.emit({ type: 'guard', verdict });
    context.emit({ type: 'plan', plan: head });
    return {
      result: head,
      counts: { operations: totals.members.length, batches: batches.length, rejections: totals.fresh + standing + summary.keyless },
    };
  });
}

/** Rows without a key in the last accepted run: as many as then are nothing new. */
async function keylessOf(context: StageContext, last: Run | undefined): Promise<number> {
  if (last === undefined || !(await context.store.files.list({ run: last.id })).includes('extract.json')) return 0;
  return (await readDocument(context.store, last.id, 'extract.json')).keyless;
}

async function* tally(
  context: StageContext,
  decided: AsyncIterable<readonly Decided[]>,
  {
    totals,
    changed,
    planned,
    hash,
    rejections,
    repeats,
    only,
  }: {
    readonly totals: PlanTotals;
    readonly changed: ChangeTally;
    readonly planned: PlannedMembers;
    readonly hash: PlanHash;
    readonly rejections: Rejection[];
    readonly repeats: Repeats;
    readonly only: Only | undefined;
  },
): AsyncGenerator<readonly PlanLine[]> {
  const isIn = inOnly(only);
  for await (const chunk of decided) {
    const lines: PlanLine[] = [];
    for (const item of chunk) {
      if (item.kind === 'rejection') {
        totals.addRejection(item.rejection);
        rejections.push(item.rejection);
        if (item.rejection.fresh) context.emit({ type: 'rejection', rejection: item.rejection });
        continue;
      }
      const { change } = item.line;
      if (item.wasRejected) totals.revisited++;
      if (!isIn(item.line.externalId, change)) continue;
      if (change !== undefined) {
        hash.add(change);
        const bytes = change.send ? operationBytes(change.payload) : 0;
        totals.addChange(change, bytes);
        changed.add(change);
        planned.add(change);
        // Who waits is sent after his operation in flight, without a plan of his own.
        if ((change.send || change.waiting) && isSentChange(change.change)) {
          const marks = marksOf({ ...change, change: change.change }, context.pipeline.guards);
          totals.addMarks(marks);
          await repeats.add(change.externalId, marks);
        }
        for (const diagnostic of change.warnings) context.emit({ type: 'warning', diagnostic, externalId: change.externalId });
      } else if (isIgnored(item.line)) totals.counts.ignored++;
      lines.push(item.line);
    }
    yield lines;
  }
}

/** Inactive or out of scope, and the service never heard of him: nothing is kept of such a change, but whoever adds up the workers read has to find him. */
function isIgnored(line: PlanLine): boolean {
  const verdict = line.missing === false ? line.evaluated?.verdict : undefined;
  return verdict === 'inactive' || verdict === 'outOfScope';
}

/** Batches in the order of sending, each with its members in the order of the request; with sizes of stages, no batch reaches from one into the next. */
function arrange(
  run: Run,
  members: readonly Member[],
  sizes: readonly number[],
): { readonly batches: readonly BatchLine[]; readonly stages: Staging['stages'] } {
  const { disables, stages } = stagesOf(orderForSending(members), sizes);
  const batches: { id: string; sequence: number; workers: ExternalId[] }[] = [];
  const place = (ordered: readonly Member[]): { readonly operations: number; readonly from: number } => {
    const from = batches.length;
    for (const [index, { sequence }] of placeOperations(ordered).entries()) {
      const member = ordered[index];
      if (member === undefined) continue;
      const open = (batches[from + sequence] ??= { id: batchId(run, from + sequence), sequence: from + sequence, workers: [] });
      open.workers.push(member.externalId);
    }
    return { operations: ordered.length, from };
  };
  place(disables);
  return { stages: stages.map(place), batches };
}

export function batchId(run: Run, sequence: number): string {
  return `${run.id}.${String(sequence).padStart(5, '0')}`;
}

interface HeadParts {
  readonly totals: PlanTotals;
  /** Who may be sent once more for his manager. */
  readonly again: number;
  readonly guards: readonly GuardVerdict[];
  readonly standing: number;
  readonly batches: number;
  readonly staging?: Staging;
  readonly first: boolean;
  readonly hash: string;
  readonly only: Only | undefined;
  readonly jobShape: Sha256 | undefined;
}

async function headOf(context: StageContext, run: Run, parts: HeadParts): Promise<PlanHead> {
  const { pipeline, mapping, clock, store } = context;
  const { totals } = parts;
  const allowance = callAllowance(pipeline.sink);
  const now = clock.now();
  const used = await store.operations.callsUsed(pipeline.sink.tenant, now - allowance.dayMilliseconds, now + 1);
  const price: Price = priceOf(totals.members.length, parts.batches, used, allowance, now);
  const counts: ChangeCounts = totals.counts;
  return {
    run: run.id,
    pipeline: pipeline.name,
    asOf: run.asOf,
    createdAt: now,
    mappingId: mapping.id,
    hash: parts.hash,
    first: parts.first,
    ...(parts.only === undefined ? {} : { only: parts.only }),
    counts,
    waiting: totals.waiting,
    ...(Object.keys(totals.held).length === 0 ? {} : { held: totals.held }),
    ...(totals.rescinded === 0 ? {} : { rescinded: totals.rescinded }),
    ...(totals.backDated === 0 ? {} : { backDated: totals.backDated }),
    ...(totals.rekeys.size === 0 ? {} : { rekeys: casesOf(totals.rekeys) }),
    rejections: { fresh: totals.fresh, standing: parts.standing, keyless: totals.keyless },
    guards: parts.guards,
    price: parts.again === 0 ? price : { ...price, secondPass: { operations: parts.again, calls: callsFor(parts.again) } },
    ...(parts.staging === undefined ? {} : { staging: parts.staging }),
    ground: { ...groundOf(pipeline), ...(parts.jobShape === undefined ? {} : { job: parts.jobShape }) },
  };
}

function casesOf(rekeys: ReadonlyMap<ExternalId, boolean>): NonNullable<PlanHead['rekeys']> {
  const fresh = [...rekeys.values()].filter(Boolean).length;
  return { fresh, standing: rekeys.size - fresh };
}

function zeroCounts(): Record<ChangeKind, number> {
  return { joiner: 0, 'pre-hire': 0, enable: 0, mover: 0, leaver: 0, rehire: 0, cancelled: 0, none: 0, ignored: 0, frozen: 0 };
}
