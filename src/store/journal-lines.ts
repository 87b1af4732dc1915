import { canonicalJson, hashText, type Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { JournalHead, JournalLine } from './contract.ts';
import type { Reader, Transaction } from './database.ts';
import { integerOf, jsonOf, textOf, type Row } from './row.ts';

/** What the first line follows. */
export const beforeFirst = '0'.repeat(64);

/** SHA-256 over the previous line's hash and the canonical JSON of the line. */
export function lineHash(line: Omit<JournalLine, 'hash'>): string {
  const { sequence, at, kind, data } = line;
  return hashText(`${line.previous}\n${canonicalJson({ sequence, at, kind, data })}`);
}

/**
 * Appends one line within the transaction whose change it tells. Writers take turns, so the last line is still the last when this one
 * is written. The head is kept apart as well: without it a journal whose end was cut off would look whole.
 */
export async function appendLine(
  transaction: Transaction,
  kind: string,
  data: Readonly<Record<string, Json>>,
  at: Instant,
): Promise<JournalLine> {
  const head = await readHead(transaction);
  const unsealed = { sequence: (head?.sequence ?? 0) + 1, at, kind, data, previous: head?.hash ?? beforeFirst };
  const line: JournalLine = { ...unsealed, hash: lineHash(unsealed) };
  await transaction.run({
    sql: 'INSERT INTO journal (sequence, at, kind, data, previous, hash) VALUES (?, ?, ?, ?, ?, ?)',
    bindings: [line.sequence, at, kind, canonicalJson(data), line.previous, line.hash],
  });
  await transaction.run({
    sql: `INSERT INTO meta (name, value) VALUES ('journalHead', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    bindings: [canonicalJson({ sequence: line.sequence, hash: line.hash })],
  });
  return line;
}

/** undefined while the journal is empty. */
export async function readHead(reader: Reader): Promise<JournalHead | undefined> {
  const row = await reader.first({ sql: `SELECT value FROM meta WHERE name = 'journalHead'`, bindings: [] });
  return row === undefined ? undefined : jsonOf<JournalHead>(row, 'value');
}

export function lineOf(row: Row): JournalLine {
  return {
    sequence: integerOf(row, 'sequence'),
    at: integerOf(row, 'at'),
    kind: textOf(row, 'kind'),
    data: jsonOf<Readonly<Record<string, Json>>>(row, 'data'),
    previous: textOf(row, 'previous'),
    hash: textOf(row, 'hash'),
  };
}
