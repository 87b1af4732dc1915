import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileNameOf } from './file-name.ts';
import type { PipelineLock } from './database.ts';
import { createPrivateFile, createPrivateFolder } from './private-files.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

/** Two processes that try at the same moment can both be told no; whoever is really second is told so this many times. */
const attempts = 10;

/**
 * The lock of one pipeline is an exclusive transaction, held open, on an empty SQLite file of its own: the operating system ends it with
 * the process, however that ends. The danger is POSIX's: closing any other descriptor of that file in this process would drop the lock,
 * which is why nothing here opens an existing lock file but SQLite, who knows about it.
 */
export async function lockPipelineFile(folder: string, pipeline: string): Promise<PipelineLock | undefined> {
  const { default: Driver } = await import('better-sqlite3');
  await createPrivateFolder(folder);
  const file = join(folder, `${fileNameOf(pipeline)}.lock`);
  await createPrivateFile(file);
  for (let attempt = 1; ; attempt++) {
    const connection = new Driver(file, { timeout: 0 });
    try {
      connection.exec('BEGIN EXCLUSIVE');
      return {
        lost: new AbortController().signal,
        provesEnd: true,
        release() {
          connection.close();
          return Promise.resolve();
        },
      };
    } catch (error) {
      connection.close();
      if (!isBusy(error)) throw sqliteFailure(error);
      if (attempt === attempts) return undefined;
    }
    await delay(5 * attempt);
  }
}
