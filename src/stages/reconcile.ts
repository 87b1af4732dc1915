import type { Counts } from '../domain/event.ts';
import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { maskTextOf } from '../domain/masking.ts';
import type { Evidence, LedgerEntry } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope, OperationId } from '../domain/words.ts';
import type { JobStatus } from '../entra/job.ts';
import type { Closure } from '../store/contract.ts';
import { scopeOf, type StageContext } from './context.ts';
import { EarlyJudgements } from './early-judgements.ts';
import { byWorker, judgeWorker, managerGivenUp, type Judgement } from './judge.ts';
import { inChunks } from '../store/ndjson.ts';
import { lateDisables } from './late-disables.ts';
import { JobWatch } from './silence.ts';
import { lookAtSilence, type SilenceView } from './silence-look.ts';

/** What reconcile needs of the service. */
export interface LogSource {
  /** Pages of rows from an instant on, oldest first, to the end. */
  read(from: Instant, onProblem: (problem: Diagnostic) => void, signal: AbortSignal): AsyncIterable<readonly LogRow[]>;
  /** undefined: the runner may not read the job; silence is then never concluded. */
  job(signal: AbortSignal): Promise<JobStatus | undefined>;
  /** What directory and job show of workers whose operations have no row; undefined: the runner may not read users. Absent: nobody can be asked. */
  look?(workers: readonly ExternalId[], signal: AbortSignal): Promise<ReadonlyMap<ExternalId, SilenceView> | undefined>;
}

export interface ReconcileOptions {
  /** How long to wait for outcomes before leaving the rest open; ms. 0: one look at the logs. */
  readonly wait: number;
  /** Ends as soon as this holds of the operations that are open and not in escrow; default: there are none. */
  readonly until?: (open: readonly Operation[]) => boolean;
}

/** Failures of one kind. */
export interface FailureCount {
  readonly code: string;
  /** As the first of them gave it; values masked. */
  readonly reason: string;
  readonly operations: number;
}

export interface ReconcileResult {
  /** Outcome → operations closed (or escrowed) in this reconcile. */
  readonly outcomes: Counts;
  /** Workers whose operation had no answer and left no trace: to be sent again. */
  readonly lost: ReadonlySet<ExternalId>;
  /** Operations that failed in this reconcile, by code. */
  readonly failures: ReadonlyMap<string, FailureCount>;
  /** Operations of the job that are still in flight. */
  readonly open: number;
}

interface Findings {
  readonly outcomes: Record<string, number>;
  readonly lost: Set<ExternalId>;
  readonly failures: Map<string, FailureCount>;
  /** When a worker is judged again without new rows. */
  readonly again: Map<ExternalId, Instant>;
}

/** Rows become visible late and out of order: each look begins this much before the newest row of the last one. */
const overlap = 15 * 60_000;
/** The first look comes soon, later ones less often: rows take 5 to 10 minutes. */
const firstPause = 60_000;
const longestPause = 300_000;

/**
 * Fifth stage: reads the provisioning logs and closes open operations of the job, whichever run they are of. The only stage that writes
 * `confirmed`. Ends when nothing is open but what the service retries by itself, or when the wait is over; what is open then is closed by any later reconcile.
 */
