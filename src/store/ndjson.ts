import { JoineryError } from '../domain/error.ts';

/** One JSON document a line. The hand-off between stages: a stage in another process reads exactly what this one wrote. */
export async function* toLines(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<string> {
  // Joined into larger pieces: a write per line costs more than the line.
  let piece = '';
  for await (const item of items) {
    piece += `${JSON.stringify(item)}\n`;
    if (piece.length > 65_536) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

/**
 * The documents of a file, in order. With `holding`, only lines with one of these texts are read as JSON, which finds a few lines among many without
 * parsing all. Errors: STG-105 for a line that is no JSON or an end without a line break.
 */
export async function* fromLines<T>(chunks: AsyncIterable<Uint8Array>, name: string, holding?: readonly string[]): AsyncGenerator<T> {
  for await (const { text, line } of textLines(chunks, name)) {
    if (holding !== undefined && !holding.some((part) => text.includes(part))) continue;
    let value: T;
    try {
      // Written by `toLines` of this program, whole or not at all: the store renames finished files into place.
      value = JSON.parse(text);
    } catch (cause) {
      throw new JoineryError('STG-105', `${name}, line ${String(line)}, is not JSON`, { cause });
    }
    yield value;
  }
}

/** Lines without their breaks, counted from 1. Errors: STG-105 for an end without a line break. */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) yield { text, line: ++line };
  }
  if (rest !== '') throw new JoineryError('STG-105', `${name} ends in the middle of line ${String(line + 1)}`);
}

/** Arrays of at most `size`, in order. */
export async function* inChunks<T>(items: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length >= size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
