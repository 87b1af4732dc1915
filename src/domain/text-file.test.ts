import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { decodeText } from './text-file.ts';

describe('text of a file', () => {
  it('is what was written, with or without a byte order mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ü', '€', '👩', '\ufffd') }), fc.boolean(), (written, isMarked) => {
        expect(decodeText(Buffer.from((isMarked ? '\ufeff' : '') + written))).toBe(written);
      }),
    );
  });

  it('is not guessed where it is not UTF-8: the first byte that does not fit is named', () => {
    const bytes = Buffer.from('pipeline: a\r\ntitle: "Bürokraft ü"\n', 'latin1');
    expect(decodeText(bytes)).toEqual({ reason: 'it is not UTF-8; save it as UTF-8', line: 2, column: 10 });
    expect(decodeText(Buffer.from('ü'.repeat(3)).subarray(0, 5))).toMatchObject({ line: 1, column: 3 });
  });

  it('is not made of UTF-16, with a mark or without', () => {
    expect(decodeText(Buffer.from('\ufeffW00001\r\n', 'utf16le'))).toMatchObject({
      reason: expect.stringContaining('it is UTF-16'),
      line: 1,
    });
    expect(decodeText(Buffer.from('\ufeffW00001\r\n', 'utf16le').swap16())).toMatchObject({
      reason: expect.stringContaining('it is UTF-16'),
    });
    expect(decodeText(Buffer.from('W00001\r\n', 'utf16le'))).toMatchObject({
      reason: expect.stringContaining('UTF-16'),
      line: 1,
      column: 2,
    });
  });
});
