import { JoineryError } from '../domain/error.ts';
import type { KeyOrder } from '../domain/row.ts';
import { compareKeyBytes, digits, lineFeed } from './record.ts';

/** Records one behind the other, and one more. */
export interface Run {
  readonly start: number;
  /** Where the last one of the run begins, and where it ends. */
  readonly last: number;
  readonly end: number;
  /** Where the one behind them ends. */
  readonly more: number;
  readonly count: number;
}

/**
 * Steps through the records of a fingerprint file behind its header. Most records are never looked at: they equal the bytes that the source gave, in the order that the source
 * keeps. Errors: SRC-401 for what is not as it was written.
 */
export class RecordCursor {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #order: KeyOrder;
  #isOver = false;
  #count = 0;
  /** Where the record before the current one begins; -1: there is none. */
  #last = -1;
  #lastEnd = -1;
  bytes: Buffer = Buffer.alloc(0);
  /** The current record; `end` is known after `look`. */
  start = 0;
  end = 0;

  constructor(body: AsyncIterable<Uint8Array>, order: KeyOrder) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#order = order;
  }

  /** Takes the current record if it is these bytes. Only bytes that are in memory are compared: `look` decides where this cannot. */
  takeIfEqual(records: Buffer, start: number, end: number): boolean {
    const size = end - start;
    const at = this.start;
    const { bytes } = this;
    if (at + size > bytes.length) return false;
    for (let index = 0; index < size; index++) if (bytes[at + index] !== records[start + index]) return false;
    this.#last = at;
    this.#lastEnd = at + size;
    this.start = at + size;
    this.#count++;
    return true;
  }

  /** Takes as many records as these are, if the next ones are these bytes, and the one behind them is it, too: as far as `start` to `more`. @param last where the last one that is taken begins */
  takeRunIfEqual(records: Buffer, { start, last, end, more, count }: Run): boolean {
    const at = this.start;
    const { bytes } = this;
    if (at + more - start > bytes.length || bytes.compare(records, start, more, at, at + more - start) !== 0) return false;
    this.#last = at + last - start;
    this.#lastEnd = at + end - start;
    this.start = at + end - start;
    this.#count += count;
    return true;
  }

  /**
   * Goes past the records in memory that come before a key, as long as each is as long as the one before it and there is no doubt of its order: of a few keys among a million nearly all. Gives
   * back how many; `look` goes on from there.
   */
  passBefore(key: Buffer, keyStart: number, keyEnd: number): number {
    const { bytes, start } = this;
    const size = this.#lastEnd - this.#last;
    const length = size - digits - 1;
    const keyLength = keyEnd - keyStart;
    const isNumber = this.#order === 'integer';
    if (this.#last === -1) return 0;
    if (!isPlain(key, keyStart, keyEnd, isNumber) || !isPlain(bytes, this.#last + digits, this.#lastEnd - 1, isNumber)) return 0;
    // A longer number is a larger one.
    if (isNumber && length > keyLength) return 0;
    const compared = isNumber && length < keyLength ? 0 : Math.min(length, keyLength);
    let at = start;
    for (let end = at + size; end <= bytes.length && bytes[end - 1] === lineFeed; end += size) {
      const own = at + digits;
      if (!isHex(bytes, at) || !isPlain(bytes, own, end - 1, isNumber)) break;
      const rise = firstDifference(bytes, own - size, bytes, own, length);
      if (rise === length || (bytes[own - size + rise] ?? 0) > (bytes[own + rise] ?? 0)) break;
      const differs = firstDifference(bytes, own, key, keyStart, compared);
      const isBefore = differs === compared ? length < keyLength : (bytes[own + differs] ?? 0) < (key[keyStart + differs] ?? 0);
      if (!isBefore) break;
      at = end;
    }
    const passed = (at - start) / size;
    if (passed === 0) return 0;
    this.#last = at - size;
    this.#lastEnd = at;
    this.start = at;
    this.#count += passed;
    return passed;
  }

  /**
   * Finds the end of the current record and checks it; false: there are no more. Only what has to be read or is over takes a promise: one for each of a million records that are gone past is
   * as much work for the collector as their comparison.
   */
  look(): boolean | Promise<boolean> {
    if (this.#isOver) return false;
    const feed = feedFrom(this.bytes, this.start);
    if (feed === -1) return this.#lookFurther();
    if (isEnd(this.bytes, this.start)) return this.#close(feed + 1);
    this.#check(feed + 1);
    return true;
  }

  async #lookFurther(): Promise<boolean> {
    for (;;) {
      if (!(await this.#refill())) throw damaged(this.start === this.bytes.length ? 'was cut short' : 'ends within a line');
      const feed = feedFrom(this.bytes, this.start);
      if (feed === -1) continue;
      if (isEnd(this.bytes, this.start)) return this.#close(feed + 1);
      this.#check(feed + 1);
      return true;
    }
  }

  #check(end: number): void {
    this.end = end;
    const { bytes, start } = this;
    if (end - start < digits + 2 || !isHex(bytes, start)) throw damaged(`has a line that is none after ${String(this.#count)} keys`);
    const before = this.#last;
    if (before !== -1 && compareKeyBytes(this.#order, bytes, before + digits, this.#lastEnd - 1, bytes, start + digits, end - 1) >= 0)
      throw damaged(`is out of order after ${String(this.#count)} keys`);
  }

  /** Past the record that `look` found. */
  take(): void {
    this.#last = this.start;
    this.#lastEnd = this.end;
    this.start = this.end;
    this.#count++;
  }

  /** Gives the file back, read to its end or not. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** Keeps the record before, which the next one is compared with. */
  async #refill(): Promise<boolean> {
    const next = await this.#iterator.next();
    if (next.done === true) return false;
    const from = this.#last === -1 ? this.start : this.#last;
    this.bytes = Buffer.concat([this.bytes.subarray(from), next.value]);
    this.start -= from;
    if (this.#last !== -1) {
      this.#lastEnd -= from;
      this.#last = 0;
    }
    return true;
  }

  async #close(end: number): Promise<false> {
    this.#isOver = true;
    this.end = end;
    const said = this.bytes.toString('latin1', this.start, end - 1);
    if (said !== `end ${String(this.#count)}`) throw damaged('has another number of keys than it says');
    if (end < this.bytes.length || !(await this.#isDry())) throw damaged('goes on behind its end');
    return false;
  }

  async #isDry(): Promise<boolean> {
    for (let next = await this.#iterator.next(); next.done !== true; next = await this.#iterator.next())
      if (next.value.length > 0) return false;
    return true;
  }
}

/** Records are short: a loop has found it before `indexOf` has begun. */
function feedFrom(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at++) if (bytes[at] === lineFeed) return at;
  return -1;
}

/** Printable ASCII without a backslash, or a whole number without sign and leading zeros: what is compared byte by byte. */
function isPlain(bytes: Buffer, start: number, end: number, isNumber: boolean): boolean {
  if (start === end || (isNumber && bytes[start] === 0x30)) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (isNumber ? byte < 0x30 || byte > 0x39 : byte < 0x20 || byte > 0x7e || byte === 0x5c) return false;
  }
  return true;
}

function firstDifference(left: Buffer, leftStart: number, right: Buffer, rightStart: number, length: number): number {
  let at = 0;
  while (at < length && left[leftStart + at] === right[rightStart + at]) at++;
  return at;
}

function isEnd(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0x65 && bytes[start + 1] === 0x6e && bytes[start + 2] === 0x64 && bytes[start + 3] === 0x20;
}

function isHex(bytes: Buffer, start: number): boolean {
  for (let at = start; at < start + digits; at++) {
    const byte = bytes[at] ?? 0;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false;
  }
  return true;
}

export function damaged(what: string, cause?: unknown): JoineryError {
  return new JoineryError('SRC-401', `the fingerprint file ${what}`, cause === undefined ? {} : { cause });
}
