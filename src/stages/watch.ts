import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';
import { nextTime } from '../pipeline/cron.ts';

/** A pipeline as watching needs it. */
export interface Watched {
  readonly name: string;
  readonly file: string;
  /** Pipelines of one tenant share its quota: they run one after the other. */
  readonly tenant: string;
  readonly timezone: string;
  readonly cron?: string | undefined;
  /** ms */
  readonly debounce: number;
  /** One run. `until`: when the next one of its schedule begins. */
  run(until: Instant | undefined): Promise<void>;
  /** Listens until the signal is aborted; rejects when it cannot any more. */
  readonly listen?: ((hearing: Hearing, signal: AbortSignal) => Promise<void>) | undefined;
}

/** What who listens to HR tells. */
export interface Hearing {
  /** From now on nothing is missed. */
  readonly ready: () => void;
  /** HR changed something. */
  readonly changed: () => void;
}

/** What is known of a watched pipeline; the health endpoint shows it. */
export interface WatchState {
  readonly pipeline: string;
  state: 'idle' | 'queued' | 'running' | 'stopped';
  lastSuccess?: Instant;
  lastFailure?: { readonly at: Instant; readonly code: string; readonly message: string };
  /** Undefined: only a change starts the next run. */
  nextRun?: Instant | undefined;
  /** Runs that failed since the last success. */
  failures: number;
  /** Listening to the outbox; undefined: there is none. */
  isListening?: boolean;
}

export type WatchEvent =
  | { readonly type: 'watch.started' | 'watch.succeeded' | 'watch.stopped'; readonly pipeline: string }
  | { readonly type: 'watch.failed' | 'watch.deaf'; readonly pipeline: string; readonly code: string; readonly message: string };

export interface WatchOptions {
  readonly clock: Clock;
  /** Aborted to stop: what runs is left resumable by its own signal, nothing new is begun. */
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
}

/** After a failed run or a lost outbox the next try comes after this, and each time later, up to the longest. */
const firstPause = 60_000;
const longestPause = 30 * 60_000;

