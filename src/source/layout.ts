import type { ColumnValue, KeyOrder, Row, ValueProblem } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { ColumnDescription } from './contract.ts';
import { splitLine, valueAt, valueOfLine } from './line.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { PackedRows } from './packed.ts';
import type { CopiedLines } from './postgres-copy-out.ts';
import { fingerprintOfRecord, writeRecord } from './record.ts';
import type { PackedRecords, RowKernel } from './row-kernel.ts';
import { UnfitValue, type Convert } from './values.ts';

/** A column of a result, and how its text becomes a value. */
export interface ResultColumn extends ColumnDescription {
  readonly convert: Convert;
  /** The text as it counts for a key: padding and case of a UUID taken away. */
  readonly keyText: (text: string) => string;
}

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
  pack(lines: CopiedLines, ordinal: number, { fingerprint, kernel, order }: Packing): PackedLines {
    const { bytes } = lines;
    const recordOf = (start: number, end: number): Uint8Array | undefined => {
      const line = bytes.toString('utf8', start, end);
      const key = this.#keyOf(valueOfLine(line, this.#keyIndex));
      return key === undefined ? undefined : Buffer.from(writeRecord({ key, fingerprint: fingerprint.ofText(line) }), 'utf8');
    };
    const packed = kernel.pack(lines, { column: this.#keyIndex, order, seed: fingerprint.seed, recordOf });
    return new PackedLines(this, lines, packed, packed.isAscending ? order : undefined, fingerprint, ordinal);
  }

  #keyOf(text: string | null): ExternalId | undefined {
    const key = text === null ? undefined : this.#keyText(text);
    return key === undefined || key.trim() === '' ? undefined : key;
  }
}

/** What rows are packed with. */
export interface Packing {
  readonly fingerprint: Fingerprint;
  readonly kernel: RowKernel;
  readonly order: KeyOrder;
}

export class PackedLines implements PackedRows {
  readonly records: Buffer;
  readonly ends: Int32Array;
  readonly ascending: KeyOrder | undefined;
  readonly #layout: RowLayout;
  readonly #lines: CopiedLines;
  readonly #fingerprint: Fingerprint;
  readonly #ordinal: number;

  constructor(
    layout: RowLayout,
    lines: CopiedLines,
    { records, ends }: PackedRecords,
    ascending: KeyOrder | undefined,
    fingerprint: Fingerprint,
    ordinal: number,
  ) {
    this.records = records;
    this.ends = ends;
    this.ascending = ascending;
    this.#layout = layout;
    this.#lines = lines;
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
    const { bytes, bounds } = this.#lines;
    return bytes.toString('utf8', bounds[2 * index], bounds[2 * index + 1]);
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
