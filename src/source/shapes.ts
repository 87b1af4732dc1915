import type { Json } from '../domain/canonical-json.ts';
import type { Row } from '../domain/row.ts';
import type { ColumnShape, TextForm } from '../pipeline/survey.ts';
import type { Source } from './contract.ts';
import { isWrittenAs } from './csv-values.ts';

export interface Shapes {
  readonly rows: number;
  /** There were no more rows. */
  readonly isWhole: boolean;
  readonly byColumn: ReadonlyMap<string, ColumnShape>;
}

/**
 * Looks at the first rows in key order and keeps what their values look like, never a value: texts live in this function's memory until it returns.
 * @param vocabulary words, in small letters, that may be told of because they are ours
 */
export async function readShapes(source: Source, most: number, vocabulary: ReadonlySet<string>, signal?: AbortSignal): Promise<Shapes> {
  const keys = new Set<string>();
  const columns = new Map<string, Column>();
  let rows = 0;
  let isWhole = most > 0;
  const add = (row: Row): void => {
    rows++;
    if (row.key !== undefined) keys.add(row.key);
    for (const [name, value] of Object.entries(row.values)) {
      let column = columns.get(name);
      if (column === undefined) columns.set(name, (column = new Column()));
      column.add(value);
    }
  };
  if (most > 0) {
    // Whether there is one more tells whether these were all. Leaving the loop cancels the statement on the server.
    reading: for await (const chunk of source.read({
      seed: 0n,
      chunk: Math.min(most + 1, 1_000),
      anyOrder: true,
      ...(signal === undefined ? {} : { signal }),
    })) {
      for (const row of chunk) {
        if (rows === most) {
          isWhole = false;
          break reading;
        }
        add(row);
      }
    }
  }
  const isText = source.type === 'csv';
  const byColumn = new Map([...columns].map(([name, column]) => [name, column.shape(keys, vocabulary, isText)]));
  return { rows, isWhole, byColumn };
}

class Column {
  readonly #texts = new Map<string, number>();
  #nulls = 0;
  #blanks = 0;
  #timesOfDay = 0;

  add(value: Json): void {
    if (value === null) {
      this.#nulls++;
      return;
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.trim() === '') {
      this.#blanks++;
      return;
    }
    if (/^\d{4}-\d\d-\d\dT(?!00:00:00(?:\.0+)?Z?$)/.test(text)) this.#timesOfDay++;
    this.#texts.set(text, (this.#texts.get(text) ?? 0) + 1);
  }

  shape(keys: ReadonlySet<string>, vocabulary: ReadonlySet<string>, isText: boolean): ColumnShape {
    const forms: Partial<Record<TextForm, number>> = {};
    const domains = new Set<string>();
    let longest = 0;
    let asKeys = 0;
    for (const [text, count] of this.#texts) {
      const form = formOf(text);
      forms[form] = (forms[form] ?? 0) + count;
      if (form === 'email') domains.add(text.slice(text.lastIndexOf('@') + 1).toLowerCase());
      longest = Math.max(longest, text.length);
      if (keys.has(text)) asKeys += count;
    }
    // A number stays text: its digits are what an attribute takes, and 007 is no 7.
    const written =
      isText && this.#texts.size > 0 && this.#blanks === 0
        ? (['boolean', 'date', 'datetime'] as const).find((type) => [...this.#texts.keys()].every((text) => isWrittenAs(type, text)))
        : undefined;
    const words = [...this.#texts.keys()].filter((text) => vocabulary.has(text.toLowerCase())).toSorted();
    return {
      nulls: this.#nulls,
      blanks: this.#blanks,
      distinct: this.#texts.size,
      longest,
      forms,
      domains: domains.size,
      timesOfDay: this.#timesOfDay,
      words,
      isWords: words.length > 0 && words.length === this.#texts.size && this.#blanks === 0,
      keys: asKeys,
      ...(written === undefined ? {} : { written }),
    };
  }
}

const patterns: readonly (readonly [TextForm, RegExp])[] = [
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/],
  ['uuid', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
  ['date', /^(?:\d{4}-\d\d-\d\d(?:T.*)?|\d{1,2}[./]\d{1,2}[./]\d{4})$/],
  ['digits', /^\d+$/],
  ['country', /^[A-Z]{2}$/],
  ['language', /^[a-z]{2}(?:[-_][A-Za-z]{2})?$/],
  ['zone', /^(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)\/[A-Z][\w+/-]*$/],
  ['phone', /^[+(]?\d[\d\s()/.-]{5,}(?:x\d+)?$/],
  ['code', /^(?=.*\d)[\p{L}\d][\p{L}\d._/-]*$/u],
  ['words', /^[\p{L}\p{M}][\p{L}\p{M}\s'’.,&()/-]*$/u],
];

/** Linear in the length of the text, which is bounded: a longer one is no name or number of any kind. */
function formOf(text: string): TextForm {
  const trimmed = text.trim();
  return trimmed.length > 320 ? 'other' : (patterns.find(([, pattern]) => pattern.test(trimmed))?.[0] ?? 'other');
}
