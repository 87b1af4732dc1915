import { AsyncLocalStorage } from 'node:async_hooks';
import { invariant } from '../domain/error.ts';

interface Inside {
  readonly turnstile: Turnstile;
  readonly outer: Inside | undefined;
}

/** One for all: each storage that was ever entered costs something at every promise of the process, for as long as it lives. */
const inside = new AsyncLocalStorage<Inside>();

/** Lets one piece of work through at a time, in the order of asking. Work that asks again from inside would wait for itself and is refused. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  pass<T>(work: () => Promise<T>): Promise<T> {
    const outer = inside.getStore();
    for (let at = outer; at !== undefined; at = at.outer) {
      invariant(at.turnstile !== this, 'A transaction was begun inside a transaction of the same store.');
    }
    const result = this.#last.then(() => inside.run({ turnstile: this, outer }, work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Settles when everybody who has asked so far is through. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
