import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { enterpriseUserSchema } from '../domain/payload.ts';
import { coreUser } from './core-user.ts';
import { enterpriseUser } from './enterprise-user.ts';
import { anyPayload, samplePayload } from './payload-samples.test-data.ts';
import { nearestName } from './nearest-name.ts';
import { resolveAttributePath } from './resolve.ts';
import { createSchemaSet } from './schema.ts';
import { validatePayload } from './validate.ts';

const contoso = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';
const extensions = { [contoso]: { HireDate: 'dateTime', Badge: 'string', Level: 'integer' } } as const;

function problemsOf(change: object, declared = {}): string[] {
  return validatePayload({ ...samplePayload(), ...change }, declared).map((one) => `${one.severity} ${one.code} ${one.path}`);
}

test('a complete payload is valid', () => {
  const payload = {
    ...samplePayload(),
    schemas: [...samplePayload().schemas, contoso],
    name: { givenName: 'Mara', familyName: 'Keller' },
    emails: [{ type: 'work', value: 'm@x', primary: true }],
    addresses: [{ type: 'work', streetAddress: 'Am Hof 1\nHinterhaus', country: 'DE' }],
    [enterpriseUserSchema]: { department: null, manager: { value: '7' } },
    [contoso]: { HireDate: '2026-10-01T00:00:00+02:00', Level: 3 },
  };
  expect(validatePayload(payload, extensions)).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['an unknown attribute', { displayname: 'x' }, ['error SCM-101 displayname']],
  ['an unknown member of a complex attribute', { name: { firstName: 'x' } }, ['error SCM-101 name.firstName']],
  ['a number where text is expected', { title: 4 }, ['error SCM-102 title']],
  ['a missing user name', { userName: undefined }, ['error SCM-103 userName']],
  ['a cleared user name', { userName: null }, ['error SCM-103 userName']],
  ['one object where a list is expected', { emails: { type: 'work', value: 'x' } }, ['error SCM-104 emails']],
  ['text where an object is expected', { name: 'Mara' }, ['error SCM-104 name']],
  ['text elements where objects are expected', { emails: ['x'] }, ['warning SCM-108 emails', 'error SCM-104 emails']],
  [
    'a type of element that does not exist',
    { emails: [{ type: 'office', value: 'x' }] },
    ['warning SCM-108 emails[type eq "office"].value', 'error SCM-105 emails[type eq "office"].type'],
  ],
  ['an active that is text', { active: 'true' }, ['error SCM-106 active']],
  ['no active', { active: undefined }, ['error SCM-106 active']],
  ['an empty externalId', { externalId: ' ' }, ['error SCM-107 externalId']],
  ['an externalId that is a number', { externalId: 4711 }, ['error SCM-107 externalId']],
  ['a mobile number', { phoneNumbers: [{ type: 'mobile', value: '1' }] }, ['warning SCM-108 phoneNumbers[type eq "mobile"]']],
  ['a control character', { displayName: 'Mara\u0007' }, ['error SCM-110 displayName']],
  ['half of a surrogate pair', { displayName: 'Mara\uD83D' }, ['error SCM-110 displayName']],
  ['a very long externalId', { externalId: 'x'.repeat(257) }, ['warning SCM-111 externalId']],
  ['a password', { password: 'x' }, ['error SCM-112 password']],
  [
    'the name of the manager',
    { [enterpriseUserSchema]: { manager: { value: '1', displayName: 'x' } } },
    [`error SCM-112 ${enterpriseUserSchema}:manager.displayName`],
  ],
  ['an undeclared extension', { [contoso]: { Badge: 'x' } }, ['error SCM-114 schemas', `error SCM-101 ${contoso}`]],
  [
    'two work e-mails',
    {
      emails: [
        { type: 'work', value: '1' },
        { type: 'work', value: '2' },
      ],
    },
    ['error SCM-115 emails'],
  ],
])('%s is found', (_, change, expected) => {
  const found = problemsOf(change);
  expect(found.map((one) => one.replace('].value', ']'))).toEqual(expected.map((one) => one.replace('].value', ']')));
});

test.each([
  ['a list for a custom attribute', { Badge: ['a', 'b'] }],
  ['an object for a custom attribute', { Badge: { value: 'a' } }],
])('%s is refused before the directory answers 400 for it', (_, extension) => {
  const payload = { ...samplePayload(), schemas: [...samplePayload().schemas, contoso], [contoso]: extension };
  expect(validatePayload(payload, extensions)).toMatchObject([{ severity: 'error', path: `${contoso}:Badge` }]);
});

