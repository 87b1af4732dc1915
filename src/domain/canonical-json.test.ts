import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from './canonical-bytes.ts';
import { canonicalJson, hashJson, keyedHash } from './canonical-json.ts';

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([name, member]) => [name, shuffled(member)]),
    );
  return value;
}

describe('canonical JSON', () => {
  it('parses back to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is the same text whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('orders members by code unit, numbers among them, however many there are and whatever they are called', () => {
    expect(canonicalJson({ b: 1, 10: 2, 9: 3, a: 4, '': 5 })).toBe('{"":5,"10":2,"9":3,"a":4,"b":1}');
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'))).toBe('{"__proto__":{"c":2,"d":1},"b":1}');
    // The same first name and count, another set; and too many to be remembered.
    expect(canonicalJson({ b: 1, a: 2 })).toBe('{"a":2,"b":1}');
    expect(canonicalJson({ b: 1, c: 2 })).toBe('{"b":1,"c":2}');
    const many = Array.from({ length: 40 }, (_, index) => `n${String(40 - index)}`);
    expect(Object.keys(JSON.parse(canonicalJson(Object.fromEntries(many.map((name) => [name, 0])))))).toEqual(many.toSorted());
  });

  it('is the same as bytes, in every alphabet and beyond the usual size', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      // Halves of pairs among them.
      fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
      fc.constantFrom('"\\\u0000\n', 'Łódź', '\u{1f600}', 'x'.repeat(200), '\ud83d'),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(text, text), (value, texts) => {
        const whole = { value, texts, list: [undefined, texts], gone: undefined };
        expect(Buffer.from(canonicalBytes(whole)).toString('utf8')).toBe(Buffer.from(canonicalJson(whole), 'utf8').toString('utf8'));
      }),
    );
    for (const large of ['é'.repeat(70_000), Array.from({ length: 30_000 }, (_, index) => index), '\n'.repeat(70_000)])
      expect(Buffer.from(canonicalBytes([large, 'end'])).toString('utf8')).toBe(canonicalJson([large, 'end']));
    expect(Buffer.from(canonicalBytes(null)).toString('utf8')).toBe('null');
  });

  it('refuses what JSON would turn into null', () => {
    for (const write of [canonicalJson, canonicalBytes]) {
      expect(() => write({ a: Number.NaN })).toThrow(TypeError);
      expect(() => write(() => 1)).toThrow(TypeError);
      expect(() => write(undefined)).toThrow(TypeError);
    }
  });

  it('gives a known hash for a known value', () => {
    expect(hashJson({ b: 1, a: [null, 'ü'] })).toBe(hashJson({ a: [null, 'ü'], b: 1 }));
    expect(hashJson({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('names an id differently under another key', () => {
    expect(keyedHash(Buffer.alloc(32, 1), 'w1')).not.toBe(keyedHash(Buffer.alloc(32, 2), 'w1'));
  });
});
