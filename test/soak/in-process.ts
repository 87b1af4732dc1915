import { Dispatcher } from 'undici';
import type { Emulator } from '../../src/emulator/index.ts';

/** What undici tells of a request whose connection ended. */
class ConnectionCut extends Error {
  readonly code = 'UND_ERR_SOCKET';
}

/** One request's side of undici: an abort ends it, whatever comes afterwards. */
class Controller implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #onAbort: (reason: Error) => void;

  constructor(onAbort: (reason: Error) => void) {
    this.#onAbort = onAbort;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#onAbort(reason);
  }

  // An answer is one piece, which waits for nobody.
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

/** Requests to an emulator of the same process: undici's own client, without sockets, HTTP and their turns of the event loop. */
export class InProcess extends Dispatcher {
  readonly #answer: Emulator['answer'];

  constructor(emulator: Pick<Emulator, 'answer'>) {
    super();
    this.#answer = (incoming) => emulator.answer(incoming);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let over = false;
    const fail = (error: Error): void => {
      if (over) return;
      over = true;
      handler.onResponseError?.(controller, error);
    };
    const controller = new Controller(fail);
    handler.onRequestStart?.(controller, {});
    if (!controller.aborted) void this.#exchange(options, handler, controller, () => !over).catch(fail);
    return true;
  }

  async #exchange(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    controller: Controller,
    isOpen: () => boolean,
  ): Promise<void> {
    const headers = headersOf(options.headers);
    const over: (() => void)[] = [];
    try {
      const answered = await this.#answer({
        method: options.method,
        url: new URL(options.path, String(options.origin)),
        header: (name) => headers.get(name.toLowerCase()),
        readBody: () => Promise.resolve(bytesOf(options.body)),
        whenOver: (listener) => over.push(listener),
      });
      if (!isOpen()) return;
      if (answered === undefined) throw new ConnectionCut('other side closed');
      handler.onResponseStart?.(controller, answered.status, { ...answered.headers }, '');
      if (answered.body !== undefined && isOpen()) handler.onResponseData?.(controller, Buffer.from(answered.body));
      if (isOpen()) handler.onResponseEnd?.(controller, {});
    } finally {
      for (const listener of over) listener();
    }
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    if (callback === undefined) return Promise.resolve();
    callback();
  }
}

function headersOf(headers: Dispatcher.DispatchOptions['headers']): ReadonlyMap<string, string> {
  if (headers === null || headers === undefined) return new Map();
  if (Array.isArray(headers) || Symbol.iterator in headers) throw new TypeError('headers are given by name here');
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function bytesOf(body: Dispatcher.DispatchOptions['body']): Uint8Array {
  if (body === null || body === undefined) return new Uint8Array();
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError('a body is text or bytes here');
}
