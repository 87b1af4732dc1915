import type { ErrorCode } from '../domain/errors/registry.ts';
import type { Severity } from '../domain/diagnostic.ts';
import type { AttributePath } from '../domain/payload.ts';
import { enterpriseUserSchema } from '../domain/payload.ts';
import { nearestName } from './nearest-name.ts';
import { parseAttributePath, printAttributePath, type ParsedPath } from './attribute-path.ts';
import { findSubAttribute, type Attribute, type SchemaSet } from './schema.ts';

/** Something wrong with a payload or a path, by attribute. A value, never an exception; whoever knows the place makes a diagnostic of it. */
export interface ScimProblem {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly path: AttributePath;
  /** Values masked. */
  readonly message: string;
  readonly fix?: string;
}

/** What a path stands for. */
export interface ResolvedPath {
  /** In its canonical form, led to the value: `manager` became `manager.value`, `emails[type eq "work"]` became `….value`. */
  readonly path: AttributePath;
  readonly parsed: ParsedPath;
  /** The attribute at the end of the path. */
  readonly attribute: Attribute;
  /** A list of values is expected (no filter picked one). */
  readonly multiValued: boolean;
  /** The payload is invalid without it. */
  readonly required: boolean;
}

export type Resolution =
  | { readonly resolved: ResolvedPath; readonly problems: readonly ScimProblem[] }
  | { readonly resolved?: undefined; readonly problems: readonly ScimProblem[] };

/** Types of element that the service reads (graph-contract 2.8). */
const processedType = 'work';
const filteredByService: ReadonlySet<string> = new Set(['emails', 'phoneNumbers', 'addresses']);

/** True if the service ignores elements of this type. */
export function isIgnoredElement(name: string, type: string | undefined): boolean {
  return filteredByService.has(name) && type !== processedType;
}

/** The path of the manager's key, the one reference between workers (graph-contract 2.7). */
export const managerPath: AttributePath = `${enterpriseUserSchema}:manager.value`;

/** Finds what a path stands for, or says what is wrong with it. Never throws. */
export function resolveAttributePath(path: AttributePath, schemas: SchemaSet): Resolution {
  const written = parseAttributePath(path);
  if (written === undefined) return failed('SCM-113', path, `"${path}" is not an attribute path`);
  const attributes = schemas.attributes(written.urn);
  if (attributes === undefined) return unknown(path, `extension "${written.urn ?? ''}"`, written.urn ?? '', schemas.urns);
  const attribute = attributes.get(written.name);
  if (attribute === undefined) return unknown(path, `attribute "${written.name}"`, written.name, [...attributes.keys()]);
  if (written.type !== undefined && attribute.multiValued !== true) {
    return failed('SCM-104', path, `${written.name} has one value and no types`);
  }
  const parsed = leadToValue(written, attribute);
  if (parsed.sub === undefined) {
    const multiValued = attribute.multiValued === true && parsed.type === undefined;
    return found(parsed, attribute, multiValued, attribute.required === true);
  }
  if (attribute.multiValued === true && parsed.type === undefined) {
    return failed('SCM-104', path, `${written.name} has many values: say which, as ${written.name}[type eq "work"].${parsed.sub}`);
  }
  const sub = findSubAttribute(attribute, parsed.sub);
  if (sub === undefined) {
    return unknown(path, `attribute "${parsed.sub}" of ${written.name}`, parsed.sub, attribute.subAttributes?.map((one) => one.name) ?? []);
  }
  return found(parsed, sub, false, false, attribute);
}

function leadToValue(path: ParsedPath, attribute: Attribute): ParsedPath {
  if (path.sub !== undefined) return path;
  const picksOne = path.type !== undefined || (path.name === 'manager' && attribute.type === 'complex');
  return picksOne && findSubAttribute(attribute, 'value') !== undefined ? { ...path, sub: 'value' } : path;
}

function found(parsed: ParsedPath, attribute: Attribute, multiValued: boolean, required: boolean, parent?: Attribute): Resolution {
  const path = printAttributePath(parsed);
  const problems: ScimProblem[] = [];
  if (attribute.mutability === 'readOnly' || parent?.mutability === 'readOnly') {
    return failed('SCM-112', path, `${path} is set by the service and cannot be written`);
  }
  if (attribute.mutability === 'writeOnly') return failed('SCM-112', path, `${path} is not provisioned by the service`);
  const types = parent === undefined ? undefined : findSubAttribute(parent, 'type')?.canonicalValues;
  if (parsed.type !== undefined && types !== undefined && !types.includes(parsed.type)) {
    return failed(
      'SCM-105',
      path,
      `"${parsed.type}" is none of the types of ${parsed.name}: ${types.join(', ')}`,
      suggestion(parsed.type, types),
    );
  }
  if (parsed.type !== undefined && isIgnoredElement(parsed.name, parsed.type)) {
    problems.push({
      code: 'SCM-108',
      severity: 'warning',
      path,
      message: `${parsed.name} of type ${parsed.type} are not read by the service; only work is`,
    });
  }
  return { resolved: { path, parsed, attribute, multiValued, required }, problems };
}

function unknown(path: AttributePath, what: string, name: string, names: readonly string[]): Resolution {
  const fix = suggestion(name, names);
  return failed('SCM-101', path, `there is no SCIM ${what}`, fix);
}

function suggestion(name: string, names: readonly string[]): string | undefined {
  const nearest = nearestName(name, names);
  return nearest === undefined ? undefined : `Did you mean "${nearest}"?`;
}

function failed(code: ErrorCode, path: AttributePath, message: string, fix?: string): Resolution {
  return { problems: [{ code, severity: 'error', path, message, ...(fix === undefined ? {} : { fix }) }] };
}
