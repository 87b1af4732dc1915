import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** From top to bottom; a folder imports from lower layers only, never from its neighbours. */
const layers = [
  ['index'],
  ['cli'],
  ['stages', 'audit'],
  ['mapping', 'plan', 'source', 'entra', 'store'],
  ['pipeline', 'jsonata', 'scim'],
  ['domain'],
];
/** Outside the order: it may know the words and nothing else. */
const apart: Readonly<Record<string, readonly string[]>> = { emulator: ['domain'] };
/** Who may start the emulator: the command that serves it, and the package's own export. */
const mayImportEmulator = ['cli', 'index'];

function* typescriptFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* typescriptFiles(path);
    else if (name.endsWith('.ts')) yield path;
  }
}

function folderOf(path: string): string {
  const parts = relative(source, path).split(sep);
  return parts.length === 1 ? 'index' : (parts[0] ?? 'index');
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const specifiers = [...text.matchAll(/\bfrom\s+'(\.[^']+)'/g), ...text.matchAll(/\bimport\(\s*'(\.[^']+)'\s*\)/g)];
  return specifiers.map((match) => folderOf(resolve(dirname(path), match[1] ?? '.')));
}

function isAllowed(from: string, to: string): boolean {
  if (from === to) return true;
  if (to === 'emulator') return mayImportEmulator.includes(from);
  const narrow = apart[from];
  if (narrow !== undefined) return narrow.includes(to);
  const above = layers.findIndex((layer) => layer.includes(from));
  const below = layers.findIndex((layer) => layer.includes(to));
  return above !== -1 && below !== -1 && above < below;
}

describe('the layers of the house', () => {
  /** Unit tests may also use what stands in `test/`. */
  const files = [...typescriptFiles(source)].filter((path) => !path.endsWith('.test.ts'));

  it('knows every folder of src', () => {
    const known = new Set([...layers.flat(), ...Object.keys(apart)]);
    expect([...new Set(files.map(folderOf))].filter((folder) => !known.has(folder))).toEqual([]);
  });

  it('imports run one way: from a layer to the layers below it, never sideways', () => {
    const offences = files.flatMap((path) =>
      importsOf(path)
        .filter((to) => !isAllowed(folderOf(path), to))
        .map((to) => `${relative(source, path)} imports ${to}`),
    );
    expect(offences).toEqual([]);
  });

  it('sees an import that breaks the rule', () => {
    expect(isAllowed('domain', 'store')).toBe(false);
    expect(isAllowed('store', 'entra')).toBe(false);
    expect(isAllowed('stages', 'store')).toBe(true);
    expect(isAllowed('emulator', 'store')).toBe(false);
  });

  it('asks the system for the time in one place only', () => {
    const allowed = join('domain', 'clock.ts');
    const offenders = files.filter(
      (path) =>
        !path.endsWith('.test.ts') &&
        !path.endsWith(allowed) &&
        /\bDate\.now\(\)|new Date\(\)/.test(withoutComments(readFileSync(path, 'utf8'))),
    );
    expect(offenders.map((path) => relative(source, path))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*/g, '');
}
