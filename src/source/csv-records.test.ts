import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asRecord } from './csv-records.ts';

const field = fc.oneof(
  fc.constantFrom('', '""', 'a', '"a,b"', '"a""b"', '""""', '"line\nend"', '"\r\n"', 'ü', ' ', '" "', '"""a"""', 'a;b'),
);
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

test('an empty field is text where it stands in quotes and nothing where it does not, as csv-parse itself says of each field', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(',', ';', '\t'),
      fc.boolean(),
      fc
        .integer({ min: 1, max: 5 })
        .chain((width) =>
          fc.array(fc.tuple(fc.array(field, { minLength: width, maxLength: width }), lineEnd, fc.nat(2)), { minLength: 1, maxLength: 6 }),
        ),
      (delimiter, bom, lines) => {
        const texts = lines.map(
          ([fields, end, empty]) => `${fields.map((one) => one.replaceAll(';', 'x')).join(delimiter)}${end.repeat(1 + empty)}`,
        );
        const text = `${bom ? '\ufeff' : ''}${texts.join('')}`;
        const options = { delimiter, bom: true, record_delimiter: ['\r\n', '\n', '\r'], skip_empty_lines: true };
        const told: readonly unknown[] = parse(text, { ...options, info: true, raw: true });
        const asked: readonly unknown[] = parse(text, {
          ...options,
          cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
        });
        expect([text, told.map((item) => asRecord(item, delimiter).values)]).toEqual([text, asked]);
      },
    ),
    { numRuns: 500 },
  );
});
