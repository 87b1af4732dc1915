import type { Run } from '../domain/run.ts';
import { inChunks } from '../store/ndjson.ts';
import { writeHandoff, type ExtractItem } from '../store/run-files.ts';
import { Channel } from './channel.ts';
import type { StageContext } from './context.ts';

/**
 * Hands items on and keeps them in the run as the extract stage on its own would, so that the run can be explained later without the source.
 * The file appears only if the pass was read to its end.
 */
export async function* keepRows(context: StageContext, run: Run, items: AsyncIterable<ExtractItem>): AsyncGenerator<ExtractItem> {
  const kept = new Channel<readonly ExtractItem[]>();
  const written = writeHandoff(context.store, run.id, 'rows.ndjson', flatten(kept));
  // Awaited below; without a handler an early failure would end the process before we get there.
  written.catch(() => undefined);
  let complete = false;
  try {
    for await (const chunk of inChunks(items, 200)) {
      await kept.push(chunk);
      yield* chunk;
    }
    complete = true;
  } finally {
    if (complete) kept.end();
    else kept.fail(new Error('the pass was not read to its end'));
  }
  await written;
}

async function* flatten<T>(chunks: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const chunk of chunks) yield* chunk;
}