test('a date without time is only warned of, with the way out, because the service takes and ignores it', () => {
  const payload = { ...samplePayload(), schemas: [...samplePayload().schemas, contoso], [contoso]: { HireDate: '2026-10-01' } };
  expect(validatePayload(payload, extensions)).toMatchObject([{ code: 'SCM-109', severity: 'warning', path: `${contoso}:HireDate` }]);
  const broken = { ...payload, [contoso]: { HireDate: '01.10.2026', Badge: 7, Level: 1.5 } };
  expect(validatePayload(broken, extensions).map(({ code }) => code)).toEqual(['SCM-102', 'SCM-102', 'SCM-102']);
});

test('a once-only attribute may still be missing', () => {
  expect(validatePayload({ ...samplePayload(), userName: undefined }, {}, ['userName'])).toEqual([]);
});

test('validation never throws and never prints a value in full', () => {
  fc.assert(fc.property(anyPayload, (payload) => Array.isArray(validatePayload(payload))));
  expect(validatePayload(undefined)).toHaveLength(1);
  expect(
    JSON.stringify(validatePayload({ ...samplePayload(), name: { givenName: ['secret-name'] }, active: 'secret-name' })),
  ).not.toContain('secret-name');
});

test('paths are resolved to their value, and wrong ones are answered with the nearest name', () => {
  const schemas = createSchemaSet(extensions);
  expect(resolveAttributePath('emails[type eq "work"]', schemas).resolved?.path).toBe('emails[type eq "work"].value');
  expect(resolveAttributePath(`${enterpriseUserSchema}:manager`, schemas).resolved?.path).toBe(`${enterpriseUserSchema}:manager.value`);
  expect(resolveAttributePath('name.givenname', schemas).problems).toMatchObject([{ code: 'SCM-101', fix: 'Did you mean "givenName"?' }]);
  expect(resolveAttributePath(`${contoso}:HireDat`, schemas).problems).toMatchObject([
    { code: 'SCM-101', fix: 'Did you mean "HireDate"?' },
  ]);
  expect(resolveAttributePath('emails.value', schemas).problems).toMatchObject([{ code: 'SCM-104' }]);
  expect(resolveAttributePath('phoneNumbers[type eq "mobile"].value', schemas).problems).toMatchObject([
    { code: 'SCM-108', severity: 'warning' },
  ]);
  expect(resolveAttributePath('phoneNumbers[type eq "mobil"].value', schemas).problems).toMatchObject([{ code: 'SCM-105' }]);
  expect(resolveAttributePath('password', schemas).problems).toMatchObject([{ code: 'SCM-112' }]);
  expect(resolveAttributePath('no path', schemas).problems).toMatchObject([{ code: 'SCM-113' }]);
});

test('the nearest name forgives case, separators, swaps and single letters, and nothing else', () => {
  const columns = ['first_name', 'last_name', 'status'];
  expect(nearestName('firstName', columns)).toBe('first_name');
  expect(nearestName('lsat_name', columns)).toBe('last_name');
  expect(nearestName('statuss', columns)).toBe('status');
  expect(nearestName('department', columns)).toBeUndefined();
});

const published = new URL('../../../shared/reference/scim-schemas/', import.meta.url);
const attributeSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  multiValued: z.boolean(),
  required: z.boolean().optional(),
  canonicalValues: z.array(z.string()).optional(),
});
const schemaFile = z.looseObject({
  id: z.string(),
  attributes: z.array(attributeSchema.extend({ subAttributes: z.array(attributeSchema).optional() })),
});

test.skipIf(!existsSync(published))('the schema data is the published one (reads ../shared, skipped where that is absent)', () => {
  for (const [file, schema] of [
    ['User.json', coreUser],
    ['EnterpriseUser.json', enterpriseUser],
  ] as const) {
    const { id, attributes } = schemaFile.parse(JSON.parse(readFileSync(new URL(file, published), 'utf8')));
    const shorten = (one: z.infer<typeof attributeSchema>): object => ({
      name: one.name,
      type: one.type,
      multiValued: one.multiValued,
      required: one.required ?? false,
      canonicalValues: one.canonicalValues ?? [],
    });
    const ours = (one: (typeof schema.attributes)[number]): object =>
      shorten({
        ...one,
        multiValued: one.multiValued ?? false,
        required: one.required ?? false,
        canonicalValues: [...(one.canonicalValues ?? [])],
      });
    expect(schema.id).toBe(id);
    expect(schema.attributes.map((one) => [ours(one), (one.subAttributes ?? []).map(ours)])).toEqual(
      attributes.map((one) => [shorten(one), (one.subAttributes ?? []).map(shorten)]),
    );
  }
});
