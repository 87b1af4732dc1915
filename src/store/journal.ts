import type { Journal } from './contract.ts';
import type { Database } from './database.ts';
import { appendLine, lineOf, readHead } from './journal-lines.ts';

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
        const lines = rows.map(lineOf);
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
