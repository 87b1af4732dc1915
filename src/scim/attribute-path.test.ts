import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { enterpriseUserSchema } from '../domain/payload.ts';
import { parseAttributePath, printAttributePath, type ParsedPath } from './attribute-path.ts';

const name = fc.stringMatching(/^[A-Za-z$][A-Za-z0-9_$-]{0,8}$/);
const path = fc
  .record(
    { urn: fc.stringMatching(/^urn:[a-z0-9.:-]{1,20}[a-z0-9]$/), name, type: fc.string({ maxLength: 8 }), sub: name },
    { requiredKeys: ['name'] },
  )
  .map((parts): ParsedPath => parts);

test('a path is taken apart as the attribute list of Entra shows it', () => {
  expect(parseAttributePath('name.givenName')).toEqual({ name: 'name', sub: 'givenName' });
  expect(parseAttributePath('emails[type eq "work"].value')).toEqual({ name: 'emails', type: 'work', sub: 'value' });
  expect(parseAttributePath(`${enterpriseUserSchema}:manager.value`)).toEqual({ urn: enterpriseUserSchema, name: 'manager', sub: 'value' });
  expect(parseAttributePath('urn:contoso:employee:HireDate')).toEqual({ urn: 'urn:contoso:employee', name: 'HireDate' });
  expect(parseAttributePath('urn:ietf:params:scim:schemas:core:2.0:User:displayName')).toEqual({ name: 'displayName' });
});

test.each([
  '',
  '.',
  'name.',
  'a b',
  'emails[type eq work].value',
  'emails[kind eq "work"]',
  'http://x:name',
  'a.b.c',
  '1name',
  'emails["work"]',
])('what is no path is answered with nothing: %j', (text) => {
  expect(parseAttributePath(text)).toBeUndefined();
});

test('printing and parsing a path gives the same path', () => {
  fc.assert(
    fc.property(path, (parts) => {
      expect(parseAttributePath(printAttributePath(parts))).toEqual(parts);
    }),
  );
});

test('what was parsed from any text prints as a path that means the same', () => {
  const spaced = path.map((parts) => printAttributePath(parts).replace('[type eq ', '[ type  eq '));
  fc.assert(
    fc.property(fc.oneof(fc.string(), spaced), (text) => {
      const parts = parseAttributePath(text);
      const printed = parts === undefined ? undefined : printAttributePath(parts);
      expect(printed === undefined ? undefined : parseAttributePath(printed)).toEqual(parts);
    }),
  );
});
