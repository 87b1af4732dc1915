import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { createFingerprint } from './fingerprint.ts';
import { CopyOut } from './postgres-copy-out.ts';
import { encodeLine, splitLine, valueOfLine } from './line.ts';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\t', '\n', '\r', '\b', '\v', '\f', '\\', 'N', 'n', ' ', ''),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  ),
});
const values = fc.array(fc.option(text.filter((each) => !each.includes('\0'))), { minLength: 1, maxLength: 6 });

describe('the line of a row', () => {
  test('gives back what was put in, as a whole and value by value', () => {
    fc.assert(
      fc.property(values, (row) => {
        const line = encodeLine(row);
        expect(line).not.toContain('\n');
        expect(splitLine(line)).toEqual(row);
        expect(row.map((_value, index) => valueOfLine(line, index))).toEqual(row);
      }),
    );
  });

  test('has no value behind its last one', () => {
    expect(valueOfLine('a\tb', 2)).toBeNull();
  });

  describe('of PostgreSQL', () => {
    let client: Client;
    beforeAll(async () => {
      client = new Client({ connectionString: await freshDatabase('line') });
      await client.connect();
    });
    afterAll(() => client.end());

    test('is the same text, so that a fingerprint is the same however a row was read', async () => {
      const fingerprint = await createFingerprint(7n, []);
      await fc.assert(
        fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 20 }), async (rows) => {
          const padded = rows.map((row) => Array.from({ length: 6 }, (_each, index) => row[index] ?? null));
          const literal = (value: string | null): string => (value === null ? 'null' : client.escapeLiteral(value));
          const list = padded.map((row, index) => `(${String(index)}, ${row.map((value) => `${literal(value)}::text`).join(', ')})`);
          const copy = new CopyOut(
            `copy (select a, b, c, d, e, f from (values ${list.join(', ')}) as t(n, a, b, c, d, e, f) order by n) to stdout`,
          );
          client.query(copy);
          const copied: { readonly line: string; readonly fingerprint: string }[] = [];
          for (let lines = await copy.next(); lines !== undefined; lines = await copy.next()) {
            for (let at = 0; at < lines.bounds.length; at += 2) {
              const bytes = lines.bytes.subarray(lines.bounds[at], lines.bounds[at + 1]);
              copied.push({ line: bytes.toString('utf8'), fingerprint: fingerprint.ofBytes(bytes) });
            }
          }
          expect(copied).toEqual(padded.map((row) => ({ line: encodeLine(row), fingerprint: fingerprint.ofText(encodeLine(row)) })));
        }),
        { numRuns: 20 },
      );
    });
  });
});
