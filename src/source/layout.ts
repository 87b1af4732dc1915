import type { ColumnValue, Row, ValueProblem } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { ColumnDescription } from './contract.ts';
import { splitLine, valueAt, valueOfLine } from './line.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { PackedRows } from './packed.ts';
import type { CopiedLines } from './postgres-copy-out.ts';
import { digits, escapeKey, fingerprintOfRecord, lineFeed } from './record.ts';
import { UnfitValue, type Convert } from './values.ts';

/** A column of a result, and how its text becomes a value. */
export interface ResultColumn extends ColumnDescription {
  readonly convert: Convert;
  /** The text as it counts for a key: padding and case of a UUID taken away. */
  readonly keyText: (text: string) => string;
}

const tab = 0x09;
const space = 0x20;
const tilde = 0x7e;
const backslash = 0x5c;

/** What all rows of one read have in common. */
export class RowLayout {
  readonly columns: readonly ResultColumn[];
  readonly #keyIndex: number;
  readonly #watermarkIndex: number;
  readonly #keyText: (text: string) => string;
  /** A row without values: copied, and its members set, it stays an object. More than a dozen members that are added one by one make a dictionary, which costs more wherever it is read. */
  readonly blank: Readonly<Record<string, ColumnValue>>;
  #asked: ReadonlySet<string> | undefined;
  #indices: readonly number[] = [];

  /** `watermark`: name of the column that `watermarkOf` reads. */
  constructor(columns: readonly ResultColumn[], key: string, watermark?: string) {
    this.columns = columns;
    this.#watermarkIndex = watermark === undefined ? -1 : columns.findIndex(({ name }) => name === watermark);
    this.#keyIndex = columns.findIndex(({ name }) => name === key);
    this.#keyText = columns[this.#keyIndex]?.keyText ?? String;
    this.blank = JSON.parse(`{${columns.map(({ name }) => `${JSON.stringify(name)}:null`).join(',')}}`);
  }

  /** A row of a line; its values are taken apart when somebody looks at them. */
  row(line: string, fingerprint: string, ordinal: number): Row {
    return new LineRow(this, this.#keyOf(valueOfLine(line, this.#keyIndex)), fingerprint, ordinal, line);
  }

  /** Where these columns stand, in order. Sets are asked for again and again: the same one is the same question. */
  indicesOf(names: ReadonlySet<string>): readonly number[] {
    if (names !== this.#asked) {
      this.#asked = names;
      this.#indices = this.columns.flatMap(({ name }, index) => (names.has(name) ? [index] : []));
    }
    return this.#indices;
  }

  /** Raw text of the watermark column; null: it is NULL, or there is no such column. */
  watermarkOf(line: string): string | null {
    return this.#watermarkIndex === -1 ? null : valueOfLine(line, this.#watermarkIndex);
  }

  /** The lines of a COPY, packed, beginning with the row of that ordinal. */
  pack({ bytes, bounds }: CopiedLines, fingerprint: Fingerprint, ordinal: number): PackedLines {
    const ends: number[] = [];
    let records = Buffer.allocUnsafe((bounds.length >> 1) * (digits + 33));
    let filled = 0;
    for (let index = 0; index < bounds.length; index += 2) {
      const start = bounds[index] ?? 0;
      const end = bounds[index + 1] ?? 0;
      let from = start;
      for (let passed = 0; passed < this.#keyIndex; passed++) from = bytes.indexOf(tab, from) + 1;
      let to = from;
      let isPlain = true;
      for (; to < end; to++) {
        const byte = bytes[to];
        if (byte === tab) break;
        if (byte === backslash) isPlain = false;
      }
      const first = bytes[from] ?? 0;
      let key: Buffer | undefined;
      // Blanks in front or at the end may be padding, or all there is; escapes may stand for anything.
      if (!isPlain || first <= space || first > tilde || bytes[to - 1] === space) {
        const text = this.#keyOf(valueOfLine(bytes.toString('utf8', from, to), 0));
        if (text === undefined) {
          ends.push(filled);
          continue;
        }
        key = Buffer.from(escapeKey(text), 'utf8');
      }
      const size = digits + (key?.length ?? to - from) + 1;
      if (filled + size > records.length)
        records = Buffer.concat([records.subarray(0, filled)], Math.max(2 * records.length, filled + size));
      // `subarray` of a Buffer makes a Buffer, which takes twice as long.
      fingerprint.write(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), records, filled);
      let at = filled + digits;
      if (key === undefined) for (let source = from; source < to; source++) records[at++] = bytes[source] ?? 0;
      else at += key.copy(records, at);
      records[at] = lineFeed;
      filled += size;
      ends.push(filled);
    }
    return new PackedLines(this, bytes, bounds, records.subarray(0, filled), ends, fingerprint, ordinal);
  }

  #keyOf(text: string | null): ExternalId | undefined {
    const key = text === null ? undefined : this.#keyText(text);
    return key === undefined || key.trim() === '' ? undefined : key;
  }
}

