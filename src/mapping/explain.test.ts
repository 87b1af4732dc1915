import { expect, test } from 'vitest';
import { base, compileSample, rowGroup, sampleInstant } from './pipeline.test-data.ts';

test('an explanation shows columns, lets, employment, scope and attributes with their values', async () => {
  const mapping = compileSample({
    timezone: 'UTC',
    employment: { start: 'hire_date' },
    scope: 'status != "Leave"',
    let: { given: '$uppercase(first_name)' },
    attributes: { ...base, active: '$employed', displayName: '$given' },
  });
  const { verdict, traces } = await mapping.explain(rowGroup(), sampleInstant);
  expect(verdict.kind).toBe('draft');
  expect(traces).toContainEqual({ name: '$given', expression: '$uppercase(first_name)', value: 'MARA', reads: ['first_name'] });
  expect(traces).toContainEqual({ name: '$employed', expression: 'employment', value: true, reads: ['hire_date'] });
  expect(traces).toContainEqual({ name: 'first_name', expression: 'column', value: 'Mara', reads: [] });
  expect(traces).toContainEqual({ name: 'scope', expression: 'status != "Leave"', value: true, reads: ['status'] });
  expect(traces.at(-1)).toEqual({ name: 'displayName', expression: '$given', value: 'MARA', reads: ['$given'] });
});

test('an explanation shows on request what the parts of expressions came to, and why something has no value', async () => {
  const mapping = compileSample({
    let: { amount: '$number(first_name) + 1' },
    attributes: { ...base, displayName: '$uppercase(first_name) & "-" & $length(last_name)', title: '$string($amount)' },
  });
  const { traces } = await mapping.explain(rowGroup(), sampleInstant, { parts: true });
  const byName = new Map(traces.map((trace) => [trace.name, trace]));
  expect(byName.get('displayName')?.steps).toEqual([
    { text: '$uppercase(first_name)', values: ['MARA'], times: 1 },
    { text: '$length(last_name)', values: [6], times: 1 },
  ]);
  expect(byName.get('$amount')).toMatchObject({
    value: undefined,
    problem: expect.stringMatching(/^\$amount: D3030: .*first_name = M•••/),
  });
  expect(byName.get('title')).toMatchObject({ value: undefined, problem: '$amount has no value' });
});

test('a let that nothing reads and that looks at the whole row does not see the name of a column that is NULL', async () => {
  const mapping = compileSample({ let: { names: '$keys($)' }, attributes: { ...base } });
  const { traces } = await mapping.explain(rowGroup({ last_name: 'Falk', middle_name: null }), sampleInstant);
  const names = traces.find(({ name }) => name === '$names')?.value;
  expect(names).toContain('last_name');
  expect(names).not.toContain('middle_name');
});
