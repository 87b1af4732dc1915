import type { Connection, Submittable } from 'pg';

/** A column as RowDescription tells it: a domain is already its base type. Source: PostgreSQL documentation, "Message Formats". */
export interface PostgresField {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

/** Parse and Describe: the columns of a statement without running it. Undefined: it returns no rows. */
export class DescribeStatement implements Submittable {
  readonly result: Promise<readonly PostgresField[] | undefined>;
  readonly #text: string;
  #resolve: (fields: readonly PostgresField[] | undefined) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #fields: readonly PostgresField[] | undefined;

  constructor(text: string) {
    this.#text = text;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.parse({ text: this.#text, name: '', types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription(message: { readonly fields: readonly PostgresField[] }): void {
    this.#fields = message.fields;
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#fields);
  }
}

/** Rows of a COPY as the server sent them. Nearly no line is ever read as text. */
export interface CopiedLines {
  readonly bytes: Buffer;
  /** Where each line begins and where it ends, without its line feed, in turn. */
  readonly bounds: readonly number[];
}

/** CopyData. Source: PostgreSQL documentation, "Message Formats", as is that a message is its type, its length without the type, and its content. */
const copyData = 0x64;
const headBytes = 5;
/** Blocks that may wait for the consumer: what the socket gave, about 64 KiB each. */
const mostReady = 4;

type Listener = (...values: readonly unknown[]) => void;

/**
 * `COPY (…) TO STDOUT` as blocks of lines with back-pressure: the socket rests while the consumer has blocks to go on with. While it runs, the rows' messages are taken off
 * the socket before pg sees them, because pg makes an object of each; everything else, errors among it, goes to pg as it came. A connection that dies rejects the
 * next block: pg tells the running query, unlike pg-query-stream and pg-copy-streams, which then wait for ever or fail outside of any promise.
 */
export class CopyOut implements Submittable {
  /** Settles when the server is done with the statement, well or not. Never rejects. */
  readonly finished: Promise<void>;
  readonly #text: string;
  readonly #ready: CopiedLines[] = [];
  /** The beginning of a message whose end has not come, and how many bytes of it are needed to go on. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #needed = headBytes;
  /** Bytes of a message of pg's that have not come. */
  #passing = 0;
  #listeners: readonly Listener[] = [];
  #connection: Connection | undefined;
  #state: 'running' | 'discarding' | 'done' = 'running';
  #error: { readonly reason: unknown } | undefined;
  #finish: () => void = () => undefined;
  #wake: () => void = () => undefined;
  readonly #onData = (chunk: Buffer): void => this.#receive(chunk);

  constructor(text: string) {
    this.#text = text;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    this.#listeners = stream.listeners('data') as Listener[]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- a listener of `data` is called with the chunk
    stream.removeAllListeners('data');
    stream.on('data', this.#onData);
    connection.query(this.#text);
  }

  handleCommandComplete(): void {
    // Nothing to do: the last block went out with its bytes.
  }

  handleError(error: unknown): void {
    this.fail(error);
    this.#end();
  }

  handleReadyForQuery(): void {
    this.#end();
    this.#wake();
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The consumer's next block rejects with this, unless it already had an end. */
  fail(reason: unknown): void {
    if (this.#state !== 'done') this.#error ??= { reason };
    this.#wake();
  }

  /** Throws away what still comes, so that the server's end of the statement can be seen. */
  discard(): void {
    if (this.#state === 'running') this.#state = 'discarding';
    this.#connection?.stream.resume();
  }

  /** The next rows; undefined: there are no more. */
  async next(): Promise<CopiedLines | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error.reason;
      const block = this.#ready.shift();
      if (this.#ready.length === 0) this.#connection?.stream.resume();
      if (block !== undefined) return block;
      if (this.#state === 'done') return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The socket is pg's again. Messages behind the end of the statement belong to it, too. */
  #end(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    const stream = this.#connection?.stream;
    stream?.removeListener('data', this.#onData);
    for (const listener of this.#listeners) stream?.on('data', listener);
    this.#finish();
  }

  #receive(chunk: Buffer): void {
    const data = this.#joined(chunk);
    if (data === undefined) return;
    const bounds: number[] = [];
    let at = 0;
    if (this.#passing > 0) {
      at = Math.min(this.#passing, data.length);
      this.#passing -= at;
      this.#pass(data.subarray(0, at));
    }
    while (at + headBytes <= data.length) {
      const end = at + 1 + data.readUInt32BE(at + 1);
      if (data[at] === copyData) {
        if (end > data.length) {
          this.#needed = end - at;
          break;
        }
        bounds.push(at + headBytes, end - 1);
        at = end;
      } else {
        const here = Math.min(end, data.length);
        this.#passing = end - here;
        this.#hand(data, bounds);
        this.#pass(data.subarray(at, here));
        at = here;
      }
    }
    this.#hand(data, bounds);
    if (at < data.length) this.#wait(data.subarray(at));
  }

  /** What waited and what came, once it is enough to go on with. */
  #joined(chunk: Buffer): Buffer | undefined {
    if (this.#waitingBytes === 0) return chunk;
    this.#wait(chunk);
    if (this.#waitingBytes < this.#needed) return undefined;
    const whole = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#needed = headBytes;
    return whole;
  }

  #wait(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #pass(bytes: Buffer): void {
    for (const listener of this.#listeners) listener(bytes);
  }

  #hand(bytes: Buffer, bounds: number[]): void {
    if (bounds.length === 0) return;
    const lines = { bytes, bounds: bounds.splice(0) };
    if (this.#state !== 'running') return;
    this.#ready.push(lines);
    if (this.#ready.length >= mostReady) this.#connection?.stream.pause();
    this.#wake();
  }
}
