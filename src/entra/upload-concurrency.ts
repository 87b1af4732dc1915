import pLimit from 'p-limit';

/**
 * Works through a source with at most `concurrency` calls at the same time, taking the next item only when a place is free: the
 * source (batches from the store) is never read ahead, and nothing is queued. The first error stops the taking, waits for the calls
 * in hand and is thrown then, so that no answer is lost. An aborted signal stops the taking in the same way and is not an error.
 * @param concurrency calls at the same time, at least 1
 */
export async function uploadConcurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const limit = pLimit(concurrency);
  const inHand = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (signal?.aborted === true) break;
    const task = limit(work, item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => inHand.delete(task));
    inHand.add(task);
    if (inHand.size >= concurrency) await Promise.race(inHand);
    if (failures.length > 0) break;
  }
  await Promise.all(inHand);
  if (failures.length > 0) throw failures[0];
}
