import { invariant, JoineryError } from '../domain/error.ts';
import type { KeyOrder, Row, RowGroup } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { RecordPiece } from './fingerprint-file.ts';
import { createGroupFingerprint } from './fingerprint.ts';
import { groupOf, mostRows, tooManyRows } from './groups.ts';
import type { PackedRows } from './packed.ts';
import { compareKeyBytes, digits, escapeKey, fingerprintOfRecord, keyOfRecord, writeRecord, type Span } from './record.ts';
import { RecordCursor } from './record-cursor.ts';

/** A group that is to be looked at. */
interface ComparedGroup extends RowGroup {
  /** Undefined: the key was not there before. */
  readonly previous: string | undefined;
  readonly isAsked: boolean;
}

/** A part of the comparison, in key order across the parts. */
export interface ChangeChunk {
  /** The next `previous`: the keys that were read and, of a partial read, those of `previous` that were not. */
  readonly records: readonly RecordPiece[];
  readonly rows: number;
  /** Groups whose fingerprint differs, new ones, and those that were asked for. */
  readonly groups: readonly ComparedGroup[];
  /** Keys of `previous` that are not there any more; none in a partial read. Meaningful only when the read came to its end. */
  readonly vanished: readonly ExternalId[];
  readonly keyless: readonly Row[];
}

export interface Comparison {
  readonly order: KeyOrder;
  /** What was not read is not gone, it stays as it was. */
  readonly partial?: boolean;
  /** With `partial`: these are gone. */
  readonly gone?: Iterable<ExternalId>;
  /** Only the records are wanted: nothing is compared, and no row is looked at that stands alone for its key. */
  readonly recordsOnly?: boolean;
  /** Every group is to be looked at. */
  readonly everybody?: boolean;
  /** With `everybody`: not so a group of one row that is as it was, and that this says yes to. Not asked for more than that. */
  readonly spares?: ((row: Row) => boolean) | undefined;
  /** These are, though their fingerprints may be the same. */
  readonly asked?: Iterable<ExternalId>;
}

/** Rows that are compared in one step: of 1 % changed, six of seven such steps find nothing. */
const runLength = 16;

/** Vanished keys and old records behind the last row come in parts of this size. */
const restPerChunk = 1000;

/**
 * Merges what the source returns now with what it returned before (the body of a fingerprint file), both in the same key order, in one pass and flat memory. Rows of one key are
 * joined; keys are compared exactly. A row that equals its record stays bytes: it costs a comparison. Errors: SRC-301 for a key that is smaller than the one before, SRC-302 for a key of too many rows,
 * SRC-401 for a `previous` that is not as it was written.
 */
export async function* mergeChanges(
  blocks: AsyncIterable<PackedRows>,
  previous: AsyncIterable<Uint8Array>,
  comparison: Comparison,
): AsyncGenerator<ChangeChunk> {
  const merge = new Merge(previous, comparison, await createGroupFingerprint());
  try {
    for await (const block of blocks) yield await merge.add(block);
    yield await merge.finish();
    for (let rest = await merge.rest(); rest !== undefined; rest = await merge.rest()) yield rest;
  } finally {
    await merge.close();
  }
}

/** A group whose last row may still come. One of them, written over and over: an object for each of a million rows is as much work for the collector as their comparison. */
class OpenGroup implements Span {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #block: PackedRows | undefined;
  #index = 0;
  #first: Row | undefined;
  /** All rows, where there is more than one. */
  rows: Row[] | undefined;

  get isOpen(): boolean {
    return this.end > 0;
  }

  begin(block: PackedRows, index: number, start: number, end: number): void {
    this.bytes = block.records;
    this.start = start;
    this.end = end;
    this.#block = block;
    this.#index = index;
    this.#first = undefined;
    this.rows = undefined;
  }

  first(): Row {
    this.#first ??= this.#block?.row(this.#index);
    invariant(this.#first, 'a group that is open has a row');
    return this.#first;
  }

  join(row: Row): void {
    this.rows ??= [this.first()];
    this.rows.push(row);
    if (this.rows.length > mostRows) throw tooManyRows(keyOfRecord(this.bytes, this.start, this.end));
  }

  /** The block is about to go. */
  leaveBlock(): void {
    if (this.isOpen) this.first();
    this.#block = undefined;
  }

  close(): void {
    this.end = 0;
    this.#block = undefined;
  }
}

class Merge {
  readonly #order: KeyOrder;
  readonly #partial: boolean;
  readonly #everybody: boolean;
  readonly #spares: ((row: Row) => boolean) | undefined;
  readonly #asked: KeyList;
  readonly #gone: KeyList;
  readonly #recordsOnly: boolean;
  readonly #before: RecordCursor;
  readonly #fingerprintOf: (fingerprints: readonly string[]) => string;
  readonly #open = new OpenGroup();
  #chunk = new Chunk();

