import type { FileHandle } from 'node:fs/promises';
import { JoineryError } from '../domain/error.ts';
import type { CsvSource } from '../pipeline/pipeline.ts';
import { openCsvFile } from './csv-file.ts';
import { readCsvRecords, refuseSign, type CsvRecord } from './csv-records.ts';

type Encoding = CsvSource['encoding'];
type Delimiter = CsvSource['delimiter'];

/** What a file says about itself, each with the reason. */
export interface CsvFormat {
  readonly encoding: Encoding;
  readonly encodingReason: string;
  /** Nothing in the bytes can tell that it is another one. */
  readonly isEncodingGuessed: boolean;
  readonly delimiter: Delimiter;
  readonly delimiterReason: string;
}

const delimiters: readonly Delimiter[] = [',', ';', '\t', '|'];

/**
 * Encoding and delimiter of an HR export that nobody has declared. The whole file is looked at for its encoding, because the first letter that is not ASCII may be its last, and the first
 * records for the delimiter. What is malformed is left to the reading, which names its line. Errors: SRC-501 for a file that cannot be read, SRC-503 for UTF-16 with the high byte first, SRC-504
 * for one without a header line.
 */
export async function findCsvFormat(path: string): Promise<CsvFormat> {
  const file = await openCsvFile(path, ({ code, message, cause }) => new JoineryError(code, `${path}: ${message}`, { cause }));
  try {
    const found = await findEncoding(file, path);
    return { ...found, ...(await findDelimiter(file, path, found.encoding)) };
  } finally {
    await file.close();
  }
}

async function findEncoding(file: FileHandle, path: string): Promise<Pick<CsvFormat, 'encoding' | 'encodingReason' | 'isEncodingGuessed'>> {
  const sure = (encoding: Encoding, encodingReason: string) => ({ encoding, encodingReason, isEncodingGuessed: false });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let position = 0;
  let isAscii = true;
  for await (const bytes of bytesOf(file)) {
    if (position === 0) {
      const wide = wideOrder(bytes);
      if (wide?.isHighFirst === true) throw fail('SRC-503', path, `it is UTF-16 with the high byte first (${wide.sign}); save it as UTF-8`);
      if (wide !== undefined) return sure('utf-16le', wide.sign);
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) isAscii = false;
    }
    position += bytes.length;
    isAscii &&= bytes.every((byte) => byte < 0x80);
    try {
      decoder.decode(bytes, { stream: true });
    } catch {
      return guessed(line);
    }
    for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) line++;
  }
  try {
    decoder.decode();
  } catch {
    return guessed(line);
  }
  if (position === 0) throw fail('SRC-504', path, 'the file is empty');
  return sure('utf-8', isAscii ? 'nothing beyond ASCII is in it, so far' : 'all of it is valid UTF-8');

  function guessed(from: number): Pick<CsvFormat, 'encoding' | 'encodingReason' | 'isEncodingGuessed'> {
    const encodingReason = `from line ${String(from)} on it has bytes that are no UTF-8, and windows-1252 fits any`;
    return { encoding: 'windows-1252', encodingReason, isEncodingGuessed: true };
  }
}

/** A byte order mark, or a NUL beside nearly every ASCII character. */
function wideOrder(bytes: Buffer): { readonly isHighFirst: boolean; readonly sign: string } | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { isHighFirst: false, sign: 'it begins with the byte order mark of UTF-16' };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { isHighFirst: true, sign: 'it begins with that byte order mark' };
  const head = bytes.subarray(0, 4096);
  const nuls = [0, 0];
  for (const [index, byte] of head.entries()) if (byte === 0) nuls[index % 2] = (nuls[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = nuls;
  if (Math.max(even, odd) < head.length / 8) return undefined;
  return { isHighFirst: even > odd, sign: `every ${even > odd ? 'first' : 'second'} byte of most characters is NUL` };
}

async function* bytesOf(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(1 << 18);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The one that parts the header into the most fields and every record behind it into as many. */
async function findDelimiter(
  file: FileHandle,
  path: string,
  encoding: Encoding,
): Promise<Pick<CsvFormat, 'delimiter' | 'delimiterReason'>> {
  const line = await firstLine(file, encoding);
  refuseSign(line, ({ code, message }) => new JoineryError(code, `${path}: ${message}`, { place: { file: path, line: 1, column: 1 } }));
  const found = [];
  for (const delimiter of delimiters) {
    const records = await firstRecords(file, { delimiter, encoding });
    const [header] = records ?? [];
    if (records !== undefined && header !== undefined) found.push({ delimiter, fields: header.values.length, records: records.length - 1 });
  }
  const best = found.reduce<(typeof found)[number] | undefined>(
    (before, each) => (before === undefined || each.fields > before.fields ? each : before),
    undefined,
  );
  if (best !== undefined && best.fields > 1) {
    const behind =
      best.records === 0
        ? ''
        : `, and each of the ${best.records === 1 ? 'next record' : `next ${String(best.records)} records`} into as many`;
    return {
      delimiter: best.delimiter,
      delimiterReason: `it parts the header into ${String(best.fields)} fields${behind}`,
    };
  }
  const count = (delimiter: string): number => line.split(delimiter).length - 1;
  const often = delimiters.reduce((before, each) => (count(each) > count(before) ? each : before));
  return {
    delimiter: often,
    delimiterReason: count(often) === 0 ? 'there is but one column' : 'it stands most often in the header; not every record agrees',
  };
}

/** Undefined: these records do not hold together. */
async function firstRecords(
  file: FileHandle,
  format: { readonly delimiter: Delimiter; readonly encoding: Encoding },
): Promise<readonly CsvRecord[] | undefined> {
  try {
    for await (const records of readCsvRecords(file, format, ({ code, message }) => new JoineryError(code, message))) return records;
    return [];
  } catch (error) {
    if (error instanceof JoineryError) return undefined;
    throw error;
  }
}

async function firstLine(file: FileHandle, encoding: Encoding): Promise<string> {
  for await (const bytes of bytesOf(file)) {
    const [line = ''] = new TextDecoder(encoding).decode(bytes).split(/\r\n|\r|\n/, 1);
    return line;
  }
  return '';
}

function fail(code: 'SRC-503' | 'SRC-504', path: string, message: string, line?: number): JoineryError {
  return new JoineryError(code, `${path}: ${message}`, line === undefined ? {} : { place: { file: path, line, column: 1 } });
}