/** Starts runs on schedule and on change until the signal is aborted. What goes wrong with one pipeline is told and ends none of the others. */
export class Watch {
  readonly states: readonly WatchState[];
  readonly #pipelines: readonly Watched[];
  readonly #options: WatchOptions;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(pipelines: readonly Watched[], options: WatchOptions) {
    this.#pipelines = pipelines;
    this.#options = options;
    this.states = pipelines.map(({ name, listen }) => ({
      pipeline: name,
      state: 'idle',
      failures: 0,
      ...(listen === undefined ? {} : { isListening: false }),
    }));
  }

  async run(): Promise<void> {
    await Promise.all(
      this.#pipelines.map(async (pipeline, index) => {
        const state = this.states[index];
        if (state === undefined) return;
        const signs = new Signs(pipeline.debounce);
        await Promise.all([this.#keepRunning(pipeline, state, signs), this.#keepListening(pipeline, state, signs)]);
        state.state = 'stopped';
        this.#options.tell({ type: 'watch.stopped', pipeline: pipeline.name });
      }),
    );
  }

  async #keepRunning(pipeline: Watched, state: WatchState, signs: Signs): Promise<void> {
    const { clock, signal } = this.#options;
    // What happened while nobody listened left no other trace.
    if (pipeline.listen !== undefined) signs.add(clock.now());
    let retryAt: Instant | undefined;
    for (;;) {
      const scheduled = pipeline.cron === undefined ? undefined : nextTime(pipeline.cron, pipeline.timezone, clock.now());
      state.nextRun = scheduled;
      if (!(await this.#untilDue(scheduled, retryAt, signs))) return;
      const taken = signs.take();
      const ended = await this.#inTurn(pipeline, state);
      if (signal.aborted) return;
      if (ended) retryAt = undefined;
      else {
        retryAt = clock.now() + pauseAfter(state.failures);
        // A change that was not taken over is still to be told.
        if (taken) signs.add(retryAt);
      }
    }
  }

  /** False: stopped. */
  async #untilDue(scheduled: Instant | undefined, retryAt: Instant | undefined, signs: Signs): Promise<boolean> {
    const { clock, signal } = this.#options;
    for (;;) {
      if (signal.aborted) return false;
      const due = Math.min(scheduled ?? Infinity, Math.max(signs.due ?? Infinity, signs.due === undefined ? 0 : (retryAt ?? 0)));
      if (due <= clock.now()) return true;
      const woken = new AbortController();
      const stop = AbortSignal.any([signal, woken.signal]);
      signs.wake = () => woken.abort(new Error('a change'));
      await (due === Infinity ? aborted(stop) : clock.sleep(Math.min(due - clock.now(), 86_400_000), stop).catch(() => undefined));
    }
  }

  /** One after the other within a tenant, in the order in which they became due. */
  async #inTurn(pipeline: Watched, state: WatchState): Promise<boolean> {
    const { clock, signal, tell } = this.#options;
    state.state = 'queued';
    const before = this.#turns.get(pipeline.tenant);
    let pass = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      pass = resolve;
    });
    this.#turns.set(
      pipeline.tenant,
      Promise.all([before, turn]).then(() => undefined),
    );
    await before;
    try {
      if (signal.aborted) return false;
      state.state = 'running';
      tell({ type: 'watch.started', pipeline: pipeline.name });
      await pipeline.run(pipeline.cron === undefined ? undefined : nextTime(pipeline.cron, pipeline.timezone, clock.now()));
      state.lastSuccess = clock.now();
      state.failures = 0;
      tell({ type: 'watch.succeeded', pipeline: pipeline.name });
      return true;
    } catch (error) {
      if (!signal.aborted) {
        state.failures++;
        const failure = wordsOf(error);
        state.lastFailure = { at: clock.now(), ...failure };
        tell({ type: 'watch.failed', pipeline: pipeline.name, ...failure });
      }
      return false;
    } finally {
      state.state = 'idle';
      pass();
    }
  }

  async #keepListening(pipeline: Watched, state: WatchState, signs: Signs): Promise<void> {
    const { clock, signal, tell } = this.#options;
    if (pipeline.listen === undefined) return;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        const hearing: Hearing = {
          ready() {
            state.isListening = true;
            // The run that began meanwhile may have read before there was somebody to hear.
            signs.add(clock.now());
          },
          changed() {
            tries = 0;
            signs.add(clock.now());
          },
        };
        await pipeline.listen(hearing, signal);
      } catch (error) {
        if (!signal.aborted) tell({ type: 'watch.deaf', pipeline: pipeline.name, ...wordsOf(error) });
      }
      state.isListening = false;
      if (signal.aborted) return;
      await clock.sleep(pauseAfter(tries), signal).catch(() => undefined);
      // Whatever was said meanwhile was not heard.
      signs.add(clock.now());
    }
  }
}

/** Signs that something changed. Due when it has been quiet for the debounce, and at the latest ten times as long after the first of them. */
class Signs {
  wake: () => void = () => undefined;
  readonly #debounce: number;
  #first: Instant | undefined;
  #last: Instant | undefined;

  constructor(debounce: number) {
    this.#debounce = debounce;
  }

  add(at: Instant): void {
    this.#first ??= at;
    this.#last = at;
    this.wake();
  }

  get due(): Instant | undefined {
    return this.#first === undefined || this.#last === undefined
      ? undefined
      : Math.min(this.#last + this.#debounce, this.#first + 10 * this.#debounce);
  }

  /** Whether there were any; the run that begins now answers them. */
  take(): boolean {
    const had = this.#first !== undefined;
    this.#first = undefined;
    this.#last = undefined;
    return had;
  }
}

function pauseAfter(failures: number): number {
  return Math.min(longestPause, firstPause * 2 ** Math.max(0, failures - 1));
}

function wordsOf(error: unknown): { readonly code: string; readonly message: string } {
  const message = scrubText(error instanceof Error ? error.message : String(error));
  return { code: error instanceof JoineryError ? error.code : 'DOM-001', message };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
