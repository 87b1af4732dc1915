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
 * The documents of a file, in order. With `holding`, only lines with one of these texts are read, which finds a few lines among millions: what holds none of them is not
 * even decoded. Errors: STG-105 for a line that is no JSON or an end without a line break.
 */
export async function* fromLines<T>(chunks: AsyncIterable<Uint8Array>, name: string, holding?: readonly string[]): AsyncGenerator<T> {
  for await (const { text, line } of textLines(chunks, name, holding)) {
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

const lineBreak = 0x0a;

/** Lines without their breaks, counted from 1; with `holding` only those with one of the texts. Errors: STG-105 for an end without a line break. */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  holding?: readonly string[],
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const wanted = holding?.map((text) => Buffer.from(text, 'utf8'));
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const block = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const end = block.lastIndexOf(lineBreak) + 1;
    rest = Buffer.from(block.subarray(end));
    const whole = block.subarray(0, end);
    if (wanted !== undefined && !wanted.some((text) => whole.includes(text))) {
      line += breaksIn(whole);
      continue;
    }
    for (const text of decoder.decode(whole).split('\n').slice(0, -1)) {
      line++;
      if (holding === undefined || holding.some((one) => text.includes(one))) yield { text, line };
    }
  }
  if (rest.length > 0) throw new JoineryError('STG-105', `${name} ends in the middle of line ${String(line + 1)}`);
}

function breaksIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineBreak); at !== -1; at = bytes.indexOf(lineBreak, at + 1)) count++;
  return count;
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
