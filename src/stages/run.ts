import { stopsPlan, withApprovals } from '../domain/approval.ts';
import type { PlanHead } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { goneFingerprint } from '../domain/ledger.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { ExternalId, RunId } from '../domain/words.ts';
import { groundOf, movedGround } from '../plan/ground.ts';
import type { Source } from '../source/contract.ts';
import { accept } from './accept.ts';
import { batch, type PlanOptions } from './batch.ts';
import { scopeOf, type StageContext } from './context.ts';
import { extract } from './extract.ts';
import { planFollowUp } from './follow-up.ts';
import { openHolds } from './holds.ts';
import {
  readDocument,
  readHandoffInChunks,
  writeDocument,
  writeHandoff,
  type ExtractItem,
  type TransformItem,
} from '../store/run-files.ts';
import { gathered } from './gathered.ts';
import { keepingRows, type KeepRows } from './keep-rows.ts';
import { load, sendBatches } from './load.ts';
import { nothingNoticed, type Noticed } from './notice-job.ts';
import { explainCode, isSetUpFailure } from '../entra/outcome-codes.ts';
import { reconcile, type ReconcileResult } from './reconcile.ts';
import type { Surroundings } from './surroundings.ts';
import { Surveyor } from './survey.ts';
import { transform } from './transform.ts';
import type { DirectoryView } from './directory-names.ts';

/** What a run came to. */
export interface RunResult {
  readonly run: Run;
  readonly plan: PlanHead;
  /** Outcome → operations of this run; `open` and `unsent` among the keys. */
  readonly tally: Readonly<Record<string, number>>;
  /** Workers whose baseline moved between plan and accept. */
  readonly dropped: readonly ExternalId[];
}

/** A new run with its fixed instant. Runs that were begun before and never accepted are abandoned: they changed nothing. */
export async function beginRun(context: StageContext, asOf: Instant, random: () => number): Promise<Run> {
  const { store, pipeline, mapping, lease, clock } = context;
  for (const older of await store.runs.list(pipeline.name, 20)) {
    if (['started', 'extracted', 'transformed', 'planned'].includes(older.state))
      await store.runs.advance(lease, older.id, { state: 'abandoned' });
  }
  const id = runIdAt(clock.now(), random);
  const run: Run = {
    id,
    pipeline: pipeline.name,
    ...scopeOf(pipeline),
    asOf,
    startedAt: clock.now(),
    state: 'started',
    mappingId: mapping.id,
    ...(context.user === undefined ? {} : { by: context.user }),
  };
  await store.runs.begin(lease, run);
  const first = (await store.runs.latest(pipeline.name, ['accepted', 'loaded', 'finished', 'superseded'])) === undefined;
  context.emit({ type: 'run.started', run: id, pipeline: pipeline.name, asOf, mappingId: mapping.id, first });
  return run;
}

