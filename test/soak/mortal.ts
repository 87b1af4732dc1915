import type { Clock } from '../../src/domain/clock.ts';
import type { Kill } from './story.ts';

/** Nobody answers a dead process. */
function forever<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/**
 * A process that can die: everything it does to the world goes through ports that are wrapped here. Once it is dead no port answers it any more, so
 * its code stands still wherever it is, finally-blocks included, as after SIGKILL; what a port had done before is done.
 */
export class Mortal {
  readonly #kill: Kill | undefined;
  readonly #calls = new Map<string, number>();
  readonly #end = new AbortController();
  readonly died: Promise<void>;
  #die: () => void = () => undefined;

  constructor(kill: Kill | undefined) {
    this.#kill = kill;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get dead(): boolean {
    return this.#end.signal.aborted;
  }

  /** The same object, with every method of it and of its parts as a port `part.method`. */
  wrap<T extends object>(target: T, name: string): T {
    const known = new Map<string | symbol, unknown>();
    return new Proxy(target, {
      get: (_target, property): unknown => {
        if (known.has(property)) return known.get(property);
        const value: unknown = Reflect.get(target, property, target);
        const wrapped = this.#wrapMember(value, target, typeof property === 'string' ? property : '', name);
        known.set(property, wrapped);
        return wrapped;
      },
    });
  }

  #wrapMember(value: unknown, target: object, property: string, name: string): unknown {
    if (typeof value === 'function') {
      const port = name === '' ? property : `${name}.${property}`;
      return (...input: unknown[]) => this.#call(port, () => Reflect.apply(value, target, input));
    }
    const isPart = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype && name === '';
    return isPart && property !== 'identity' ? this.wrap(value, property) : value;
  }

  #call(port: string, work: () => unknown): unknown {
    if (this.dead || this.#strikes(port, 'before')) return forever();
    const result = work();
    if (!(result instanceof Promise)) return result;
    return result.then(
      (value: unknown) => (this.dead || this.#strikes(port, 'after') ? forever() : value),
      (error: unknown) => (this.dead ? forever() : Promise.reject(error instanceof Error ? error : new Error(String(error)))),
    );
  }

  #strikes(port: string, side: Kill['side']): boolean {
    const kill = this.#kill;
    if (kill?.port !== port || kill.side !== side) return false;
    const calls = (this.#calls.get(port) ?? 0) + 1;
    this.#calls.set(port, calls);
    if (calls !== kill.nth) return false;
    this.#end.abort();
    this.#die();
    return true;
  }

  /** A clock on which the dead sleep for ever, without holding time up. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      sleep: async (milliseconds, signal) => {
        if (this.dead) return forever();
        const either = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
        try {
          await clock.sleep(milliseconds, either);
        } catch (error) {
          if (!this.dead) throw error;
        }
        return this.dead ? forever() : undefined;
      },
    };
  }
}