export async function reconcile(context: StageContext, logs: LogSource, options: ReconcileOptions): Promise<ReconcileResult> {
  const { clock, emit, store, signal } = context;
  const scope = scopeOf(context.pipeline);
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'reconcile' });
  const outcomes: Record<string, number> = {};
  const lost = new Set<ExternalId>();
  const failures = new Map<string, FailureCount>();
  const watch = new JobWatch(await store.logs.remembered(scope));
  let pause = firstPause;
  let lateTold = 0;
  let open = await store.operations.open(scope);
  const again = new Map<ExternalId, Instant>(open.map(({ externalId }) => [externalId, 0]));
  while (open.length > 0) {
    // The job first: what is silent by its executions is looked for once more before it is called that.
    await observeJob(context, logs, watch);
    const early = new EarlyJudgements(context, scope, open);
    const touched = await readRows(context, scope, logs, open, { watch, early });
    await store.logs.remember(scope, watch.news(), clock.now());
    // Judging everybody at every look would cost more than all the rest: only new rows, a grace that ends or silence change a judgement.
    const now = clock.now();
    const due = open.filter(
      (operation) =>
        touched.has(operation.externalId) || (again.get(operation.externalId) ?? Infinity) <= now || watch.isSilent(operation, now),
    );
    const workers = new Set(due.map(({ externalId }) => externalId));
    const left = await closeWhatIsKnown(
      context,
      scope,
      open.filter(({ externalId }) => workers.has(externalId)),
      { watch, logs, early },
      { outcomes, lost, failures, again },
    );
    open = open.filter(({ id, externalId }) => !workers.has(externalId) || left.has(id));
    const late = await lateDisables(context);
    if (late > lateTold) emit({ type: 'disables.late', operations: late });
    lateTold = Math.max(lateTold, late);
    if (open.length === 0 || options.until?.(open) === true) break;
    const standing = watch.diagnosis();
    if (standing !== undefined) {
      // Uploads are safe in its queue; waiting for a person to start it would only hold the lease.
      const message = `${String(open.length)} operations wait: ${standing}`;
      emit({ type: 'warning', diagnostic: { code: 'STG-403', severity: 'warning', message } });
      break;
    }
    const end = started + options.wait;
    if (clock.now() >= end) break;
    const nextAt = Math.min(clock.now() + pause, end);
    emit({ type: 'poll', rows: touched.size, open: open.length, nextAt });
    if (signal.aborted) throw new JoineryError('DOM-002', `${String(open.length)} operations are still open`);
    await clock.sleep(nextAt - clock.now(), signal);
    pause = touched.size > 0 ? firstPause : Math.min(pause * 2, longestPause);
  }
  emit({ type: 'stage.finished', stage: 'reconcile', counts: outcomes, milliseconds: clock.now() - started });
  return { outcomes, lost, failures, open: (await store.operations.open(scope)).length };
}

/** Answers the workers about whom there are new rows. */
async function readRows(
  context: StageContext,
  scope: JobScope,
  logs: LogSource,
  open: readonly Operation[],
  { watch, early }: { readonly watch: JobWatch; readonly early: EarlyJudgements },
): Promise<ReadonlySet<ExternalId>> {
  const { store, clock, emit, signal } = context;
  const oldest = Math.min(...open.map((operation) => operation.acceptedAt ?? operation.sentAt ?? clock.now())) - 60_000;
  const cursor = await store.logs.cursor(scope);
  // Before an operation is called silent, everything since its 202 is read once more, however late a row became visible.
  const thorough = open.some((operation) => watch.isSilent(operation, clock.now()));
  const from = cursor === undefined || thorough || cursor - overlap < oldest ? oldest : cursor - overlap;
  const workers = new Map(open.map((operation) => [operation.externalId, operation]));
  const touched = new Set<ExternalId>();
  let newest = cursor ?? 0;
  const onProblem = (diagnostic: Diagnostic): void => {
    emit({ type: 'warning', diagnostic });
  };
  for await (const page of logs.read(from, onProblem, signal)) {
    // Only rows that can close something: a tenant's logs hold everybody else's too.
    const useful = page.filter((row) => workers.has(row.sourceIdentity?.id ?? ''));
    for (const row of useful) noteDrain(watch, workers.get(row.sourceIdentity?.id ?? ''), row);
    const fresh = new Set(useful.length === 0 ? [] : await store.logs.put(scope, useful, clock.now()));
    for (const row of useful) if (fresh.has(row.id)) touched.add(row.sourceIdentity?.id ?? '');
    newest = Math.max(newest, ...page.map((row) => Date.parse(row.activityDateTime)));
    await early.pageRead(useful);
  }
  if (newest > (cursor ?? 0)) await store.logs.moveCursor(scope, newest);
  return touched;
}

/** A retry of an escrow, or a version that something overtook, says nothing about the queue. */
function noteDrain(watch: JobWatch, operation: Operation | undefined, row: LogRow): void {
  if (operation === undefined || operation.outcome === 'escrowed' || operation.overtakes !== undefined) return;
  if (row.provisioningSteps?.some(({ name }) => name === 'EntryEscrowRetry') === true) return;
  watch.noteRow(operation, Date.parse(row.activityDateTime));
}

async function observeJob(context: StageContext, logs: LogSource, watch: JobWatch): Promise<void> {
  const job = await logs.job(context.signal);
  if (job !== undefined) watch.observe(job);
}

