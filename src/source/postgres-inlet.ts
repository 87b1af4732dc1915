import type { EventEmitter } from 'node:events';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** What one read of a socket gives at most; bytes. */
const blockBytes = 65_536;
/** Blocks that are kept to be read into again: more are never on their way at once. */
const mostFree = 8;

type Taker = (inlet: Inlet) => void;

/**
 * Where the bytes of a connection come in: blocks that are read into again and again. Node makes a block for every read otherwise, outside of V8's heap, which V8 counts: a million rows of 240 bytes were
 * thirty collections of everything that lives, a tenth of the time of reading them. While nobody takes them the bytes are pg's, as copies, for pg keeps what it has not understood yet.
 */
export class Inlet {
  /** What is being filled; a reader takes it from here and holds it until `giveBack`. */
  bytes: Buffer;
  filled = 0;
  readonly #size: number;
  readonly #pass: (bytes: Buffer) => void;
  readonly #free: Buffer[] = [];
  #taker: Taker | undefined;

  constructor(pass: (bytes: Buffer) => void, size = blockBytes) {
    this.#pass = pass;
    this.#size = size;
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Where the next bytes go. */
  get room(): Buffer {
    return this.bytes.subarray(this.filled);
  }

  /** From now on everything goes to `taker`, which leaves each time what it wants to see again; see `keep`. */
  open(taker: Taker): void {
    this.#taker = taker;
  }

  close(): void {
    this.#taker = undefined;
  }

  /** So many bytes were read into `room`. */
  received(count: number): void {
    this.filled += count;
    if (this.#taker !== undefined) {
      this.#taker(this);
      return;
    }
    this.pass(0, this.filled);
    this.filled = 0;
  }

  /** Bytes that were read into a buffer of their own, as those of a TLS connection are. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const count = chunk.copy(this.bytes, this.filled, at);
      at += count;
      this.received(count);
    }
  }

  /** A part of `bytes` for pg. */
  pass(from: number, to: number): void {
    if (to > from) this.#pass(Buffer.from(this.bytes.subarray(from, to)));
  }

  /**
   * What stands behind `from` is seen again, with what comes after it.
   * @param needed bytes behind `from` without which there is nothing to see
   * @param isHeld somebody still reads in `bytes`: nothing is written there until it is given back
   */
  keep(from: number, needed: number, isHeld: boolean): void {
    const { bytes, filled } = this;
    if (isHeld || needed > bytes.length) {
      this.bytes = (needed > this.#size ? undefined : this.#free.pop()) ?? Buffer.allocUnsafeSlow(Math.max(this.#size, needed));
      bytes.copy(this.bytes, 0, from, filled);
      if (!isHeld) this.giveBack(bytes);
    } else if (from > 0) bytes.copyWithin(0, from, filled);
    this.filled = filled - from;
  }

  giveBack(bytes: Buffer): void {
    if (bytes.length === this.#size && this.#free.length < mostFree) this.#free.push(bytes);
  }
}

const inlets = new WeakMap<EventEmitter, Inlet>();

/** From now on this is where the bytes of a stream come in. */
export function giveInlet(stream: EventEmitter, inlet: Inlet): void {
  inlets.set(stream, inlet);
}

/** A socket that reads into the blocks of its inlet. What nobody takes there comes as `data`. */
export function socketWithInlet(): Socket {
  const inlet = new Inlet((bytes) => socket.emit('data', bytes));
  // A documented option of sockets, which their types know for `connect` only.
  const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
    onread: {
      buffer: () => inlet.room,
      callback: (count) => {
        inlet.received(count);
        return true;
      },
    },
  };
  const socket = new Socket(options);
  giveInlet(socket, inlet);
  return socket;
}

/** The inlet of a socket that was made with one, or one that is given what comes as `data`, which a TLS connection over another socket cannot do without. */
export function inletOf(stream: Duplex): Inlet {
  const known = inlets.get(stream);
  if (known !== undefined) return known;
  const inlet = new InletOfData(stream);
  giveInlet(stream, inlet);
  return inlet;
}

type Listener = (...values: readonly unknown[]) => void;

/** Takes the place of the listeners of `data` while it is open. */
class InletOfData extends Inlet {
  readonly #stream: Duplex;
  readonly #listeners: Listener[];
  readonly #onData = (chunk: Buffer): void => this.push(chunk);

  constructor(stream: Duplex, size?: number) {
    const listeners: Listener[] = [];
    super((bytes) => {
      for (const listener of listeners) listener(bytes);
    }, size);
    this.#stream = stream;
    this.#listeners = listeners;
  }

  override open(taker: Taker): void {
    this.#listeners.splice(0, this.#listeners.length, ...(this.#stream.listeners('data') as Listener[])); // oxlint-disable-line typescript/no-unsafe-type-assertion -- a listener of `data` is called with the chunk
    this.#stream.removeAllListeners('data');
    this.#stream.on('data', this.#onData);
    super.open(taker);
  }

  override close(): void {
    super.close();
    this.#stream.removeListener('data', this.#onData);
    for (const listener of this.#listeners) this.#stream.on('data', listener);
  }
}
