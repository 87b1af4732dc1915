import type { CsvSource } from '../pipeline/pipeline.ts';
import type { MakeError } from './csv-text.ts';

/** A record and the line it ends on. */
export interface CsvRecord {
  readonly line: number;
  /** null: an empty field without quotes. */
  readonly values: readonly (string | null)[];
}

/** Characters of one record: beyond, a quote was opened and never closed, and the rest of the file would be taken into memory as one field. */
const longestRecord = 1 << 26;
const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/**
 * RFC 4180 and nothing beside it, from text in pieces: a field in quotes is text even when it is empty, every kind of line end is one, empty lines are passed over, and what departs from it is refused with
 * its line. Lines without a quote, nearly all, are split where they stand.
 */
export class CsvParser {
  readonly #delimiter: CsvSource['delimiter'];
  readonly #stops: RegExp;
  readonly #makeError: MakeError;
  readonly #longest: number;
  #text = '';
  #at = 0;
  /** The line in which we are, and the one in which the open record begins. */
  #line = 1;
  #begin = 1;
  #fields: number | undefined;
  /** Where the next ones are: looked for from each line on, one that is far away would be looked for by all lines before it. */
  readonly #quotes = new NextMark('"');
  readonly #returns = new NextMark('\r');
  /** Of the open record: fields that are whole, pieces of one in quotes, and characters that were left behind. */
  #values: (string | null)[] | undefined;
  #pieces: string[] | undefined;
  #left = 0;

  constructor(delimiter: CsvSource['delimiter'], makeError: MakeError, longest = longestRecord) {
    this.#longest = longest;
    this.#delimiter = delimiter;
    this.#stops = new RegExp(`["\\r\\n${delimiter === '|' ? String.raw`\|` : delimiter}]`, 'g');
    this.#makeError = makeError;
  }

