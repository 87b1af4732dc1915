import * as fc from 'fast-check';
import type { Json } from '../domain/canonical-json.ts';
import { coreUserSchema, enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import { setAttribute } from './access.ts';

/** Paths that the tests of this folder set; every shape a path can have. */
export const samplePaths = [
  'displayName',
  'name.givenName',
  'name.familyName',
  'emails[type eq "work"].value',
  'emails[type eq "home"].value',
  'phoneNumbers[type eq "work"].value',
  'addresses[type eq "work"].country',
  'addresses[type eq "work"].locality',
  `${enterpriseUserSchema}:department`,
  `${enterpriseUserSchema}:manager.value`,
  'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate',
] as const;

export function samplePayload(externalId = '4711'): Payload {
  return { schemas: [coreUserSchema, enterpriseUserSchema], externalId, active: true, userName: 'mara' };
}

const leaf: fc.Arbitrary<Json> = fc.oneof(fc.string({ maxLength: 6 }), fc.integer(), fc.boolean(), fc.constant(null));

/** Payloads as our own mapping makes them. */
export const mappedPayload: fc.Arbitrary<Payload> = fc
  .array(fc.tuple(fc.constantFrom(...samplePaths), leaf), { maxLength: 12 })
  .map((assignments) => assignments.reduce<Payload>((payload, [path, value]) => setAttribute(payload, path, value), samplePayload()));

/** Payloads as anything may have stored them: any JSON under any attribute. */
export const anyPayload: fc.Arbitrary<Payload> = fc
  .dictionary(
    fc.oneof(fc.constantFrom('name', 'emails', 'title', enterpriseUserSchema, 'urn:x:y'), fc.string({ maxLength: 4 })),
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json), // oxlint-disable-line typescript/no-unsafe-type-assertion -- parsed JSON is Json
      fc.array(fc.record({ type: fc.constantFrom('work', 'home', 'other'), value: leaf }, { requiredKeys: [] }), { maxLength: 3 }),
    ),
    { maxKeys: 4 },
  )
  .map((members) => ({ ...members, ...samplePayload() }));
