import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

  it('refuses what JSON would turn into null', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
    expect(() => canonicalJson(() => 1)).toThrow(TypeError);
  });

  it('gives a known hash for a known value', () => {
    expect(hashJson({ b: 1, a: [null, 'ü'] })).toBe(hashJson({ a: [null, 'ü'], b: 1 }));
    expect(hashJson({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('names an id differently under another key', () => {
    expect(keyedHash(Buffer.alloc(32, 1), 'w1')).not.toBe(keyedHash(Buffer.alloc(32, 2), 'w1'));
  });
});
