import type { Run } from '../domain/run.ts';
import { writeHandoff, type ExtractItem } from '../store/run-files.ts';
import { Channel } from './channel.ts';
import type { StageContext } from './context.ts';

/** Told of what goes on from the extract stage. */
export type KeepRows = (items: readonly ExtractItem[]) => Promise<void>;

/**
 * Keeps in the run what `work` tells of, so that the run can be explained later without the source. The file appears only if `work` came to its end.
 */
export async function keepingRows(context: StageContext, run: Run, work: (keep: KeepRows) => Promise<void>): Promise<void> {
  const kept = new Channel<readonly ExtractItem[]>();
  const written = writeHandoff(context.store, run.id, 'rows.ndjson', kept);
  // Awaited below; without a handler an early failure would end the process before we get there.
  written.catch(() => undefined);
  try {
    await work((items) => (items.length === 0 ? Promise.resolve() : kept.push(items)));
  } catch (error) {
    kept.fail(new Error('the pass was not read to its end'));
    throw error;
  }
  kept.end();
  await written;
}
