import type { PlanHead } from '../domain/change.ts';
import type { PlannedOperation } from '../store/contract.ts';
import { isSentChange, type BatchId, type ExternalId, type JobScope } from '../domain/words.ts';
import type { Desired } from '../domain/ledger.ts';
import type { Run } from '../domain/run.ts';
import { bulkIdOf } from '../plan/batching.ts';
import { type GuardMark, type Markable } from '../plan/guard-marks.ts';
import { countedMarks } from '../plan/guards.ts';
import type { AcceptRecord } from '../store/contract.ts';
import { scopeOf, type StageContext } from './context.ts';
import { keepRecipe } from './edited-mapping.ts';
import { fingerprintFile, readDocument, readHandoff, versionFile, type PlanLine } from '../store/run-files.ts';
import { inChunks } from '../store/ndjson.ts';

interface Place {
  readonly batch: BatchId;
  readonly index: number;
}

/**
 * The first transaction of apply: from here on the run's rows count as evaluated and its payloads as desired. Nothing was sent yet.
 * Answers the workers that were dropped because something else moved their baseline since the plan was made.
 */
export async function accept(context: StageContext, run: Run, head: PlanHead): Promise<readonly ExternalId[]> {
  const { store, lease, clock, pipeline } = context;
  const scope = scopeOf(pipeline);
  const places = new Map<ExternalId, Place>();
  const batches: { id: BatchId; sequence: number }[] = [];
  for await (const { id, sequence, workers } of readHandoff(store, run.id, 'batches.ndjson')) {
    batches.push({ id, sequence });
    for (const [index, worker] of workers.entries()) places.set(worker, { batch: id, index });
  }
  const summary = await readDocument(store, run.id, 'extract.json');
  const result = await store.ledger.accept(lease, {
    scope,
    run: run.id,
    planHash: head.hash,
    at: clock.now(),
    population: summary.keys,
    batches,
    approvals: head.guards.flatMap(({ approved }) => approved?.id ?? []),
    records: inChunks(recordsOf(readHandoff(store, run.id, 'plan.ndjson'), run, scope, places, countedMarks(head, pipeline.guards)), 500),
  });
  // The fingerprints of a pass of which only a part was accepted would hide the rest.
  if (run.partial !== true) {
    // Fingerprints first: versions without the fingerprints of the same run are not believed, and cost a full pass.
    await store.files.promote(run.id, pipeline.name, fingerprintFile);
    if (summary.versions === undefined) await store.files.remove({ pipeline: pipeline.name }, versionFile);
    else await store.files.promote(run.id, pipeline.name, versionFile);
    await keepRecipe(context);
  }
  context.emit({ type: 'accepted', run: run.id, ...result });
  return result.dropped;
}

async function* recordsOf(
  lines: AsyncIterable<PlanLine>,
  run: Run,
  scope: JobScope,
  places: ReadonlyMap<ExternalId, Place>,
  marksFor: (change: Markable) => readonly GuardMark[],
): AsyncGenerator<AcceptRecord> {
  for await (const { externalId, evaluated, missing, claim, change } of lines) {
    if (claim !== undefined) {
      yield { externalId, claim };
      continue;
    }
    const record = { externalId, ...(evaluated === undefined ? {} : { evaluated }), ...(missing === undefined ? {} : { missing }) };
    // What waits or is held is not done yet: the mark stays until it is.
    const settlesMark = evaluated !== undefined && change?.waiting !== true && change?.held === undefined;
    if (change === undefined) {
      yield { ...record, settlesMark };
      continue;
    }
    const { rekey } = change;
    const desired: Desired = {
      payload: change.payload,
      hash: change.payloadHash,
      change: change.change,
      run: run.id,
      ...(rekey === undefined ? {} : { rekey: rekey.new === externalId ? rekey.old : rekey.new }),
    };
    const place = places.get(externalId);
    const operation =
      place === undefined || !isSentChange(change.change)
        ? undefined
        : {
            ...operationOf(scope, desired, change.change, externalId, place),
            marks: marksFor({ ...change, change: change.change }),
          };
    yield { ...record, settlesMark, desired, baseline: change.baseline, ...(operation === undefined ? {} : { operation }) };
  }
}

function operationOf(
  scope: JobScope,
  desired: Desired,
  change: PlannedOperation['change'],
  externalId: ExternalId,
  place: Place,
): PlannedOperation & { readonly batch: BatchId } {
  return {
    id: `${place.batch}.${String(place.index).padStart(2, '0')}`,
    batch: place.batch,
    index: place.index,
    externalId,
    bulkId: bulkIdOf(scope, externalId, desired.hash),
    change,
    payload: desired.payload,
    payloadHash: desired.hash,
  };
}
