import type { Transaction } from 'mssql';
import type { Row } from '../domain/row.ts';
import { createFingerprint } from './fingerprint.ts';
import type { KeySequence } from './key-sequence.ts';
import { RowLayout } from './layout.ts';
import { encodeLine } from './line.ts';
import { streamRows } from './mssql-session.ts';
import type { MssqlColumn } from './mssql-types.ts';
import type { PositionTracker } from './position.ts';
import type { StatementLimit } from './statement-limit.ts';

export interface MssqlRowOptions {
  readonly columns: readonly MssqlColumn[];
  readonly key: string;
  readonly seed: bigint;
  readonly chunk: number;
  readonly limit: StatementLimit;
  readonly signal: AbortSignal | undefined;
  /** Absent: rows may come in any order. */
  readonly sequence?: KeySequence | undefined;
  readonly watermark?: string | undefined;
  readonly tracker?: PositionTracker | undefined;
  /** Of the first row; default 1. */
  readonly ordinal?: number;
}

/** The rows of one SELECT, in chunks, with back-pressure. */
export async function* readMssqlRows(transaction: Transaction, sql: string, options: MssqlRowOptions): AsyncGenerator<readonly Row[]> {
  const { columns, sequence, tracker, chunk, limit, signal } = options;
  const layout = new RowLayout(columns, options.key, options.watermark);
  const fingerprint = await createFingerprint(options.seed, columns);
  const writers = columns.map(({ textOf }) => textOf);
  let ordinal = options.ordinal ?? 1;
  signal?.throwIfAborted();
  for await (const part of streamRows(transaction, sql, { chunk, limit, signal })) {
    yield part.map((values) => {
      const line = encodeLine(
        values.map((value, index) => (value === null || value === undefined ? null : (writers[index]?.(value) ?? null))),
      );
      const row = layout.row(line, fingerprint.ofText(line), ordinal++);
      sequence?.check(row);
      tracker?.add(layout.watermarkOf(line));
      return row;
    });
  }
}
