import type { FileHandle } from 'node:fs/promises';
import type { JoineryError } from '../domain/error.ts';
import type { CsvSource } from '../pipeline/pipeline.ts';

type Encoding = CsvSource['encoding'];

export interface CsvTrouble {
  readonly code: 'SRC-501' | 'SRC-502' | 'SRC-503' | 'SRC-504' | 'SRC-505';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly fix?: string;
  readonly cause?: unknown;
}

export type MakeError = (trouble: CsvTrouble) => JoineryError;

/** The file's text in pieces. What is no text of the encoding is an error with its line and column (SRC-503), as is UTF-8 that is declared as one byte per character: it would come out as other letters. */
export async function* readCsvText(file: FileHandle, encoding: Encoding, makeError: MakeError): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const buffer = Buffer.alloc(1 << 16);
  const place = new TextPlace();
  const asUtf8 = encoding === 'windows-1252' ? new Utf8Look() : undefined;
  let pending = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    const bytes = buffer.subarray(0, bytesRead);
    if (position === 0) refuseOtherKind(bytes, encoding, makeError);
    let text;
    try {
      text = bytesRead === 0 ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      place.pass(textBefore(bytes, pending, encoding));
      throw makeError({ code: 'SRC-503', message: `there are bytes that are not ${encoding}`, ...place.now() });
    }
    const nul = text.indexOf('\0');
    if (nul !== -1) {
      place.pass(text.slice(0, nul));
      throw makeError({ code: 'SRC-503', message: 'there is a NUL character; the file may be UTF-16', ...place.now() });
    }
    place.pass(text);
    asUtf8?.look(bytes);
    if (text !== '') yield text;
    if (bytesRead === 0) break;
    position += bytesRead;
    pending = encoding === 'utf-8' ? begunAtEnd(bytes) : 0;
  }
  if (asUtf8?.isLikely() === true)
    throw makeError({
      code: 'SRC-503',
      message: `it is declared ${encoding}, and every letter beyond ASCII in it is UTF-8`,
      fix: 'Declare encoding: utf-8.',
    });
}

/** Line and column, from 1, behind what was passed. */
class TextPlace {
  #line = 1;
  #column = 1;

  pass(text: string): void {
    const last = text.lastIndexOf('\n');
    if (last === -1) {
      this.#column += text.length;
      return;
    }
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#line++;
    this.#column = text.length - last;
  }

  now(): { readonly line: number; readonly column: number } {
    return { line: this.#line, column: this.#column };
  }
}

/** Whether bytes of one byte per character are all of them UTF-8, and not ASCII alone. */
class Utf8Look {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #isValid = true;
  #isAscii = true;

  look(bytes: Uint8Array): void {
    if (!this.#isValid) return;
    this.#isAscii &&= bytes.every((byte) => byte < 0x80);
    try {
      this.#decoder.decode(bytes, { stream: bytes.length > 0 });
    } catch {
      this.#isValid = false;
    }
  }

  isLikely(): boolean {
    return this.#isValid && !this.#isAscii;
  }
}

/** What can be read of bytes before the first of them that does not fit. `pending`: so many bytes of a character came before. */
function textBefore(bytes: Uint8Array, pending: number, encoding: Encoding): string {
  let from = 0;
  if (pending > 0) while (from < 3 && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  const read = (end: number): string | undefined => {
    try {
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes.subarray(from, end), { stream: true });
    } catch {
      return undefined;
    }
  };
  let [good, bad] = [from, bytes.length];
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (read(middle) === undefined) bad = middle - 1;
    else good = middle;
  }
  return read(good) ?? '';
}

/** How many bytes at the end are the beginning of a character of UTF-8. */
function begunAtEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) return byte >= 0xc0 ? back : 0;
  }
  return 0;
}

const beginnings: readonly (readonly [bytes: readonly number[], what: string, fix: string, of?: Encoding])[] = [
  [[0x1f, 0x8b], 'it is compressed (gzip)', 'Unpack it first.'],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a ZIP archive or a workbook of Excel', 'Export it as CSV.'],
  [[0xff, 0xfe], 'it begins with the byte order mark of UTF-16', 'Declare encoding: utf-16le, or export it as UTF-8.', 'utf-16le'],
  [[0xfe, 0xff], 'it begins with the byte order mark of UTF-16 whose larger byte comes first', 'Export it as UTF-8.'],
  [[0xef, 0xbb, 0xbf], 'it begins with the byte order mark of UTF-8', 'Declare encoding: utf-8.', 'utf-8'],
];

function refuseOtherKind(bytes: Uint8Array, encoding: Encoding, makeError: MakeError): void {
  for (const [begin, what, fix, of] of beginnings) {
    if (of !== encoding && begin.every((byte, index) => bytes[index] === byte))
      throw makeError({ code: 'SRC-503', message: `${what}, not ${encoding}`, line: 1, column: 1, fix });
  }
}
