import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runExample } from './check-pages.ts';
import { readTestFile } from './testing/test-file.ts';

const guide = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
const blocks = [...guide.matchAll(/^```(yaml|jsonata)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
  title: text.split('\n')[0] ?? '',
}));

test('the guide has examples', () => {
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks.filter(({ title }) => !title.startsWith('asOf')))(
  'the example "$title" of the guide has no findings',
  ({ text, language }) => {
    const { diagnostics, rendered } = runExample(language === 'jsonata' ? text.replace(/^\/\*.*\*\/\n/, '') : text);
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(rendered)).toEqual([]);
  },
);

test.each(blocks.filter(({ title }) => title.startsWith('asOf')))('the test file of the guide can be read', ({ text }) => {
  expect(readTestFile('guide.test.yaml', text).diagnostics).toEqual([]);
});
