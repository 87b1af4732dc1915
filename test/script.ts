import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * A module of this folder as one file of JavaScript, for tests that start processes of their own: translating what it imports would cost each of them a
 * second. Made before the tests of the file, inside node_modules so that packages are found, and removed after them. Answers its path.
 */
export function useScript(name: string): () => string {
  let folder = '';
  beforeAll(async () => {
    const cache = join(here, '..', 'node_modules', '.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'joinery-script-'));
    const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;
    await build({ ...options, entryPoints: [join(here, name)], outfile: join(folder, 'script.mjs') });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => join(folder, 'script.mjs');
}
