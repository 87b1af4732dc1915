import { mkdirSync, rmSync, readdirSync, writeFileSync } from 'node:fs';
import { checkCodes, pageOf, renderCheckPage } from '../src/mapping/check-pages.ts';

// Writes docs/reference/checks/: one page a code, from the error registry and from what check says about its examples.
const root = new URL('../', import.meta.url);
const folder = new URL('docs/reference/checks/', root);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (/^(?:MAP|SCM)-/.test(name)) rmSync(new URL(name, folder));
for (const { code, declaration } of checkCodes()) writeFileSync(new URL(pageOf(code), root), renderCheckPage(code, declaration));
