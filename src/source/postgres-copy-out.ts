import type { Connection, Submittable } from 'pg';
import { inletOf, type Inlet } from './postgres-inlet.ts';

/** Rows of a COPY as the server sent them. Nearly no line is ever read as text. */
export interface CopiedLines {
  /** Written over once the next lines are asked for. */
  readonly bytes: Buffer;
  /** Where each line begins and where it ends, without its line feed, in turn. */
  readonly bounds: ArrayLike<number>;
}

/** CopyData. Source: PostgreSQL documentation, "Message Formats", as is that a message is its type, its length without the type, and its content. */
const copyData = 0x64;
const headBytes = 5;
/** A row takes at most a gigabyte. Source: PostgreSQL's MaxAllocSize. */
const mostBytes = 2 ** 30 + headBytes;
/** Blocks that may wait for the consumer: what one read of the socket gave, about 64 KiB each. */
const mostReady = 4;

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
  /** What the consumer has in hand. */
  #taken: CopiedLines | undefined;
  /** Of the lines that are being found: numbers, where a list of them grows and is copied for every block. */
  #bounds = new Int32Array(1024);
  /** Bytes of a message of pg's that have not come. */
  #passing = 0;
  #connection: Connection | undefined;
  #inlet: Inlet | undefined;
  #state: 'running' | 'discarding' | 'done' = 'running';
  #error: { readonly reason: unknown } | undefined;
  #finish: () => void = () => undefined;
  #wake: () => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    this.#inlet = inletOf(connection.stream);
    this.#inlet.open((inlet) => this.#receive(inlet));
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

  /** The next rows; undefined: there are no more. Those before are gone. */
  async next(): Promise<CopiedLines | undefined> {
    this.#giveBack();
    for (;;) {
      if (this.#error !== undefined) throw this.#error.reason;
      this.#taken = this.#ready.shift();
      if (this.#ready.length === 0) this.#connection?.stream.resume();
      if (this.#taken !== undefined) return this.#taken;
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
    this.#inlet?.close();
    this.#finish();
  }

  #receive(inlet: Inlet): void {
    const { bytes, filled } = inlet;
    let found = 0;
    let needed = headBytes;
    let at = Math.min(this.#passing, filled);
    if (at > 0) {
      this.#passing -= at;
      inlet.pass(0, at);
    }
    while (at + headBytes <= filled) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (bytes[at] === copyData) {
        if (end > filled) {
          needed = end - at;
          break;
        }
        if (found + 2 > this.#bounds.length) this.#bounds = doubled(this.#bounds);
        this.#bounds[found++] = at + headBytes;
        this.#bounds[found++] = end - 1;
        at = end;
      } else {
        const here = Math.min(end, filled);
        this.#passing = end - here;
        // Rows before an end of the statement are there before it is told.
        this.#hand(bytes, found);
        found = 0;
        inlet.pass(at, here);
        at = here;
      }
    }
    this.#hand(bytes, found);
    if (this.isDone) {
      inlet.pass(at, filled);
      at = filled;
    }
    if (needed > mostBytes) {
      // No memory for it, and an error thrown here would be nobody's: the connection ends, which pg tells whoever waits.
      this.#connection?.stream.destroy(new Error(`Connection terminated: the server announced ${String(needed)} bytes in one message`));
      return;
    }
    inlet.keep(at, needed, this.#isHeld(bytes));
  }

  /** A notice between them, and rows of one block are there in two parts. */
  #giveBack(): void {
    const bytes = this.#taken?.bytes;
    this.#taken = undefined;
    if (bytes !== undefined && !this.#isHeld(bytes)) this.#inlet?.giveBack(bytes);
  }

  #isHeld(bytes: Buffer): boolean {
    return this.#taken?.bytes === bytes || this.#ready.some((lines) => lines.bytes === bytes);
  }

  #hand(bytes: Buffer, found: number): void {
    if (found === 0 || this.#state !== 'running') return;
    this.#ready.push({ bytes, bounds: this.#bounds.slice(0, found) });
    if (this.#ready.length >= mostReady) this.#connection?.stream.pause();
    this.#wake();
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * words.length);
  larger.set(words);
  return larger;
}
