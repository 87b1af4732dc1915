import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What `package.json` exports and starts. */
const entryPoints = ['cli/main.ts', 'index.ts', 'pipeline/index.ts', 'jsonata/public.ts', 'emulator/index.ts'];

/**
 * Packages that go into the bundle, for their many files cost a process more than their code; their licences go beside it.
 * The danger of one more: its fixes reach people only with a release of ours. Nothing that talks to a network or a database belongs here.
 */
const bundled = [
  'any-ascii',
  'cli-table3',
  'commander',
  'croner',
  'csv-parse',
  'jsonata',
  'p-limit',
  'picocolors',
  'temporal-polyfill',
  'xxhash-wasm',
  'yaml',
  'zod',
];

/** CommonJS among them asks for modules of Node by a `require` that ES modules have not. */
const requireForBundled = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

/**
 * Writes the JavaScript of the package: our several hundred modules as a few files, for Node spends about a millisecond of CPU on each file that it resolves,
 * and a scheduler starts a process every half hour.
 * @param folder gets `cli/main.js` and so on; the version is read from `package.json` in the folder above it
 */
export async function bundle(folder: string): Promise<void> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints.map((entry) => `src/${entry}`),
    outbase: 'src',
    outdir: folder,
    // One level deep like `cli/main.js`, so that `../../package.json` is the same file from every one of them.
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: requireForBundled },
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    external: dependenciesOf(manifest).filter((name) => !bundled.includes(name)),
    logLevel: 'warning',
  });
  // With what they bring along.
  const notices = await Promise.all(packagesOf(Object.keys(metafile.inputs)).map(noticeOf));
  await writeFile(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

function packagesOf(files: readonly string[]): readonly string[] {
  const found = files.flatMap((file) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(found)].toSorted();
}

function dependenciesOf(manifest: unknown): readonly string[] {
  if (typeof manifest !== 'object' || manifest === null || !('dependencies' in manifest))
    throw new Error('package.json has no dependencies');
  const { dependencies } = manifest;
  return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [];
}

async function noticeOf(name: string): Promise<string> {
  const folder = join(root, 'node_modules', name);
  const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${name} has no licence file: it cannot be bundled`);
  return `${name}\n\n${await readFile(join(folder, licence), 'utf8')}`;
}
