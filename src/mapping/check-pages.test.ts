import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkCodes, examplesOf, runExampleOf } from './check-pages.ts';

const root = new URL('../../', import.meta.url);
const withExamples = checkCodes().flatMap(({ code, declaration }) => {
  const { wrong, right } = examplesOf(code, declaration);
  return wrong === undefined || right === undefined ? [] : [{ code, wrong, right }];
});

test.each(withExamples)('$code: the wrong example is found, the right one has no findings', ({ code, wrong, right }) => {
  expect(runExampleOf(code, wrong).diagnostics.map((one) => one.code)).toContain(code);
  // Notices speak of speed and of variables that are not set; an expression alone says nothing about the type of an attribute.
  const about = code.startsWith('JSN-') ? /^JSN-/ : /^/;
  expect(runExampleOf(code, right).diagnostics.filter((one) => one.severity !== 'notice' && about.test(one.code))).toEqual([]);
});

test('every finding about the text of a mapping has examples', () => {
  // Files that cannot be read, the live source, the slow engine and tests cannot be shown in a pipeline file.
  const without = /^(?:MAP-10[1-6]|MAP-13[1-389]|MAP-3\d\d|SCM-113|PIP-001)$/;
  const findings = checkCodes().filter(({ declaration }) => declaration.exit === 'configuration');
  expect(findings.filter(({ code, declaration }) => examplesOf(code, declaration).wrong === undefined && !without.test(code))).toEqual([]);
});

test('every code has a page, and no page is left over', () => {
  const written = readdirSync(new URL('docs/reference/checks/', root));
  expect(written.toSorted()).toEqual(checkCodes().map(({ code }) => `${code}.md`));
});
