import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { gathered } from './gathered.ts';

test('gives every item once and in order, in no more parts than it takes, none larger than the most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(), { maxLength: 30 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 8 }),
      async (chunks, least, more) => {
        const most = least + more;
        const found: (readonly number[])[] = [];
        let given = 0;
        const source = async function* (): AsyncGenerator<readonly number[]> {
          for (const chunk of chunks) {
            // Nothing is asked for ahead of the reader but what is too little to be handed on.
            expect(given - found.flat().length).toBeLessThan(least);
            given += chunk.length;
            yield await Promise.resolve(chunk);
          }
        };
        for await (const chunk of gathered(source(), { least, most })) found.push(chunk);
        expect(found.flat()).toEqual(chunks.flat());
        for (const chunk of found) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(most);
        }
        expect(found.length).toBeLessThanOrEqual(Math.floor(given / least) + Math.floor(given / most) + 1);
      },
    ),
    { numRuns: 200 },
  );
});

test('lets the event loop take a turn between the parts of one chunk', async () => {
  const source = async function* (): AsyncGenerator<readonly number[]> {
    yield await Promise.resolve([1, 2, 3, 4, 5]);
  };
  let turns = 0;
  const before: (readonly [part: readonly number[], turns: number])[] = [];
  for await (const part of gathered(source(), { least: 1, most: 2 })) {
    before.push([part, turns]);
    setImmediate(() => turns++);
  }
  expect(before).toEqual([
    [[1, 2], 0],
    [[3, 4], 1],
    [[5], 2],
  ]);
});
