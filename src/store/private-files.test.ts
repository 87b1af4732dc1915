import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from './open.ts';
import { createPrivateFolder } from './private-files.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinery-private-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('makes a folder and those above it for their owner alone, by several at once, and leaves what is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all([createPrivateFolder(path), createPrivateFolder(path), createPrivateFolder(join(folder, 'a', 'b'))]);
  for (const each of [path, join(folder, 'a')]) expect((await stat(each)).mode & 0o777).toBe(0o700);
  await createPrivateFolder(path);
});

it('names a place where no state can be at once: below a file, and where nothing can be made', async () => {
  await writeFile(join(folder, 'file'), '');
  const impossible = [join(folder, 'file'), join(folder, 'file', 'x', 'y'), ...(existsSync('/proc/self') ? ['/proc/x', '/proc/x/y'] : [])];
  for (const place of impossible) await expect(openStore(place)).rejects.toMatchObject({ code: 'STO-101' });
});
