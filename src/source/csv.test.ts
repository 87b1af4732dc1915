import * as fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareKeys, type Row } from '../domain/row.ts';
import type { ColumnType, CsvSource } from '../pipeline/pipeline.ts';
import { openCsvSource } from './csv.ts';

const place = { file: 'p.yaml', line: 4, column: 3 };
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-csv-'));
  file = join(folder, 'hr.csv');
});
afterAll(() => rm(folder, { recursive: true }));

const declareFile = (over: Partial<CsvSource> = {}): CsvSource => ({
  type: 'csv',
  file,
  key: 'id',
  delimiter: ',',
  encoding: 'utf-8',
  place,
  ...over,
});

async function read(
  content: string | Uint8Array,
  options: Partial<CsvSource> & { readonly sortLimit?: number } = {},
  chunk = 1000,
): Promise<Row[]> {
  await writeFile(file, content);
  const { sortLimit, ...over } = options;
  const source = await openCsvSource(declareFile(over), sortLimit === undefined ? {} : { sortLimit });
  const rows: Row[] = [];
  for await (const part of source.read({ seed: 1n, chunk })) rows.push(...part);
  await source.close();
  return rows;
}

const declare = (types: Readonly<Record<string, ColumnType>>): Partial<CsvSource> => ({
  columns: Object.entries(types).map(([name, type]) => ({ name, type, required: false, place })),
});

