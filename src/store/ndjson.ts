import { JoineryError } from '../domain/error.ts';

/** What a piece may hold before it is handed on; a write per line costs more than the line. */
const pieceBytes = 256 * 1024;

/**
 * One JSON document a line, of documents that come in chunks. The hand-off between stages: a stage in another process reads exactly what this one wrote. Each line is encoded where it will
 * be written from: joined as text first, it would be copied three times. The bytes of a piece are used again for the one after it.
 * @param write makes the text of a document; default: JSON.stringify; any other makes the same document of it
 */
export async function* toLines<T>(
  chunks: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  write: (item: T) => string = JSON.stringify,
): AsyncGenerator<Uint8Array> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (const item of chunk) {
      const text = write(item);
      // No character of a text takes more than three bytes.
      const most = 3 * text.length + 1;
      if (filled > 0 && filled + most > piece.length) {
        yield piece.subarray(0, filled);
        filled = 0;
      }
      if (most > piece.length) piece = Buffer.allocUnsafeSlow(most);
      filled += piece.write(text, filled);
      piece[filled++] = lineBreak;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

const lineBreak = 0x0a;

/**
 * The documents of a file, in order. With `holding`, only lines with one of these texts are read, which finds a few lines among millions: what holds none of them is not
 * even decoded. Errors: STG-105 for a line that is no JSON or an end without a line break.
 */
export async function* fromLines<T>(chunks: AsyncIterable<Uint8Array>, name: string, holding?: readonly string[]): AsyncGenerator<T> {
  for await (const block of blocksOf(chunks, name, holding)) for (const line of block) yield parsed<T>(line, name);
}

/** `fromLines`, in arrays of at most `size`. */
export async function* fromLinesInChunks<T>(chunks: AsyncIterable<Uint8Array>, name: string, size: number): AsyncGenerator<readonly T[]> {
  let documents: T[] = [];
  for await (const block of blocksOf(chunks, name)) {
    for (const line of block) {
      documents.push(parsed<T>(line, name));
      if (documents.length < size) continue;
      yield documents;
      documents = [];
    }
  }
  if (documents.length > 0) yield documents;
}

interface Line {
  readonly text: string;
  readonly line: number;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller states what was written there
function parsed<T>({ text, line }: Line, name: string): T {
  try {
    // Written by `toLines` of this program, whole or not at all: the store renames finished files into place.
    return JSON.parse(text);
  } catch (cause) {
    throw new JoineryError('STG-105', `${name}, line ${String(line)}, is not JSON`, { cause });
  }
}

/** Lines without their breaks, counted from 1; with `holding` only those with one of the texts. Errors: STG-105 for an end without a line break. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>, name: string, holding?: readonly string[]): AsyncGenerator<Line> {
  for await (const block of blocksOf(chunks, name, holding)) yield* block;
}

/** The lines of each block of bytes, to be gone through once and before the next block is asked for. */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>, name: string, holding?: readonly string[]): AsyncGenerator<Iterable<Line>> {
  const wanted = holding?.map((text) => Buffer.from(text, 'utf8'));
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const block = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const end = block.lastIndexOf(lineBreak) + 1;
    rest = Buffer.from(block.subarray(end));
    const whole = block.subarray(0, end);
    const before = line;
    line += breaksIn(whole);
    if (wanted === undefined || wanted.some((text) => whole.includes(text))) yield linesOf(whole, before, holding);
  }
  if (rest.length > 0) throw new JoineryError('STG-105', `${name} ends in the middle of line ${String(line + 1)}`);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Line by line: a text of many holds all of them in memory, and twice as wide if one character of one of them needs it. */
function* linesOf(whole: Buffer, before: number, holding: readonly string[] | undefined): Generator<Line> {
  let line = before;
  for (let at = 0; at < whole.length;) {
    const stop = whole.indexOf(lineBreak, at);
    const text = decoder.decode(whole.subarray(at, stop));
    at = stop + 1;
    line++;
    if (holding === undefined || holding.some((one) => text.includes(one))) yield { text, line };
  }
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
