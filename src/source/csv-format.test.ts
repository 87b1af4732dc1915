import * as fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { findKeyOrder } from './csv.ts';
import { findCsvFormat } from './csv-format.ts';
import { readCsvRecords } from './csv-records.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-csv-format-'));
  file = join(folder, 'hr.csv');
});
afterAll(() => rm(folder, { recursive: true }));

const find = async (content: string | Uint8Array) => {
  await writeFile(file, content);
  return findCsvFormat(file);
};
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('the form of a CSV file', () => {
  test.each([
    ['UTF-8', Buffer.from('id,name\n1,Änne\n'), 'utf-8', 'all of it is valid UTF-8'],
    ['UTF-8 with its mark', Buffer.from('\ufeffid,name\n1,A\n'), 'utf-8', 'all of it is valid UTF-8'],
    ['ASCII', Buffer.from('id,name\n1,A\n'), 'utf-8', 'nothing beyond ASCII is in it, so far'],
    [
      'Windows',
      Buffer.from('id,name\n1,A\n2,Änne\n', 'latin1'),
      'windows-1252',
      'from line 1 on it has bytes that are no UTF-8, and windows-1252 fits any',
    ],
    ['UTF-16', wide('\ufeffid,name\n1,Ä\n'), 'utf-16le', 'it begins with the byte order mark of UTF-16'],
    ['UTF-16 without its mark', wide('id,name\n1,Ä\n'), 'utf-16le', 'every second byte of most characters is NUL'],
  ])('is found by its bytes: %s', async (_name, bytes, encoding, encodingReason) => {
    const isEncodingGuessed = encoding === 'windows-1252';
    expect(await find(bytes)).toMatchObject({ encoding, encodingReason, isEncodingGuessed, delimiter: ',' });
  });

  test.each([
    ['id;name,first\n1;"a;b"\n', ';', 'it parts the header into 2 fields, and each of the next record into as many'],
    ['id\tname\n1\tx, y; z\n2\t"a\n\tb"\n', '\t', 'it parts the header into 2 fields, and each of the next 2 records into as many'],
    ['id|name\n', '|', 'it parts the header into 2 fields'],
    ['id\n1\n', ',', 'there is but one column'],
    ['id;name;x\n1;2;3\n1;2\n', ';', 'it stands most often in the header; not every record agrees'],
  ])('is found by what the records agree on: %j', async (content, delimiter, delimiterReason) => {
    expect(await find(content)).toMatchObject({ delimiter, delimiterReason });
  });

  test.each([
    ['', 'SRC-504', 'empty'],
    ['sep=;\nid;name\n1;2\n', 'SRC-504', 'sep=;'],
    [wide('\ufeffid,name\n').swap16(), 'SRC-503', 'high byte first'],
    [wide('id,name\n1,2\n').swap16(), 'SRC-503', 'high byte first'],
  ])('is refused where it cannot be declared: %j', async (content, code, words) => {
    await expect(find(content)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test('is asked of no file that is not there', async () => {
    await expect(findCsvFormat(join(folder, 'nowhere.csv'))).rejects.toMatchObject({ code: 'SRC-501' });
  });

  test('reads back whatever was written in it', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ä', 'ß', ',', ';', '|', '\t', '"', '\n', ' '), maxLength: 6 });
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
    const forms = fc.record({ delimiter: fc.constantFrom(',', ';', '\t', '|'), encoding: fc.constantFrom('utf8', 'utf16le', 'latin1') });
    await fc.assert(
      fc.asyncProperty(table, forms, async (rows, { delimiter, encoding }) => {
        const header = (rows[0] ?? []).map((_cell, index) => `Säule${String(index)}`);
        const text = stringify([header, ...rows], { delimiter, quoted_empty: true });
        const format = await find(Buffer.from(encoding === 'utf16le' ? `\ufeff${text}` : text, encoding === 'utf8' ? 'utf8' : encoding));
        expect(format.delimiter).toBe(delimiter);
        const handle = await open(file, 'r');
        try {
          const read = [];
          for await (const records of readCsvRecords(handle, format, ({ code, message }) => new JoineryError(code, message)))
            read.push(...records);
          expect(read.map(({ values }) => values)).toEqual([header, ...rows]);
        } finally {
          await handle.close();
        }
      }),
      { numRuns: 25 },
    );
  });
});

test.each([
  ['a,1 a,x b,2', 'bytes'],
  ['9,1 10,x 11,2', 'integer'],
  ['09,1 10,2', 'bytes'],
  ['9,1 10,x b,2', undefined],
  ['b,1 a,2', undefined],
])('the order that the keys of a file have is found: %j', async (rows, order) => {
  await writeFile(file, `id,name\n${rows.replaceAll(' ', '\n')}\n`);
  const place = { file, line: 1, column: 1 };
  expect(await findKeyOrder({ type: 'csv', file, key: 'id', delimiter: ',', encoding: 'utf-8', place })).toBe(order);
});
