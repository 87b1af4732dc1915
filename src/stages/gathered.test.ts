import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { gathered } from './gathered.ts';

test('gives every item once and in order, in chunks of at least the size but for the last, and no chunk is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(), { maxLength: 9 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 8 }),
      async (chunks, size) => {
        let asked = 0;
        const source = async function* (): AsyncGenerator<readonly number[]> {
          for (const chunk of chunks) {
            asked++;
            yield await Promise.resolve(chunk);
          }
        };
        const found: (readonly number[])[] = [];
        for await (const chunk of gathered(source(), size)) {
          found.push(chunk);
          // Nothing is asked for ahead of the reader.
          expect(chunks.slice(0, asked).flat()).toEqual(found.flat());
        }
        expect(found.flat()).toEqual(chunks.flat());
        expect(found.every((chunk) => chunk.length > 0)).toBe(true);
        for (const chunk of found.slice(0, -1)) expect(chunk.length).toBeGreaterThanOrEqual(size);
        for (const chunk of found) expect(chunk.length).toBeLessThan(size + 9);
      },
    ),
    { numRuns: 200 },
  );
});
