import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderCoverage } from './draw-coverage.ts';
import { renderTestReport } from './report.ts';
import { runMappingTests } from './run-tests.ts';

const folder = fileURLToPath(new URL('../../../pipelines/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.test.yaml'));

test('every pipeline that ships has tests', () => {
  const pipelines = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'));
  expect(files.toSorted()).toEqual(pipelines.map((name) => name.replace(/\.yaml$/, '.test.yaml')).toSorted());
});

test.each(files)('%s passes and reaches every attribute and branch', async (name) => {
  const report = await runMappingTests(`${relative(process.cwd(), folder)}/${name}`);
  expect(report.passed ? '' : renderTestReport(report)).toBe('');
  const missed = report.coverage.filter(({ kind, reached }) => kind !== 'lookupKey' && !reached);
  expect(missed.length === 0 ? '' : renderCoverage(report)).toBe('');
});
