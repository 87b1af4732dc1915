import { expect, test } from 'vitest';
import { checkSourceColumns } from './check-source-columns.ts';
import { compileMapping } from './compile-mapping.ts';
import type { SourceColumn } from './contract.ts';
import { buildPipeline, sampleColumns } from './pipeline.test-data.ts';

const returned: readonly SourceColumn[] = Object.entries(sampleColumns).map(([name, { type }]) => ({ name, type }));

function check(described: readonly SourceColumn[]): readonly string[] {
  const pipeline = buildPipeline({ attributes: { active: true, userName: 'email' } });
  const { mapping } = compileMapping(pipeline);
  return mapping === undefined
    ? ['no mapping']
    : checkSourceColumns(pipeline, mapping, described).map(({ code, message, fix }) => `${code} ${message}. ${fix ?? ''}`.trim());
}

test('a source that returns what the contract says has no findings', () => {
  expect(check(returned)).toEqual([]);
});

test('a column that the query does not return is an error, with the nearest name', () => {
  expect(check(returned.map((column) => (column.name === 'email' ? { ...column, name: 'e_mail' } : column)))).toEqual([
    'MAP-132 the source returns no column email. Did you mean e_mail?',
    'MAP-139 the source has a column that the contract does not name: e_mail.',
  ]);
});

test('a column of another type is an error, because no value of it would pass', () => {
  expect(check(returned.map((column) => (column.name === 'hire_date' ? { ...column, type: 'datetime' } : column)))).toEqual([
    'MAP-133 column hire_date is declared as date, the source returns datetime.',
  ]);
});

test('a required column that may be NULL is a warning, and what nobody declared is told', () => {
  const live = returned.map((column) => ({ ...column, nullable: true }));
  const required = Object.entries(sampleColumns).filter(([, column]) => 'required' in column && column.required);
  const found = check([...live, { name: 'cost_centre', type: 'string' }]);
  expect(found.filter((line) => line.startsWith('MAP-138'))).toHaveLength(required.length);
  expect(found.at(-1)).toBe('MAP-139 the source has a column that the contract does not name: cost_centre.');
  expect(required.length).toBeGreaterThan(0);
});

test('integers pass as numbers and decimals, nothing passes as an integer but integers', () => {
  const columns = { ...sampleColumns, a: { type: 'decimal' }, b: { type: 'number' }, c: { type: 'integer' } } as const;
  const pipeline = buildPipeline({ columns, attributes: { active: true, userName: 'email' } });
  const { mapping } = compileMapping(pipeline);
  const described: readonly SourceColumn[] = [
    ...returned,
    { name: 'a', type: 'integer' },
    { name: 'b', type: 'integer' },
    { name: 'c', type: 'decimal' },
  ];
  expect(mapping === undefined ? [] : checkSourceColumns(pipeline, mapping, described).map(({ code }) => code)).toEqual(['MAP-133']);
});
