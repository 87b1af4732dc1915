import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkCodes, pageOf, renderCheckPage, runExample } from './check-pages.ts';

const root = new URL('../../', import.meta.url);
const withExamples = checkCodes().flatMap(({ code, declaration: { wrong, right } }) =>
  wrong === undefined || right === undefined ? [] : [{ code, wrong, right }],
);

test.each(withExamples)('$code: the wrong example is found, the right one has no findings', ({ code, wrong, right }) => {
  expect(runExample(wrong).diagnostics.map((one) => one.code)).toContain(code);
  // Notices speak of speed and of variables that are not set.
  expect(runExample(right).diagnostics.filter((one) => one.severity !== 'notice')).toEqual([]);
});

test('every finding about the text of a mapping has examples', () => {
  // Files that cannot be read, the live source, the slow engine and tests cannot be shown in a pipeline file.
  const without = /^(?:MAP-10[1-6]|MAP-13[1-3]|MAP-3\d\d|SCM-113)$/;
  const findings = checkCodes().filter(({ declaration }) => declaration.exit === 'configuration');
  expect(findings.filter(({ code, declaration }) => declaration.wrong === undefined && !without.test(code))).toEqual([]);
});

test('every code has its page, and the pages are current (npx tsx scripts/write-check-pages.ts writes them)', () => {
  const written = readdirSync(new URL('docs/reference/checks/', root)).filter((name) => /^(?:MAP|SCM)-/.test(name));
  expect(written.toSorted()).toEqual(checkCodes().map(({ code }) => `${code}.md`));
  for (const { code, declaration } of checkCodes()) {
    expect(readFileSync(new URL(pageOf(code), root), 'utf8')).toBe(renderCheckPage(code, declaration));
  }
});
