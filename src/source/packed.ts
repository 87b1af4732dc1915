import type { KeyOrder, Row } from '../domain/row.ts';
import type { ReadRequest, Source } from './contract.ts';
import { writeRecord } from './record.ts';

/** Rows of one read, packed: what most of them are needed for is a comparison of bytes. */
export interface PackedRows {
  /** Of each row that has a key its record, one behind the other. */
  readonly records: Buffer;
  /** Where each row's record ends; at the end of the one before: the row has no key. */
  readonly ends: ArrayLike<number>;
  /** Each row has a key that is larger than the one before it, in this order; undefined: that was not looked at, or it is not so. */
  readonly ascending?: KeyOrder | undefined;
  /** The row of an index, taken apart when somebody looks at its values. Can be asked for until the next block is: the bytes of this one are written over then. */
  row(index: number): Row;
}

/** What sources give that read rows one by one. */
export function packRows(rows: readonly Row[]): PackedRows {
  const ends: number[] = [];
  let size = 0;
  const parts: Buffer[] = [];
  for (const { key, fingerprint } of rows) {
    if (key !== undefined) {
      const record = Buffer.from(writeRecord({ key, fingerprint }), 'utf8');
      parts.push(record);
      size += record.length;
    }
    ends.push(size);
  }
  return {
    records: Buffer.concat(parts, size),
    ends,
    row: (index) => {
      const row = rows[index];
      if (row === undefined) throw new RangeError(`no row ${String(index)}`);
      return row;
    },
  };
}

/** What a source read, packed, whichever way it reads. */
export function readPacked(source: Source, request: ReadRequest): AsyncIterable<PackedRows> {
  return source.readPacked?.(request) ?? packChunks(source.read(request));
}

async function* packChunks(chunks: AsyncIterable<readonly Row[]>): AsyncGenerator<PackedRows> {
  for await (const rows of chunks) yield packRows(rows);
}

/** Rows in chunks of at most `size`, as callers want them who look at each. */
export async function* unpackRows(blocks: AsyncIterable<PackedRows>, size: number): AsyncGenerator<readonly Row[]> {
  let rows: Row[] = [];
  for await (const block of blocks) {
    for (let index = 0; index < block.ends.length; index++) {
      rows.push(block.row(index));
      if (rows.length < size) continue;
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}
