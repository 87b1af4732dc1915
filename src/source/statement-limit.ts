import type { Clock, Instant } from '../domain/clock.ts';

/** Somebody who is busy may be looked at again so much later; ms. */
const longestLook = 1_000;

/**
 * How long a statement may keep us waiting. Only the time counts in which its rows are waited for: a server that has to wait because a chunk is evaluated here, or because our store is slow,
 * is not to blame, and ending its statement for that would end each later run at the same row. Default clock: the system's.
 */
export class StatementLimit {
  /** ms */
  readonly limit: number;
  readonly #clock: Clock;
  #waited = 0;
  #since: Instant | undefined;

  constructor(limit: number, clock: Clock) {
    this.limit = limit;
    this.#clock = clock;
  }

  /** Rows are waited for from now on. */
  begin(): void {
    this.#since = this.#clock.now();
  }

  /** They are there, or never will be. */
  end(): void {
    this.#waited = this.#total();
    this.#since = undefined;
  }

  /** Resolves when the time is used up; rejects with the signal's reason. */
  async reached(signal: AbortSignal): Promise<void> {
    for (let left = this.limit - this.#total(); left > 0; left = this.limit - this.#total())
      await this.#clock.sleep(this.#since === undefined ? Math.max(left, longestLook) : left, signal);
  }

  /** A clock that is set back takes nothing away. */
  #total(): number {
    return this.#waited + (this.#since === undefined ? 0 : Math.max(0, this.#clock.now() - this.#since));
  }
}
