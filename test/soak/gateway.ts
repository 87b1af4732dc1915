import type { Dispatcher } from 'undici';
import type { VirtualClock } from '../../src/domain/virtual-clock.ts';

/**
 * Requests to the emulator, over whatever network, during which virtual time stands still, so that a story is played the same way on a slow machine. Where the
 * emulator delays a request, time is let go for as long.
 */
export class Gateway {
  readonly dispatcher: Dispatcher;
  readonly #network: Dispatcher;
  readonly #clock: VirtualClock;
  readonly #holds = new Map<string, (() => void)[]>();
  readonly #active = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #open = 0;

  /** @param network closed with the gateway */
  constructor(clock: VirtualClock, network: Dispatcher) {
    this.#clock = clock;
    this.#network = network;
    this.dispatcher = network.compose((dispatch) => (options, handler) => {
      const id = clientRequestId(options.headers);
      this.#open++;
      this.#active.set(id, (this.#active.get(id) ?? 0) + 1);
      this.#hold(id);
      let over = false;
      const end = (): void => {
        if (over) return;
        over = true;
        // What was given back during a delay may not have been taken again.
        this.#active.set(id, (this.#active.get(id) ?? 1) - 1);
        this.#release(id);
        this.#open--;
        if (this.#open === 0) for (const wake of this.#waiting.splice(0)) wake();
      };
      return dispatch(options, {
        onRequestStart: (controller, context: unknown) => handler.onRequestStart?.(controller, context),
        onResponseStart: (controller, status, headers, message) => handler.onResponseStart?.(controller, status, headers, message),
        onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
        onResponseEnd: (controller, trailers) => {
          handler.onResponseEnd?.(controller, trailers);
          end();
        },
        onResponseError: (controller, error) => {
          handler.onResponseError?.(controller, error);
          end();
        },
      });
    });
  }

  /** The emulator is about to delay this request: time goes on, and stands still again for its answer. */
  delayed(id: string | undefined, milliseconds: number): void {
    const name = id ?? '';
    this.#release(name);
    // After the emulator has gone to sleep, so that it wakes first.
    queueMicrotask(() => {
      void this.#holdAfter(name, milliseconds + 1);
    });
  }

  async #holdAfter(name: string, milliseconds: number): Promise<void> {
    await this.#clock.sleep(milliseconds);
    if ((this.#holds.get(name)?.length ?? 0) < (this.#active.get(name) ?? 0)) this.#hold(name);
  }

  /** Nothing is under way any more. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): Promise<void> {
    return this.#network.close();
  }

  #hold(id: string): void {
    const held = this.#holds.get(id);
    if (held === undefined) this.#holds.set(id, [this.#clock.hold()]);
    else held.push(this.#clock.hold());
  }

  #release(id: string): void {
    const held = this.#holds.get(id);
    held?.pop()?.();
    if (held?.length === 0) this.#holds.delete(id);
  }
}

function clientRequestId(headers: Dispatcher.DispatchOptions['headers']): string {
  if (headers === null || headers === undefined || Array.isArray(headers) || Symbol.iterator in headers) return '';
  const value = headers['client-request-id'];
  return typeof value === 'string' ? value : '';
}
