/**
 * `npm run soak:mutants [-- [--processes N] NAME…]`: plants one defect at a time into a copy of the sources and shows that the soak finds it within 500 histories. A defect is a textual patch; one whose text is
 * no longer there fails, so that none is silently planted nowhere.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants, plant } from './mutants.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals: wanted } = parseArgs({ options: { processes: { type: 'string', default: '2' } }, allowPositionals: true });
let missed = 0;
for (const mutant of mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const folder = mkdtempSync(join(process.env['JOINERY_SOAK_FOLDER'] ?? tmpdir(), 'joinery-mutant-'));
  try {
    for (const part of [
      'src',
      'test/soak',
      'test/postgres.ts',
      'samples/sink-variables.ts',
      'bench/soak.ts',
      'bench/soak-versions.ts',
      'package.json',
      'tsconfig.json',
    ])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const patch of mutant.patches) {
      const file = join(folder, patch.file);
      writeFileSync(file, plant(readFileSync(file, 'utf8'), patch));
    }
    const soak = [
      '--import',
      'tsx',
      mutant.soak ?? 'bench/soak.ts',
      '--histories',
      '500',
      '--first',
      '--plain',
      '--processes',
      values.processes,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, soak, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
    const found = /^history .*$/m.exec(stdout)?.[0];
    const played = /^(\d+) histories/m.exec(stdout)?.[1] ?? '?';
    if (status !== 1 || found === undefined) missed++;
    process.stdout.write(
      `${found === undefined ? 'MISSED' : 'found '}  ${mutant.name}: ${found ?? stderr.slice(0, 2_000)} (after ${played} histories)\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exitCode = missed === 0 ? 0 : 1;
