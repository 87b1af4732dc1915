import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { storyNumbers } from './numbers.ts';

/** Titles of a file's tests, as its text has them: not skipped, not left for later. */
function titlesOf(file: string): ReadonlySet<string> {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return new Set([...text.matchAll(/^\s*it\(\s*(['"`])(.*?)\1,/gms)].map(([, , title = '']) => title));
}

it('has a story for each of the ten parts of a life cycle, under the title that the file gives it', () => {
  expect(storyNumbers).toHaveLength(10);
  const missing = storyNumbers.flatMap(({ shown }) =>
    shown.flatMap(({ file, stories }) => stories.filter((story) => !titlesOf(file).has(story)).map((story) => `${file}: ${story}`)),
  );
  expect(missing).toEqual([]);
  expect(storyNumbers.filter(({ shown }) => shown.every(({ stories }) => stories.length === 0))).toEqual([]);
});

it('knows every story of the files that it names', () => {
  const parts = storyNumbers.flatMap(({ shown }) => shown);
  const told = new Set(parts.flatMap(({ stories }) => stories));
  const files = [...new Set(parts.map(({ file }) => file))].filter((file) => !file.startsWith('..'));
  const untold = files.flatMap((file) => [...titlesOf(file)].filter((title) => !told.has(title)).map((title) => `${file}: ${title}`));
  expect(untold).toEqual(['forecast.test.ts: names on the command line what the next run does, and refuses days that are none']);
});
