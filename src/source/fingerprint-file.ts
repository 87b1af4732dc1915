import type { KeyOrder } from '../domain/row.ts';
import type { RunId, Sha256 } from '../domain/words.ts';
import { fingerprintOfRecord, keyOfRecord, lineFeed, writeRecord, type KeyFingerprint } from './record.ts';
import { damaged, RecordCursor } from './record-cursor.ts';

/** What the records of a file were made under; a file whose header does not fit the ledger is rebuilt. */
export interface FingerprintHeader {
  /** The accepted run that the file mirrors. */
  readonly run: RunId;
  readonly order: KeyOrder;
  readonly mapping: Sha256;
}

/** Records as they stand in the file. */
export interface RecordPiece {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * The file: UTF-8 lines; first the header as JSON, then a record for each key in key order, last `end` and the number of keys, so that a file that was cut short is known. 17 bytes and the
 * key per worker.
 */
export async function* writeFingerprints(
  header: FingerprintHeader,
  pieces: AsyncIterable<RecordPiece>,
): AsyncGenerator<string | Uint8Array> {
  const { run, order, mapping } = header;
  yield `${JSON.stringify({ joinery: 'fingerprints', version: 1, run, order, mapping })}\n`;
  let total = 0;
  for await (const { bytes, count } of pieces) {
    total += count;
    yield bytes;
  }
  yield `end ${String(total)}\n`;
}

/** Records of keys that stand in the ledger only, as the body of a file. */
export async function* writeRecords(chunks: AsyncIterable<readonly KeyFingerprint[]>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const chunk of chunks) {
    count += chunk.length;
    yield Buffer.from(chunk.map(writeRecord).join(''), 'utf8');
  }
  yield Buffer.from(`end ${String(count)}\n`, 'latin1');
}

/** The body of a file without records. */
export function noRecords(): AsyncIterable<Uint8Array> {
  return writeRecords(none());
}

async function* none(): AsyncGenerator<readonly KeyFingerprint[]> {
  yield await Promise.resolve([]);
}

export interface FingerprintFile {
  readonly header: FingerprintHeader;
  /** What stands behind the header, once; a `RecordCursor` reads it. Leaving it before the first record closes the file, too. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Reads a file back as a stream. Errors: SRC-401 for a header that is not as it was written; the file is closed then. */
export async function readFingerprints(bytes: AsyncIterable<Uint8Array>): Promise<FingerprintFile> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    return await readHeader(iterator);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

async function readHeader(iterator: AsyncIterator<Uint8Array>): Promise<FingerprintFile> {
  let head: Buffer = Buffer.alloc(0);
  for (;;) {
    const feed = head.indexOf(lineFeed);
    if (feed !== -1) {
      const rest = head.subarray(feed + 1);
      return { header: parseHeader(head.toString('utf8', 0, feed)), body: bodyOf(rest, iterator) };
    }
    const next = await iterator.next();
    if (next.done === true) throw damaged(head.length === 0 ? 'has no header of this version' : 'ends within a line');
    head = Buffer.concat([head, next.value]);
  }
}

/** The keys of a file and their fingerprints. Errors: SRC-401 while iterating. */
export async function* readRecords({ header, body }: FingerprintFile): AsyncGenerator<KeyFingerprint> {
  const cursor = new RecordCursor(body, header.order);
  try {
    for (;;) {
      const found = cursor.look();
      if (!(typeof found === 'boolean' ? found : await found)) break;
      const { bytes, start, end } = cursor;
      yield { key: keyOfRecord(bytes, start, end), fingerprint: fingerprintOfRecord(bytes, start) };
      cursor.take();
    }
  } finally {
    await cursor.close();
  }
}

/** No generator: one that nobody began runs no `finally`, and would leave the file open. */
function bodyOf(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let isFirst = true;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (!isFirst) return iterator.next();
        isFirst = false;
        return { done: false, value: first };
      },
      async return() {
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

const orders: readonly string[] = ['integer', 'bytes', 'utf16'] satisfies readonly KeyOrder[];

function parseHeader(line: string): FingerprintHeader {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (error) {
    throw damaged('has no header of this version', error);
  }
  if (!isHeader(found)) throw damaged('has no header of this version');
  return { run: found.run, order: found.order, mapping: found.mapping };
}

function isHeader(found: unknown): found is FingerprintHeader {
  if (typeof found !== 'object' || found === null) return false;
  const member = (name: string): unknown => Reflect.get(found, name);
  const order = member('order');
  return (
    member('joinery') === 'fingerprints' &&
    member('version') === 1 &&
    typeof member('run') === 'string' &&
    typeof member('mapping') === 'string' &&
    typeof order === 'string' &&
    orders.includes(order)
  );
}
