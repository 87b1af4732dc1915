import type { KeyOrder } from '../domain/row.ts';
import { createFingerprint } from './fingerprint.ts';
import type { KeySequence } from './key-sequence.ts';
import type { RowLayout } from './layout.ts';
import type { PackedRows } from './packed.ts';
import type { PositionTracker } from './position.ts';
import { CopyOut } from './postgres-copy-out.ts';
import { copyStart, type Reading } from './postgres-reading.ts';
import { RowKernel } from './row-kernel.ts';
import type { StatementLimit } from './statement-limit.ts';

export interface CopyOptions {
  readonly layout: RowLayout;
  readonly seed: bigint;
  readonly limit: StatementLimit;
  /** Of the keys. */
  readonly order: KeyOrder;
  /** Absent: rows may come in any order. */
  readonly sequence?: KeySequence | undefined;
  readonly tracker?: PositionTracker | undefined;
  /** Of the first row; default 1. */
  readonly ordinal?: number;
}

/** The rows of one SELECT, as COPY sends them, with back-pressure. */
export async function* copyRows(
  reading: Reading,
  sql: string,
  { layout, seed, limit, order, sequence, tracker, ordinal: first = 1 }: CopyOptions,
): AsyncGenerator<PackedRows> {
  const fingerprint = await createFingerprint(seed, layout.columns);
  // The text was found to be one statement with closed parentheses and no comment at its end, so nothing in it can leave these.
  const copy = new CopyOut(`${copyStart}${sql}) TO STDOUT`);
  const packing = { fingerprint, order, kernel: RowKernel.take() };
  try {
    reading.start(copy, limit);
    let ordinal = first;
    for (;;) {
      limit.begin();
      const lines = await copy.next();
      limit.end();
      if (lines === undefined) return;
      const rows = layout.pack(lines, ordinal, packing);
      ordinal += rows.ends.length;
      sequence?.checkPacked(rows);
      if (tracker !== undefined) for (let index = 0; index < rows.ends.length; index++) tracker.add(layout.watermarkOf(rows.line(index)));
      yield rows;
    }
  } finally {
    packing.kernel.giveBack();
  }
}
