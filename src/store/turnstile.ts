import { AsyncLocalStorage } from 'node:async_hooks';
import { invariant } from '../domain/error.ts';

/** Lets one piece of work through at a time, in the order of asking. Work that asks again from inside would wait for itself and is refused. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();
  readonly #inside = new AsyncLocalStorage<Turnstile>();

  pass<T>(work: () => Promise<T>): Promise<T> {
    invariant(this.#inside.getStore() !== this, 'A transaction was begun inside a transaction of the same store.');
    const result = this.#last.then(() => this.#inside.run(this, work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Settles when everybody who has asked so far is through. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