/** Answers what is still open and worth waiting for. */
async function closeWhatIsKnown(
  context: StageContext,
  scope: JobScope,
  open: readonly Operation[],
  around: { readonly watch: JobWatch; readonly logs: LogSource; readonly early: EarlyJudgements },
  findings: Findings,
): Promise<ReadonlySet<OperationId>> {
  const { store, lease, clock } = context;
  const left = new Set<OperationId>();
  for await (const chunk of inChunks(byWorker(open), 500)) {
    const unjudged = chunk.filter(([worker]) => around.early.of(worker) === undefined);
    const workers = unjudged.map(([worker]) => worker);
    const [entries, rows] = await Promise.all([store.ledger.getMany(scope, workers), store.logs.about(scope, workers)]);
    const closures: Closure[] = [];
    const seen = await lookAtSilent(context, around, unjudged, entries);
    for (const [worker, operations] of chunk) {
      const entry = entries.get(worker);
      const judged = around.early.of(worker) ?? (await judge(context, scope, entry, operations, rows.get(worker) ?? []));
      for (const judgement of judged) {
        const settled = settle(context, judgement, around.watch, entry, seen?.get(worker));
        if (settled.closure !== undefined) {
          closures.push(settled.closure);
          tell(context, judgement.operation, settled.closure, findings);
        } else if (settled.escrow !== undefined) {
          if (judgement.operation.outcome !== 'escrowed') findings.outcomes['escrowed'] = (findings.outcomes['escrowed'] ?? 0) + 1;
          await store.operations.escrow(lease, judgement.operation.id, settled.escrow, clock.now());
        } else if (judgement.operation.outcome !== 'escrowed') {
          left.add(judgement.operation.id);
          if (judgement.kind === 'wait' && judgement.again !== undefined) findings.again.set(worker, judgement.again);
          else findings.again.delete(worker);
        }
      }
    }
    if (closures.length > 0) await store.operations.close(lease, scope, closures, clock.now());
  }
  return left;
}

async function judge(
  context: StageContext,
  scope: JobScope,
  entry: LedgerEntry | undefined,
  open: readonly Operation[],
  rows: readonly LogRow[],
): Promise<readonly Judgement[]> {
  const known = { entry, open, rows, ...(await overtakingTimes(context, scope, entry, open)) };
  const firstSight = judgeWorker(known, context.clock.now());
  const managerUnknown = await waitsForManager(context, scope, firstSight);
  return managerUnknown ? judgeWorker({ ...known, managerUnknown }, context.clock.now()) : firstSight;
}

/** Nobody is given up for good whom the service could not have known when the operation left. */
async function waitsForManager({ store }: StageContext, scope: JobScope, judged: readonly Judgement[]): Promise<boolean> {
  for (const judgement of judged) {
    const manager = managerGivenUp(judgement);
    if (manager === undefined) continue;
    const confirmed = (await store.ledger.get(scope, manager))?.confirmed;
    if (confirmed === undefined || confirmed.at > (judgement.operation.sentAt ?? 0)) return true;
  }
  return false;
}

function settle(
  context: StageContext,
  judgement: Judgement,
  watch: JobWatch,
  entry: LedgerEntry | undefined,
  view: SilenceView | undefined,
): { readonly closure?: Closure; readonly escrow?: Extract<Judgement, { readonly kind: 'escrow' }>['failure'] } {
  if (judgement.kind === 'close') return { closure: judgement.closure };
  const failure = judgement.kind === 'escrow' ? judgement.failure : judgement.operation.failure;
  const operation: Operation =
    judgement.kind === 'escrow' ? { ...judgement.operation, outcome: 'escrowed', failure: judgement.failure } : judgement.operation;
  if (!watch.isSilent(operation, context.clock.now())) return judgement.kind === 'escrow' ? { escrow: judgement.failure } : {};
  const found = view === undefined ? undefined : lookAtSilence(operation, entry, view);
  if (found?.kind === 'shown') return { closure: shownClosure(context, operation, found) };
  const evidence = { kind: 'log' as const, operation: operation.id, outcome: 'silent' as const, rows: [] };
  const closure = { operation: operation.id, outcome: 'silent', effect: 'forget', evidence } as const;
  const reason = failure ?? found?.failure;
  return { closure: reason === undefined ? closure : { ...closure, failure: reason } };
}

