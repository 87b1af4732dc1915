import type { Clock, Instant } from './clock.ts';

interface Sleeper {
  readonly at: Instant;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * A clock for tests and the demo: time moves only when everybody sleeps, and then jumps to the earliest sleeper, so hours
 * pass in milliseconds and always in the same order. Work that must not be overtaken by time (a request being answered)
 * is wrapped in `hold`. Sleepers wake in the order of their time, ties in the order of their calls.
 */
export class VirtualClock implements Clock {
  #now: Instant;
  #order = 0;
  #holds = 0;
  #scheduled = false;
  readonly #sleepers: Sleeper[] = [];

  constructor(start: Instant | string) {
    this.#now = typeof start === 'string' ? Date.parse(start) : start;
    if (!Number.isFinite(this.#now)) throw new TypeError(`not an instant: ${String(start)}`);
  }

  now(): Instant {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, milliseconds),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        const index = this.#sleepers.indexOf(sleeper);
        if (index !== -1) this.#sleepers.splice(index, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.push(sleeper);
      this.#schedule();
    });
  }

  /** Time stands still until the returned function is called. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#schedule();
    };
  }

  /** Moves time by hand, waking everybody whose time has come, in order. */
  advance(milliseconds: number): void {
    const target = this.#now + milliseconds;
    for (let next = this.#earliest(); next !== undefined && next.at <= target; next = this.#earliest()) this.#wake(next);
    this.#now = Math.max(this.#now, target);
  }

  /** Moves time to an instant that is not in the past. */
  advanceTo(instant: Instant | string): void {
    const target = typeof instant === 'string' ? Date.parse(instant) : instant;
    this.advance(Math.max(0, target - this.#now));
  }

  #schedule(): void {
    if (this.#scheduled || this.#holds > 0 || this.#sleepers.length === 0) return;
    this.#scheduled = true;
    // Several turns of the event loop, so that what can run without time passing runs first.
    let turns = 4;
    const turn = (): void => {
      if (turns-- > 0) {
        setImmediate(turn);
        return;
      }
      this.#scheduled = false;
      if (this.#holds > 0) return;
      const next = this.#earliest();
      if (next === undefined) return;
      this.#wake(next);
      this.#schedule();
    };
    setImmediate(turn);
  }

  #earliest(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order)) first = sleeper;
    }
    return first;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
  }
}
