import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generators } from '../scripts/generators.ts';

describe('files that are made from code', () => {
  it.each(generators)('$path is what `npm run generate` writes', async ({ path, render }) => {
    expect(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').replaceAll('\r\n', '\n')).toBe(await render());
  });
});
