import { describe, expect, it } from 'vitest';
import type { Payload } from '../../domain/payload.ts';
import { getAttribute } from '../../scim/index.ts';
import { clausesAgainst, readScope, type ScopeFilter } from './scope-filter.ts';

const payload: Payload = { schemas: [], externalId: 'W1', active: true, title: 'Clerk', addresses: [{ type: 'work', country: 'DE' }] };
const clause = (attribute: string, operator: string, ...values: string[]): ScopeFilter[number][number] => ({ attribute, operator, values });
const against = (...filter: ScopeFilter): readonly string[] | undefined =>
  clausesAgainst(filter, payload, getAttribute)?.map(({ attribute }) => attribute);

describe('the scoping filter of a job', () => {
  it('is read from its schema, and is nothing where there is none', () => {
    const groups = [{ name: 'g', clauses: [{ sourceOperandName: 'title', operatorName: 'EQUALS', targetOperand: { values: ['Clerk'] } }] }];
    const document = (scope: object): string => JSON.stringify({ synchronizationRules: [{ objectMappings: [{ scope }] }] });
    expect(readScope(document({ groups }))).toEqual([[clause('title', 'EQUALS', 'Clerk')]]);
    expect(readScope(document({ groups: [], inputFilterGroups: groups }))).toHaveLength(1);
    expect([readScope(document({})), readScope('{}'), readScope('no JSON')]).toEqual([[], [], []]);
  });

  it('holds where all clauses of one group hold, compared with case', () => {
    expect(against()).toEqual([]);
    expect(against([clause('title', 'EQUALS', 'Clerk'), clause('active', 'IS_TRUE')])).toEqual([]);
    expect(against([clause('title', 'EQUALS', 'clerk')])).toEqual(['title']);
    expect(against([clause('title', 'IS NULL')], [clause('addresses[type eq "work"].country', 'NOT EQUALS', 'US')])).toEqual([]);
    expect(against([clause('nickName', 'IS NOT NULL')], [clause('title', 'ENDS_WITH', 'x')])).toEqual(['nickName', 'title']);
    expect(against([clause('title', 'INCLUDES', 'ler'), clause('active', 'IS FALSE')])).toEqual(['active']);
  });

  it('is in doubt where only an operator decides whose rules are the service’s own', () => {
    expect(against([clause('title', 'REGEX MATCH', '^C')])).toBeUndefined();
    expect(against([clause('title', 'REGEX MATCH', '^C'), clause('title', 'EQUALS', 'x')])).toEqual(['title']);
    expect(against([clause('title', 'REGEX MATCH', '^C')], [clause('title', 'EQUALS', 'Clerk')])).toEqual([]);
  });
});
