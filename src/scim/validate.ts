import type { Json } from '../domain/canonical-json.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import { coreUserSchema, enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import { isArray, isObject } from './access.ts';
import { printAttributePath, type ParsedPath } from './attribute-path.ts';
import { checkSimpleValue, kindOf } from './check-value.ts';
import { nearestName } from './nearest-name.ts';
import { isIgnoredElement, type ScimProblem } from './resolve.ts';
import { createSchemaSet, findSubAttribute, type Attribute, type Extensions, type SchemaSet } from './schema.ts';

/** A limit that users of the service report (graph-contract 2.6); unproved, so only a warning. */
const externalIdLength = 256;

const schemaSets = new WeakMap<Extensions, SchemaSet>();

/**
 * Everything that is wrong with a payload, in the order of its members; empty means valid. Errors are what the service would refuse, lose or
 * misread; warnings are values that it takes and ignores. `null` is accepted wherever a value is not required: it asks to clear. Attributes in
 * `pending` (once-only names that are chosen later) may be missing. Never throws, whatever it is given.
 */
export function validatePayload(
  payload: unknown,
  extensions: Extensions = {},
  pending: readonly AttributePath[] = [],
): readonly ScimProblem[] {
  let schemas = schemaSets.get(extensions);
  if (schemas === undefined) schemaSets.set(extensions, (schemas = createSchemaSet(extensions)));
  const problems: ScimProblem[] = [];
  if (!isJsonObject(payload)) {
    return [{ code: 'SCM-104', severity: 'error', path: '', message: 'a payload is an object' }];
  }
  checkIdentity(problems, payload);
  const core = schemas.attributes(undefined) ?? new Map<string, Attribute>();
  for (const [name, attribute] of core) {
    const value = payload[name];
    const isMissing = value === undefined || value === null || value === '';
    if (attribute.required === true && isMissing && !identityMembers.has(name) && !pending.includes(name)) {
      problems.push({ code: 'SCM-103', severity: 'error', path: name, message: `${name} is required and has no value` });
    }
  }
  for (const [name, value] of Object.entries(payload)) {
    // An undefined member is not there: JSON leaves it out.
    if (identityMembers.has(name) || value === undefined) continue;
    if (name.includes(':')) checkExtension(problems, schemas, name, value);
    else checkMember(problems, { name }, core, value);
  }
  return problems;
}

const identityMembers: ReadonlySet<string> = new Set(['schemas', 'externalId', 'active']);

function checkIdentity(problems: ScimProblem[], payload: { readonly [name: string]: Json }): void {
  const { schemas, externalId, active } = payload;
  const used = Object.keys(payload).filter((name) => name.includes(':'));
  const named = isArray(schemas) ? schemas : [];
  if (!isArray(schemas) || schemas.some((urn) => typeof urn !== 'string')) {
    problems.push({
      code: 'SCM-104',
      severity: 'error',
      path: 'schemas',
      message: `schemas is ${kindOf(schemas)} where a list of URNs is expected`,
    });
  }
  for (const urn of new Set([coreUserSchema, enterpriseUserSchema, ...used])) {
    if (!named.includes(urn))
      problems.push({ code: 'SCM-114', severity: 'error', path: 'schemas', message: `schemas does not name ${urn}` });
  }
  if (typeof externalId !== 'string' || externalId.trim() === '') {
    problems.push({
      code: 'SCM-107',
      severity: 'error',
      path: 'externalId',
      message: `externalId is ${externalId === '' ? 'empty' : kindOf(externalId)}`,
    });
  } else {
    const problem = checkSimpleValue({ name: 'externalId', type: 'string' }, externalId);
    if (problem !== undefined) problems.push({ ...problem, path: 'externalId', message: `externalId ${problem.message}` });
    if (externalId.length > externalIdLength) {
      const message = `externalId has ${String(externalId.length)} characters; more than ${String(externalIdLength)} are reported to fail`;
      problems.push({ code: 'SCM-111', severity: 'warning', path: 'externalId', message });
    }
  }
  if (typeof active !== 'boolean') {
    problems.push({
      code: 'SCM-106',
      severity: 'error',
      path: 'active',
      message: `active is ${kindOf(active)}; it has to be true or false`,
    });
  }
}

