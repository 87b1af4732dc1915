import type { AttributeDifference, PlanHead } from '../domain/change.ts';
import type { Desired, LedgerEntry } from '../domain/ledger.ts';
import type { Run } from '../domain/run.ts';
import { isDisable, isSentChange, type ExternalId, type RunId, type SentChangeKind } from '../domain/words.ts';
import { bulkIdOf, operationBytes, placeOperations } from '../plan/batching.ts';
import { managerOf } from '../plan/compose.ts';
import { decisionTable, isUncertain, lastPayload, ledgerStateOf, type RowState } from '../plan/decision.ts';
import type { GuardMark, Markable } from '../plan/guard-marks.ts';
import { countedMarks } from '../plan/guards.ts';
import { orderForSending } from '../plan/order.ts';
import { differences, managerPath } from '../scim/index.ts';
import { readDocument } from '../store/run-files.ts';
import type { PlannedBatch } from '../store/contract.ts';
import { batchId } from './batch.ts';
import { scopeOf, type StageContext } from './context.ts';
import { askedOf, type Holds } from './holds.ts';
import { inChunks } from '../store/ndjson.ts';

interface Candidate {
  readonly externalId: ExternalId;
  readonly change: SentChangeKind;
  readonly desired: Desired;
  readonly manager?: ExternalId;
  readonly bytes: number;
  readonly differences: readonly AttributeDifference[];
}

/**
 * After an outcome: payloads that were accepted as desired and could not be sent, or not wholly, in the first pass. Workers who were waiting behind an operation in
 * flight; reports whose manager the service did not know yet and knows now; operations that never arrived. Nothing new is decided here, so
 * guards and hash of the accepted plans still hold; what was decided longer ago than a plan is good for enables nobody, and is left to the next run, which looks at whoever is not settled. Answers how many operations were added to the run; each worker once.
 */
export async function planFollowUp(
  context: StageContext,
  run: Run,
  lost: ReadonlySet<ExternalId>,
  done: Set<ExternalId>,
  holds: Holds,
): Promise<number> {
  const { store, pipeline, lease, clock } = context;
  const scope = scopeOf(pipeline);
  const candidates: Candidate[] = [];
  const isOld = oldDecisions(context);
  for await (const chunk of inChunks(await store.ledger.unsettled(scope, pipeline.name), 500)) {
    const keys = chunk.filter((key) => !done.has(key));
    const entries = await store.ledger.getMany(scope, keys);
    const managers = await store.ledger.getMany(
      scope,
      [...entries.values()].flatMap((entry) => managerIds(entry)),
    );
    const found = [...entries.values()]
      .filter((entry) => !holds.isProtected(entry.externalId, entry))
      .flatMap((entry) => candidateOf(entry, managers, lost) ?? []);
    const asked = askedOf(found.map(({ externalId, change, desired }) => ({ externalId, change, payload: desired.payload })));
    const held = await holds.causes(asked, entries);
    for (const candidate of found) {
      const { externalId, desired, change } = candidate;
      if (!held.has(externalId) && (isDisable(change) || !(await isOld(desired.run)))) candidates.push(candidate);
    }
  }
  if (candidates.length === 0) return 0;
  const first = (await store.operations.batches(run.id)).length;
  // It was finished while something of it was in escrow, and has work again.
  if ((await store.runs.get(run.id))?.state === 'finished') await store.runs.advance(lease, run.id, { state: 'loaded' });
  const marksFor = countedMarks(await headOf(context, run), pipeline.guards);
  await store.operations.add(lease, run.id, scope, arrange(context, run, candidates, first, marksFor), clock.now());
  for (const { externalId } of candidates) done.add(externalId);
  return candidates.length;
}

/** Whether a run read the source longer ago than a plan is good for. */
function oldDecisions({ store, clock, pipeline }: StageContext): (run: RunId) => Promise<boolean> {
  const seen = new Map<RunId, Promise<boolean>>();
  const look = async (id: RunId): Promise<boolean> => {
    const run = await store.runs.get(id);
    return run === undefined || clock.now() - run.asOf > pipeline.plan.maxAge;
  };
  return (id) => {
    const known = seen.get(id) ?? look(id);
    seen.set(id, known);
    return known;
  };
}

/** The plan of the run, whose first run and approvals hold for what follows it. */
async function headOf({ store }: StageContext, run: Run): Promise<Pick<PlanHead, 'first' | 'guards'>> {
  const hasPlan = (await store.files.list({ run: run.id })).includes('plan.json');
  return hasPlan ? readDocument(store, run.id, 'plan.json') : { first: false, guards: [] };
}

function managerIds(entry: LedgerEntry): ExternalId[] {
  const manager = entry.desired === undefined ? undefined : managerOf(entry.desired.payload);
  return manager === undefined ? [] : [manager];
}

function candidateOf(
  entry: LedgerEntry,
  managers: ReadonlyMap<ExternalId, LedgerEntry>,
  lost: ReadonlySet<ExternalId>,
): Candidate | undefined {
  const { desired, externalId } = entry;
  if (desired?.rekey !== undefined) return undefined;
  if (desired === undefined || entry.sent !== undefined || entry.failed?.hash === desired.hash) return undefined;
  const state = ledgerStateOf(entry);
  // After silence the next run decides, with fresh rows; only what certainly never arrived goes again at once.
  if (isUncertain(state) ? !lost.has(externalId) : entry.confirmed?.hash === desired.hash) return undefined;
  const change = decisionTable[rowOf(desired)][state];
  if (!isSentChange(change)) return undefined;
  const manager = managerOf(desired.payload);
  const onlyManager = entry.confirmed?.evidence.unset?.includes(managerPath) === true;
  if (onlyManager && manager !== undefined && managers.get(manager)?.confirmed === undefined) return undefined;
  const bytes = operationBytes(desired.payload);
  return {
    externalId,
    change,
    desired,
    bytes,
    // What the service could not set the first time was counted then.
    differences: differences(lastPayload(entry), desired.payload).filter(
      ({ path }) => entry.confirmed?.evidence.unset?.includes(path) !== true,
    ),
    ...(manager === undefined ? {} : { manager }),
  };
}

function rowOf(desired: Desired): RowState {
  if (desired.payload.active) return 'active';
  return desired.change === 'pre-hire' ? 'preHire' : 'inactive';
}

function arrange(
  context: StageContext,
  run: Run,
  candidates: readonly Candidate[],
  first: number,
  marksFor: (change: Markable) => readonly GuardMark[],
): PlannedBatch[] {
  const scope = scopeOf(context.pipeline);
  const ordered = orderForSending(candidates);
  const batches = new Map<number, PlannedBatch['operations'][number][]>();
  for (const [position, { sequence, index }] of placeOperations(ordered).entries()) {
    const candidate = ordered[position];
    if (candidate === undefined) continue;
    const { externalId, change, desired } = candidate;
    const operations = batches.get(sequence) ?? [];
    batches.set(sequence, operations);
    operations.push({
      id: `${batchId(run, first + sequence)}.${String(index).padStart(2, '0')}`,
      index,
      externalId,
      bulkId: bulkIdOf(scope, externalId, desired.hash),
      change,
      payload: desired.payload,
      payloadHash: desired.hash,
      marks: marksFor({ change, payload: desired.payload, differences: candidate.differences }),
    });
  }
  return [...batches].map(([sequence, operations]) => ({ id: batchId(run, first + sequence), sequence: first + sequence, operations }));
}
