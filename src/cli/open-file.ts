import { spawn } from 'node:child_process';

/** Opens a file with what the desktop has for it. Answers false where there is nothing to open it with. */
export function openFile(path: string): Promise<boolean> {
  const [command, ...words] =
    process.platform === 'darwin' ? ['open', path] : process.platform === 'win32' ? ['explorer', path] : ['xdg-open', path];
  return new Promise((resolve) => {
    const child = spawn(command ?? 'xdg-open', words, { stdio: 'ignore', detached: true });
    child.once('error', () => {
      resolve(false);
    });
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
