import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutants, plant } from '../../bench/mutants.ts';

describe('the defects that the soak is shown to find', () => {
  it.each(mutants)('can still be planted: $name', ({ patches }) => {
    const texts = new Map<string, string>();
    for (const patch of patches) {
      const before = texts.get(patch.file) ?? readFileSync(fileURLToPath(new URL(`../../${patch.file}`, import.meta.url)), 'utf8');
      const after = plant(before, patch);
      expect(after).not.toBe(before);
      texts.set(patch.file, after);
    }
  });

  it('are refused where the text to patch is not there, or is there twice', () => {
    const patch = { file: 'a.ts', find: 'one', put: 'two' };
    expect(() => plant('nothing', patch)).toThrow('0 times');
    expect(() => plant('one one', patch)).toThrow('2 times');
  });
});
