import type { Json } from '../domain/canonical-json.ts';
import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import type { DirectoryUser } from './directory.ts';
import { isRecord } from './http-answer.ts';

/**
 * Where the default mapping of an API2AAD job writes an attribute, by Graph's property names. Source: graph-contract section 5; what a job maps beside
 * or instead of it is not known here. `mail` is left out: the service cannot set it. The manager is a reference and comes by `$expand`.
 */
const targets: ReadonlyMap<AttributePath, string> = new Map([
  ['displayName', 'displayName'],
  ['name.givenName', 'givenName'],
  ['name.familyName', 'surname'],
  ['title', 'jobTitle'],
  ['preferredLanguage', 'preferredLanguage'],
  [`${enterpriseUserSchema}:department`, 'department'],
  ['addresses[type eq "work"].streetAddress', 'streetAddress'],
  ['addresses[type eq "work"].locality', 'city'],
  ['addresses[type eq "work"].region', 'state'],
  ['addresses[type eq "work"].postalCode', 'postalCode'],
  ['addresses[type eq "work"].country', 'country'],
  ['phoneNumbers[type eq "work"].value', 'businessPhones'],
]);

const managerAttribute: AttributePath = `${enterpriseUserSchema}:manager.value`;

/** Every attribute that the directory can show. */
export const readablePaths: readonly AttributePath[] = [...targets.keys(), managerAttribute];

/** The property that the default mapping writes; without one the attribute's own last name. */
export function targetOf(path: AttributePath): string {
  if (path === managerAttribute) return 'manager';
  return targets.get(path) ?? path.slice(Math.max(path.lastIndexOf(':'), path.lastIndexOf('.')) + 1);
}

/** The directory can show what an account has of this attribute. */
export function isReadable(path: AttributePath): boolean {
  return targets.has(path) || path === managerAttribute;
}

/** What has to be selected to compare these attributes. */
export function propertiesFor(paths: readonly AttributePath[]): string[] {
  return paths.flatMap((path) => targets.get(path) ?? []);
}

/** What an account has of an attribute, as SCIM would say it; undefined: nothing. */
export function readAttribute(user: DirectoryUser, path: AttributePath): Json | undefined {
  if (path === managerAttribute) {
    const manager = user['manager'];
    return isRecord(manager) ? textOf(manager['employeeId']) : undefined;
  }
  const target = targets.get(path);
  const value = target === undefined ? undefined : user[target];
  // Graph shows the telephone number of the mapping as the one business phone.
  return Array.isArray(value) ? textOf(value[0]) : textOf(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
