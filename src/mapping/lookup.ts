import { CsvError, parse } from 'csv-parse/sync';
import { hashText } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { decodeText } from '../domain/text-file.ts';
import type { LookupDeclaration } from '../pipeline/pipeline.ts';

/** A lookup as expressions see it: `$country` is an object of rows by key, each row an object of its other columns. */
export interface LookupTable {
  readonly name: string;
  /** Without prototype, so that `constructor` is no key. Empty cells are left out: like NULL they are nothing. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Columns beside the key. */
  readonly columns: readonly string[];
  /** Hash of the file: a part of the mapping id. */
  readonly hash: string;
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Reads a file or says why not; `undefined` text means that it does not exist. */
export type ReadBytes = (file: string) => Uint8Array;

/**
 * Reads a lookup's CSV: UTF-8 (a byte order mark is dropped), commas, a heading, one row per key. Everything wrong with it is reported with
 * file:line; a table comes only from a file without errors.
 */
export function readLookup(
  declaration: LookupDeclaration,
  readBytes: ReadBytes,
): { table?: LookupTable; diagnostics: readonly Diagnostic[] } {
  const { name, file, key, place } = declaration;
  let bytes: Uint8Array;
  try {
    bytes = readBytes(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { diagnostics: [{ code: 'MAP-101', severity: 'error', message: `lookup ${name}: ${reason}`, place }] };
  }
  const at = (line: number, column = 1): { file: string; line: number; column: number } => ({ file, line, column });
  const text = decodeText(bytes);
  if (typeof text !== 'string') {
    const message = `lookup ${name}: ${text.reason}`;
    return { diagnostics: [{ code: 'MAP-106', severity: 'error', message, place: at(text.line, text.column) }] };
  }
  let records: readonly ParsedRecord[];
  try {
    records = parseRecords(text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
    return { diagnostics: [{ code: 'MAP-102', severity: 'error', message: `lookup ${name}: ${error.message}`, place: at(line) }] };
  }
  const heading = records[0]?.record ?? [];
  const keyAt = heading.indexOf(key);
  if (keyAt === -1) {
    const message = `lookup ${name}: there is no column "${key}"; the heading has ${heading.length === 0 ? 'no columns' : heading.join(', ')}`;
    return { diagnostics: [{ code: 'MAP-103', severity: 'error', message, place: at(1) }] };
  }
  const diagnostics: Diagnostic[] = [];
  const twice = heading.find((column, index) => heading.indexOf(column) !== index);
  if (twice !== undefined) {
    diagnostics.push({
      code: 'MAP-102',
      severity: 'error',
      message: `lookup ${name}: the heading has two columns "${twice}"`,
      place: at(1),
    });
  }
  const rows: Record<string, Readonly<Record<string, string>>> = Object.create(null) as Record<string, Readonly<Record<string, string>>>; // oxlint-disable-line typescript/no-unsafe-type-assertion -- Object.create has no type
  const lines = new Map<string, number>();
  let previousEnd = records[0]?.info.lines ?? 1;
  for (const { record, info } of records.slice(1)) {
    const line = previousEnd + 1;
    previousEnd = info.lines;
    const value = record[keyAt] ?? '';
    const first = lines.get(value);
    if (record.length !== heading.length) {
      const message = `lookup ${name}: the row has ${String(record.length)} values, the heading ${String(heading.length)}`;
      diagnostics.push({ code: 'MAP-102', severity: 'error', message, place: at(line) });
    } else if (value === '') {
      diagnostics.push({ code: 'MAP-105', severity: 'error', message: `lookup ${name}: the row has no ${key}`, place: at(line) });
    } else if (first === undefined) {
      lines.set(value, line);
      rows[value] = Object.freeze(Object.fromEntries(heading.flatMap((column, index) => cellOf(column, record[index], index === keyAt))));
    } else {
      const message = `lookup ${name}: ${key} "${value}" stands on line ${String(first)} already`;
      diagnostics.push({ code: 'MAP-104', severity: 'error', message, place: at(line) });
    }
  }
  if (diagnostics.length > 0) return { diagnostics };
  const columns = heading.filter((_, index) => index !== keyAt);
  return { table: { name, rows: Object.freeze(rows), columns, hash: hashText(bytes) }, diagnostics };
}

function cellOf(column: string, value: string | undefined, isKey: boolean): [string, string][] {
  return isKey || value === undefined || value === '' ? [] : [[column, value]];
}

function parseRecords(text: string): readonly ParsedRecord[] {
  // `info` is what csv-parse adds; its typings know the option but not the shape that it gives.
  const records: unknown = parse(text, { info: true, relax_column_count: true, skip_empty_lines: true });
  return records as readonly ParsedRecord[]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- see above; a test reads lines and records
}
