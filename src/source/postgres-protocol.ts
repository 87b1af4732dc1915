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

/** One row of a COPY: where its line lies, without the line feed, and its fingerprint. Nearly no line is ever read as text. */
export interface CopiedLine {
  readonly block: Buffer;
  readonly start: number;
  readonly end: number;
  readonly fingerprint: string;
}

/** Lines are copied into blocks of at least this size, because pg reuses the buffer that it received them in. */
const blockBytes = 1 << 18;
const batchBytes = 1 << 20;

/**
 * `COPY (…) TO STDOUT` as batches with back-pressure: the socket rests while the consumer has a batch to go on with. The server sends each row as one CopyData message
 * (PostgreSQL documentation, "Message Formats"), which is hashed and copied at once because pg reuses the buffer. A connection that dies rejects the
 * next batch: pg tells the running query, unlike pg-query-stream and pg-copy-streams, which then wait for ever or fail outside of any promise.
 */
export class CopyOut implements Submittable {
  /** Settles when the server is done with the statement, well or not. Never rejects. */
  readonly finished: Promise<void>;
  readonly #text: string;
  readonly #hash: (line: Uint8Array) => string;
  readonly #rows: number;
  readonly #ready: CopiedLine[][] = [];
  #batch: CopiedLine[] = [];
  #bytes = 0;
  #block = Buffer.alloc(0);
  #filled = 0;
  #connection: Connection | undefined;
  #state: 'running' | 'discarding' | 'done' = 'running';
  #error: { readonly reason: unknown } | undefined;
  #finish: () => void = () => undefined;
  #wake: () => void = () => undefined;

  constructor(text: string, hash: (line: Uint8Array) => string, rows: number) {
    this.#text = text;
    this.#hash = hash;
    this.#rows = rows;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    if (this.#state !== 'running') return;
    const { chunk } = message;
    const length = chunk.length - 1;
    if (this.#filled + length > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, length));
      this.#filled = 0;
    }
    const start = this.#filled;
    const end = start + length;
    chunk.copy(this.#block, start, 0, length);
    this.#filled = end;
    this.#batch.push({ block: this.#block, start, end, fingerprint: this.#hash(chunk.subarray(0, length)) });
    this.#bytes += length;
    if (this.#batch.length >= this.#rows || this.#bytes >= batchBytes) this.#flush();
  }

  handleCommandComplete(): void {
    if (this.#batch.length > 0 && this.#state === 'running') this.#flush();
  }

  handleError(error: unknown): void {
    this.fail(error);
    this.#state = 'done';
    this.#finish();
  }

  handleReadyForQuery(): void {
    this.#state = 'done';
    this.#finish();
    this.#wake();
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The consumer's next batch rejects with this, unless it already had an end. */
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
  async next(): Promise<readonly CopiedLine[] | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error.reason;
      const batch = this.#ready.shift();
      if (batch !== undefined) return batch;
      if (this.#state === 'done') return undefined;
      this.#connection?.stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #flush(): void {
    this.#ready.push(this.#batch);
    this.#batch = [];
    this.#bytes = 0;
    this.#connection?.stream.pause();
    this.#wake();
  }
}
