import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder that only its owner may enter, whatever the umask, and those above it. A folder that is there already is left as it is. Not by `mkdir` with `recursive`: where nothing can be made in a folder that is there, as in
 * /proc, Node asks for ever.
 */
export async function createPrivateFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await createPrivateFolder(above);
  try {
    await mkdir(path, { mode: 0o700 });
    await chmod(path, 0o700);
  } catch (error) {
    // Another process was quicker; what is there and no folder stays an error.
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Makes an empty file that only its owner may read, whatever the umask. A file that is there already is not opened. */
export async function createPrivateFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.chmod(0o600);
    await file.close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
