import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import { isDisable, type BatchId, type RunId } from '../domain/words.ts';
import { uploadConcurrently } from '../entra/upload-concurrency.ts';
import type { StageContext } from './context.ts';
import type { DirectoryView } from './directory-names.ts';
import { dropHeld } from './holds.ts';
import { BatchSender, type Chance, type Sink } from './send-batch.ts';

/** How many requests are under way at once: enough to fill the window of 8 calls a second at a second's latency. */
const concurrency = 8;

/**
 * Fourth stage: sends the accepted run's batches in their order, disables before anything else begins. Every batch is recorded before its bytes leave and again
 * when its answer has come. Ends early, resumable, when the service refuses, the quota ends or the process is asked to stop.
 * Errors: STG-201, STG-202, STG-203, DOM-002.
 */
export async function load(context: StageContext, run: Run, sink: Sink, chance: Chance, directory: DirectoryView): Promise<void> {
  const { clock, emit, store } = context;
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'load' });
  const counts = await sendBatches(context, run.id, sink, chance, directory);
  await store.runs.advance(context.lease, run.id, { state: 'loaded' });
  emit({ type: 'stage.finished', stage: 'load', counts, milliseconds: clock.now() - started });
}

/** What is left to send of a run, also of one that was interrupted, and of the second pass. */
export async function sendBatches(
  context: StageContext,
  run: RunId,
  sink: Sink,
  chance: Chance,
  directory: DirectoryView,
): Promise<{ batches: number; operations: number }> {
  const { store, signal } = context;
  const counts = { batches: 0, operations: 0 };
  await dropHeld(context, run, directory);
  const batches = (await store.operations.batches(run)).filter(({ state }) => state === 'planned' || state === 'unknown');
  if (batches.length === 0) return counts;
  await sink.prepare(signal);
  const disabling = new Set<BatchId>();
  for (const { id } of batches) if ((await store.operations.ofBatch(id)).some(({ change }) => isDisable(change))) disabling.add(id);
  const sender = new BatchSender(context, sink, chance);
  for (const wave of [batches.filter(({ id }) => disabling.has(id)), batches.filter(({ id }) => !disabling.has(id))]) {
    await uploadConcurrently(
      wave,
      concurrency,
      async (batch) => {
        const sent = await sender.send(batch);
        if (sent > 0) counts.batches++;
        counts.operations += sent;
        context.emit({ type: 'stage.progress', stage: 'load', counts: { ...counts, of: batches.length } });
      },
      signal,
    );
    if (signal.aborted) throw new JoineryError('DOM-002', `run ${run} was interrupted while it was loading`);
  }
  return counts;
}
