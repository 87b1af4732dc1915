import type { Json } from '../domain/canonical-json.ts';
import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import { isArray, isObject, memberOf, type JsonObject } from './json.ts';

/** What a record says about one source attribute. The four states differ in what the service does with them. */
export interface SourceValue {
  readonly state: 'omitted' | 'null' | 'empty' | 'value';
  /** The object or collection element that would hold the attribute is there: only then does omission clear. */
  readonly parent: boolean;
  readonly value?: Json;
}

/** Multi-valued attributes of which only the entry with type work is processed. */
const workAttributes: Readonly<Record<string, readonly string[]>> = {
  emails: ['value'],
  phoneNumbers: ['value'],
  addresses: ['formatted', 'streetAddress', 'locality', 'region', 'postalCode', 'country'],
};

const simpleAttributes = [
  'userName', 'displayName', 'nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone', 'active', 'externalId',
]; // prettier-ignore
const nameAttributes = ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'];
const enterpriseAttributes = ['employeeNumber', 'costCenter', 'organization', 'division', 'department'];

export const managerPath: AttributePath = `${enterpriseUserSchema}:manager.value`;

/** The source attributes that a job knows before anything is added to its schema. */
export const defaultSourceAttributes: readonly AttributePath[] = [
  ...simpleAttributes,
  ...nameAttributes.map((name) => `name.${name}`),
  ...Object.entries(workAttributes).flatMap(([name, subs]) => subs.map((sub) => `${name}[type eq "work"].${sub}`)),
  ...enterpriseAttributes.map((name) => `${enterpriseUserSchema}:${name}`),
  managerPath,
];

const workPath = /^(\w+)\[type eq "(\w+)"\]\.(\w+)$/;

type Reader = (data: JsonObject) => SourceValue;
const readers = new Map<AttributePath, Reader>();

/** What the record says about the attribute. */
export function readSource(data: JsonObject, path: AttributePath): SourceValue {
  let reader = readers.get(path);
  if (reader === undefined) {
    reader = readerOf(path);
    readers.set(path, reader);
  }
  return reader(data);
}

function readerOf(path: AttributePath): Reader {
  if (path.startsWith('urn:')) {
    const colon = path.lastIndexOf(':');
    const [urn, attribute] = [path.slice(0, colon), path.slice(colon + 1)];
    return (data) => readMember(memberOf(data, urn), attribute);
  }
  const multi = workPath.exec(path);
  if (multi === null) return (data) => readMember(data, path);
  const [, name = '', type = '', sub = ''] = multi;
  return (data) => {
    const list = memberOf(data, name);
    return readMember(isArray(list) ? list.find((one) => isObject(one) && memberOf(one, 'type') === type) : undefined, sub);
  };
}

function readMember(holder: Json | undefined, path: string): SourceValue {
  if (!isObject(holder)) return { state: 'omitted', parent: false };
  const dot = path.indexOf('.');
  if (dot !== -1) {
    const inner = memberOf(holder, path.slice(0, dot));
    // `manager: null` says the same about `manager.value`.
    return inner === null ? { state: 'null', parent: true, value: null } : readMember(inner, path.slice(dot + 1));
  }
  const value = memberOf(holder, path);
  if (value === undefined) return { state: 'omitted', parent: true };
  if (value === null) return { state: 'null', parent: true, value };
  return { state: value === '' ? 'empty' : 'value', parent: true, value };
}

/** A value as the logs print it: always a string, booleans with a capital. */
export function logText(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A detail's key: the path without the signs that the service strips; brackets and quotes stay. */
function detailKey(path: AttributePath): string {
  return path.replaceAll(/[.:@]/g, '');
}

/** What the job read of a record: known attributes and those added to its schema; everything else is dropped without a word. */
export function importedDetails(data: JsonObject, declared: readonly AttributePath[]): Record<string, string> {
  const details: Record<string, string> = {};
  for (const path of [...defaultSourceAttributes, ...declared]) {
    const text = logText(readSource(data, path).value);
    if (text !== null) details[detailKey(path)] = text;
  }
  return details;
}
