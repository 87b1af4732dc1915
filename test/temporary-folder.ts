import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const memory = '/dev/shm';
/** Bytes; a whole run leaves about a quarter of it. */
const needed = 4 * 1024 ** 3;

/**
 * The temporary folder of a test run, in memory where the system offers that, and for everything that the run starts: what is waited for there is a disk that no
 * test is about (a new database of PostgreSQL alone is 300 files). A process that dies loses nothing there, as on a disk; only a loss of power would, which no
 * test can play. Somebody who set TMPDIR has decided; where there is little memory, or nothing may be executed, the system's folder is left. Answers what removes it.
 */
export async function useTemporaryFolder(): Promise<() => Promise<void>> {
  if (process.env['TMPDIR'] !== undefined || !(await isRoomy())) return () => Promise.resolve();
  const folder = await mkdtemp(join(memory, 'joinery-tests-'));
  // PostgreSQL refuses root and runs as somebody else, who has to get through.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;
  const onExit = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', onExit);
  return async () => {
    delete process.env['TMPDIR'];
    process.removeListener('exit', onExit);
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
}

async function isRoomy(): Promise<boolean> {
  if (process.platform !== 'linux' || freemem() < needed) return false;
  try {
    const { bavail, bsize } = await statfs(memory);
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
    const options = mounts.findLast(([, place]) => place === memory)?.[3]?.split(',');
    return bavail * bsize >= needed && options?.includes('rw') === true && !options.includes('noexec');
  } catch {
    return false;
  }
}
