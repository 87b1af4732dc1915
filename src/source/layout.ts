import type { ColumnValue, Row, ValueProblem } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { ColumnDescription } from './contract.ts';
import { splitLine, valueOfLine } from './line.ts';
import type { CopiedLine } from './postgres-protocol.ts';
import { UnfitValue, type Convert } from './values.ts';

/** A column of a result, and how its text becomes a value. */
export interface ResultColumn extends ColumnDescription {
  readonly convert: Convert;
  /** The text as it counts for a key: padding and case of a UUID taken away. */
  readonly keyText: (text: string) => string;
}

const tab = 0x09;

/** What all rows of one read have in common. */
export class RowLayout {
  readonly columns: readonly ResultColumn[];
  readonly #keyIndex: number;
  readonly #watermarkIndex: number;
  readonly #keyText: (text: string) => string;

  /** `watermark`: name of the column that `watermarkOf` reads. */
  constructor(columns: readonly ResultColumn[], key: string, watermark?: string) {
    this.columns = columns;
    this.#watermarkIndex = watermark === undefined ? -1 : columns.findIndex(({ name }) => name === watermark);
    this.#keyIndex = columns.findIndex(({ name }) => name === key);
    this.#keyText = columns[this.#keyIndex]?.keyText ?? String;
  }

  /** A row of a line; its values are taken apart when somebody looks at them. */
  row(line: string, fingerprint: string, ordinal: number): Row {
    return new LineRow(this, this.#keyOf(valueOfLine(line, this.#keyIndex)), fingerprint, ordinal, line);
  }

  /** The same for a line that is still bytes: only its key becomes text. */
  rowOf(line: CopiedLine, ordinal: number): Row {
    return new LineRow(this, this.#keyOf(textIn(line, this.#keyIndex)), line.fingerprint, ordinal, line);
  }

  /** Raw text of the watermark column; null: it is NULL, or there is no such column. */
  watermarkOf(line: string | CopiedLine): string | null {
    const index = this.#watermarkIndex;
    if (index === -1) return null;
    return typeof line === 'string' ? valueOfLine(line, index) : textIn(line, index);
  }

  #keyOf(text: string | null): ExternalId | undefined {
    const key = text === null ? undefined : this.#keyText(text);
    return key === undefined || key.trim() === '' ? undefined : key;
  }
}

function textIn({ block, start, end }: CopiedLine, index: number): string | null {
  let from = start;
  for (let passed = 0; passed < index; passed++) from = block.indexOf(tab, from) + 1;
  const to = block.indexOf(tab, from);
  return valueOfLine(block.toString('utf8', from, to === -1 || to > end ? end : to), 0);
}

class LineRow implements Row {
  readonly key: ExternalId | undefined;
  readonly fingerprint: string;
  readonly ordinal: number;
  readonly #layout: RowLayout;
  readonly #line: string | CopiedLine;
  #parsed: Parsed | undefined;

  constructor(layout: RowLayout, key: ExternalId | undefined, fingerprint: string, ordinal: number, line: string | CopiedLine) {
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
    const line = this.#line;
    return (this.#parsed ??= parseLine(
      this.#layout.columns,
      typeof line === 'string' ? line : line.block.toString('utf8', line.start, line.end),
    ));
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

function parseLine(columns: readonly ResultColumn[], line: string): Parsed {
  const texts = splitLine(line);
  let problems: ValueProblem[] | undefined;
  const values: Record<string, ColumnValue> = {};
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index];
    if (column === undefined) continue;
    const text = texts[index] ?? null;
    let value: ColumnValue = null;
    if (text !== null) {
      try {
        value = column.convert(text);
      } catch (error) {
        if (!(error instanceof UnfitValue)) throw error;
        (problems ??= []).push({ column: column.name, message: error.message });
      }
    }
    // Assigned, a column of this name would become the object's prototype.
    if (column.name === '__proto__')
      Object.defineProperty(values, column.name, { value, enumerable: true, configurable: true, writable: true });
    else values[column.name] = value;
  }
  return { values, problems };
}