/** `20261122T080000Z-1f3a07`: sorts by time, fit for a file name on every system. */
function runIdAt(at: Instant, random: () => number): RunId {
  const stamp = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${stamp}-${Math.floor(random() * 16_777_216)
    .toString(16)
    .padStart(6, '0')}`;
}

/**
 * Few changed rows come with many that did not change; handed on one by one they would cost more than they are. No more than are evaluated in a few milliseconds: for as long nobody reads what the server
 * sends, and once the system's buffers are full the server waits, and then we for it: with 64 a twelfth of the time of 1 % changed, with 4,096 a quarter.
 */
const itemsTogether = 16;
/** Of a block in which everybody changed. */
const itemsAtOnce = 100;

/**
 * Extract, transform and batch as one streaming pass; only what survives the comparison is stored, with its rows so that it can be explained. `notice` looks at the job while
 * the source is read, which takes longer than the service to answer; whom it marks the pass may have gone by, so there is another one.
 */
export async function planRun(
  context: StageContext,
  run: Run,
  source: Source,
  directory: DirectoryView,
  options: PlanOptions = {},
  notice: () => Promise<Noticed> = () => Promise.resolve(nothingNoticed),
): Promise<PlanHead> {
  const workers = new Set([...(options.resend ?? []), ...(options.rename?.keys() ?? [])]);
  const asked = { workers, gone: await goneOf(context, options.named ?? new Set()) };
  let noticing: Promise<Noticed> | undefined;
  const begin = (): Promise<Noticed> => {
    noticing ??= notice();
    // Awaited below; without a handler an early failure would end the process before we get there.
    noticing.catch(() => undefined);
    return noticing;
  };
  const pass = async (): Promise<Surveyor> => {
    const surveyor = new Surveyor(context, directory, options.rename ?? new Map());
    const items = gathered(
      extract(context, run, source, asked, () => void begin()),
      { least: itemsTogether, most: itemsAtOnce },
    );
    await keepingRows(context, run, (keep) => writeVerdicts(context, run, items, keep, surveyor));
    return surveyor;
  };
  let surveyor: Surveyor;
  try {
    surveyor = await pass();
  } catch (error) {
    await noticing?.catch(() => undefined);
    throw error;
  }
  const { jobShape, marked } = await begin();
  if (marked > 0) surveyor = await pass();
  await context.store.runs.advance(context.lease, run.id, { state: 'transformed' });
  return batch(context, run, directory, jobShape === undefined ? options : { ...options, jobShape }, surveyor);
}

/** Who left the source for good is in no list of whom to look for. */
async function goneOf({ store, pipeline }: StageContext, workers: ReadonlySet<ExternalId>): Promise<ReadonlySet<ExternalId>> {
  if (workers.size === 0) return workers;
  const entries = await store.ledger.getMany(scopeOf(pipeline), [...workers]);
  return new Set([...workers].filter((worker) => entries.get(worker)?.evaluated?.fingerprint === goneFingerprint));
}

/** The extract stage on its own: its result waits in the run for the transform stage. */
export async function extractRun(context: StageContext, run: Run, source: Source): Promise<void> {
  await writeHandoff(context.store, run.id, 'rows.ndjson', extract(context, run, source));
}

/** The transform stage on its own. */
export async function transformRun(context: StageContext, run: Run): Promise<void> {
  await writeVerdicts(context, run, readHandoffInChunks(context.store, run.id, 'rows.ndjson', 500));
  await context.store.runs.advance(context.lease, run.id, { state: 'transformed' });
}

async function writeVerdicts(
  context: StageContext,
  run: Run,
  items: AsyncIterable<readonly ExtractItem[]>,
  keep?: KeepRows,
  surveyor?: Surveyor,
): Promise<void> {
  const verdicts = transform(context, run, items, keep);
  await writeHandoff(context.store, run.id, 'verdicts.ndjson', surveyor === undefined ? verdicts : surveyed(verdicts, surveyor));
}

async function* surveyed(chunks: AsyncIterable<readonly TransformItem[]>, surveyor: Surveyor): AsyncGenerator<readonly TransformItem[]> {
  for await (const chunk of chunks) {
    await surveyor.add(chunk);
    yield chunk;
  }
}

/**
 * Accepts a planned run. Errors: PLN-201 when a guard tripped, PLN-202 when the plan is too old, PLN-203 when the pipeline or its job moved, STG-102 in any other state.
 */
export async function acceptRun(
  context: StageContext,
  run: Run,
): Promise<{ readonly plan: PlanHead; readonly dropped: readonly ExternalId[] }> {
  const { mapping, pipeline, clock, store } = context;
  const scope = scopeOf(pipeline);
  const planned = await readDocument(store, run.id, 'plan.json');
  // Before the guards: a limit that was raised since is no limit of this plan, and the way out is a new one.
  if (planned.mappingId !== mapping.id || run.tenant !== scope.tenant || run.job !== scope.job) {
    throw new JoineryError('PLN-203', `the plan of run ${run.id} was made with another mapping or for another job`);
  }
  const moved = movedGround(planned.ground ?? {}, groundOf(pipeline));
  if (moved.length > 0) {
    throw new JoineryError('PLN-203', `${moved.join(' and ')} of the pipeline changed after run ${run.id} was planned`);
  }
  const plan = await passGuards(context, run);
  if (run.state !== 'planned' && run.state !== 'stopped') throw wrongStage(run, 'planned');
  if (clock.now() - plan.createdAt > pipeline.plan.maxAge) {
    throw new JoineryError(
      'PLN-202',
      `the plan of run ${run.id} is ${String(Math.round((clock.now() - plan.createdAt) / 3_600_000))} hours old`,
    );
  }
  await supersedeOlder(context, run);
  const dropped = await accept(context, run, plan);
  return { plan, dropped };
}

/**
 * The plan, if no guard stops it at this moment. Errors: PLN-201; PLN-302 if who sends it approved it; PLN-304 if a run was begun since it was stopped.
 */
async function passGuards({ store, pipeline, clock, user, emit }: StageContext, run: Run): Promise<PlanHead> {
  const planned = await readDocument(store, run.id, 'plan.json');
  if (!planned.guards.some(({ tripped }) => tripped)) return planned;
  const guards = withApprovals(planned.guards, await store.approvals.of(pipeline.name, planned.hash), clock.now());
  const open = guards.filter(stopsPlan);
  if (open.length > 0) {
    const final = open.filter((verdict) => verdict.final === true).map(({ guard }) => guard);
    throw new JoineryError(
      'PLN-201',
      `run ${run.id}: ${open.map(({ guard, words }) => `guard ${guard}: ${words}`).join(' ')}`,
      final.length === 0
        ? {}
        : { fix: `Correct the source and run again: what guard ${final.join(' and ')} stopped can be approved by nobody.` },
    );
  }
  const approved = guards.filter(({ tripped }) => tripped);
  const own = approved.find((verdict) => verdict.approved?.by.toLowerCase() === user?.toLowerCase());
  if (own !== undefined && pipeline.approvers.runner === 'refused') {
    throw new JoineryError('PLN-302', `run ${run.id}: ${own.approved?.by ?? ''} approved guard ${own.guard} and would send the plan`);
  }
  const newest = await store.runs.latest(pipeline.name);
  if (newest !== undefined && newest.id !== run.id) {
    throw new JoineryError('PLN-304', `run ${newest.id} was begun after run ${run.id}`);
  }
  for (const verdict of approved) emit({ type: 'guard', verdict });
  const plan = { ...planned, guards };
  await writeDocument(store, run.id, 'plan.json', plan);
  return plan;
}

/** What an interrupted run did not send is in the new plan: its ledger entries still want it. */
async function supersedeOlder(context: StageContext, run: Run): Promise<void> {
  const { store, lease, clock, pipeline, emit } = context;
  for (const older of await store.runs.list(pipeline.name, 50)) {
    if (older.id === run.id || older.state !== 'accepted') continue;
    let unsent = 0;
    for await (const chunk of store.operations.stream(older.id)) {
      const planned = chunk.filter(({ state }) => state === 'planned').map(({ id }) => id);
      unsent += planned.length;
      if (planned.length > 0) await store.operations.drop(lease, planned, `run ${run.id} took over`, clock.now());
    }
    await store.runs.advance(lease, older.id, { state: 'superseded' });
    emit({ type: 'run.superseded', run: older.id, by: run.id, unsent });
  }
}

/** Load, reconcile, and follow-ups until nothing that was accepted is left to send. */
export async function deliverRun(context: StageContext, run: Run, around: Surroundings): Promise<Readonly<Record<string, number>>> {
  const { lost } = await load(context, run, around);
  return settleRun(context, run, around, lost);
}

/** Reconcile, and what it makes possible: the second pass. At most three, so that two sides that disagree for ever end in a report. */
export async function settleRun(
  context: StageContext,
  run: Run | undefined,
  around: Surroundings,
  lost: ReadonlySet<ExternalId> = new Set(),
): Promise<Readonly<Record<string, number>>> {
  const { store } = context;
  const done = new Set<ExternalId>();
  let result = await reconcile(context, around.logs, { wait: around.wait });
  if (run === undefined) {
    await finishRuns(context);
    return result.outcomes;
  }
  for (let pass = 0; pass < 3; pass++) {
    if (warnOfSetUp(context, result)) break;
    const again = new Set([...lost, ...result.lost]);
    if ((await planFollowUp(context, run, again, done, openHolds(context, around.directory))) === 0) break;
    context.emit({ type: 'stage.started', stage: 'load' });
    const started = context.clock.now();
    const { batches, operations } = await sendBatches(context, run, around);
    context.emit({ type: 'stage.finished', stage: 'load', counts: { batches, operations }, milliseconds: context.clock.now() - started });
    result = await reconcile(context, around.logs, { wait: around.wait });
  }
  await finishRuns(context);
  return store.operations.tally(run.id);
}

/** Failures that everybody else would meet too: nothing more is sent until somebody has looked. */
function warnOfSetUp({ emit }: StageContext, { failures }: Pick<ReconcileResult, 'failures'>): boolean {
  const setUp = [...failures.values()].filter(({ code, reason }) => isSetUpFailure(code, reason));
  for (const { code, reason, operations } of setUp) {
    const { todo } = explainCode(code, reason);
    const message = `${String(operations)} operations failed with ${code}: ${reason} ${todo}`;
    emit({ type: 'warning', diagnostic: { code: 'STG-207', severity: 'warning', message } });
  }
  return setUp.length > 0;
}

/** Loaded runs without an open operation are finished, whichever run's reconcile closed the last one. */
async function finishRuns(context: StageContext): Promise<void> {
  const { store, lease, clock, emit, pipeline } = context;
  for (const run of await store.runs.list(pipeline.name, 50)) {
    if (run.state !== 'loaded') continue;
    const tally = await store.operations.tally(run.id);
    if ((tally['open'] ?? 0) > 0) continue;
    await store.runs.advance(lease, run.id, { state: 'finished', finishedAt: clock.now() });
    emit({ type: 'run.finished', run: run.id, state: 'finished', outcomes: tally, milliseconds: clock.now() - run.startedAt });
  }
}

export function wrongStage(run: Run, needed: RunState): JoineryError {
  return new JoineryError('STG-102', `run ${run.id} is ${run.state}, the stage needs a run that is ${needed}`);
}