  /** The records that are whole now. */
  parse(text: string, isLast: boolean): readonly CsvRecord[] {
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    const records: CsvRecord[] = [];
    this.#quotes.at = 0;
    this.#returns.at = 0;
    while (this.#values !== undefined || this.#at < this.#text.length) {
      const values = this.#values === undefined ? this.#plain(isLast) : this.#quoted(isLast);
      if (values === 'more') break;
      if (values === 'quotes') {
        this.#values = [];
        continue;
      }
      this.#values = undefined;
      if (values !== 'empty') records.push(this.#record(values));
      this.#endLine();
      this.#begin = this.#line;
      this.#left = 0;
    }
    if (this.#left + this.#text.length - this.#at > this.#longest)
      throw this.#refuse(
        this.#begin,
        `the record that begins here is longer than ${String(this.#longest)} characters; most likely a quote in it is never closed`,
      );
    return records;
  }

  /** A line without quotes, up to its end. */
  #plain(isLast: boolean): readonly (string | null)[] | 'more' | 'quotes' | 'empty' {
    const end = this.#lineEnd();
    const quote = this.#quotes.from(this.#text, this.#at);
    if (quote !== -1 && (end === -1 || quote < end)) return 'quotes';
    if (!isLast && (end === -1 || this.#isLastOf(end))) return 'more';
    const line = this.#text.slice(this.#at, end === -1 ? this.#text.length : end);
    this.#at += line.length;
    if (line === '') return 'empty';
    const values: (string | null)[] = line.split(this.#delimiter);
    for (let index = 0; index < values.length; index++) if (values[index] === '') values[index] = null;
    return values;
  }

  /** The fields of a record with quotes, as far as they have come. */
  #quoted(isLast: boolean): readonly (string | null)[] | 'more' {
    const values = this.#values ?? [];
    for (;;) {
      if (this.#pieces === undefined && this.#text.startsWith('"', this.#at)) {
        this.#pieces = [];
        this.#leave(this.#at + 1);
      }
      const value = this.#pieces === undefined ? this.#bare(isLast) : this.#close(this.#pieces, isLast);
      if (value === undefined) return 'more';
      this.#pieces = undefined;
      values.push(value.text);
      if (!this.#text.startsWith(this.#delimiter, this.#at)) return values;
      this.#leave(this.#at + 1);
    }
  }

  #bare(isLast: boolean): { readonly text: string | null } | undefined {
    this.#stops.lastIndex = this.#at;
    const stop = this.#stops.exec(this.#text)?.index ?? -1;
    if (stop !== -1 && this.#text[stop] === '"')
      throw this.#refuse(this.#line, 'a quote stands inside a field that does not begin with one');
    if (!isLast && (stop === -1 || this.#isLastOf(stop))) return undefined;
    const text = this.#text.slice(this.#at, stop === -1 ? this.#text.length : stop);
    this.#leave(this.#at + text.length);
    return { text: text === '' ? null : text };
  }

  /** Up to the closing quote, which is doubled to stand for itself. */
  #close(pieces: string[], isLast: boolean): { readonly text: string } | undefined {
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at);
      const end = quote === -1 ? this.#text.length : quote;
      // A line end may be two characters, of which the second has not come.
      const until = quote === -1 && !isLast && this.#text.endsWith('\r') ? end - 1 : end;
      const piece = this.#text.slice(this.#at, until);
      pieces.push(piece);
      this.#countLines(piece);
      this.#leave(until);
      if (quote === -1) {
        if (isLast) throw this.#refuse(this.#begin, 'a quote is opened in the record that begins here and never closed');
        return undefined;
      }
      // What stands behind it decides, and a line end may be two characters.
      if (!isLast && quote + 2 >= this.#text.length) return undefined;
      this.#leave(quote + 1);
      if (this.#text.startsWith('"', this.#at)) {
        pieces.push('"');
        this.#leave(this.#at + 1);
        continue;
      }
      const behind = this.#text.charCodeAt(this.#at);
      const isEnd = this.#at === this.#text.length || behind === lineFeed || behind === carriageReturn;
      if (!isEnd && !this.#text.startsWith(this.#delimiter, this.#at))
        throw this.#refuse(this.#line, 'a quoted field goes on behind its closing quote');
      return { text: pieces.join('') };
    }
  }

  #record(values: readonly (string | null)[]): CsvRecord {
    this.#fields ??= values.length;
    if (values.length !== this.#fields) {
      const numbers = `${String(values.length)} and not ${String(this.#fields)}`;
      throw this.#refuse(this.#line, `the record has another number of fields than the header: ${numbers}`);
    }
    return { line: this.#line, values };
  }

  /** Of the line at hand; -1: it has not come. */
  #lineEnd(): number {
    const feed = this.#text.indexOf('\n', this.#at);
    const back = this.#returns.from(this.#text, this.#at);
    return back === -1 || (feed !== -1 && feed < back) ? feed : back;
  }

  #endLine(): void {
    const first = this.#text.charCodeAt(this.#at);
    if (first !== lineFeed && first !== carriageReturn) return;
    this.#at += first === carriageReturn && this.#text.charCodeAt(this.#at + 1) === lineFeed ? 2 : 1;
    this.#line++;
  }

  #isLastOf(index: number): boolean {
    return index === this.#text.length - 1 && this.#text.charCodeAt(index) === carriageReturn;
  }

  #leave(at: number): void {
    this.#left += at - this.#at;
    this.#at = at;
  }

  #countLines(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === lineFeed || (code === carriageReturn && text.charCodeAt(at + 1) !== lineFeed)) this.#line++;
    }
  }

  #refuse(line: number, reason: string): unknown {
    const since = line > this.#begin ? `; the record begins in line ${String(this.#begin)}` : '';
    return this.#makeError({ code: 'SRC-502', message: `line ${String(line)}: ${reason}${since}`, line });
  }
}

/** Where a character stands next. */
class NextMark {
  readonly #mark: string;
  /** Looked for from here on; it is there, or nowhere where it is beyond the text. */
  at = 0;

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** -1: nowhere. */
  from(text: string, at: number): number {
    if (this.at < at || text[this.at] !== this.#mark) {
      if (this.at >= text.length) return -1;
      const found = text.indexOf(this.#mark, at);
      this.at = found === -1 ? text.length : found;
    }
    return this.at === text.length ? -1 : this.at;
  }
}
