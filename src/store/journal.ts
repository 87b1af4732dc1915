import { JoineryError } from '../domain/error.ts';
import type { Journal, JournalLine } from './contract.ts';
import type { Database } from './database.ts';
import { appendLine, lineOf, readHead } from './journal-lines.ts';
import type { Row } from './row.ts';

const chunk = 1000;

export function openJournal(database: Database): Journal {
  return {
    record: (kind, data, at) => database.write((transaction) => appendLine(transaction, kind, data, at)),
    async *stream(from = 1) {
      for (let next = from; ;) {
        const rows = await database.all({
          sql: 'SELECT * FROM journal WHERE sequence >= ? ORDER BY sequence LIMIT ?',
          bindings: [next, chunk],
        });
        const lines = rows.map(lineAsItStands);
        if (lines.length > 0) yield lines;
        const last = lines.at(-1);
        if (last === undefined || lines.length < chunk) return;
        next = last.sequence + 1;
      }
    },
    async last() {
      const row = await database.first({ sql: 'SELECT * FROM journal ORDER BY sequence DESC LIMIT 1', bindings: [] });
      return row === undefined ? undefined : lineOf(row);
    },
    head: () => readHead(database),
  };
}

/** A line that cannot even be read as one is given without a seal, so that whoever walks the chain names it instead of ending there. */
function lineAsItStands(row: Row): JournalLine {
  try {
    return lineOf(row);
  } catch (error) {
    const { sequence } = row;
    if (!(error instanceof JoineryError) || sequence === null || !Number.isSafeInteger(Number(sequence))) throw error;
    return { sequence: Number(sequence), at: 0, kind: 'unreadable', data: {}, previous: '', hash: '' };
  }
}
