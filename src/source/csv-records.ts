import type { FileHandle } from 'node:fs/promises';
import type { CsvSource } from '../pipeline/pipeline.ts';
import { CsvParser, type CsvRecord } from './csv-parser.ts';
import { readCsvText, type MakeError } from './csv-text.ts';

type CsvFormat = Pick<CsvSource, 'delimiter' | 'encoding'>;

/** All records of the file from its beginning, the header among them; any departure from RFC 4180, the encoding or the header's number of fields is an error with its line. */
export async function* readCsvRecords(file: FileHandle, format: CsvFormat, makeError: MakeError): AsyncGenerator<readonly CsvRecord[]> {
  const parser = new CsvParser(format.delimiter, makeError);
  try {
    for await (const text of readCsvText(file, format.encoding, makeError)) {
      const records = parser.parse(text, false);
      if (records.length > 0) yield records;
    }
  } catch (error) {
    throw explain(error, makeError);
  }
  const records = parser.parse('', true);
  if (records.length > 0) yield records;
}

/** What the file system says of a file that could be opened. */
function explain(error: unknown, makeError: MakeError): unknown {
  const code: unknown = Reflect.get(Object(error), 'code');
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error;
  return makeError({ code: 'SRC-501', message: `it cannot be read to its end (${code})`, cause: error });
}
