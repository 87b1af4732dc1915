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
  // Files that cannot be read, the live source and the slow engine cannot be shown in a pipeline file.
  const without = ['MAP-101', 'MAP-102', 'MAP-103', 'MAP-104', 'MAP-105', 'MAP-106', 'MAP-131', 'MAP-132', 'MAP-133', 'SCM-113'];
  const findings = checkCodes().filter(({ declaration }) => declaration.exit === 'configuration');
  expect(findings.filter(({ declaration }) => declaration.wrong === undefined).map(({ code }) => code)).toEqual(without);
});

test('every code has its page, and the pages are current (npx tsx scripts/write-check-pages.ts writes them)', () => {
  const written = readdirSync(new URL('docs/reference/checks/', root)).filter((name) => /^(?:MAP|SCM)-/.test(name));
  expect(written.toSorted()).toEqual(checkCodes().map(({ code }) => `${code}.md`));
  for (const { code, declaration } of checkCodes()) {
    expect(readFileSync(new URL(pageOf(code), root), 'utf8')).toBe(renderCheckPage(code, declaration));
  }
});
