import { describe, expect, it } from 'vitest';
import { attributeInQuestion } from './steward-attribute.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const payload = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
  externalId: '10042',
  active: true,
  userName: 'm.keller@acme.example',
  title: 'Analyst',
  [enterprise]: { department: 'Finance', costCenter: 'CC-7710' },
};

describe('the attribute that a failure is about', () => {
  it.each([
    ['by its code', 'AzureActiveDirectoryDuplicateUserPrincipalName', 'Another object has it.', 'userName', 'm.keller@acme.example'],
    ['by the value that the reason quotes', 'BadRequest', "Invalid value 'CC-7710' given.", `${enterprise}:costCenter`, 'CC-7710'],
    ['by the directory’s name for it', 'BadRequest', 'Property jobTitle is too long.', 'title', 'Analyst'],
    ['by its own name', 'BadRequest', 'The department is not allowed.', `${enterprise}:department`, 'Finance'],
  ])('is found %s', (_how, code, reason, path, value) => {
    expect(attributeInQuestion(code, reason, payload)).toEqual({ path, value });
  });

  it('is none where neither code nor reason names one', () => {
    expect(attributeInQuestion('InternalError', 'Something went wrong.', payload)).toBeUndefined();
  });
});
