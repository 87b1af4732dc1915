import { appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { JoineryError } from '../domain/error.ts';

/**
 * The state of a tenant on disk: records by kind and key, the latest wins. What one request changed is written in one piece
 * and counts only with its closing mark, so a process that is killed leaves the state before or after a request, never between.
 */
export interface Journal {
  /** The records of a kind as they were when the emulator started, in the order in which they were first written. */
  restored<T>(kind: string): T[];
  put(kind: string, key: string, value: unknown): void;
  remove(kind: string, key: string): void;
  /** Writes what was put since the last flush. */
  flush(): void;
}

/** Keeps nothing. */
export const memoryJournal: Journal = {
  restored: () => [],
  put: () => undefined,
  remove: () => undefined,
  flush: () => undefined,
};

interface Line {
  readonly kind?: string;
  readonly key?: string;
  /** Absent: removed. */
  readonly value?: unknown;
  readonly commit?: number;
}

const header = { format: 'joinery-emulator', version: 1 };

/** Opens `state.ndjson` in the folder, compacted. Throws EMU-102. */
export function openJournal(folder: string): Journal {
  const file = join(folder, 'state.ndjson');
  const records = readState(folder, file);
  compact(file, records);
  let pending = new Map<string, Line>();
  let commits = 0;
  return {
    restored<T>(kind: string): T[] {
      return [...(records.get(kind)?.values() ?? [])] as T[]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- this program wrote the file, whose mark was read: its records have the type they were put with
    },
    put(kind, key, value) {
      const name = `${kind}\0${key}`;
      // Deleted first, so that the order in the file is the order of the last change.
      pending.delete(name);
      pending.set(name, { kind, key, value });
    },
    remove(kind, key) {
      const name = `${kind}\0${key}`;
      pending.delete(name);
      pending.set(name, { kind, key });
    },
    flush() {
      if (pending.size === 0) return;
      const lines = [...pending.values(), { commit: ++commits }];
      pending = new Map();
      appendFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, { mode: 0o600 });
    },
  };
}

function readState(folder: string, file: string): Map<string, Map<string, unknown>> {
  const records = new Map<string, Map<string, unknown>>();
  let text: string;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    text = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
  } catch (cause) {
    throw new JoineryError('EMU-102', `The data folder ${folder} cannot be used.`, { cause });
  }
  if (text === '') return records;
  const lines = text.split('\n');
  if (lines[0] !== JSON.stringify(header)) throw new JoineryError('EMU-102', `${file} was not written by this emulator.`);
  let group: Line[] = [];
  for (const [index, source] of lines.entries()) {
    if (index === 0 || source === '') continue;
    const line = parseLine(source);
    if (line === undefined) {
      // A torn line is what a killed process leaves, and only at the end.
      if (index >= lines.length - 2) break;
      throw new JoineryError('EMU-102', `${file} is damaged.`, { place: { file, line: index + 1, column: 1 } });
    }
    if (line.commit === undefined) {
      group.push(line);
      continue;
    }
    for (const one of group) apply(records, one);
    group = [];
  }
  return records;
}

function parseLine(source: string): Line | undefined {
  try {
    const line: Line = JSON.parse(source);
    return line;
  } catch {
    return undefined;
  }
}

function apply(records: Map<string, Map<string, unknown>>, line: Line): void {
  const { kind = '', key = '' } = line;
  const ofKind = records.get(kind) ?? new Map<string, unknown>();
  records.set(kind, ofKind);
  if ('value' in line) ofKind.set(key, line.value);
  else ofKind.delete(key);
}

/** Written beside and renamed into place: the old file stays whole until the new one is. */
function compact(file: string, records: Map<string, Map<string, unknown>>): void {
  const fresh = `${file}.new`;
  try {
    const handle = openSync(fresh, 'w', 0o600);
    writeSync(handle, `${JSON.stringify(header)}\n`);
    for (const [kind, ofKind] of records) {
      for (const [key, value] of ofKind) writeSync(handle, `${JSON.stringify({ kind, key, value })}\n`);
    }
    writeSync(handle, `${JSON.stringify({ commit: 0 })}\n`);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(fresh, file);
  } catch (cause) {
    throw new JoineryError('EMU-102', `The state file ${file} cannot be written.`, { cause });
  }
}
