import type { Instant } from '../domain/clock.ts';

/**
 * Admits at most `limit` calls in any window of `length` milliseconds. A call leaves the window exactly `length` after it
 * was admitted. Calls come in the order of their time.
 */
export class SlidingWindow {
  #calls: Instant[] = [];
  #head = 0;

  constructor(calls: readonly Instant[] = []) {
    this.#calls = [...calls];
  }

  /** Calls inside the window that ends at `now`. */
  used(now: Instant, length: number): number {
    this.#forget(now, length);
    return this.#calls.length - this.#head;
  }

  /** Undefined: one more call fits. A number: milliseconds until it does. Forgets what is older than `length`. */
  waitFor(now: Instant, limit: number, length: number): number | undefined {
    this.#forget(now, length);
    return this.waitInside(now, limit, length);
  }

  /** The same for a shorter window over the same calls; forgets nothing. */
  waitInside(now: Instant, limit: number, length: number): number | undefined {
    if (limit < 1) return length;
    const index = this.#calls.length - limit;
    if (index < this.#head) return undefined;
    const blocking = this.#calls[index];
    return blocking === undefined || blocking <= now - length ? undefined : blocking + length - now;
  }

  record(now: Instant): void {
    this.#calls.push(now);
  }

  #forget(now: Instant, length: number): void {
    while (this.#head < this.#calls.length && (this.#calls[this.#head] ?? 0) <= now - length) this.#head++;
    if (this.#head > 4_096 && this.#head * 2 > this.#calls.length) {
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
  }
}