  constructor(
    previous: AsyncIterable<Uint8Array>,
    { order, partial = false, everybody = false, spares, asked = [], gone = [], recordsOnly = false }: Comparison,
    fingerprintOf: (fingerprints: readonly string[]) => string,
  ) {
    this.#order = order;
    this.#partial = partial;
    this.#everybody = everybody;
    this.#spares = spares;
    this.#asked = new KeyList(order, asked);
    this.#gone = new KeyList(order, gone);
    this.#recordsOnly = recordsOnly;
    this.#before = new RecordCursor(previous, order);
    this.#fingerprintOf = fingerprintOf;
  }

  async add(block: PackedRows): Promise<ChangeChunk> {
    const { records, ends } = block;
    const before = this.#before;
    const open = this.#open;
    const mayTake = !this.#everybody || this.#spares !== undefined;
    let start = 0;
    let notBefore = 0;
    for (let index = 0; index < ends.length; index++) {
      if (index >= notBefore && open.isOpen && open.bytes === records) {
        const passed = this.#passRuns(block, index);
        index += passed;
        notBefore = index + runLength;
        if (passed > 0) start = open.end;
        if (index >= ends.length) break;
      }
      const end = ends[index] ?? start;
      if (end === start) {
        this.#chunk.keyless.push(block.row(index));
        continue;
      }
      if (open.isOpen) {
        const against = compareKeyBytes(this.#order, open.bytes, open.start + digits, open.end - 1, records, start + digits, end - 1);
        if (against === 0) {
          open.join(block.row(index));
          start = end;
          continue;
        }
        if (against > 0) throw outOfOrder(open, block.row(index));
        if (mayTake && open.rows === undefined && !this.#isAsked(open) && before.takeIfEqual(open.bytes, open.start, open.end))
          this.#keep(open);
        else await this.#compare(open);
      }
      open.begin(block, index, start, end);
      start = end;
    }
    open.leaveBlock();
    this.#chunk.rows += ends.length;
    return this.#cut();
  }

  /**
   * Takes rows together as long as nothing about them is new: compared in one step with the records before, of which each has another key. Gives back how many were gone past; the last of them is open.
   */
  #passRuns(block: PackedRows, from: number): number {
    const open = this.#open;
    if (block.ascending !== this.#order || this.#everybody || open.rows !== undefined) return 0;
    const { records, ends } = block;
    let index = from;
    while (index + runLength <= ends.length) {
      const endOf = (row: number): number => ends[row] ?? 0;
      const next = index + runLength - 1;
      const run = { start: open.start, last: endOf(next - 2), end: endOf(next - 1), more: endOf(next), count: runLength };
      if (this.#asked.mayHold(records, run.end, run.more) || !this.#before.takeRunIfEqual(records, run)) break;
      this.#chunk.keep(records, run.start, run.end, run.count);
      open.begin(block, next, run.end, run.more);
      index += runLength;
    }
    return index - from;
  }

  /** One row that equals its record. */
  #keep(open: OpenGroup): void {
    this.#chunk.keep(open.bytes, open.start, open.end);
    if (!this.#everybody) return;
    const row = open.first();
    if (this.#isSpared(row)) return;
    const { fingerprint } = row;
    const key = keyOfRecord(open.bytes, open.start, open.end);
    this.#chunk.groups.push({ key, rows: [row], fingerprint, previous: fingerprint, isAsked: false });
  }

  /** The group that was still open. */
  async finish(): Promise<ChangeChunk> {
    if (this.#open.isOpen) await this.#compare(this.#open);
    this.#open.close();
    return this.#cut();
  }

  /** What stands in `previous` behind the last key. */
  async rest(): Promise<ChangeChunk | undefined> {
    let count = 0;
    for (; count < restPerChunk; count++) {
      const found = this.#before.look();
      if (!(typeof found === 'boolean' ? found : await found)) break;
      this.#pass();
    }
    return count === 0 ? undefined : this.#cut();
  }

  close(): Promise<void> {
    return this.#before.close();
  }

  async #compare(open: OpenGroup): Promise<void> {
    if (this.#recordsOnly && open.rows === undefined) {
      this.#chunk.keep(open.bytes, open.start, open.end);
      return;
    }
    const before = this.#before;
    const rows = open.rows ?? [open.first()];
    const key = keyOfRecord(open.bytes, open.start, open.end);
    const group = groupOf(key, rows, this.#fingerprintOf);
    const record = open.rows === undefined ? open : spanOf(writeRecord(group));
    let previous: string | undefined;
    for (;;) {
      if (this.#partial && this.#gone.isOver) this.#passBefore(record);
      const found = before.look();
      if (!(typeof found === 'boolean' ? found : await found)) break;
      const { bytes, start, end } = before;
      const against = compareKeyBytes(this.#order, bytes, start + digits, end - 1, record.bytes, record.start + digits, record.end - 1);
      if (against === 0) {
        previous = fingerprintOfRecord(bytes, start);
        before.take();
      }
      if (against >= 0) break;
      this.#pass();
    }
    const isAsked = this.#isAsked(open);
    const isOther = previous !== group.fingerprint || isAsked;
    if (isOther || (this.#everybody && !(open.rows === undefined && this.#isSpared(rows[0]))))
      // Named one by one: to copy them and add two takes V8 some microseconds.
      this.#chunk.groups.push({ key, rows: group.rows, fingerprint: group.fingerprint, previous, isAsked });
    this.#chunk.keep(record.bytes, record.start, record.end);
  }

  /** Old records whose keys were not read, of a partial read in which nobody is gone. */
  #passBefore({ bytes, start, end }: Span): void {
    const before = this.#before;
    const from = before.start;
    const passed = before.passBefore(bytes, start + digits, end - 1);
    if (passed > 0) this.#chunk.keep(before.bytes, from, before.start, passed);
  }

  /** An old record whose key was not read. */
  #pass(): void {
    const { bytes, start, end } = this.#before;
    if (this.#partial) {
      if (!this.#gone.has(bytes, start + digits, end - 1)) this.#chunk.keep(bytes, start, end);
    } else this.#chunk.vanished.push(keyOfRecord(bytes, start, end));
    this.#before.take();
  }

  #isSpared(row: Row | undefined): boolean {
    return row !== undefined && this.#spares?.(row) === true;
  }

  #isAsked({ bytes, start, end }: Span): boolean {
    return this.#asked.has(bytes, start + digits, end - 1);
  }

  #cut(): ChangeChunk {
    const chunk = this.#chunk;
    chunk.close();
    this.#chunk = new Chunk();
    return chunk;
  }
}

class Chunk implements ChangeChunk {
  readonly records: RecordPiece[] = [];
  readonly groups: ComparedGroup[] = [];
  readonly vanished: ExternalId[] = [];
  readonly keyless: Row[] = [];
  rows = 0;
  /** Records that lie behind each other become one piece. */
  #bytes: Buffer | undefined;
  #start = 0;
  #end = 0;
  #count = 0;

  keep(bytes: Buffer, start: number, end: number, count = 1): void {
    if (bytes !== this.#bytes || start !== this.#end) {
      this.close();
      this.#bytes = bytes;
      this.#start = start;
    }
    this.#end = end;
    this.#count += count;
  }

  close(): void {
    if (this.#bytes !== undefined && this.#count > 0)
      this.records.push({ bytes: this.#bytes.subarray(this.#start, this.#end), count: this.#count });
    this.#bytes = undefined;
    this.#count = 0;
  }
}

function outOfOrder(open: OpenGroup, row: Row): JoineryError {
  return new JoineryError(
    'SRC-301',
    `row ${String(row.ordinal)} has the key ${row.key ?? ''}, which belongs before ${keyOfRecord(open.bytes, open.start, open.end)} of an earlier row`,
  );
}

function spanOf(text: string): Span {
  const bytes = Buffer.from(text, 'utf8');
  return { bytes, start: 0, end: bytes.length };
}

/** Keys that are asked for in key order. */
class KeyList {
  readonly #order: KeyOrder;
  readonly #keys: readonly Span[];
  #next = 0;

  constructor(order: KeyOrder, keys: Iterable<ExternalId>) {
    this.#order = order;
    this.#keys = [...keys]
      .map((key) => spanOf(escapeKey(key)))
      .toSorted((left, right) => compareKeyBytes(order, left.bytes, left.start, left.end, right.bytes, right.start, right.end));
  }

  get isOver(): boolean {
    return this.#next >= this.#keys.length;
  }

  /** Whether one of them may be a key of records up to this one, which is not before one that was asked for last. */
  mayHold(records: Buffer, start: number, end: number): boolean {
    const next = this.#keys[this.#next];
    return next !== undefined && compareKeyBytes(this.#order, next.bytes, next.start, next.end, records, start + digits, end - 1) <= 0;
  }

  has(bytes: Buffer, start: number, end: number): boolean {
    for (;;) {
      const next = this.#keys[this.#next];
      if (next === undefined) return false;
      const against = compareKeyBytes(this.#order, next.bytes, next.start, next.end, bytes, start, end);
      if (against >= 0) return against === 0;
      this.#next++;
    }
  }
}
