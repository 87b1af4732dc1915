import { coreUserSchema, enterpriseUserSchema } from '../domain/payload.ts';
import { coreUser } from './core-user.ts';
import { enterpriseUser } from './enterprise-user.ts';

/** The types of RFC 7643, section 2.3. */
export type AttributeType = 'string' | 'boolean' | 'integer' | 'decimal' | 'dateTime' | 'reference' | 'binary' | 'complex';

/** One attribute of a schema, as RFC 7643 section 7 describes it; what is absent is false, `readWrite` or empty. */
export interface Attribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued?: boolean;
  readonly required?: boolean;
  readonly mutability?: 'readOnly' | 'writeOnly' | 'immutable';
  readonly canonicalValues?: readonly string[];
  readonly subAttributes?: readonly Attribute[];
}

export interface Schema {
  readonly id: string;
  readonly attributes: readonly Attribute[];
}

/** Custom extensions as a pipeline's sink declares them: attributes with their type, by URN. Single-valued: the directory takes no others. */
export type Extensions = Readonly<Record<string, Readonly<Record<string, 'string' | 'boolean' | 'integer' | 'decimal' | 'dateTime'>>>>;

/** RFC 7643, section 3.1: attributes that every resource has and no schema lists. `id` and `meta` belong to the service. */
const commonAttributes: readonly Attribute[] = [
  { name: 'schemas', type: 'string', multiValued: true, required: true },
  { name: 'externalId', type: 'string', required: true },
  { name: 'id', type: 'string', mutability: 'readOnly' },
  {
    name: 'meta',
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      { name: 'resourceType', type: 'string', mutability: 'readOnly' },
      { name: 'created', type: 'dateTime', mutability: 'readOnly' },
      { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
      { name: 'location', type: 'reference', mutability: 'readOnly' },
      { name: 'version', type: 'string', mutability: 'readOnly' },
    ],
  },
];

/** All schemas a payload may use, looked up by URN and name. */
export interface SchemaSet {
  /** The core schema under its URN as well as under `undefined`. */
  readonly attributes: (urn: string | undefined) => ReadonlyMap<string, Attribute> | undefined;
  /** Every URN: core, enterprise, declared extensions in their order. */
  readonly urns: readonly string[];
}

/** Joins core and enterprise user with declared extensions. Build it once per pipeline, not per payload. */
export function createSchemaSet(extensions: Extensions = {}): SchemaSet {
  const byUrn = new Map<string, ReadonlyMap<string, Attribute>>([
    [coreUserSchema, byName([...commonAttributes, ...coreUser.attributes])],
    [enterpriseUserSchema, byName(enterpriseUser.attributes)],
  ]);
  for (const [urn, attributes] of Object.entries(extensions)) {
    byUrn.set(urn, byName(Object.entries(attributes).map(([name, type]) => ({ name, type }))));
  }
  return { attributes: (urn) => byUrn.get(urn ?? coreUserSchema), urns: [...byUrn.keys()] };
}

export function findSubAttribute(attribute: Attribute, name: string): Attribute | undefined {
  return attribute.subAttributes?.find((sub) => sub.name === name);
}

function byName(attributes: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  return new Map(attributes.map((attribute) => [attribute.name, attribute]));
}