describe('reading a CSV file', () => {
  test('gives an empty field as NULL and an empty quoted one as text', async () => {
    const rows = await read('id,name,note\r\na,,""\r\n"b","x ""y"", z","two\nlines"\r\n\r\n');
    expect(rows.map(({ key, values }) => [key, values])).toEqual([
      ['a', { id: 'a', name: null, note: '' }],
      ['b', { id: 'b', name: 'x "y", z', note: 'two\nlines' }],
    ]);
  });

  test('brings the rows into key order, and leaves rows of one key as they lie', async () => {
    const content = 'id,n\n10,1\n9,2\n,3\n10,4\n😀,5\n\uffee,6\n';
    expect((await read(content, {}, 2)).map(({ key, values }) => [key, values['n']])).toEqual([
      [undefined, '3'],
      ['10', '1'],
      ['10', '4'],
      ['9', '2'],
      ['\uffee', '6'],
      ['😀', '5'],
    ]);
    const integers = await read('id,n\n10,1\n,2\n9,3\n-10,4\n', declare({ id: 'integer' }));
    expect(integers.map(({ key }) => key)).toEqual(['-10', '9', '10', undefined]);
  });

  test('numbers the rows by the records of the file, in whatever order they are read', async () => {
    const ordinals = async (content: string): Promise<unknown> => (await read(content, {}, 2)).map(({ key, ordinal }) => [key, ordinal]);
    expect(await ordinals('id,n\n10,1\n9,2\n\n,3\n10,4\n')).toEqual([
      [undefined, 3],
      ['10', 1],
      ['10', 4],
      ['9', 2],
    ]);
    expect(await ordinals('id,n\n1,1\n,2\n2,3\n3,4\n')).toEqual([
      ['1', 1],
      [undefined, 2],
      ['2', 3],
      ['3', 4],
    ]);
  });

  test('returns any table as it was written, sorted', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', ';', '\n', '\r', ' ', '\\', '😀', '\t') });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.uuid(), field, fc.option(field)), { selector: ([id]) => id, minLength: 1 }),
        async (records) => {
          const content = stringify([['id', 'x', 'y'], ...records], { quoted_string: true });
          const rows = await read(content);
          const sorted = records.toSorted(([a], [b]) => compareKeys('bytes', a, b));
          expect(rows.map(({ values }) => values)).toEqual(sorted.map(([id, x, y]) => ({ id, x, y })));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('reads the declared encodings and delimiters', async () => {
    expect((await read('\ufeffid;name\na;Jürgen\n', { delimiter: ';' }))[0]?.values).toEqual({ id: 'a', name: 'Jürgen' });
    expect(
      (await read(Buffer.from('id\tname\na\tJürgen\n', 'latin1'), { delimiter: '\t', encoding: 'windows-1252' }))[0]?.values['name'],
    ).toBe('Jürgen');
    expect((await read(Buffer.from('\ufeffid,name\na,Jürgen\n', 'utf16le'), { encoding: 'utf-16le' }))[0]?.values['name']).toBe('Jürgen');
  });

  test.each<[ColumnType, string, unknown]>([
    ['integer', '42', 42],
    ['number', '0.5', 0.5],
    ['decimal', '1200.50', '1200.50'],
    ['boolean', 'true', true],
    ['date', '2026-11-22', '2026-11-22'],
    ['datetime', '2026-11-22T08:00:00Z', '2026-11-22T08:00:00Z'],
    ['json', '"{""a"":1}"', { a: 1 }],
    ['string', '007', '007'],
  ])('reads a column declared as %s', async (type, text, value) => {
    expect((await read(`id,v\na,${text}\n`, declare({ v: type })))[0]?.values['v']).toEqual(value);
  });

  test.each<[ColumnType, string]>([
    ['integer', '4 2'],
    ['integer', '9007199254740992'],
    ['number', '1e999'],
    ['decimal', '1.200.5'],
    ['boolean', 'TRUE'],
    ['date', '22.11.2026'],
    ['datetime', '2026-11-22 08:00'],
    ['json', '{'],
  ])('takes what is no %s for a problem of its row: %s', async (type, text) => {
    const [row] = await read(`id,v\na,${text}\n`, declare({ v: type }));
    expect(row?.values['v']).toBeNull();
    expect(row?.problems).toMatchObject([{ column: 'v' }]);
  });

  test.each<[string, string | Uint8Array, string, number, number?]>([
    ['a quote inside a field', 'id,n\na,b"c\n', 'SRC-502', 2],
    ['text behind a quote', 'id,n\na,"b"c\n', 'SRC-502', 2],
    ['a quote that is not closed, in the line where its record begins', 'id,n\na,b\nb,"c\nd,e\n', 'SRC-502', 3],
    ['a record that is too long', 'id,n\na,b\nb,c,d\n', 'SRC-502', 3],
    ['a record that is too short', 'id,n\na\n', 'SRC-502', 2],
    ['a column without a name', 'id,\na,b\n', 'SRC-504', 1],
    ['a name twice', 'id,n,n\na,b,c\n', 'SRC-504', 1],
    ['another delimiter', 'id;n\na;b\n', 'SRC-504', 1],
    ['a first line that is no header', 'w,Müller\n', 'SRC-504', 1],
    ['what only Excel reads', 'sep=,\nid,n\na,b\n', 'SRC-504', 1],
    ['what only Excel reads, of another delimiter', 'sep=;\r\nid,n\r\na,b\r\n', 'SRC-504', 1],
    ['what only Excel reads, over two columns', 'sep=,\nid,\na,b\n', 'SRC-504', 1],
    ['an empty file', '', 'SRC-504', 1],
    ['another encoding', Buffer.from('id,n\na,Jürgen\n', 'latin1'), 'SRC-503', 2, 4],
    [
      'a letter of another encoding far behind, where it stands',
      Buffer.concat([Buffer.from(`id,n\n${'a,Jürgen\n'.repeat(9000)}`), Buffer.from('b,J\u00fcrgen\n', 'latin1')]),
      'SRC-503',
      9002,
      4,
    ],
    ['UTF-16 that is not declared', Buffer.from('id,n\na,b\n', 'utf16le'), 'SRC-503', 1, 2],
    ['UTF-16 that says so', Buffer.from('\ufeffid,n\na,b\n', 'utf16le'), 'SRC-503', 1],
    ['a compressed file', gzipSync('id,n\na,b\n'), 'SRC-503', 1],
    ['a workbook', Buffer.from('PK\u0003\u0004xlsx'), 'SRC-503', 1],
  ])('refuses %s, with its line', async (_what, content, code, line, column = 1) => {
    const error: unknown = await read(content).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, place: { file, line, column } });
    expect(String(error)).not.toMatch(/rgen|Müller/);
  });

  test('says how many fields a record has, and what to declare', async () => {
    await expect(read('id,n\na,b\nb,"x\ny",d\n')).rejects.toMatchObject({
      message: expect.stringMatching(/line 4: .* header: 3 and not 2; the record begins in line 3$/),
    });
    // Records that were read and not yet asked for count as well.
    await expect(read('id,n\na,b\nb,c"d\n')).rejects.toMatchObject({
      message: expect.stringMatching(/line 3: .* does not begin with one$/),
    });
    await expect(read('id\tn\na\tb\n')).rejects.toMatchObject({ fix: String.raw`Declare delimiter: "\t".` });
    await expect(read('\ufeffid,n\na,b\n', { encoding: 'windows-1252' })).rejects.toMatchObject({ fix: expect.stringContaining('utf-8') });
    await expect(read('id, n\na,b\n', declare({ n: 'string' }))).rejects.toMatchObject({
      code: 'SRC-204',
      diagnostics: [{ fix: 'It returns " n"; names are compared exactly.' }],
    });
  });

  test('refuses UTF-8 that is declared as one byte per letter, of which it would make other letters', async () => {
    const declared = { encoding: 'windows-1252' } as const;
    await expect(read(`id,n\n${'a,x\n'.repeat(30_000)}b,Jürgen\n`, declared)).rejects.toMatchObject({
      code: 'SRC-503',
      fix: 'Declare encoding: utf-8.',
    });
    expect(await read('id,n\na,b\n', declared)).toHaveLength(1);
    expect(await read(Buffer.from('id,n\na,J\u00fcrgen\nb,Ã¼\n', 'latin1'), declared)).toHaveLength(2);
  });

  test('takes every line end for one, so that none becomes part of a value', async () => {
    const rows = await read('id,n\na,b\r\nb,c\nc,d\re,f\r\n');
    expect(rows.map(({ values }) => values['n'])).toEqual(['b', 'c', 'd', 'f']);
  });

  test('refuses what is no file, without waiting for who would write to it', async () => {
    await expect(openCsvSource(declareFile({ file: folder }))).rejects.toMatchObject({
      code: 'SRC-501',
      message: expect.stringContaining('folder'),
    });
    if (process.platform === 'win32') return;
    const pipe = join(folder, 'pipe');
    const makePipe = 'mkfifo';
    execFileSync(makePipe, [pipe]);
    await expect(openCsvSource(declareFile({ file: pipe }))).rejects.toMatchObject({
      code: 'SRC-501',
      message: expect.stringContaining('pipe'),
    });
    const link = join(folder, 'link.csv');
    await symlink(file, link);
    await writeFile(file, 'id,n\na,b\n');
    expect(await (await openCsvSource(declareFile({ file: link }))).describe()).toHaveLength(2);
  });

  test('finds what is malformed at the end before the first row counts', async () => {
    await writeFile(file, `id,n\n${Array.from({ length: 3000 }, (_each, n) => `${String(n).padStart(4, '0')},x`).join('\n')}\n"`);
    const source = await openCsvSource(declareFile());
    await expect(source.read({ seed: 1n })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'SRC-502' });
  });

  test('names a missing column, a missing file, and a file that is too large to sort', async () => {
    await expect(read('ID,n\na,b\n')).rejects.toMatchObject({ code: 'SRC-204' });
    await expect(openCsvSource(declareFile({ file: join(folder, 'none.csv') }))).rejects.toMatchObject({ code: 'SRC-501', place });
    await expect(read('id,n\nb,1\na,2\n', { sortLimit: 5 })).rejects.toMatchObject({ code: 'SRC-505' });
    await expect(read('id,n\na,1\nb,2\n', { sortLimit: 5 })).resolves.toHaveLength(2);
  });

  test('refuses a file that changes while it is read', async () => {
    await writeFile(file, `id,n\n${Array.from({ length: 5000 }, (_each, n) => `${String(n).padStart(4, '0')},x`).join('\n')}\n`);
    const source = await openCsvSource(declareFile());
    const rows = source.read({ seed: 1n })[Symbol.asyncIterator]();
    await rows.next();
    await writeFile(file, 'id,n\n0001,x\n');
    const rest = async (): Promise<void> => {
      while ((await rows.next()).done !== true) continue;
    };
    await expect(rest()).rejects.toMatchObject({ code: 'SRC-501' });
  });

  test('describes the header', async () => {
    await writeFile(file, 'id,n\n');
    const source = await openCsvSource(declareFile(declare({ n: 'date' })));
    expect(source).toMatchObject({ type: 'csv', keyOrder: 'bytes', oneMoment: true });
    expect(await source.describe()).toEqual([
      { name: 'id', databaseType: 'text', type: 'string' },
      { name: 'n', databaseType: 'text', type: 'date' },
    ]);
  });
});
