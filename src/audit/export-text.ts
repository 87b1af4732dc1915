import { csvLine } from './csv.ts';
import type { ExportTable } from './export-rows.ts';

/** UTF-8 mark: without it Excel reads the file in the code page of the machine. */
const mark = '\uFEFF';
const pieceLength = 65_536;

/** The table as text, in pieces of about 64 KiB. `csv`: with heading, formulas defused; `ndjson`: one object a line, values as they are. */
export async function* exportText({ columns, rows }: ExportTable, format: 'csv' | 'ndjson'): AsyncGenerator<string> {
  let piece = format === 'csv' ? mark + csvLine(columns.map(({ name }) => name)) : '';
  for await (const row of rows) {
    piece +=
      format === 'csv'
        ? csvLine(row)
        : `${JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])))}\n`;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
