import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLines, fromLinesInChunks, inChunks, toLines } from './ndjson.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Pieces as they were when they were handed on. */
async function piecesOf(chunks: Parameters<typeof toLines>[0]): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of toLines(chunks)) pieces.push(Buffer.from(piece));
  return pieces;
}

/** The same bytes, cut anywhere, even within a character. */
async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    if (at >= bytes.length) return;
    yield await Promise.resolve(bytes.subarray(at, at + Math.max(1, size)));
    at += Math.max(1, size);
  }
}

describe('the hand-off between stages', () => {
  it('reads back what was written, wherever the file is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ stringUnit: 'grapheme-composite' })), fc.array(fc.nat(40)), async (documents, sizes) => {
        const bytes = Buffer.concat(await piecesOf(inChunks(documents, 3)));
        const plain: unknown[] = documents.map((document): unknown => JSON.parse(JSON.stringify(document)));
        expect(bytes.toString('utf8')).toBe(documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
        expect(await collect(fromLines<unknown>(cut(bytes, sizes), 'x.ndjson'))).toEqual(plain);
        const chunks = await collect(fromLinesInChunks<unknown>(cut(bytes, sizes), 'x.ndjson', 3));
        expect(chunks).toEqual(await collect(inChunks(plain, 3)));
      }),
      { numRuns: 50 },
    );
  });

  it('hands on pieces of a size to be written at once, and a line that is longer whole', async () => {
    const documents = ['x', 'é'.repeat(100_000), ...Array.from({ length: 5000 }, (_, index) => `worker ${String(index)} \u{1F600}`)];
    const pieces = await piecesOf([documents]);
    expect(Buffer.concat(pieces).toString('utf8')).toBe(documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
    expect(pieces.length).toBeLessThan(8);
    expect(pieces.filter((piece) => piece.length > 65_536)).toHaveLength(1);
  });

  it('refuses a file that is no UTF-8', async () => {
    await expect(collect(fromLines(cut(Buffer.from([0x22, 0xff, 0x22, 0x0a]), []), 'x.ndjson'))).rejects.toThrow('utf-8');
  });

  it('refuses a file that ends within a line, and a line that is no JSON', async () => {
    await expect(collect(fromLines(cut(Buffer.from('{"a":1}\n{"b"'), []), 'x.ndjson'))).rejects.toMatchObject({ code: 'STG-105' });
    await expect(collect(fromLines(cut(Buffer.from('{"a":1}\nnot\n'), []), 'x.ndjson'))).rejects.toMatchObject({
      code: 'STG-105',
      message: 'x.ndjson, line 2, is not JSON',
    });
  });

  it('loses nothing in chunks', async () => {
    expect(await collect(inChunks([1, 2, 3, 4, 5], 2))).toEqual([[1, 2], [3, 4], [5]]);
  });
});
