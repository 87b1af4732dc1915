import { chmod, mkdir, open } from 'node:fs/promises';

/** Makes a folder that only its owner may enter, whatever the umask. A folder that is there already is left as it is. */
export async function createPrivateFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(path, 0o700);
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
