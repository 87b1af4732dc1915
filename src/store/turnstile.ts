import { AsyncLocalStorage } from 'node:async_hooks';
import { invariant } from '../domain/error.ts';

interface Inside {
  readonly turnstile: Turnstile;
  readonly outer: Inside | undefined;
}

/** Work that calls what is not ours while it is inside, and so may be asked to wait for itself. */
export interface PassOptions {
  readonly callsOutside?: boolean;
}

/**
 * One for all. Before Node 24 a storage that is in use costs a tenth of all that goes by promises in the process, so only work that calls outside is followed, and the
 * storage is put away when the last of it has left.
 */
const inside = new AsyncLocalStorage<Inside>();
let followed = 0;

/** Lets one piece of work through at a time, in the order of asking. What was called from inside and asks again would wait for itself and is refused. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  pass<T>(work: () => Promise<T>, { callsOutside = false }: PassOptions = {}): Promise<T> {
    const outer = inside.getStore();
    for (let at = outer; at !== undefined; at = at.outer) {
      invariant(at.turnstile !== this, 'A transaction was begun inside a transaction of the same store.');
    }
    const result = this.#last.then(() => (callsOutside ? follow({ turnstile: this, outer }, work) : work()));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Settles when everybody who has asked so far is through. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

async function follow<T>(place: Inside, work: () => Promise<T>): Promise<T> {
  followed++;
  try {
    return await inside.run(place, work);
  } finally {
    followed--;
    if (followed === 0) inside.disable();
  }
}
