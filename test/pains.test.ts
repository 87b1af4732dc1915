import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pains } from '../scripts/pains.ts';
import { root } from './workplace.ts';

it('every pain of the contract is shown by tests that exist, or is no goal for a reason', () => {
  expect(pains.map(({ number }) => number)).toEqual(Array.from({ length: 33 }, (_, index) => index + 1));
  const texts = new Map<string, string>();
  const missing = pains.flatMap(({ number, tests, nonGoal }) => {
    const lost = tests.filter(([file, title]) => {
      const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
      texts.set(file, text);
      // A title, or the method of a case by which it.each names it.
      return !["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`)) && !text.includes(`\n  async ${title}() {`);
    });
    const reasons = lost.map(([file, title]) => `${String(number)}: ${file} has no test “${title}”`);
    return tests.length === 0 && nonGoal === undefined ? [`${String(number)}: neither test nor reason`, ...reasons] : reasons;
  });
  expect(missing).toEqual([]);
});
