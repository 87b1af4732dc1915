import type { FileHandle } from 'node:fs/promises';
import { JoineryError } from '../domain/error.ts';
import { compareKeys, type KeyOrder, type Row } from '../domain/row.ts';
import type { CsvSource } from '../pipeline/pipeline.ts';
import { checkColumns } from './columns.ts';
import type { ReadRequest, Source } from './contract.ts';
import { openCsvFile } from './csv-file.ts';
import { readCsvRecords, type CsvRecord } from './csv-records.ts';
import type { CsvTrouble } from './csv-text.ts';
import { createCsvConverter } from './csv-values.ts';
import { createFingerprint } from './fingerprint.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import { encodeLine, valueOfLine } from './line.ts';

export interface CsvLimits {
  /** Characters that may be sorted in memory when the file is not in key order; default 256 Mi. */
  readonly sortLimit?: number;
}

/**
 * An HR export as a source: one header line, RFC 4180 quoting, an empty field that is not quoted for NULL. The file is read through once to find out whether it is well-formed to
 * its last line and in key order (bytes, or integers when the key is declared `integer`), before any row is handed on; then again, as a stream when it is in
 * order, sorted in memory when it is not (SRC-505 above the limit). A file that changes meanwhile is refused (SRC-501).
 */
export async function openCsvSource(declaration: CsvSource, limits: CsvLimits = {}): Promise<Source> {
  const reader = new CsvReader(declaration, limits);
  await reader.columns();
  return {
    type: 'csv',
    keyOrder: reader.keyOrder,
    oneMoment: true,
    read: (request) => reader.read(request),
    describe: async () => (await reader.columns()).map(({ name, databaseType, type }) => ({ name, databaseType, type })),
    close: () => Promise.resolve(),
  };
}

/** Names of the columns. Errors: SRC-5xx. */
export async function readCsvHeader(declaration: Omit<CsvSource, 'key'>): Promise<readonly string[]> {
  return new CsvReader({ ...declaration, key: '' }, {}).header();
}

/** The order that the keys of a file already have; undefined: none, so each read sorts them. */
export async function findKeyOrder(declaration: CsvSource, signal?: AbortSignal): Promise<KeyOrder | undefined> {
  return new CsvReader(declaration, {}).findKeyOrder(signal);
}

interface SortedLine {
  readonly key: string;
  readonly line: string;
  /** Which record behind the header it is, from 1. */
  readonly ordinal: number;
}

class CsvReader {
  readonly keyOrder: KeyOrder;
  readonly #options: CsvSource;
  readonly #limits: CsvLimits;

  constructor(options: CsvSource, limits: CsvLimits) {
    this.#options = options;
    this.#limits = limits;
    this.keyOrder = options.columns?.find(({ name }) => name === options.key)?.type === 'integer' ? 'integer' : 'bytes';
  }

  /** The header, checked. */
  async columns(): Promise<readonly ResultColumn[]> {
    return this.#describe(await this.header());
  }

  async header(): Promise<readonly string[]> {
    return this.#withFile((file) => this.#headerOf(file));
  }

