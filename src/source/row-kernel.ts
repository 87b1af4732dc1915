import type { KeyOrder } from '../domain/row.ts';
import type { CopiedLines } from './postgres-copy-out.ts';
import { digits } from './record.ts';
import { rowKernelCode } from './row-kernel-code.ts';

/** What is used of the global WebAssembly, of which the types of Node know no more than the name. */
interface Assembly {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Cell {
  value: number;
}

/** What rows.wat exports. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly filled: Cell;
  readonly ascending: Cell;
  readonly key: Cell;
  readonly pack: (
    row: number,
    rows: number,
    bounds: number,
    lines: number,
    ends: number,
    records: number,
    column: number,
    order: number,
    seed: bigint,
  ) => number;
}

export interface PackRequest {
  /** Of the key. */
  readonly column: number;
  /** In which keys are compared with the ones before. */
  readonly order: KeyOrder;
  /** Of xxh64. */
  readonly seed: bigint;
  /** The record of a line whose key is not plain text; undefined: it has no key. */
  readonly recordOf: (start: number, end: number) => Uint8Array | undefined;
}

export interface PackedRecords {
  readonly records: Buffer;
  /** Written over by the next rows. */
  readonly ends: Int32Array;
  /** Each row has a key that is larger than the one before it. */
  readonly isAscending: boolean;
}

const orders: Readonly<Record<KeyOrder, number>> = { bytes: 0, utf16: 1, integer: 2 };
const pageBytes = 65_536;
/** 0 is no place of a key. */
const boundsAt = 16;
/** Records of several blocks lie in one buffer: V8 counts buffers, and collects for it. */
const arenaBytes = 65_536;

/** Of a kernel that waits for the next read; bytes. */
const mostKept = 4 * 1_048_576;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the specification has it
const { Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as Assembly;
let code: object | undefined;
const idle: RowKernel[] = [];

/** Memory of its own for one read at a time. Each reserves gigabytes of addresses, so that they are used again. */
export class RowKernel {
  readonly #kernel: Kernel;
  #bytes: Uint8Array;
  #words: Int32Array;
  #arena = Buffer.alloc(0);
  #used = 0;

  private constructor() {
    code ??= new Module(Buffer.from(rowKernelCode, 'base64'));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what rows.wat exports
    this.#kernel = new Instance(code).exports as Kernel;
    this.#bytes = new Uint8Array(this.#kernel.memory.buffer);
    this.#words = new Int32Array(this.#kernel.memory.buffer);
  }

  static take(): RowKernel {
    return idle.pop() ?? new RowKernel();
  }

  /** Memory of WebAssembly grows and never shrinks: what a row of megabytes made of it is not kept. */
  giveBack(): void {
    this.#arena = Buffer.alloc(0);
    if (this.#bytes.length <= mostKept) idle.push(this);
  }

  /** The records of these lines, one behind the other. */
  pack({ bytes, bounds }: CopiedLines, { column, order, seed, recordOf }: PackRequest): PackedRecords {
    const kernel = this.#kernel;
    const rows = bounds.length >> 1;
    const first = bounds[0] ?? 0;
    const size = (bounds[bounds.length - 1] ?? 0) - first;
    const endsAt = boundsAt + 8 * rows;
    const linesAt = endsAt + 4 * rows;
    const recordsAt = linesAt + size;
    this.#reserve(recordsAt + rows * (digits + 1) + size);
    this.#words.set(bounds, boundsAt >> 2);
    this.#bytes.set(bytes.subarray(first, first + size), linesAt);
    kernel.filled.value = recordsAt;
    kernel.ascending.value = 1;
    kernel.key.value = 0;
    for (let row = 0; ; row++) {
      row = kernel.pack(row, rows, boundsAt, linesAt - first, endsAt, recordsAt, column, orders[order], seed);
      if (row >= rows) break;
      const record = recordOf(bounds[2 * row] ?? 0, bounds[2 * row + 1] ?? 0);
      if (record !== undefined) {
        const filled = kernel.filled.value;
        // An escaped key is longer than it was in its line.
        this.#reserve(filled + record.length + (rows - row) * (digits + 1) + size);
        this.#bytes.set(record, filled);
        kernel.filled.value = filled + record.length;
      }
      this.#words[(endsAt >> 2) + row] = kernel.filled.value - recordsAt;
      kernel.ascending.value = 0;
    }
    return {
      records: this.#keep(recordsAt, kernel.filled.value),
      ends: this.#words.subarray(endsAt >> 2, (endsAt >> 2) + rows),
      isAscending: kernel.ascending.value === 1,
    };
  }

  #reserve(bytes: number): void {
    const { memory } = this.#kernel;
    const missing = bytes - this.#bytes.length;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / pageBytes));
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
  }

  #keep(from: number, to: number): Buffer {
    const size = to - from;
    if (this.#used + size > this.#arena.length) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(arenaBytes, size));
      this.#used = 0;
    }
    const kept = this.#arena.subarray(this.#used, (this.#used += size));
    kept.set(this.#bytes.subarray(from, to));
    return kept;
  }
}
