import type { AttributePath } from '../domain/payload.ts';
import { coreUserSchema, enterpriseUserSchema } from '../domain/payload.ts';

/**
 * Multi-valued attributes of the core user, RFC 7643 section 4.1.2. The grammar needs to know them because their second level is
 * a type; everything else about SCIM is decided where the schema data is.
 */
export const multiValuedAttributes: ReadonlySet<string> = new Set([
  'emails',
  'phoneNumbers',
  'ims',
  'photos',
  'addresses',
  'groups',
  'entitlements',
  'roles',
  'x509Certificates',
]);

/** Set by Joinery or by the service. */
export const reservedAttributes: ReadonlySet<string> = new Set(['externalId', 'schemas', 'id', 'meta']);

/** Name of the enterprise extension in a pipeline. */
export const enterpriseName = 'enterprise';

/** The URN that a top-level name of `attributes` stands for: '' for the core user, undefined for an attribute. */
export function extensionOf(name: string): string | undefined {
  if (name === enterpriseName) return enterpriseUserSchema;
  if (name === coreUserSchema) return '';
  return name.toLowerCase().startsWith('urn:') ? name : undefined;
}

/** `manager` of the enterprise user is complex, and its value is the only part that can be written (RFC 7643 section 4.3). */
export function extensionPath(urn: string, name: string, part?: string): AttributePath {
  const last = part ?? (urn === enterpriseUserSchema && name === 'manager' ? 'value' : undefined);
  return last === undefined ? `${urn}:${name}` : `${urn}:${name}.${last}`;
}

export function typedPath(name: string, type: string, part: string): AttributePath {
  return `${name}[type eq "${type}"].${part}`;
}

/** The names by which an author may mean a path: the path itself, as it is nested in the pipeline, and its last name without URN. */
export function namesOf(path: AttributePath): readonly string[] {
  const withoutUrn = path.replace(/^urn:.*:/i, '');
  const nested = withoutUrn.replace(/\[type eq "([^"]*)"\]/, '.$1').replace(/\.value$/, '');
  const enterprise = path.startsWith(`${enterpriseUserSchema}:`) ? [`${enterpriseName}.${nested}`] : [];
  return [path, withoutUrn, nested, ...enterprise];
}