  async #headerOf(file: FileHandle): Promise<readonly string[]> {
    for await (const records of this.#records(file)) {
      const [header] = records;
      if (header !== undefined) return this.#namesOf(header);
    }
    throw this.#error({ code: 'SRC-504', message: 'the file is empty', line: 1 });
  }

  async findKeyOrder(signal: AbortSignal | undefined): Promise<KeyOrder | undefined> {
    const keyIndex = (await this.header()).indexOf(this.#options.key);
    const orders = new Set<KeyOrder>(['bytes', 'integer']);
    await this.#withFile(async (file) => {
      let last: string | undefined;
      for await (const lines of this.#lines(file)) {
        signal?.throwIfAborted();
        for (const line of lines) {
          const key = valueOfLine(line, keyIndex);
          if (key === null || key.trim() === '') continue;
          if (!/^(?:0|[1-9]\d*)$/.test(key)) orders.delete('integer');
          for (const order of orders) if (last !== undefined && compareKeys(order, last, key) > 0) orders.delete(order);
          last = key;
        }
      }
    });
    return [...orders][0];
  }

  async *read(request: ReadRequest): AsyncGenerator<readonly Row[]> {
    // One opened file from the header on: a new export that takes its place meanwhile is another file.
    const file = await this.#open();
    try {
      const before = await stateOf(file);
      const columns = this.#describe(await this.#headerOf(file));
      const layout = new RowLayout(columns, this.#options.key);
      const fingerprint = await createFingerprint(request.seed, columns);
      const keyIndex = columns.findIndex(({ name }) => name === this.#options.key);
      const isSorted = await this.#isSorted(file, keyIndex, request.signal);
      const sorted = isSorted ? undefined : await this.#sorted(file, keyIndex);
      let count = 0;
      // Where the record stands in the file, whatever the order: that is where HR looks for one without a key.
      const next = (): number => sorted?.[count++]?.ordinal ?? ++count;
      for await (const lines of sorted === undefined ? this.#lines(file) : [sorted.map(({ line }) => line)]) {
        for (let at = 0; at < lines.length; at += request.chunk ?? 1000) {
          request.signal?.throwIfAborted();
          yield lines.slice(at, at + (request.chunk ?? 1000)).map((line) => layout.row(line, fingerprint.ofText(line), next()));
        }
      }
      if ((await stateOf(file)) !== before) throw this.#error({ code: 'SRC-501', message: 'the file changed while it was read' });
    } finally {
      await file.close();
    }
  }

  /** Reads the whole file, so that what is malformed at its end is known before its first row counts. */
  async #isSorted(file: FileHandle, keyIndex: number, signal: AbortSignal | undefined): Promise<boolean> {
    let last: string | undefined;
    let isSorted = true;
    for await (const lines of this.#lines(file)) {
      signal?.throwIfAborted();
      for (const line of lines) {
        const key = valueOfLine(line, keyIndex);
        if (key === null || key.trim() === '') continue;
        if (last !== undefined && isSorted && compareKeys(this.keyOrder, last, key) > 0) isSorted = false;
        last = key;
      }
    }
    return isSorted;
  }

  async #sorted(file: FileHandle, keyIndex: number): Promise<readonly SortedLine[]> {
    const limit = this.#limits.sortLimit ?? 1 << 28;
    const entries: SortedLine[] = [];
    let size = 0;
    for await (const lines of this.#lines(file)) {
      for (const line of lines) {
        size += line.length;
        if (size > limit)
          throw this.#error({ code: 'SRC-505', message: `more than ${String(limit)} characters would have to be sorted in memory` });
        entries.push({ key: valueOfLine(line, keyIndex) ?? '', line, ordinal: entries.length + 1 });
      }
    }
    // A stable sort: rows of one key stay in the order of the file.
    return entries.toSorted((a, b) => compareKeys(this.keyOrder, a.key, b.key));
  }

  async *#lines(file: FileHandle): AsyncGenerator<readonly string[]> {
    let isHeader = true;
    for await (const records of this.#records(file)) {
      const rows = isHeader ? records.slice(1) : records;
      isHeader &&= records.length === 0;
      yield rows.map(({ values }) => encodeLine(values));
    }
  }

  #records(file: FileHandle): AsyncGenerator<readonly CsvRecord[]> {
    return readCsvRecords(file, this.#options, (trouble) => this.#error(trouble));
  }

  #namesOf(header: CsvRecord): readonly string[] {
    const names = header.values.map((name) => name ?? '');
    const refuse = (message: string, fix?: string): JoineryError =>
      this.#error({ code: 'SRC-504', message, line: header.line, ...(fix === undefined ? {} : { fix }) });
    this.#refuseNoHeader(names, refuse);
    for (const [index, name] of names.entries()) {
      if (name.trim() === '') throw refuse(`column ${String(index + 1)} has no name`);
      if (names.indexOf(name) !== index) throw refuse(`two columns are named ${name}`);
    }
    return names;
  }

  #describe(names: readonly string[]): readonly ResultColumn[] {
    const declared = new Map(this.#options.columns?.map(({ name, type }) => [name, type]));
    const columns = names.map((name): ResultColumn => ({
      name,
      databaseType: 'text',
      type: declared.get(name) ?? 'string',
      convert: createCsvConverter(declared.get(name)),
      keyText: (text) => text,
    }));
    checkColumns(this.#options, [], columns, this.#options.place);
    return columns;
  }

  /** A first line that names nothing of what is read may be a person, of whom nothing is shown. */
  #refuseNoHeader(names: readonly string[], refuse: (message: string, fix?: string) => JoineryError): void {
    const { key, columns = [], delimiter } = this.#options;
    // Asked before anybody has said what is read.
    if (key === '') return;
    const wanted = new Set([key, ...columns.map(({ name }) => name)].map(comparable));
    if (names.some((name) => wanted.has(comparable(name)))) return;
    const [only = ''] = names;
    const other = names.length > 1 ? undefined : [',', ';', '\t', '|'].find((each) => each !== delimiter && only.includes(each));
    if (other !== undefined)
      throw refuse(
        `the first line is one field, parted by no ${JSON.stringify(delimiter)} but by ${JSON.stringify(other)}`,
        `Declare delimiter: ${JSON.stringify(other)}.`,
      );
    throw refuse(
      `the first line names none of the columns that the pipeline reads; it has ${String(names.length)} fields and may be no header`,
    );
  }

  async #withFile<T>(use: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#open();
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  #open(): Promise<FileHandle> {
    return openCsvFile(this.#options.file, (trouble) => this.#error(trouble));
  }

  #error({ code, message, line, column = 1, fix, cause }: CsvTrouble): JoineryError {
    const { file, place } = this.#options;
    const at = line === undefined ? place : { file, line, column };
    return new JoineryError(code, `${file}: ${message}`, {
      place: at,
      ...(fix === undefined ? {} : { fix }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function comparable(name: string): string {
  return name.trim().toLowerCase();
}

async function stateOf(file: FileHandle): Promise<string> {
  const { size, mtimeMs } = await file.stat();
  return `${String(size)} ${String(mtimeMs)}`;
}
