import { describe, expect, it } from 'vitest';
import { changedAttributes, shapeOf } from './notice-job.ts';

const mapping = { target: 'jobTitle', sources: ['title'], expression: '[title]', matchingPriority: 0, flowType: 'Always' };
const schema = {
  sources: [
    { name: 'title', type: 'String', flowNullValues: false },
    { name: 'displayName', type: 'String', flowNullValues: false },
  ],
  mappings: [mapping],
};
const changed = (after: Partial<typeof schema>): readonly string[] => changedAttributes(shapeOf(schema), shapeOf({ ...schema, ...after }));

describe('what a job makes of its attributes', () => {
  it('changes with a mapping, its expression or the flow-null flag of exactly the attributes that they are of', () => {
    expect(changed({})).toEqual([]);
    expect(changed({ mappings: [{ ...mapping, expression: 'ToUpper([title])' }] })).toEqual(['title']);
    expect(changed({ mappings: [] })).toEqual(['title']);
    expect(changed({ mappings: [{ ...mapping, sources: ['title', 'displayName'] }] })).toEqual(['displayname']);
    expect(changed({ sources: schema.sources.map((one) => ({ ...one, flowNullValues: one.name === 'title' })) })).toEqual(['title']);
    expect(changed({ sources: schema.sources.slice(0, 1) })).toEqual(['displayname']);
  });
});
