import { randomUUID } from 'node:crypto';
import { JoineryError } from '../domain/error.ts';
import type { PipelineName, RunId } from '../domain/words.ts';
import type { FileArea, Files } from './contract.ts';
import { insertOne, type Database, type Transaction } from './database.ts';
import { gather } from './folder-files.ts';
import { integerOf, textOf, type Row } from './row.ts';

const chunkBytes = 256 * 1024;

function areaName(area: FileArea): string {
  return 'run' in area ? `run:${area.run}` : `pipeline:${area.pipeline}`;
}

/** Files as chunks in the database. A name points at a content; replacing a file points the name at another one. */
export function openDatabaseFiles(database: Database): Files {
  return {
    // One transaction of its own for the whole file: nobody sees half of it, and what a killed process began is gone with it.
    write: (area, name, chunks) =>
      database.writeAlone(async (transaction) => {
        const content = randomUUID();
        let [bytes, ordinal] = [0, 0];
        for await (const chunk of gather(chunks, chunkBytes)) {
          await transaction.run({
            sql: 'INSERT INTO file_chunks (content, ordinal, body) VALUES (?, ?, ?)',
            bindings: [content, ordinal++, chunk],
          });
          bytes += chunk.length;
        }
        await point(transaction, areaName(area), name, content, ordinal);
        return bytes;
      }),

    async read(area, name) {
      const row = await find(database, areaName(area), name);
      return row === undefined ? undefined : readChunks(database, name, textOf(row, 'content'), integerOf(row, 'chunks'));
    },

    async list(area) {
      const rows = await database.all({ sql: 'SELECT name FROM files WHERE area = ? ORDER BY name', bindings: [areaName(area)] });
      return rows.map((row) => textOf(row, 'name'));
    },

    promote: (run, pipeline, name) => database.writeAlone((transaction) => promote(transaction, run, pipeline, name)),

    remove: (area, name) => database.writeAlone((transaction) => forget(transaction, areaName(area), name)),

    path: () => undefined,
  };
}

function find(reader: Pick<Database, 'first'>, area: string, name: string): Promise<Row | undefined> {
  return reader.first({ sql: 'SELECT content, chunks FROM files WHERE area = ? AND name = ?', bindings: [area, name] });
}

async function forget(transaction: Transaction, area: string, name: string): Promise<void> {
  const rows = await transaction.all({ sql: 'DELETE FROM files WHERE area = ? AND name = ? RETURNING content', bindings: [area, name] });
  for (const row of rows) await transaction.run({ sql: 'DELETE FROM file_chunks WHERE content = ?', bindings: [textOf(row, 'content')] });
}

async function point(transaction: Transaction, area: string, name: string, content: string, chunks: number): Promise<void> {
  await forget(transaction, area, name);
  await transaction.run(insertOne('files', { area, name, content, chunks }));
}

async function promote(transaction: Transaction, run: RunId, pipeline: PipelineName, name: string): Promise<void> {
  const row = await find(transaction, areaName({ run }), name);
  if (row === undefined) throw new JoineryError('STO-301', `The run ${run} has no file ${name}.`);
  await transaction.run({ sql: 'DELETE FROM files WHERE area = ? AND name = ?', bindings: [areaName({ run }), name] });
  await point(transaction, areaName({ pipeline }), name, textOf(row, 'content'), integerOf(row, 'chunks'));
}

/** Chunk by chunk, so that memory is flat. Errors: STO-402 when the file is replaced meanwhile. */
async function* readChunks(database: Database, name: string, content: string, chunks: number): AsyncGenerator<Uint8Array> {
  for (let ordinal = 0; ordinal < chunks; ordinal++) {
    const row = await database.first({
      sql: 'SELECT body FROM file_chunks WHERE content = ? AND ordinal = ?',
      bindings: [content, ordinal],
    });
    const body = row?.['body'];
    if (!(body instanceof Uint8Array)) throw new JoineryError('STO-402', `The file ${name} was replaced while it was being read.`);
    yield body;
  }
}
