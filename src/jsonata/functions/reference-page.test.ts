import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionDeclarations } from './index.ts';
import { renderReferencePage } from './reference-page.ts';

describe('docs/reference/functions.md', () => {
  it('is what the declarations say; npm run generate writes it anew', () => {
    const page = readFileSync(new URL('../../../docs/reference/functions.md', import.meta.url), 'utf8');
    expect(page).toBe(renderReferencePage());
  });

  it('has a heading for every function', () => {
    const page = renderReferencePage();
    expect(functionDeclarations.filter(({ name }) => !page.includes(`### \`$${name}(`)).map(({ name }) => name)).toEqual([]);
  });
});
