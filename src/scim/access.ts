import type { Json } from '../domain/canonical-json.ts';
import { invariant } from '../domain/error.ts';
import type { AttributePath } from '../domain/payload.ts';
import { parseAttributePath, type ParsedPath } from './attribute-path.ts';

type JsonObject = { readonly [name: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a path; undefined where nothing stands. Throws DOM-001 on a text that is no path. */
export function getAttribute(payload: JsonObject, path: AttributePath): Json | undefined {
  const parsed = parsedOrDefect(path);
  const holder = parsed.urn === undefined ? payload : payload[parsed.urn];
  let value = isObject(holder) ? own(holder, parsed.name) : undefined;
  if (parsed.type !== undefined) value = isArray(value) ? value.find((element) => isOfType(element, parsed.type)) : undefined;
  if (parsed.sub === undefined) return value;
  return isObject(value) ? own(value, parsed.sub) : undefined;
}

/**
 * A payload with the value set at the path; the given one stays as it was. Elements of a multi-valued attribute stand in the order of their types,
 * so that equal users are equal texts. A new work e-mail is `primary`. `null` is a value: it asks a clearing job to clear.
 */
export function setAttribute<T extends JsonObject>(payload: T, path: AttributePath, value: Json): T {
  const parsed = parsedOrDefect(path);
  if (parsed.urn === undefined) return setMember(payload, parsed.name, setInAttribute(own(payload, parsed.name), parsed, value));
  const before = payload[parsed.urn];
  const holder = isObject(before) ? before : {};
  return setMember(payload, parsed.urn, setMember(holder, parsed.name, setInAttribute(own(holder, parsed.name), parsed, value)));
}

type MutableObject = { [name: string]: Json };

/**
 * As `setAttribute`, but writes into `payload` itself: for building a payload whose objects nobody else holds, where copying at each
 * attribute would cost more than the mapping. Objects that earlier calls put in are written into; values given to them are not.
 */
export function assignAttribute(payload: MutableObject, path: ParsedPath, value: Json): void {
  const holder = path.urn === undefined ? payload : ownObject(payload, path.urn);
  if (path.type === undefined) {
    if (path.sub === undefined) holder[path.name] = value;
    else ownObject(holder, path.name)[path.sub] = value;
    return;
  }
  const { type, sub } = path;
  const before = holder[path.name];
  const elements: Json[] = Array.isArray(before) ? before : [];
  if (elements !== before) holder[path.name] = elements;
  let found = 0;
  while (found < elements.length && !isOfType(elements[found], type)) found++;
  const isNew = found === elements.length;
  const element: MutableObject = asMutable(isNew ? newElement(path.name, type) : elements[found]);
  if (isNew && found === 0) elements.push(element);
  else if (isNew) {
    const later = elements.findIndex((other) => isObject(other) && typeof other['type'] === 'string' && other['type'] > type);
    elements.splice(later === -1 ? elements.length : later, 0, element);
  }
  if (sub !== undefined) element[sub] = value;
}

function ownObject(holder: MutableObject, name: string): MutableObject {
  const before = holder[name];
  if (isObject(before)) return asMutable(before);
  return asMutable((holder[name] = {}));
}

function asMutable(value: Json | undefined): MutableObject {
  return isObject(value) ? value : {};
}

/** A payload without the value; a parent or element that holds nothing else goes with it. */
export function removeAttribute<T extends JsonObject>(payload: T, path: AttributePath): T {
  const parsed = parsedOrDefect(path);
  if (getAttribute(payload, path) === undefined) return payload;
  if (parsed.urn === undefined) return setOrRemove(payload, parsed.name, removeInAttribute(own(payload, parsed.name), parsed));
  const holder = payload[parsed.urn];
  if (!isObject(holder)) return payload;
  const rest = setOrRemove(holder, parsed.name, removeInAttribute(own(holder, parsed.name), parsed));
  return setOrRemove(payload, parsed.urn, Object.keys(rest).length === 0 ? undefined : rest);
}

function setInAttribute(before: Json | undefined, path: ParsedPath, value: Json): Json {
  if (path.type === undefined) return path.sub === undefined ? value : setMember(isObject(before) ? before : {}, path.sub, value);
  const elements = isArray(before) ? before : [];
  const at = elements.findIndex((element) => isOfType(element, path.type));
  const found = elements[at];
  const element = isObject(found) ? found : newElement(path.name, path.type);
  const next = path.sub === undefined ? value : setMember(element, path.sub, value);
  if (at !== -1) return elements.with(at, next);
  // Before the first element of a later type; elements without a type keep their place.
  const type = path.type;
  const later = elements.findIndex((other) => isObject(other) && typeof other['type'] === 'string' && other['type'] > type);
  return elements.toSpliced(later === -1 ? elements.length : later, 0, next);
}

/** The service reads the work entry alone; other clients of the same payload look for the primary one. */
function newElement(name: string, type: string): JsonObject {
  return name === 'emails' && type === 'work' ? { type, primary: true } : { type };
}

function removeInAttribute(before: Json | undefined, path: ParsedPath): Json | undefined {
  if (path.type === undefined) {
    if (path.sub === undefined || !isObject(before)) return undefined;
    const rest = setOrRemove(before, path.sub, undefined);
    return Object.keys(rest).length === 0 ? undefined : rest;
  }
  const elements = isArray(before) ? before : [];
  const at = elements.findIndex((element) => isOfType(element, path.type));
  const element = elements[at];
  const rest = path.sub === undefined || !isObject(element) ? undefined : setOrRemove(element, path.sub, undefined);
  const holdsNothing = rest === undefined || Object.keys(rest).every((name) => name === 'type' || name === 'primary');
  const next = holdsNothing ? elements.toSpliced(at, 1) : elements.with(at, rest);
  return next.length === 0 ? undefined : next;
}

function isOfType(element: Json | undefined, type: string | undefined): boolean {
  return isObject(element) && element['type'] === type;
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function setMember<T extends JsonObject>(object: T, name: string, value: Json): T {
  return { ...object, [name]: value };
}

function setOrRemove<T extends JsonObject>(object: T, name: string, value: Json | undefined): T {
  const copy: Record<string, Json> = { ...object };
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  // The members that T names (schemas, externalId, active) are removed only by a caller that asked for exactly that.
  return copy as T; // oxlint-disable-line typescript/no-unsafe-type-assertion -- a generic spread with one member left out
}

function parsedOrDefect(path: AttributePath): ParsedPath {
  const parsed = parseAttributePath(path);
  invariant(parsed, `not an attribute path: ${path}`);
  return parsed;
}
