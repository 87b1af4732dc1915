/**
 * A computation that may have to wait for the reference engine: it yields what an engine gave and gets the value back. As long as nothing is a
 * promise it runs to its end at once, which with compiled expressions is always.
 */
export type Steps<T> = Generator<unknown, T, unknown>;

/** Runs steps to their end: the result, or a promise of it from the first promise on. */
export function runSteps<T>(steps: Steps<T>): T | Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    if (isPromise(next.value)) return finish(steps, next.value);
    next = steps.next(next.value);
  }
  return next.value;
}

async function finish<T>(steps: Steps<T>, first: PromiseLike<unknown>): Promise<T> {
  let pending: unknown = first;
  for (;;) {
    let next: IteratorResult<unknown, T>;
    try {
      // One record after the other: the reference engine is many times slower when evaluations overlap.
      const value = await pending;
      next = steps.next(value);
    } catch (error) {
      next = steps.throw(error);
    }
    if (next.done === true) return next.value;
    pending = next.value;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
