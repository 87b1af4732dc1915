import { describe, expect, it } from 'vitest';
import { Channel } from './channel.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a channel', () => {
  it('gives everything that was pushed, in order, and ends', async () => {
    const channel = new Channel<number>();
    const read = collect(channel);
    for (const value of [1, 2, 3]) await channel.push(value);
    channel.end();
    expect(await read).toEqual([1, 2, 3]);
  });

  it('makes the reader fail where the writer failed', async () => {
    const channel = new Channel<number>();
    const read = collect(channel);
    await channel.push(1);
    channel.fail(new Error('cut short'));
    await expect(read).rejects.toThrow('cut short');
  });

  it('does not leave the writer waiting for a reader that went away', async () => {
    const channel = new Channel<number>();
    const first = (async () => {
      for await (const value of channel) return value;
      return undefined;
    })();
    await channel.push(1);
    expect(await first).toBe(1);
    await channel.push(2);
    await channel.push(3);
  });
});
