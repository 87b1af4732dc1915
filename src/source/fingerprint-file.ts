import { z } from 'zod';
import { JoineryError } from '../domain/error.ts';
import { compareKeys, type KeyOrder } from '../domain/row.ts';
import type { RunId, Sha256 } from '../domain/words.ts';
import type { KeyFingerprint } from './changes.ts';

/** What the records of a file were made under; a file whose header does not fit the ledger is rebuilt. */
export interface FingerprintHeader {
  /** The accepted run that the file mirrors. */
  readonly run: RunId;
  readonly order: KeyOrder;
  readonly mapping: Sha256;
}

const headerSchema = z.strictObject({
  joinery: z.literal('fingerprints'),
  version: z.literal(1),
  run: z.string(),
  order: z.enum(['integer', 'bytes', 'utf16']),
  mapping: z.string(),
});

const blockBytes = 1 << 16;

/**
 * The file: UTF-8 lines; first the header as JSON, then a line for each key in key order (16 hex digits of fingerprint, the key behind
 * them, backslash, line breaks and lone surrogates in it as a backslash and four hex digits), last `end` and the number of keys, so that a file that was cut short is known. 17 bytes and the key per worker.
 */
export async function* writeFingerprints(
  header: FingerprintHeader,
  records: AsyncIterable<readonly KeyFingerprint[]>,
): AsyncGenerator<string> {
  const { run, order, mapping } = header;
  let text = `${JSON.stringify({ joinery: 'fingerprints', version: 1, run, order, mapping })}\n`;
  let count = 0;
  for await (const chunk of records) {
    for (const { key, fingerprint } of chunk) {
      text += `${fingerprint}${escapeKey(key)}\n`;
      count++;
      if (text.length >= blockBytes) {
        yield text;
        text = '';
      }
    }
  }
  yield `${text}end ${String(count)}\n`;
}

export interface FingerprintFile {
  readonly header: FingerprintHeader;
  /** In key order, in chunks, once. */
  readonly records: AsyncIterable<readonly KeyFingerprint[]>;
}

/** Reads a file back as a stream. Errors: SRC-401 for a header, line, order or end that is not as it was written; while iterating, too. */
export async function readFingerprints(bytes: AsyncIterable<Uint8Array>): Promise<FingerprintFile> {
  const blocks = readLines(bytes)[Symbol.asyncIterator]();
  const first = await blocks.next();
  const lines = first.done === true ? [] : first.value;
  const header = parseHeader(lines[0] ?? '');
  return { header, records: closing(readRecords(header.order, lines.slice(1), blocks), blocks) };
}

/** A generator that nobody began runs no `finally`: leaving it before the first record has to close the file all the same. */
function closing<T>(records: AsyncGenerator<T>, blocks: AsyncGenerator): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => records.next(),
      async return() {
        await blocks.return(undefined);
        await records.return(undefined);
        return { done: true, value: undefined };
      },
    }),
  };
}

async function* readRecords(
  order: KeyOrder,
  first: readonly string[],
  blocks: AsyncGenerator<readonly string[]>,
): AsyncGenerator<readonly KeyFingerprint[]> {
  let last: string | undefined;
  let count = 0;
  let ended = false;
  const parse = (lines: readonly string[]): KeyFingerprint[] => {
    const records: KeyFingerprint[] = [];
    for (const line of lines) {
      if (ended) throw damaged('goes on behind its end');
      if (line.startsWith('end ')) {
        if (line !== `end ${String(count)}`) throw damaged('has another number of keys than it says');
        ended = true;
        continue;
      }
      const key = unescapeKey(line.slice(16));
      if (key === '' || !/^[0-9a-f]{16}/.test(line)) throw damaged(`has a line that is none after ${String(count)} keys`);
      if (last !== undefined && compareKeys(order, last, key) >= 0) throw damaged(`is out of order after ${String(count)} keys`);
      records.push({ key, fingerprint: line.slice(0, 16) });
      last = key;
      count++;
    }
    return records;
  };
  try {
    yield parse(first);
    for (let block = await blocks.next(); block.done !== true; block = await blocks.next()) yield parse(block.value);
  } finally {
    await blocks.return(undefined);
  }
  if (!ended) throw damaged('was cut short');
}

function parseHeader(line: string): FingerprintHeader {
  try {
    const { run, order, mapping } = headerSchema.parse(JSON.parse(line));
    return { run, order, mapping };
  } catch (error) {
    throw damaged('has no header of this version', error);
  }
}

/** Whole lines, a block at a time; a line may span chunks. */
async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const block = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const end = block.lastIndexOf(0x0a);
    if (end !== -1) yield block.toString('utf8', 0, end).split('\n');
    rest = end === -1 ? block : block.subarray(end + 1);
  }
  if (rest.length > 0) throw damaged('ends within a line');
}

/** SQL Server can store half a surrogate pair, which UTF-8 cannot. */
const special = /[\\\n\r]|\p{Surrogate}/gu;

/** Told without properties of Unicode, for nearly every key. */
const unspecial = /^[^\\\n\r\ud800-\udfff]*$/;

function escapeKey(key: string): string {
  if (unspecial.test(key)) return key;
  return key.replaceAll(special, (character) => `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function unescapeKey(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\([0-9a-f]{4})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function damaged(what: string, cause?: unknown): JoineryError {
  return new JoineryError('SRC-401', `the fingerprint file ${what}`, cause === undefined ? {} : { cause });
}
