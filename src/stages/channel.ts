/**
 * Hands values from one loop to another, one at a time: `push` waits until the value is taken, so nothing piles up. Ended by `end`; `fail` makes the
 * reader throw, so that a file it was writing never appears.
 */
export class Channel<T> implements AsyncIterable<T> {
  #value: { readonly item: T } | undefined;
  #state: 'open' | 'ended' | 'failed' | 'left' = 'open';
  #reason: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  async push(item: T): Promise<void> {
    while (this.#value !== undefined && this.#state === 'open') await this.#untilTaken();
    if (this.#state !== 'open') return;
    this.#value = { item };
    this.#wakeReader?.();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wakeReader?.();
  }

  fail(reason: unknown): void {
    if (this.#state === 'open') this.#state = 'failed';
    this.#reason = reason;
    this.#wakeReader?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        if (this.#state === 'failed') throw this.#reason;
        if (this.#value !== undefined) {
          const { item } = this.#value;
          this.#value = undefined;
          this.#wakeWriter?.();
          yield item;
        } else if (this.#state === 'ended') return;
        else await this.#untilGiven();
      }
    } finally {
      // A reader that leaves early must not leave the writer waiting.
      if (this.#state === 'open') this.#state = 'left';
      this.#wakeWriter?.();
    }
  }

  #untilTaken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  #untilGiven(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}
