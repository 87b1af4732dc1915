import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLine, isFormula } from './csv.ts';
import { exportParquet } from './export-parquet.ts';
import { exportColumns } from './export-rows.ts';
import { exportText } from './export-text.ts';

const cell = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('=1+1', '+1', '-2', '@SUM(A1)', '\t=1', ' =cmd|x', '＝1', 'a\r\nb', '"q"', "'x"),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

test('a CSV line reads back as what was written, but for the apostrophe in front of formulas', () => {
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (values) => {
      const [read] = parse(csvLine(values), { record_delimiter: '\r\n', relax_column_count: true });
      expect(read).toEqual(
        values.map((value) => (value === null ? '' : typeof value === 'string' && isFormula(value) ? `'${value}` : String(value))),
      );
    }),
  );
});

test('no text cell begins with what a spreadsheet evaluates', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('=', '+', '-', '@', '\t', '\r', '＝', '|', '%'), (text, first) => {
      const [read] = parse(csvLine([`${first}${text}`, 'end']), { record_delimiter: '\r\n' });
      expect(String(read?.[0]).startsWith("'")).toBe(true);
    }),
  );
});

test('rows leave while further rows are still being read', async () => {
  let given = 0;
  const rows = async function* (): AsyncGenerator<readonly number[]> {
    for (; given < 200_000; given++) yield await Promise.resolve([given, 7]);
  };
  const ahead: number[] = [];
  let lines = 0;
  for await (const piece of exportText({ columns: exportColumns('n:integer seven:integer'), rows: rows() }, 'csv')) {
    lines += piece.split('\r\n').length - 1;
    ahead.push(given - lines);
  }
  expect(lines).toBe(200_001);
  // What was taken from the source and has not left is never more than the row in hand.
  expect(Math.max(...ahead)).toBeLessThanOrEqual(1);
});

test('NDJSON keeps types and needs no defusing', async () => {
  const rows = (async function* (): AsyncGenerator<readonly (string | boolean | null)[]> {
    yield await Promise.resolve(['=1', true, null]);
  })();
  const pieces: string[] = [];
  for await (const piece of exportText({ columns: exportColumns('a b:boolean c'), rows }, 'ndjson')) pieces.push(piece);
  expect(JSON.parse(pieces.join(''))).toEqual({ a: '=1', b: true, c: null });
});

test('Parquet reads back as what was written, with types and nothing, in as many row groups as it takes', async () => {
  const columns = exportColumns('text count:integer yes:boolean at:instant');
  const arbitrary = fc.tuple(
    fc.option(fc.string({ unit: 'grapheme' })),
    fc.option(fc.integer({ min: -(2 ** 53), max: 2 ** 53 })),
    fc.option(fc.boolean()),
    fc.option(fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true }).map((date) => date.toISOString())),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(arbitrary, { maxLength: 25 }), fc.integer({ min: 1, max: 9 }), async (given, size) => {
      const rows = (async function* (): AsyncGenerator<readonly (string | number | boolean | null)[]> {
        for (const row of given) yield await Promise.resolve(row);
      })();
      const pieces: Uint8Array[] = [];
      for await (const piece of exportParquet({ columns, rows }, size)) pieces.push(piece);
      const bytes = Uint8Array.from(Buffer.concat(pieces)).buffer;
      expect(parquetMetadata(bytes).row_groups.length).toBe(Math.ceil(given.length / size));
      const read = await parquetReadObjects({ file: { byteLength: bytes.byteLength, slice: (from, to) => bytes.slice(from, to) } });
      expect(read).toEqual(
        given.map(([text, count, yes, at]) => ({
          text,
          count: count === null ? null : BigInt(count),
          yes,
          at: at === null ? null : new Date(at),
        })),
      );
    }),
    { numRuns: 60 },
  );
});
