/** Writes docs/reference/functions.md from the declarations of the function library. Run with tsx from the root of the repository. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderReferencePage } from '../src/jsonata/functions/reference-page.ts';

const target = new URL('../docs/reference/functions.md', import.meta.url);
mkdirSync(new URL('.', target), { recursive: true });
writeFileSync(target, renderReferencePage());
