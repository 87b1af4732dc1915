import { canonicalJson, type Json } from '../domain/canonical-json.ts';
import type { AttributeDifference } from '../domain/change.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { isArray, isObject } from './access.ts';
import { isAttributeName, printAttributePath, type ParsedPath } from './attribute-path.ts';

/**
 * What sending `after` would change against `before`, by attribute path in the order of `after`, then what only `before` has.
 * Empty exactly if both have the same canonical JSON. Undefined `before`: everything is set. Multi-valued attributes are
 * compared by type where both sides list each type once and in order, else as a whole.
 */
export function differences(before: Payload | undefined, after: Payload): readonly AttributeDifference[] {
  const found: AttributeDifference[] = [];
  const old: { readonly [name: string]: Json } = before ?? {};
  for (const name of membersOf(old, after)) {
    const left = old[name];
    const right = after[name];
    // Of a mover nearly everything: then nothing is opened or written down.
    if (isSame(left, right)) continue;
    if (name.includes(':')) compareExtension(found, name, left, right);
    else compareAttribute(found, { name }, left, right);
  }
  return found;
}

/** What a list of differences tells people: `schemas` is the protocol's, and `externalId` is the worker himself. */
export function toldDifferences<T extends Pick<AttributeDifference, 'path'>>(found: readonly T[]): readonly T[] {
  return found.filter(({ path }) => path !== 'schemas' && path !== 'externalId');
}

function compareExtension(found: AttributeDifference[], urn: string, left: Json | undefined, right: Json | undefined): void {
  if (!canOpen(left) || !canOpen(right) || (!isObject(left) && !isObject(right))) {
    compareLeaf(found, urn, left, right);
    return;
  }
  const old = isObject(left) ? left : {};
  const next = isObject(right) ? right : {};
  for (const name of membersOf(old, next)) {
    if (!isSame(old[name], next[name])) compareAttribute(found, { urn, name }, old[name], next[name]);
  }
}

function compareAttribute(found: AttributeDifference[], path: ParsedPath, left: Json | undefined, right: Json | undefined): void {
  const oldElements = elementsByType(left);
  const nextElements = elementsByType(right);
  if (oldElements !== undefined && nextElements !== undefined && (left !== undefined || right !== undefined)) {
    for (const type of new Set([...nextElements.keys(), ...oldElements.keys()])) {
      compareMembers(found, { ...path, type }, oldElements.get(type), nextElements.get(type), true);
    }
  } else if (canOpen(left) && canOpen(right) && (isObject(left) || isObject(right))) {
    compareMembers(found, path, isObject(left) ? left : undefined, isObject(right) ? right : undefined, false);
  } else {
    compareLeaf(found, printAttributePath(path), left, right);
  }
}

function compareMembers(
  found: AttributeDifference[],
  path: ParsedPath,
  left: { readonly [name: string]: Json } | undefined,
  right: { readonly [name: string]: Json } | undefined,
  isElement: boolean,
): void {
  for (const sub of membersOf(left ?? {}, right ?? {})) {
    if (isElement && sub === 'type') continue;
    compareLeaf(found, printAttributePath({ ...path, sub }), left?.[sub], right?.[sub]);
  }
}

function compareLeaf(found: AttributeDifference[], path: AttributePath, left: Json | undefined, right: Json | undefined): void {
  if (left === right) return;
  if (left !== undefined && right !== undefined && canonicalJson(left) === canonicalJson(right)) return;
  const kind = isEmpty(right) ? 'emptied' : isEmpty(left) ? 'set' : 'changed';
  found.push({ path, kind, ...(left === undefined ? {} : { old: left }), ...(right === undefined ? {} : { new: right }) });
}

/** Equal in any order of members, as canonical JSON is. A member that is undefined counts as one, so that false may be said of what is the same. */
function isSame(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (isArray(left)) {
    if (!isArray(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (!isSame(left[index], right[index])) return false;
    return true;
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  for (const name of names) if (!Object.hasOwn(right, name) || !isSame(left[name], right[name])) return false;
  return true;
}

/** Nothing, null, "" and containers without content: what an emptied attribute can look like. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Absent, or an object with members whose names can stand in a path. An empty object is a value of its own. */
function canOpen(value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every(isAttributeName);
}

/** Elements by type if each type stands once, in ascending order and with something beside it; nothing counts as no elements. */
function elementsByType(value: Json | undefined): ReadonlyMap<string, { readonly [name: string]: Json }> | undefined {
  const elements = new Map<string, { readonly [name: string]: Json }>();
  if (value === undefined) return elements;
  if (!isArray(value) || value.length === 0) return undefined;
  let previous: string | undefined;
  for (const element of value) {
    if (!isObject(element) || !canOpen(element)) return undefined;
    const type = element['type'];
    if (typeof type !== 'string' || Object.keys(element).length < 2) return undefined;
    if (previous !== undefined && type <= previous) return undefined;
    previous = type;
    elements.set(type, element);
  }
  return elements;
}

/** Names of `right`, then those that only `left` has. */
function membersOf(left: object, right: object): readonly string[] {
  const names = Object.keys(right);
  for (const name in left) if (Object.hasOwn(left, name) && !Object.hasOwn(right, name)) names.push(name);
  return names;
}
