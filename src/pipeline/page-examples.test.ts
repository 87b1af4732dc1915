import { expect, test } from 'vitest';
import { pipelineErrors } from '../domain/errors/pipeline.ts';
import { loadPageExample, pageExamples } from './page-examples.ts';

test('every code of the pipeline file but the missing file has examples', () => {
  expect(Object.keys(pipelineErrors).filter((code) => pageExamples[code] === undefined)).toEqual(['PIP-001']);
});

test.each(Object.entries(pageExamples))('%s: the wrong example is found, the right one has no findings', (code, { wrong, right }) => {
  expect(loadPageExample(wrong).diagnostics.map((one) => one.code)).toContain(code);
  expect(loadPageExample(right).diagnostics.map(({ code: found, message }) => `${found} ${message}`)).toEqual([]);
});
