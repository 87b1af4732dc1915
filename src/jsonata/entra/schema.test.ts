import { describe, expect, it } from 'vitest';
import { JoineryError } from '../../domain/error.ts';
import { importEntraSchema } from './index.ts';

const mapping = (target: string, source: unknown, more: object = {}): object => ({
  targetAttributeName: target,
  source,
  flowType: 'Always',
  flowBehavior: 'FlowWhenChanged',
  matchingPriority: 0,
  defaultValue: null,
  ...more,
});

/** As Microsoft Graph returns GET …/synchronization/jobs/{id}/schema, shortened to what matters. */
const schema = {
  id: 'API2AAD.0123',
  version: 'v1',
  synchronizationRules: [
    {
      name: 'SCIM to Entra ID',
      objectMappings: [
        {
          sourceObjectName: 'User',
          targetObjectName: 'User',
          attributeMappings: [
            mapping(
              'accountEnabled',
              {
                expression: 'Switch([active], , "1", "True", "0", "False")',
                name: 'Switch',
                type: 'Function',
                parameters: [{ key: 'source', value: { expression: '[active]', name: 'active', type: 'Attribute', parameters: [] } }],
              },
              { matchingPriority: 1 },
            ),
            mapping('department', {
              expression: '[urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department]',
              name: 'department',
              type: 'Attribute',
              parameters: [],
            }),
            mapping(
              'company',
              { expression: '"Contoso"', name: 'Contoso', type: 'Constant', parameters: [] },
              { flowType: 'ObjectAddOnly', defaultValue: 'none' },
            ),
            mapping('country', { expression: 'Say "hello"', name: null, type: 'Constant', parameters: [] }),
            mapping('surname', { expression: null, name: 'sn', type: 'Attribute', parameters: [] }),
            mapping('alias', { expression: 'Append([a] "b")', name: 'Append', type: 'Function', parameters: [] }),
            mapping('domain', { expression: 'DefaultDomain()', name: 'DefaultDomain', type: 'Function', parameters: [] }),
            mapping('unmapped', null),
          ],
        },
        { sourceObjectName: 'Group', targetObjectName: 'Group', attributeMappings: [] },
      ],
    },
  ],
};

describe('a job schema', () => {
  it('becomes a list of mappings, in which one that cannot be imported does not stop the others', () => {
    const imported = importEntraSchema(schema);
    expect(imported.map(({ target, jsonata, problem }) => [target, jsonata ?? problem?.code])).toEqual([
      ['accountEnabled', '($source := $entraText(active); $source = "1" ? "True" : $source = "0" ? "False" : null)'],
      ['department', '`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`'],
      ['company', '"Contoso"'],
      ['country', '"Say \\"hello\\""'],
      ['surname', 'sn'],
      ['alias', 'JSN-601'],
      ['domain', 'JSN-607'],
    ]);
    expect(imported[5]?.problem?.message).toMatch(/^line 1, column 12: expected a comma/);
    expect(imported[0]).toMatchObject({ rule: 'SCIM to Entra ID', sourceObject: 'User', targetObject: 'User', matchingPriority: 1 });
    expect(imported[2]).toMatchObject({ flow: 'ObjectAddOnly', defaultValue: 'none' });
  });

  it('is read from text too, with a byte order mark, and when it is wrapped', () => {
    const text = `\uFEFF${JSON.stringify({ schema })}`;
    expect(importEntraSchema(text)).toEqual(importEntraSchema(schema));
  });

  it.each([
    ['not JSON'],
    ['[]'],
    ['{}'],
    ['{"synchronizationRules": {}}'],
    ['{"synchronizationRules": [1]}'],
    ['{"synchronizationRules": [{"objectMappings": [{"attributeMappings": [{"source": {"expression": "[a]"}}]}]}]}'],
  ])('is refused when it is %s', (text) => {
    let code: unknown;
    try {
      importEntraSchema(text);
    } catch (error) {
      code = error instanceof JoineryError ? error.code : error;
    }
    expect(code).toBe('JSN-608');
  });
});
