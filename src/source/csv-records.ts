import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { CsvSource } from '../pipeline/pipeline.ts';
import { readCsvText, type MakeError } from './csv-text.ts';

type CsvFormat = Pick<CsvSource, 'delimiter' | 'encoding'>;

/** A record and the line it ends on. */
export interface CsvRecord {
  readonly line: number;
  /** null: an empty field without quotes. */
  readonly values: readonly (string | null)[];
}

const chunkRecords = 500;
/** Characters of one record: beyond, a quote was opened and never closed, and the rest of the file would be taken into memory as one field. */
const longestRecord = 1 << 26;

/** All records of the file from its beginning, the header among them; any departure from RFC 4180, the encoding or the header's number of fields is an error with its line. */
export async function* readCsvRecords(file: FileHandle, format: CsvFormat, makeError: MakeError): AsyncGenerator<readonly CsvRecord[]> {
  const { parse } = await import('csv-parse');
  // Where the record begins that cannot be read to its end.
  let begin = 1;
  let sign = '';
  const parser = parse({
    delimiter: format.delimiter,
    bom: true,
    // Not the one that the first line has: a file that was put together of others has several, and the others would become part of values.
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: longestRecord,
    info: true,
    // A field in quotes is text even when it is empty. csv-parse tells a function of that (`cast`), which makes it ten times as slow; the raw record tells it, too.
    raw: true,
    skip_empty_lines: true,
    // By the parser's own count: records that wait to be read are lost with an error behind them.
    on_record: (record: string[], { lines, records: count }) => {
      const told: unknown = record;
      if (count === 1 && isInfo(told)) sign = told.record.join(format.delimiter);
      begin = lines + 1;
      return record;
    },
  });
  const text = Readable.from(readCsvText(file, format.encoding, makeError));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  let records: CsvRecord[] = [];
  let fields: number | undefined;
  try {
    for await (const item of parser) {
      refuseSign(sign, makeError);
      const record = asRecord(item, format.delimiter);
      records.push(record);
      fields ??= record.values.length;
      if (records.length >= chunkRecords) {
        yield records;
        records = [];
      }
    }
  } catch (error) {
    refuseSign(sign, makeError);
    throw explain(error, { begin, fields }, makeError);
  } finally {
    text.destroy();
    parser.destroy();
  }
  if (records.length > 0) yield records;
}

/** Excel writes it and reads it; to everybody else it is a record. */
export function refuseSign(line: string, makeError: MakeError): void {
  if (!/^sep=.$/i.test(line)) return;
  throw makeError({ code: 'SRC-504', message: `line 1 is ${line}, which only Excel reads; have it left out, or delete it`, line: 1 });
}

/** What csv-parse gave with `info` and `raw`, with null for an empty field without quotes. */
export function asRecord(item: unknown, delimiter: string): CsvRecord {
  if (!isInfo(item)) throw new TypeError('csv-parse was asked for records with their place');
  const { record, raw, info } = item;
  if (!record.includes('')) return { line: info.lines, values: record };
  return {
    line: info.lines,
    values: raw.includes('""') ? withNulls(record, raw, delimiter) : record.map((value) => (value === '' ? null : value)),
  };
}

/** Which empty fields stand in quotes: every field is as long in the raw record as its value, with its quotes and those that are doubled in it. */
function withNulls(record: readonly string[], raw: string, delimiter: string): readonly (string | null)[] {
  let at = /^[\r\n\ufeff]*/.exec(raw)?.[0].length ?? 0;
  const values = record.map((value) => {
    const isQuoted = raw[at] === '"';
    at += value.length + (isQuoted ? 1 + value.split('"').length : 0) + delimiter.length;
    return value === '' && !isQuoted ? null : value;
  });
  if (!/^[\r\n]*$/.test(raw.slice(at - delimiter.length)))
    throw new TypeError('csv-parse gave a raw record that is not the one of its fields');
  return values;
}

interface Told {
  readonly record: readonly string[];
  readonly raw: string;
  readonly info: { readonly lines: number };
}

function isInfo(item: unknown): item is Told {
  return typeof item === 'object' && item !== null && 'record' in item && 'raw' in item && 'info' in item;
}

/** csv-parse's messages may quote the file, so its codes are put into our words. */
const reasons: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on behind its closing quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened in the record that begins here and never closed',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'the record has another number of fields than the header',
  CSV_RECORD_INCONSISTENT_COLUMNS: 'the record has another number of fields than the header',
  CSV_MAX_RECORD_SIZE: `the record that begins here is longer than ${String(longestRecord)} characters; most likely a quote in it is never closed`,
};
const atBegin = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE']);

function explain(
  error: unknown,
  { begin, fields }: { readonly begin: number; readonly fields: number | undefined },
  makeError: MakeError,
): unknown {
  const told = Object(error);
  const code: unknown = Reflect.get(told, 'code');
  const reason = typeof code === 'string' ? reasons[code] : undefined;
  // What the file system says of a file that could be opened.
  if (reason === undefined && typeof code === 'string' && /^E[A-Z]+$/.test(code))
    return makeError({ code: 'SRC-501', message: `it cannot be read to its end (${code})`, cause: error });
  if (reason === undefined || typeof code !== 'string') return error;
  const lines: unknown = Reflect.get(told, 'lines');
  const line = atBegin.has(code) || typeof lines !== 'number' ? begin : lines;
  const record: unknown = Reflect.get(told, 'record');
  const counted = Array.isArray(record) && fields !== undefined && /INCONSISTENT/.test(code);
  const numbers = counted ? `: ${String(record.length)} and not ${String(fields)}` : '';
  const since = line > begin ? `; the record begins in line ${String(begin)}` : '';
  return makeError({ code: 'SRC-502', message: `line ${String(line)}: ${reason}${numbers}${since}`, line });
}
