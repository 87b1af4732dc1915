import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editSchema, editsFor } from './edit-schema.ts';
import { parseSchema } from './job-schema.ts';

const urn = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';

function documentWith(unknown: unknown, attributes: readonly unknown[] = [{ name: 'title', type: 'String' }]): object {
  return {
    unknown,
    directories: [
      { name: 'Entra', objects: [{ name: 'User', attributes: [{ name: 'jobTitle' }, { name: 'employeeHireDate', type: 'DateTime' }] }] },
      { name: 'API', unknown, objects: [{ name: 'U', attributes, unknown }] },
    ],
    synchronizationRules: [
      {
        sourceDirectoryName: 'API',
        targetDirectoryName: 'Entra',
        objectMappings: [
          {
            sourceObjectName: 'U',
            targetObjectName: 'User',
            attributeMappings: [
              { targetAttributeName: 'jobTitle', source: { type: 'Attribute', name: 'title', expression: '[title]' }, unknown },
            ],
          },
        ],
      },
    ],
  };
}

const sink = { clearing: ['title'], extensions: { [urn]: { HireDate: 'dateTime' } } } as const;
const wanted = {
  paths: ['title', `${urn}:HireDate`],
  sink,
  clearing: true,
  map: [{ source: `${urn}:HireDate`, target: 'employeeHireDate' }],
};

function commonLength(left: string, right: string): number {
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  return same;
}

describe('edits of a schema', () => {
  it('add what the job lacks, once', () => {
    const text = JSON.stringify(documentWith(1), undefined, 2);
    const edits = editsFor(wanted, parseSchema(text));
    expect(edits.map(({ kind }) => kind)).toEqual(['addAttribute', 'flowNull', 'map']);
    const after = parseSchema(editSchema(text, edits));
    expect(after.sources).toEqual([
      { name: 'title', type: 'String', flowNullValues: true },
      { name: `${urn}:HireDate`, type: 'DateTime', flowNullValues: false },
    ]);
    expect(after.mappings.at(-1)).toMatchObject({ target: 'employeeHireDate', sources: [`${urn}:HireDate`] });
    expect(editsFor(wanted, after)).toEqual([]);
  });

  it('leave every other byte of the document as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(undefined, 1, 2, '\t'), fc.boolean(), (unknown, indent, flag) => {
        const attributes = [{ name: 'title', ...(flag ? { flowNullValues: false } : {}), unknown }];
        const text = JSON.stringify(documentWith(unknown, attributes), undefined, indent);
        for (const edit of editsFor(wanted, parseSchema(text))) {
          const after = editSchema(text, [edit]);
          const start = commonLength(text, after);
          const end = commonLength(text.slice(start).split('').toReversed().join(''), after.slice(start).split('').toReversed().join(''));
          // Nothing of the old text is gone, but where `true` stands for `false`.
          expect(['', 'fals']).toContain(text.slice(start, text.length - end));
          expect(after.length).toBeGreaterThan(text.length - 2);
          expect(() => JSON.parse(after) as unknown).not.toThrow();
        }
      }),
    );
  });

  it('refuse a mapping that has no source, no target, or takes a target from somebody', () => {
    const schema = parseSchema(JSON.stringify(documentWith(1)));
    for (const map of [
      { source: 'nothing', target: 'jobTitle' },
      { source: 'title', target: 'nothing' },
      { source: `${urn}:HireDate`, target: 'jobTitle' },
    ]) {
      expect(() => editsFor({ ...wanted, map: [map] }, schema)).toThrowError(expect.objectContaining({ code: 'ENT-621' }));
    }
  });

  it('are refused on a document of another form', () => {
    for (const text of ['', '{}', '[]', '{"directories":[],"synchronizationRules":[]}']) {
      expect(() => parseSchema(text)).toThrowError(expect.objectContaining({ code: 'ENT-620' }));
    }
  });
});
