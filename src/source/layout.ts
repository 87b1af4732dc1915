import type { ColumnValue, Row, ValueProblem } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { ColumnDescription } from './contract.ts';
import { splitLine, valueOfLine } from './line.ts';
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
  readonly #keyText: (text: string) => string;

  constructor(columns: readonly ResultColumn[], key: string) {
    this.columns = columns;
    this.#keyIndex = columns.findIndex(({ name }) => name === key);
    this.#keyText = columns[this.#keyIndex]?.keyText ?? String;
  }

  /** A row of a line; its values are taken apart when somebody looks at them. */
  row(line: string, fingerprint: string, ordinal: number): Row {
    const text = valueOfLine(line, this.#keyIndex);
    const key = text === null ? undefined : this.#keyText(text);
    return new LineRow(this, key === undefined || key.trim() === '' ? undefined : key, fingerprint, ordinal, line);
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
    return (this.#parsed ??= parseLine(this.#layout.columns, this.#line)).values;
  }

  get problems(): readonly ValueProblem[] | undefined {
    return (this.#parsed ??= parseLine(this.#layout.columns, this.#line)).problems;
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