function checkExtension(problems: ScimProblem[], schemas: SchemaSet, urn: string, value: Json): void {
  const attributes = schemas.attributes(urn);
  if (attributes === undefined || urn === coreUserSchema) {
    problems.push(unknownProblem(urn, `there is no extension "${urn}"`, urn, schemas.urns.slice(1)));
    return;
  }
  if (value === null) return;
  if (!isObject(value)) {
    problems.push({ code: 'SCM-104', severity: 'error', path: urn, message: `${urn} is ${kindOf(value)} where an object is expected` });
    return;
  }
  for (const [name, member] of Object.entries(value)) checkMember(problems, { urn, name }, attributes, member);
}

function checkMember(problems: ScimProblem[], path: ParsedPath, attributes: ReadonlyMap<string, Attribute>, value: Json): void {
  const attribute = attributes.get(path.name);
  if (attribute === undefined) {
    problems.push(unknownProblem(printAttributePath(path), `there is no SCIM attribute "${path.name}"`, path.name, [...attributes.keys()]));
  } else if (attribute.mutability !== undefined) {
    problems.push(problemAt(path, 'SCM-112', 'cannot be written'));
  } else if (value === null) {
    return;
  } else if (attribute.multiValued === true) {
    checkElements(problems, path, attribute, value);
  } else {
    checkOne(problems, path, attribute, value);
  }
}

function checkElements(problems: ScimProblem[], path: ParsedPath, attribute: Attribute, value: Json): void {
  if (!isArray(value)) {
    problems.push(problemAt(path, 'SCM-104', `is ${kindOf(value)} where a list is expected`));
    return;
  }
  const types = new Set<string>();
  let primaries = 0;
  for (const element of value) {
    const type = isObject(element) && typeof element['type'] === 'string' ? element['type'] : undefined;
    const elementPath = type === undefined ? path : { ...path, type };
    if (type !== undefined && types.has(type)) problems.push(problemAt(path, 'SCM-115', `has two elements of type ${type}`));
    if (type !== undefined) types.add(type);
    if (isObject(element) && element['primary'] === true && ++primaries === 2) {
      problems.push(problemAt(path, 'SCM-115', 'has two primary elements'));
    }
    if (isIgnoredElement(path.name, type)) {
      const message = `${path.name} ${type === undefined ? 'without a type' : `of type ${type}`} are not read by the service; only work is`;
      problems.push({ code: 'SCM-108', severity: 'warning', path: printAttributePath(elementPath), message });
    }
    checkOne(problems, elementPath, attribute, element);
  }
}

function checkOne(problems: ScimProblem[], path: ParsedPath, attribute: Attribute, value: Json): void {
  if (attribute.type !== 'complex') {
    checkSimple(problems, path, undefined, attribute, value);
    return;
  }
  if (!isObject(value)) {
    problems.push(problemAt(path, 'SCM-104', `is ${kindOf(value)} where an object is expected`));
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const sub = findSubAttribute(attribute, name);
    if (sub === undefined) {
      const names = attribute.subAttributes?.map((one) => one.name) ?? [];
      const subPath = printAttributePath({ ...path, sub: name });
      problems.push(unknownProblem(subPath, `${path.name} has no attribute "${name}"`, name, names));
    } else if (sub.mutability !== undefined) {
      problems.push(problemAt({ ...path, sub: name }, 'SCM-112', 'cannot be written'));
    } else if (member !== null) {
      checkSimple(problems, path, name, sub, member);
    }
  }
}

/** Paths are printed only where something is wrong: this runs for every value of every worker. */
function checkSimple(problems: ScimProblem[], path: ParsedPath, sub: string | undefined, attribute: Attribute, value: Json): void {
  const problem = checkSimpleValue(attribute, value);
  if (problem === undefined) return;
  const printed = printAttributePath(sub === undefined ? path : { ...path, sub });
  problems.push({ ...problem, path: printed, message: `${printed} ${problem.message}` });
}

function problemAt(path: ParsedPath, code: ErrorCode, words: string): ScimProblem {
  const printed = printAttributePath(path);
  return { code, severity: 'error', path: printed, message: `${printed} ${words}` };
}

function unknownProblem(path: AttributePath, message: string, name: string, names: readonly string[]): ScimProblem {
  const nearest = nearestName(name, names);
  return { code: 'SCM-101', severity: 'error', path, message, ...(nearest === undefined ? {} : { fix: `Did you mean "${nearest}"?` }) };
}

function isJsonObject(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
