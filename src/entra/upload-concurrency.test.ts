import { describe, expect, test } from 'vitest';
import { uploadConcurrently } from './upload-concurrency.ts';

describe('uploading concurrently', () => {
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('has at most so many calls in hand and never reads ahead of them', async () => {
    let taken = 0;
    let done = 0;
    let most = 0;
    function* source(): Generator<number> {
      for (let index = 0; index < 50; index++) {
        taken++;
        yield index;
      }
    }
    await uploadConcurrently(source(), 4, async () => {
      most = Math.max(most, taken - done);
      await tick();
      done++;
    });
    expect([taken, done]).toEqual([50, 50]);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('finishes the calls in hand before it throws the first error, and takes nothing more', async () => {
    const finished: number[] = [];
    const taken: number[] = [];
    function* source(): Generator<number> {
      for (let index = 0; index < 50; index++) {
        taken.push(index);
        yield index;
      }
    }
    const work = async (item: number): Promise<void> => {
      if (item === 1) throw new Error('first');
      await tick();
      await tick();
      finished.push(item);
    };
    await expect(uploadConcurrently(source(), 3, work)).rejects.toThrowError('first');
    expect(finished).toEqual(taken.filter((item) => item !== 1));
    expect(taken.length).toBeLessThan(6);
  });

  test('stops taking when it is interrupted, without an error', async () => {
    const abort = new AbortController();
    const done: number[] = [];
    await uploadConcurrently(
      [1, 2, 3, 4, 5],
      1,
      async (item) => {
        await tick();
        done.push(item);
        if (item === 2) abort.abort();
      },
      abort.signal,
    );
    expect(done).toEqual([1, 2]);
  });
});
