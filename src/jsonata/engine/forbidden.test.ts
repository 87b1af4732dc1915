import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs a script of ours in a Node that refuses to turn text into code. */
function runForbidden(script: string): unknown {
  const args = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: repository, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('a process that may not generate code', () => {
  it('evaluates everything in the reference, with the same values', () => {
    const script = `
      const { compile, compileUnit } = await import('./src/jsonata/index.ts');
      const one = compile('first & "!"');
      const unit = compileUnit([{ name: 'a', source: '$x & first' }, { name: 'let x', source: '"x"', binds: 'x' }]);
      const result = await unit.evaluate({ first: 'Ada' });
      console.log(JSON.stringify([one.compiled, one.reasons, await one.evaluate({ first: 'Ada' }), unit.compiled, result]));`;
    expect(runForbidden(script)).toEqual([
      false,
      ['this process may not generate code'],
      'Ada!',
      false,
      { values: ['xAda', 'x'], errors: [] },
    ]);
  });
});
