import type { Json } from '../domain/canonical-json.ts';
import type { DirectoryUser } from './directory.ts';
import type { FilterableProperty, PropertyValue } from './filter-evaluation.ts';
import { isObject, type JsonObject } from './json.ts';

/** What Graph gives without `$select`. */
const defaultProperties = [
  'businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation', 'preferredLanguage', 'surname',
  'userPrincipalName', 'id',
]; // prettier-ignore

const strings = [
  'city', 'companyName', 'country', 'department', 'employeeId', 'employeeType', 'faxNumber', 'mailNickname', 'postalCode', 'state',
  'streetAddress', 'usageLocation', 'userType',
]; // prettier-ignore
const others = [
  'accountEnabled', 'createdDateTime', 'employeeHireDate', 'employeeLeaveDateTime', 'employeeOrgData', 'onPremisesExtensionAttributes',
  'onPremisesSyncEnabled', 'otherMails', 'identities',
]; // prettier-ignore

const known = new Set([...defaultProperties, ...strings, ...others]);

export function isUserProperty(name: string): boolean {
  return known.has(name) || name.startsWith('extension_');
}

/** The user as /users gives it: the selected properties, null where there is no value. */
export function userBody(user: DirectoryUser, selected: readonly string[] | undefined): JsonObject {
  const out: Record<string, Json> = {};
  for (const name of selected ?? defaultProperties) out[name] = propertyOf(user, name);
  return out;
}

function propertyOf(user: DirectoryUser, name: string): Json {
  if (name === 'businessPhones') return typeof user['telephoneNumber'] === 'string' ? [user['telephoneNumber']] : [];
  if (name === 'otherMails') return user[name] ?? [];
  return user[name] ?? null;
}

const text = ['eq', 'ne', 'in', 'startswith', 'endswith', 'ge', 'le'] as const;
const byDate = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

/** What a filter on users may name. */
export function userFilterable(path: string): FilterableProperty | undefined {
  if (path === 'accountEnabled' || path === 'onPremisesSyncEnabled') return { type: 'boolean', operators: ['eq', 'ne', 'in'] };
  if (path === 'createdDateTime' || path === 'employeeHireDate') return { type: 'date', operators: byDate };
  const nested = path === 'employeeOrgData/costCenter' || path === 'employeeOrgData/division';
  const plain = strings.includes(path) || (defaultProperties.includes(path) && path !== 'businessPhones');
  return plain || nested || path.startsWith('extension_') ? { type: 'string', operators: text } : undefined;
}

export function readUserProperty(user: DirectoryUser, path: string): PropertyValue {
  const [outer = '', inner] = path.split('/');
  const holder = user[outer];
  const value = inner === undefined ? holder : isObject(holder) ? holder[inner] : undefined;
  if (outer === 'createdDateTime' || outer === 'employeeHireDate') return typeof value === 'string' ? Date.parse(value) : null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
