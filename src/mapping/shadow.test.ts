import { describe, expect, it } from 'vitest';
import { compileMapping } from './compile-mapping.ts';
import type { Mapping } from './contract.ts';
import { buildPipeline, rowGroup, sampleInstant } from './pipeline.test-data.ts';
import type { MappingEdit } from './edit.ts';
import { shadowMapping } from './shadow.ts';

const base = { active: 'status = "Active"', userName: 'email' };

function mappingOf(attributes: Readonly<Record<string, string>>): Mapping {
  const { mapping } = compileMapping(buildPipeline({ attributes }), { verify: true });
  if (mapping === undefined) throw new Error('the sample does not compile');
  return mapping;
}

describe('a mapping with a shadow', () => {
  it('asks both engines for the first worker and each n-th after it, and gives the verdicts it gives without', async () => {
    const plain = compileMapping(buildPipeline({ attributes: base })).mapping;
    const { mapping } = compileMapping(buildPipeline({ attributes: base }), { shadow: 3 });
    const verified: (number | undefined)[] = [];
    for (let worker = 0; worker < 7; worker++) {
      expect(await mapping?.evaluate(rowGroup(), sampleInstant)).toEqual(await plain?.evaluate(rowGroup(), sampleInstant));
      verified.push(mapping?.stats().verified);
    }
    expect(verified).toEqual([2, 2, 2, 4, 4, 4, 6]);
    expect(mapping?.id).toBe(plain?.id);
  });

  it('agrees with itself on a worker who is rejected', async () => {
    const { mapping } = compileMapping(buildPipeline({ attributes: { ...base, title: '$number(first_name) & ""' } }), { shadow: 1 });
    expect(await mapping?.evaluate(rowGroup(), sampleInstant)).toMatchObject({ kind: 'rejected', reasons: [{ code: 'MAP-207' }] });
  });

  it('compares whole verdicts of every n-th worker who is said to come out as before an edit', () => {
    const [was, now] = [base, { ...base, title: '"x"' }].map((attributes) => compileMapping(buildPipeline({ attributes })).mapping);
    if (was === undefined || now === undefined) throw new Error('the sample does not compile');
    const lying = {
      ...now,
      edit: (): MappingEdit => ({
        kind: 'part',
        touched: [],
        lookups: [],
        comesOutSame: () => true,
        before: (group, asOf) => was.evaluate(group, asOf),
      }),
    };
    const edit = shadowMapping(lying, () => now, 2).edit(now.recipe);
    const [row] = rowGroup().rows;
    if (edit.kind === 'whole' || row === undefined) throw new Error('no part');
    expect(() => edit.comesOutSame(row, sampleInstant)).toThrow(expect.objectContaining({ code: 'JSN-109' }));
    expect(edit.comesOutSame(row, sampleInstant)).toBe(true);
    expect(() => edit.comesOutSame(row, sampleInstant)).toThrow('title');
  });

  it.each([
    ['userName', { ...base, userName: '$uppercase(email)' }],
    ['active', { ...base, active: 'status != "Active"' }],
    ['title', { ...base, title: '"x"' }],
    ['the verdict (draft, rejected)', { ...base, title: '$number(first_name) & ""' }],
  ])('ends loudly, without any value, when the two differ in %s', async (what, other) => {
    const mapping = shadowMapping(mappingOf(base), () => mappingOf(other), 1);
    const group = rowGroup();
    const failure = await Promise.resolve(mapping.evaluate(group, sampleInstant)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'JSN-109' });
    expect(String(failure)).toContain(`worker ${group.key}`);
    expect(String(failure)).toContain(what);
    expect(String(failure)).not.toContain('@');
  });
});
