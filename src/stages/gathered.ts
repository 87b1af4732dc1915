import { setImmediate as turn } from 'node:timers/promises';

/**
 * Chunks put together until they have so many items, in order; a larger one than `most` is given in parts of it. Between parts the event loop takes a turn: what is done with the items may wait for nothing,
 * and nobody reads a socket or looks at the heap meanwhile.
 */
export async function* gathered<T>(
  chunks: AsyncIterable<readonly T[]>,
  { least, most }: { readonly least: number; readonly most: number },
): AsyncGenerator<readonly T[]> {
  let items: readonly T[] = [];
  for await (const chunk of chunks) {
    items = items.length === 0 ? chunk : [...items, ...chunk];
    if (items.length < least) continue;
    yield* partsOf(items, most);
    items = [];
  }
  yield* partsOf(items, most);
}

async function* partsOf<T>(items: readonly T[], most: number): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < items.length; from += most) {
    if (from > 0) await turn();
    yield items.length <= most ? items : items.slice(from, from + most);
  }
}