/** No row came, and the account has what was sent: whatever the service did, the worker is as he should be. */
function shownClosure(
  { clock }: StageContext,
  { id }: Operation,
  { outcome, account, unknown }: Extract<ReturnType<typeof lookAtSilence>, { readonly kind: 'shown' }>,
): Closure {
  const detail = { at: clock.now(), account };
  const evidence: Evidence = { kind: 'directory', operation: id, outcome, rows: [], detail, ...(unknown.length === 0 ? {} : { unknown }) };
  return { operation: id, outcome, effect: 'confirm', evidence };
}

/**
 * What can be seen of those who are about to be called silent. Where two versions of a worker are in flight, the account tells nothing about either; what was overtaken and has its rows is in flight no
 * more, and it was often the same: a disable that goes again because its answer was lost changes nothing, and of that some services write no row.
 */
async function lookAtSilent(
  { signal, clock }: StageContext,
  { watch, logs }: { readonly watch: JobWatch; readonly logs: LogSource },
  chunk: readonly (readonly [ExternalId, readonly Operation[]])[],
  entries: ReadonlyMap<ExternalId, LedgerEntry>,
): Promise<ReadonlyMap<ExternalId, SilenceView> | undefined> {
  const silent = chunk.flatMap(([worker, [operation, ...others]]) => {
    const entry = entries.get(worker);
    const isOnly = operation !== undefined && others.length === 0 && entry?.sent?.operation === operation.id;
    return isOnly && hasArrived(operation.overtakes, entry) && watch.isSilent(operation, clock.now()) ? [operation] : [];
  });
  if (silent.length === 0) return undefined;
  try {
    return await logs.look?.(
      silent.map(({ externalId }) => externalId),
      signal,
    );
  } catch (error) {
    // Silence is what it was; that the directory does not answer now is no more than that.
    if (error instanceof JoineryError && error.code.startsWith('ENT-')) return undefined;
    throw error;
  }
}

/** The older operation, if there is one, has rows that say what became of it: it will not be carried out behind the newer one. */
function hasArrived(older: OperationId | undefined, entry: LedgerEntry): boolean {
  const evidence = entry.confirmed?.evidence;
  return older === undefined || (evidence?.kind === 'log' && evidence.operation === older);
}

function tell(context: StageContext, operation: Operation, closure: Closure, findings: Findings): void {
  const { outcomes, lost } = findings;
  outcomes[closure.outcome] = (outcomes[closure.outcome] ?? 0) + 1;
  // No 202 and no row: the bytes never arrived.
  if (closure.outcome === 'silent' && operation.acceptedAt === undefined) lost.add(operation.externalId);
  const { failure } = closure;
  // The service quotes the values that it refuses; events are printed and logged.
  const reason = failure === undefined ? '' : maskTextOf(failure.reason, operation.payload, operation.externalId);
  if (failure !== undefined && closure.outcome === 'failed') {
    const known = findings.failures.get(failure.code) ?? { code: failure.code, reason, operations: 0 };
    findings.failures.set(failure.code, { ...known, operations: known.operations + 1 });
  }
  context.emit({
    type: 'outcome',
    externalId: operation.externalId,
    change: operation.change,
    outcome: closure.outcome,
    ...(failure === undefined ? {} : { code: failure.code, reason }),
  });
}

/** Only where a disable overtook something, which is rare: the times of the closed halves. */
async function overtakingTimes(
  context: StageContext,
  scope: JobScope,
  entry: LedgerEntry | undefined,
  open: readonly Operation[],
): Promise<{ readonly overtakers: ReadonlyMap<OperationId, Instant>; readonly overtaken: ReadonlyMap<OperationId, Instant> }> {
  const overtakers = new Map<OperationId, Instant>();
  const overtaken = new Map<OperationId, Instant>();
  // Without overtaking, the one open operation is the entry's `sent`.
  const ordinary = open.length === 1 && open[0]?.id === entry?.sent?.operation && open[0]?.overtakes === undefined;
  if (ordinary || entry === undefined) return { overtakers, overtaken };
  for (const operation of await context.store.operations.ofWorker(scope, entry.externalId)) {
    const at = operation.evidence?.detail?.['at'];
    if (operation.state !== 'closed' || typeof at !== 'number') continue;
    const failed = operation.outcome === 'failed' || operation.outcome === 'skipped';
    if (operation.overtakes !== undefined && !failed) overtakers.set(operation.overtakes, at);
    overtaken.set(operation.id, at);
  }
  return { overtakers, overtaken };
}
