import * as fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { CsvParser } from './csv-parser.ts';

type Values = readonly (string | null)[];

/** Records, or the words of what is wrong. */
function read(pieces: readonly string[], delimiter: ',' | ';' | '|' | '\t' = ','): readonly Values[] | string {
  const parser = new CsvParser(delimiter, ({ code, message }) => new JoineryError(code, message));
  try {
    const records = [...pieces.flatMap((piece) => parser.parse(piece, false)), ...parser.parse('', true)];
    return records.map(({ values }) => values);
  } catch (error) {
    if (error instanceof JoineryError) return error.message;
    throw error;
  }
}

/** The same by csv-parse, which is a parser by itself, and twenty times slower with its places. */
function readElsewhere(text: string, delimiter: string): readonly Values[] | undefined {
  try {
    const options = { delimiter, record_delimiter: ['\r\n', '\n', '\r'], skip_empty_lines: true };
    return parse(text, { ...options, cast: (value, { quoting }) => (value === '' && !quoting ? null : value) });
  } catch {
    return undefined;
  }
}

const texts = fc.array(fc.constantFrom('a', 'b ', ',', ',', ';', '"', '""', '"', '\n', '\n', '\r\n', '\r', '"x"', '"\r\n"', '😀'), {
  maxLength: 24,
});

test('what is read is what csv-parse reads, in whatever pieces it comes, and what one refuses the other refuses', () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40), { maxLength: 5 }), fc.constantFrom(',' as const, ';' as const), (parts, cuts, delimiter) => {
      const text = parts.join('');
      const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((left, right) => left - right), text.length];
      const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
      const [whole, cut, elsewhere] = [read([text], delimiter), read(pieces, delimiter), readElsewhere(text, delimiter)];
      expect(cut).toEqual(whole);
      expect(typeof whole === 'string' ? undefined : whole).toEqual(elsewhere);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['a,b\n\n"x\r\ny",2\r\r\nc\n', 'line 6: the record has another number of fields than the header: 1 and not 2'],
  ['a,b\n"x\n\ny"z,2\n', 'line 4: a quoted field goes on behind its closing quote; the record begins in line 2'],
  ['a,b\n"x\n",y"z\n', 'line 3: a quote stands inside a field that does not begin with one; the record begins in line 2'],
  ['a,b\r\nc,d\r\n"x\n1,2\n', 'line 3: a quote is opened in the record that begins here and never closed'],
])('what departs is told with its line: %j', (text, message) => {
  expect(read([text])).toBe(message);
  expect(read(text.split(''))).toBe(message);
});

test('a quote that is never closed does not take the rest of a large file into memory', () => {
  const parser = new CsvParser(',', ({ code, message }) => new JoineryError(code, message), 1000);
  expect(parser.parse(`a,b\n${'x,y\n'.repeat(1000)}"`, false)).toHaveLength(1001);
  expect(() => {
    for (let piece = 0; piece < 40; piece++) parser.parse('x,y\nx,y\nx,y\nx,y\nx,y\nx,y\nx,y\n', false);
  }).toThrow('line 1002: the record that begins here is longer than 1000 characters');
});
