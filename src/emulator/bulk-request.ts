import type { Json } from '../domain/canonical-json.ts';
import { bulkRequestSchema, coreUserSchema, enterpriseUserSchema } from '../domain/payload.ts';
import { isArray, isObject, memberOf, parseJson, decodeUtf8, type JsonObject } from './json.ts';
import type { EmulatorSwitches } from './switches.ts';

/** The records of a request, in array order, or the reason why the whole request is refused. */
export type BulkRequest = { readonly records: readonly JsonObject[] } | { readonly problem: string };

type Shape = 'string' | 'boolean' | 'object' | 'array';

const coreShapes: Readonly<Record<string, Shape>> = {
  externalId: 'string', userName: 'string', displayName: 'string', nickName: 'string', profileUrl: 'string', title: 'string', userType: 'string',
  preferredLanguage: 'string', locale: 'string', timezone: 'string', active: 'boolean', name: 'object', emails: 'array', phoneNumbers: 'array',
  ims: 'array', photos: 'array', addresses: 'array', groups: 'array', entitlements: 'array', roles: 'array', x509Certificates: 'array',
}; // prettier-ignore
const enterpriseShapes: Readonly<Record<string, Shape>> = {
  employeeNumber: 'string', costCenter: 'string', organization: 'string', division: 'string', department: 'string', manager: 'object',
}; // prettier-ignore

/**
 * Reads a request body as strictly as the contract says (1.3 and 8): everything wrong with it refuses the whole request,
 * and the client is told `Invalid Data Format` and nothing more. The problem is for the emulator's own statistics.
 */
export function readBulkRequest(bytes: Uint8Array, switches: EmulatorSwitches): BulkRequest {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { problem: 'the body is not UTF-8' };
  const body = parseJson(text);
  if (!isObject(body)) return { problem: 'the body is not a JSON object' };
  const schemas = memberOf(body, 'schemas');
  if (!isArray(schemas) || schemas.length !== 1 || schemas[0] !== bulkRequestSchema) {
    return { problem: `schemas has to be exactly ["${bulkRequestSchema}"]` };
  }
  const operations = memberOf(body, 'Operations');
  if (!isArray(operations)) return { problem: 'Operations is not an array' };
  if (operations.length === 0) return { problem: 'Operations is empty' };
  if (operations.length > switches.operationsPerRequest) {
    return { problem: `${String(operations.length)} operations, at most ${String(switches.operationsPerRequest)} are allowed` };
  }
  const records: JsonObject[] = [];
  for (const [index, operation] of operations.entries()) {
    const read = readOperation(operation, switches);
    if (typeof read === 'string') return { problem: `Operations[${String(index)}]: ${read}` };
    records.push(read);
  }
  return { records };
}

function readOperation(operation: Json, switches: EmulatorSwitches): JsonObject | string {
  if (!isObject(operation)) return 'is not an object';
  if (memberOf(operation, 'method') !== 'POST') return 'method has to be POST';
  const path = memberOf(operation, 'path');
  if (path !== '/Users' && path !== '/users') return 'path has to be /Users';
  const bulkId = memberOf(operation, 'bulkId');
  if (typeof bulkId !== 'string' || bulkId === '') return 'bulkId is missing';
  const data = memberOf(operation, 'data');
  if (!isObject(data)) return 'data is missing';
  const schemas = memberOf(data, 'schemas');
  if (!isArray(schemas) || !schemas.every((schema) => typeof schema === 'string')) return 'data.schemas is missing';
  if (!schemas.includes(coreUserSchema)) return `data.schemas has to name ${coreUserSchema}`;
  if (switches.requireEnterpriseSchema && !schemas.includes(enterpriseUserSchema))
    return `data.schemas has to name ${enterpriseUserSchema}`;
  if (switches.missingExternalId === 'badRequest' && (memberOf(data, 'externalId') ?? '') === '') return 'data.externalId is missing';
  if (switches.validateTypes) {
    const wrong = wrongShape(data, coreShapes) ?? wrongExtension(data);
    if (wrong !== undefined) return `data.${wrong}`;
  }
  return data;
}

function wrongExtension(data: JsonObject): string | undefined {
  for (const [name, value] of Object.entries(data)) {
    if (!name.startsWith('urn:') || value === null) continue;
    if (!isObject(value)) return `${name} is not an object`;
  }
  const enterprise = memberOf(data, enterpriseUserSchema);
  return isObject(enterprise) ? wrongShape(enterprise, enterpriseShapes) : undefined;
}

function wrongShape(holder: JsonObject, shapes: Readonly<Record<string, Shape>>): string | undefined {
  for (const [name, shape] of Object.entries(shapes)) {
    const value = memberOf(holder, name);
    if (value === undefined || value === null) continue;
    const fits =
      shape === 'array'
        ? isArray(value) && value.every((one) => isObject(one))
        : shape === 'object'
          ? isObject(value)
          : typeof value === shape;
    if (!fits) return `${name} is not ${shape === 'array' ? 'an array of objects' : `of type ${shape}`}`;
  }
  return undefined;
}
