import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { JoineryError } from '../domain/error.ts';
import type { CsvSource } from '../pipeline/pipeline.ts';

type CsvFormat = Pick<CsvSource, 'delimiter' | 'encoding'>;

/** A record and the line it ends on. */
export interface CsvRecord {
  readonly line: number;
  /** null: an empty field without quotes. */
  readonly values: readonly (string | null)[];
}

type MakeError = (code: 'SRC-501' | 'SRC-502' | 'SRC-503', message: string, line?: number) => JoineryError;

const chunkRecords = 500;

/** All records of the file from its beginning, the header among them; any departure from RFC 4180, the encoding or the header's number of fields is an error with its line. */
export async function* readCsvRecords(file: FileHandle, format: CsvFormat, makeError: MakeError): AsyncGenerator<readonly CsvRecord[]> {
  const { parse } = await import('csv-parse');
  const parser = parse({
    delimiter: format.delimiter,
    bom: true,
    info: true,
    skip_empty_lines: true,
    // A field in quotes is text even when it is empty.
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });
  const text = Readable.from(decode(file, format.encoding, makeError));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  let records: CsvRecord[] = [];
  try {
    for await (const item of parser) {
      records.push(asRecord(item));
      if (records.length >= chunkRecords) {
        yield records;
        records = [];
      }
    }
  } catch (error) {
    throw explain(error, makeError);
  } finally {
    text.destroy();
    parser.destroy();
  }
  if (records.length > 0) yield records;
}

async function* decode(file: FileHandle, encoding: string, makeError: MakeError): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const buffer = Buffer.alloc(1 << 16);
  let line = 1;
  const read = (bytes: Uint8Array | undefined): string => {
    let text;
    try {
      text = bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw makeError('SRC-503', `after line ${String(line)} there are bytes that are not ${encoding}`, line);
    }
    if (text.includes('\0'))
      throw makeError('SRC-503', `after line ${String(line)} there are NUL characters; the file may be UTF-16`, line);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line++;
    return text;
  };
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield read(buffer.subarray(0, bytesRead));
  }
  yield read(undefined);
}

function asRecord(item: unknown): CsvRecord {
  if (!isInfo(item)) throw new TypeError('csv-parse was asked for records with their place');
  return { line: item.info.lines, values: item.record };
}

function isInfo(item: unknown): item is { readonly record: (string | null)[]; readonly info: { readonly lines: number } } {
  return typeof item === 'object' && item !== null && 'record' in item && 'info' in item;
}

/** csv-parse's messages may quote the file, so its codes are put into our words. */
const reasons: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on behind its closing quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'the record has another number of fields than the header',
  CSV_RECORD_INCONSISTENT_COLUMNS: 'the record has another number of fields than the header',
};

function explain(error: unknown, makeError: MakeError): unknown {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  const reason = typeof code === 'string' ? reasons[code] : undefined;
  if (reason === undefined) return error;
  const lines: unknown = Reflect.get(Object(error), 'lines');
  const line = typeof lines === 'number' ? lines : 1;
  return makeError('SRC-502', `line ${String(line)}: ${reason}`, line);
}
