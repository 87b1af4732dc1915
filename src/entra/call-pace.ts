import type { Clock, Instant } from '../domain/clock.ts';

export interface PaceLimits {
  readonly calls: number;
  readonly milliseconds: number;
}

/**
 * How long the next call has to wait, ms. Pure. A slot frees when its call was *answered* a whole window ago, not when it was sent: the
 * service counts by its own clock and may have counted the call at any moment before its answer, so that no jitter makes a 429 of ours.
 * @param answered instants of the answers so far, oldest first; only the last `calls` matter
 */
export function paceWait(answered: readonly Instant[], now: Instant, limits: PaceLimits): number {
  const oldest = answered.at(-limits.calls);
  return answered.length < limits.calls || oldest === undefined ? 0 : Math.max(0, oldest + limits.milliseconds - now);
}

/** One call at a time, within the limits, in the order of asking. */
export class CallPace {
  readonly #clock: Clock;
  readonly #limits: PaceLimits;
  readonly #answered: Instant[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, limits: PaceLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Waits for its turn and a free slot, then does `call`. Rejects with the signal's reason when it is aborted while waiting. */
  run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#last.then(async () => {
      signal?.throwIfAborted();
      const wait = paceWait(this.#answered, this.#clock.now(), this.#limits);
      if (wait > 0) await this.#clock.sleep(wait, signal);
      try {
        return await call();
      } finally {
        this.#answered.push(this.#clock.now());
        if (this.#answered.length > this.#limits.calls) this.#answered.shift();
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
