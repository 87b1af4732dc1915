import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generators } from './generators.ts';

/** `npm run generate`: writes every file that is made from code. */
for (const { path, render } of generators) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await render());
  process.stdout.write(`${path}\n`);
}
