import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, type KeyOrder } from './row.ts';

const orders: readonly KeyOrder[] = ['integer', 'bytes', 'utf16'];
const integer = fc.oneof(fc.integer().map(String), fc.bigInt().map(String));
const text = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'b', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}', ' '), fc.constantFrom('-', '0', '7')),
});
const key = fc.oneof(integer, text, fc.string({ unit: 'grapheme' }), fc.constantFrom('-0', '0', '007', '+7', '-', '', '-1', '-10'));

describe('compareKeys', () => {
  test.each(orders)('is a total order of text by %s, and zero for equal text only', (order) => {
    fc.assert(
      fc.property(key, key, key, (a, b, c) => {
        const ab = Math.sign(compareKeys(order, a, b));
        expect(ab + Math.sign(compareKeys(order, b, a))).toBe(0);
        expect(ab === 0).toBe(a === b);
        expect(ab > 0 || compareKeys(order, b, c) > 0 || compareKeys(order, a, c) <= 0).toBe(true);
      }),
    );
  });

  test('orders integers by value', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(Math.sign(compareKeys('integer', String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('orders by UTF-8 bytes, above and below the surrogates', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys('bytes', a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test('orders by UTF-16 code units as JavaScript does', () => {
    expect(['\u{ffff}', '\u{10000}', 'a'].toSorted((a, b) => compareKeys('utf16', a, b))).toEqual(['a', '\u{10000}', '\u{ffff}']);
    expect(['\u{ffff}', '\u{10000}', 'a'].toSorted((a, b) => compareKeys('bytes', a, b))).toEqual(['a', '\u{ffff}', '\u{10000}']);
  });

  test('puts what is no canonical integer after all integers', () => {
    expect(['x', '-0', '10', '9', '-2', '007', '-10'].toSorted((a, b) => compareKeys('integer', a, b))).toEqual([
      '-10',
      '-2',
      '9',
      '10',
      '-0',
      '007',
      'x',
    ]);
  });
});
