import { open, rm, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline as connect } from 'node:stream/promises';
import { JoineryError } from '../domain/error.ts';

/** Writes a file for the owner's eyes only, and answers its absolute path. Errors: CLI-102. */
export function writePrivate(file: string, text: string): Promise<string> {
  return writePrivatePieces(file, [text]);
}

/**
 * The same, streamed. A file that was there, readable by others, is closed to them before the first byte; a device or a pipe (`/dev/stdout`) is written as it is. A file that could not be
 * written to its end is removed, so that nobody takes it for all there was; never anything else than a file. Errors: CLI-102.
 */
export async function writePrivatePieces(file: string, pieces: Iterable<string> | AsyncIterable<string | Uint8Array>): Promise<string> {
  const path = resolve(file);
  let handle: FileHandle;
  try {
    handle = await open(path, 'w', 0o600);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
  let isFile = false;
  try {
    isFile = (await handle.stat()).isFile();
    if (isFile) await handle.chmod(0o600);
    // Closes the handle, whatever happens.
    await connect(Readable.from(pieces), handle.createWriteStream());
  } catch (cause) {
    await handle.close().catch(() => undefined);
    if (isFile) await rm(path, { force: true });
    throw cause instanceof JoineryError ? cause : cannotWrite(file, cause);
  }
  return path;
}

function cannotWrite(file: string, cause: unknown): JoineryError {
  const because = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new JoineryError('CLI-102', `${file} cannot be written${because}`, { cause });
}
