import type { Batch } from '../domain/operation.ts';
import type { Staging } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import { isDisable, type ExternalId } from '../domain/words.ts';
import { uploadConcurrently } from '../entra/upload-concurrency.ts';
import { readDocument } from '../store/run-files.ts';
import { Brake } from './brake-watch.ts';
import type { StageContext } from './context.ts';
import { dropHeld } from './holds.ts';
import { pauseLoad } from './pause.ts';
import { BatchSender } from './send-batch.ts';
import type { Surroundings } from './surroundings.ts';

/** How many requests are under way at once: enough to fill the window of 8 calls a second at a second's latency. */
const concurrency = 8;

export interface LoadResult {
  readonly batches: number;
  readonly operations: number;
  /** Workers whose operation had no answer and left no trace, as far as a load in stages has looked. */
  readonly lost: ReadonlySet<ExternalId>;
}

/**
 * Fourth stage: sends the accepted run's batches in their order, disables before anything else begins and whatever the job is like. Every batch is recorded before its
 * bytes leave and again when its answer has come. A plan that goes in stages waits for the outcomes of each. Ends early, resumable, when the service refuses, the
 * quota ends, outcomes are bad or do not come, or the process is asked to stop.
 * Errors: PLN-202, STG-201 to STG-207, DOM-002.
 */
export async function load(context: StageContext, run: Run, around: Surroundings): Promise<LoadResult> {
  const { clock, emit, store } = context;
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'load' });
  const { staging, createdAt } = await readDocument(store, run.id, 'plan.json');
  await refuseOld(context, run, createdAt);
  const result = await sendBatches(context, run, around, staging);
  await store.runs.advance(context.lease, run.id, { state: 'loaded' });
  const { batches, operations } = result;
  emit({ type: 'stage.finished', stage: 'load', counts: { batches, operations }, milliseconds: clock.now() - started });
  return result;
}

/** What is left to send of a run, also of one that was interrupted, and of the second pass. */
export async function sendBatches(context: StageContext, run: Run, around: Surroundings, staging?: Staging): Promise<LoadResult> {
  const { store, signal, emit } = context;
  const { sink } = around;
  const brake = new Brake(context, run, around);
  const counts = { batches: 0, operations: 0 };
  const pending = async (): Promise<readonly Batch[]> => (await store.operations.batches(run.id)).filter(isPending);
  await dropHeld(context, run.id, around.directory, 'disables');
  if ((await pending()).length === 0) return { ...counts, lost: brake.lost };
  await sink.prepare(signal);
  const sender = new BatchSender(context, sink, around.chance);
  const send = async (batches: readonly Batch[], which: 'disables' | 'others'): Promise<void> => {
    await uploadConcurrently(
      which === 'disables' ? batches : brake.before(batches),
      concurrency,
      async (batch) => {
        const sent = await sender.send(batch).finally(() => {
          if (which === 'others') brake.sent();
        });
        if (sent > 0) counts.batches++;
        counts.operations += sent;
        emit({ type: 'stage.progress', stage: 'load', counts: { ...counts, of: batches.length } });
        if (which === 'others') await brake.after();
      },
      signal,
    );
    if (signal.aborted) throw new JoineryError('DOM-002', `run ${run.id} was interrupted while it was loading`);
  };

  const disables = await disablingBatches(context, await pending());
  await sink.warnOfThreshold(await operationsLeft(context, disables), signal);
  await send(disables, 'disables');

  await dropHeld(context, run.id, around.directory, 'others');
  // A disable that is still there has no answer and is not to be sent again.
  const isDisabling = new Set(disables.map(({ id }) => id));
  const others = (await pending()).filter(({ id }) => !isDisabling.has(id));
  if (others.length === 0) return { ...counts, lost: brake.lost };
  const findings = await sink.preflight(signal);
  if (findings.length > 0) await pauseLoad(context, run, 'STG-206', findings.map(({ code, message }) => `${code} ${message}`).join('; '));
  const stages = staging?.stages ?? [{ from: 0, operations: 0 }];
  for (const [index, { from, operations }] of stages.entries()) {
    const to = stages[index + 1]?.from ?? Infinity;
    const batches = others.filter(({ sequence }) => sequence >= from && sequence < to);
    if (stages.length > 1 && batches.length > 0) emit({ type: 'load.stage', stage: index + 1, of: stages.length, operations });
    await send(batches, 'others');
    if (others.some(({ sequence }) => sequence >= to)) {
      const all = (await store.operations.batches(run.id)).filter(({ sequence }) => sequence >= from && sequence < to);
      await brake.afterStage(
        index + 1,
        all.map(({ id }) => id),
      );
    }
  }
  return { ...counts, lost: brake.lost };
}

/**
 * A load that goes on long after its plan sends what HR said then: it would create and enable people who have left since. What it did not send is in the next plan, because the ledger still wants it. Errors: PLN-202.
 */
async function refuseOld({ store, clock, pipeline }: StageContext, run: Run, createdAt: Instant): Promise<void> {
  const age = clock.now() - createdAt;
  if (age <= pipeline.plan.maxAge || !(await store.operations.batches(run.id)).some(isPending)) return;
  const hours = String(Math.round(age / 3_600_000));
  throw new JoineryError(
    'PLN-202',
    `the plan of run ${run.id} is ${hours} hours old and was not sent whole: joinery run plans the rest anew`,
  );
}

function isPending({ state }: Batch): boolean {
  return state === 'planned' || state === 'unknown';
}

/** Batches of disables that are left to send; they hold nothing else, and those of the second pass come after other batches. */
async function disablingBatches({ store }: StageContext, pending: readonly Batch[]): Promise<readonly Batch[]> {
  const disabling: Batch[] = [];
  for (const batch of pending)
    if ((await store.operations.ofBatch(batch.id)).some(({ change }) => isDisable(change))) disabling.push(batch);
  return disabling;
}

async function operationsLeft({ store }: StageContext, batches: readonly Batch[]): Promise<number> {
  let left = 0;
  for (const { id } of batches) left += (await store.operations.ofBatch(id)).filter(({ state }) => state === 'planned').length;
  return left;
}
