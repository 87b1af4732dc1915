import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLines, inChunks, toLines } from './ndjson.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
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
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(40)), async (documents, sizes) => {
        const text = (await collect(toLines(documents))).join('');
        const plain: unknown[] = documents.map((document): unknown => JSON.parse(JSON.stringify(document)));
        expect(await collect(fromLines<unknown>(cut(Buffer.from(text), sizes), 'x.ndjson'))).toEqual(plain);
      }),
      { numRuns: 50 },
    );
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