export class PackedLines implements PackedRows {
  readonly records: Buffer;
  readonly ends: readonly number[];
  readonly #layout: RowLayout;
  readonly #bytes: Buffer;
  readonly #bounds: readonly number[];
  readonly #fingerprint: Fingerprint;
  readonly #ordinal: number;

  constructor(
    layout: RowLayout,
    bytes: Buffer,
    bounds: readonly number[],
    records: Buffer,
    ends: readonly number[],
    fingerprint: Fingerprint,
    ordinal: number,
  ) {
    this.#layout = layout;
    this.#bytes = bytes;
    this.#bounds = bounds;
    this.records = records;
    this.ends = ends;
    this.#fingerprint = fingerprint;
    this.#ordinal = ordinal;
  }

  row(index: number): Row {
    const line = this.line(index);
    const end = this.ends[index] ?? 0;
    const start = index === 0 ? 0 : (this.ends[index - 1] ?? 0);
    const fingerprint = start === end ? this.#fingerprint.ofText(line) : fingerprintOfRecord(this.records, start);
    return this.#layout.row(line, fingerprint, this.#ordinal + index);
  }

  line(index: number): string {
    return this.#bytes.toString('utf8', this.#bounds[2 * index], this.#bounds[2 * index + 1]);
  }
}

class LineRow implements Row {
  readonly key: ExternalId | undefined;
  readonly fingerprint: string;
  readonly ordinal: number;
  readonly #layout: RowLayout;
  readonly #line: string;
  #parsed: Parsed | undefined;

  constructor(layout: RowLayout, key: ExternalId | undefined, fingerprint: string, ordinal: number, line: string) {
    this.#layout = layout;
    this.key = key;
    this.fingerprint = fingerprint;
    this.ordinal = ordinal;
    this.#line = line;
  }

  get values(): Readonly<Record<string, ColumnValue>> {
    return this.#parse().values;
  }

  get problems(): readonly ValueProblem[] | undefined {
    return this.#parse().problems;
  }

  #parse(): Parsed {
    return (this.#parsed ??= parseLine(this.#layout, this.#line));
  }

  only(columns: ReadonlySet<string>): Row {
    const { key, fingerprint, ordinal } = this;
    return { key, fingerprint, ordinal, ...parseColumns(this.#layout, this.#line, columns) };
  }

  /** The plain row: what a hand-off file holds. */
  toJSON(): Row {
    const { key, values, problems, fingerprint, ordinal } = this;
    return { key, values, ...(problems === undefined ? {} : { problems }), fingerprint, ordinal };
  }
}

interface Parsed {
  readonly values: Readonly<Record<string, ColumnValue>>;
  readonly problems: readonly ValueProblem[] | undefined;
}

function parseLine({ columns, blank }: RowLayout, line: string): Parsed {
  const texts = splitLine(line);
  const problems: ValueProblem[] = [];
  const values: Record<string, ColumnValue> = { ...blank };
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index];
    if (column !== undefined) readColumn(column, texts[index] ?? null, values, problems);
  }
  return { values, problems: problems.length === 0 ? undefined : problems };
}

/** The columns at these places, without taking the others apart. */
function parseColumns(layout: RowLayout, line: string, names: ReadonlySet<string>): Parsed {
  const problems: ValueProblem[] = [];
  const values: Record<string, ColumnValue> = {};
  let start = 0;
  let at = 0;
  for (const index of layout.indicesOf(names)) {
    for (; at < index && start !== -1; at++) {
      const next = line.indexOf('\t', start);
      start = next === -1 ? -1 : next + 1;
    }
    const column = layout.columns[index];
    if (column !== undefined) readColumn(column, start === -1 ? null : valueAt(line, start), values, problems);
  }
  return { values, problems: problems.length === 0 ? undefined : problems };
}

function readColumn(column: ResultColumn, text: string | null, values: Record<string, ColumnValue>, problems: ValueProblem[]): void {
  let value: ColumnValue = null;
  if (text !== null) {
    try {
      value = column.convert(text);
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      problems.push({ column: column.name, message: error.message });
    }
  }
  // Assigned, a column of this name would become the object's prototype.
  if (column.name === '__proto__')
    Object.defineProperty(values, column.name, { value, enumerable: true, configurable: true, writable: true });
  else values[column.name] = value;
}
