import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JoineryError } from '../domain/error.ts';
import type { FileArea, Files } from './contract.ts';
import { checkedFileName, fileNameOf } from './file-name.ts';
import { createPrivateFolder } from './private-files.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** Run files in `<folder>/runs/<id>/`, those of pipelines in `<folder>/pipelines/<name>/`; for the owner's eyes only. */
export function openFolderFiles(folder: string, readOnly: boolean): Files {
  const folderOf = (area: FileArea): string =>
    'run' in area ? join(folder, 'runs', checkedFileName(area.run)) : join(folder, 'pipelines', fileNameOf(area.pipeline));
  const pathOf = (area: FileArea, name: string): string => join(folderOf(area), checkedFileName(name));
  const mayWrite = (): void => {
    if (readOnly) throw new JoineryError('STO-105', 'The state was opened for reading only.');
  };

  return {
    async write(area, name, chunks) {
      mayWrite();
      const path = pathOf(area, name);
      await createPrivateFolder(folderOf(area)).catch((error: unknown) => {
        throw sqliteFailure(error);
      });
      await removeLeftovers(folderOf(area), name);
      // A dot in front: not in any list, and no name that a caller may use.
      const temporary = join(folderOf(area), `.${name}.${String(process.pid)}.${randomBytes(4).toString('hex')}`);
      try {
        const bytes = await writeWhole(temporary, chunks);
        await replace(temporary, path);
        return bytes;
      } catch (error) {
        await rm(temporary, { force: true });
        // A full disk is no defect; what the pieces themselves ended with passes as it is.
        throw sqliteFailure(error);
      }
    },

    async read(area, name) {
      try {
        // Opened here and not when reading begins, so that a file which is replaced meanwhile is read to its end as it was.
        const file = await open(pathOf(area, name), 'r');
        return createReadStream('', { fd: file, highWaterMark: 256 * 1024 });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async list(area) {
      try {
        const names = await readdir(folderOf(area));
        return names.filter((name) => !name.startsWith('.')).toSorted();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },

    async promote(run, pipeline, name) {
      mayWrite();
      await createPrivateFolder(folderOf({ pipeline }));
      await replace(pathOf({ run }, name), pathOf({ pipeline }, name)).catch((error: unknown) => {
        throw isMissing(error) ? new JoineryError('STO-301', `The run ${run} has no file ${name}.`, { cause: error }) : error;
      });
    },

    async remove(area, name) {
      mayWrite();
      await rm(pathOf(area, name), { force: true });
    },

    path: pathOf,
  };
}

async function writeWhole(path: string, chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.chmod(0o600);
    let bytes = 0;
    for await (const chunk of gather(chunks)) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    // The name must not appear before the content has reached the disk.
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

/** What one write of a file holds at most; a write wakes a thread, which costs more than copying as much. */
const writeBytes = 256 * 1024;

/**
 * Joins small pieces into writes of at most `most` bytes, and of more only where a piece is. One of at least half of that is not worth a copy, and goes on as it is. Whoever made a piece may use its
 * bytes again when the next one is asked for, and so does this.
 */
export async function* gather(
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  most = writeBytes,
): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(Math.min(most, 4096));
  let filled = 0;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (filled + bytes.length > most && filled > 0) {
      yield block.subarray(0, filled);
      filled = 0;
    }
    if (filled === 0 && 2 * bytes.length >= most) {
      yield bytes;
      continue;
    }
    const size = filled + bytes.length;
    if (size > block.length) block = Buffer.concat([block.subarray(0, filled)], Math.min(most, Math.max(4 * block.length, size)));
    filled += bytes.copy(block, filled);
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** Renames over what is there. Windows refuses for a moment while a virus scanner or an indexer looks at the file. */
async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const passing = error instanceof Error && 'code' in error && ['EPERM', 'EACCES', 'EBUSY'].includes(String(error.code));
      if (!passing || process.platform !== 'win32' || attempt === 10) throw error;
    }
    await delay(20 * attempt);
  }
}

/** Half-written files of processes that have ended: they hold personal data and nobody else would ever remove them. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const file of await readdir(folder)) {
    const owner = file.startsWith(`.${name}.`) ? /^(\d+)\.[0-9a-f]{8}$/.exec(file.slice(name.length + 2))?.[1] : undefined;
    if (owner !== undefined && !isAlive(Number(owner))) await rm(join(folder, file), { force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
