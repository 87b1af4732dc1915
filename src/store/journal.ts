import type { Journal } from './contract.ts';
import type { Database } from './database.ts';
import { appendLine, lineOf, readHead } from './journal-lines.ts';

const chunk = 1000;

export function openJournal(database: Database): Journal {
  return {
    record: (kind, data, at) => database.write((transaction) => appendLine(transaction, kind, data, at)),
    async *stream(from = 1) {
      for (let next = from; ;) {
        const rows = await database.all(database.table('journal').where('sequence', '>=', next).orderBy('sequence').limit(chunk).select());
        const lines = rows.map(lineOf);
        if (lines.length > 0) yield lines;
        const last = lines.at(-1);
        if (last === undefined || lines.length < chunk) return;
        next = last.sequence + 1;
      }
    },
    async last() {
      const row = await database.first(database.table('journal').orderBy('sequence', 'desc').limit(1).select());
      return row === undefined ? undefined : lineOf(row);
    },
    head: () => readHead(database),
  };
}
