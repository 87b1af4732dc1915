import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { MakeError } from './csv-text.ts';

/** A file that can be read twice, opened, or SRC-501. A pipe that nobody writes to would be waited for without end, so nothing is waited for. */
export async function openCsvFile(path: string, makeError: MakeError): Promise<FileHandle> {
  let file;
  try {
    // Windows has neither pipes in folders nor the flag.
    file = await open(path, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK));
  } catch (cause) {
    throw makeError({ code: 'SRC-501', message: 'the file cannot be opened', cause });
  }
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  throw makeError({
    code: 'SRC-501',
    message: stat.isDirectory() ? 'it is a folder, not a file' : 'it is a pipe or a device, which cannot be read twice',
  });
}
