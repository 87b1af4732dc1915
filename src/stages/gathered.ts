/** Chunks put together until they have so many items, in order; a larger one stays as it is. */
export async function* gathered<T>(chunks: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
  let items: readonly T[] = [];
  for await (const chunk of chunks) {
    items = items.length === 0 ? chunk : [...items, ...chunk];
    if (items.length < size) continue;
    yield items;
    items = [];
  }
  if (items.length > 0) yield items;
}
