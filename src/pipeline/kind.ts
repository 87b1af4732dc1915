import type { Json } from '../domain/canonical-json.ts';
import { nearestName } from './nearest-name.ts';
import type { Range } from './line-index.ts';
import type { Reading } from './reading.ts';
import { entryOf, wordsFor, type YamlMap, type YamlNode } from './yaml-tree.ts';

export type JsonSchema = { readonly [name: string]: Json };

/** What a field can hold: how it is read, how an editor checks it, and how a person is told. */
export interface Kind<T> {
  /** Completes "expected …": `a length of time such as 14d`. */
  readonly words: string;
  readonly schema: JsonSchema;
  /** The value, or undefined after a report. */
  read(node: YamlNode, path: string, reading: Reading): T | undefined;
  /** Maps with declared fields. */
  readonly fields?: Fields;
  /** Maps whose names the author chooses: how the name is shown in the reference, and the fields below it. */
  readonly named?: { readonly name: string; readonly kind: Kind<unknown> };
}

interface FieldDocs {
  /** What it means, in one or two sentences. */
  readonly doc: string;
  /** What goes wrong when it is set carelessly. */
  readonly danger?: string;
  /** The value as one would write it. */
  readonly example: string;
}

/** One YAML field: the single declaration that validation, types, JSON Schema, reference and secrecy are made from. */
export interface Field<T> extends FieldDocs {
  readonly kind: Kind<unknown>;
  readonly required: boolean;
  /** The default in words; absent: there is none. */
  readonly defaultWords?: string;
  readonly secret: boolean;
  read(node: YamlNode, path: string, reading: Reading): T;
  /** The value when the field is not written; `parent` is where to complain. */
  missing(path: string, parent: Range, reading: Reading): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The values of fields: `undefined` where a field without default was not written or is wrong. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

interface FieldOptions extends FieldDocs {
  readonly secret?: boolean;
}

export function required<T>(kind: Kind<T>, options: FieldOptions): Field<T | undefined> {
  return {
    ...options,
    kind,
    required: true,
    secret: options.secret ?? false,
    read: (node, path, reading) => readKind(kind, node, path, reading),
    missing: (path, parent, reading) =>
      reading.report('PIP-102', parent, `${path} is missing`, { fix: `Add ${nameOf(path)}: ${options.example}` }),
  };
}

export function optional<T>(kind: Kind<T>, options: FieldOptions): Field<T | undefined> {
  return {
    ...options,
    kind,
    required: false,
    secret: options.secret ?? false,
    read: (node, path, reading) => readKind(kind, node, path, reading),
    missing: () => undefined,
  };
}

/** `defaultWords` as the reference page shows it. */
export function defaulted<T>(kind: Kind<T>, value: T, defaultWords: string, options: FieldOptions): Field<T> {
  return {
    ...options,
    kind,
    required: false,
    defaultWords,
    secret: options.secret ?? false,
    read: (node, path, reading) => readKind(kind, node, path, reading) ?? value,
    missing: () => value,
  };
}

/** A map of fields that have defaults: not written, it is all defaults. */
export function section<F extends Fields>(kind: MapKind<F>, options: FieldOptions): Field<Values<F>> {
  return {
    ...options,
    kind,
    required: false,
    secret: false,
    read: (node, path, reading) => readKind(kind, node, path, reading) ?? kind.absent(path, node.range, reading),
    missing: (path, parent, reading) => kind.absent(path, parent, reading),
  };
}

function readKind<T>(kind: Kind<T>, node: YamlNode, path: string, reading: Reading): T | undefined {
  return reading.isBroken(node) ? undefined : kind.read(node, path, reading);
}

export interface MapKind<F extends Fields> extends Kind<Values<F>> {
  readonly fields: F;
  absent(path: string, parent: Range, reading: Reading): Values<F>;
}

/** A map with declared fields; every problem in it is reported, and what could be read is returned. */
export function map<F extends Fields>(fields: F): MapKind<F> {
  const properties: Record<string, Json> = {};
  for (const [name, field] of Object.entries(fields)) properties[name] = fieldSchema(field);
  const requiredNames = Object.keys(fields).filter((name) => fields[name]?.required === true);
  return {
    words: 'a map of fields',
    fields,
    schema: {
      type: 'object',
      additionalProperties: false,
      properties,
      ...(requiredNames.length === 0 ? {} : { required: requiredNames }),
    },
    read(node, path, reading) {
      if (node.kind !== 'map') return reportKind(reading, node, path, `a map of fields (${Object.keys(fields).join(', ')})`);
      const parent = path === '' ? ([0, 0] as const) : reading.rangeOf(path);
      reportUnknown(node, fields, path, reading);
      return valuesOf(fields, (name, field) => {
        const at = join(path, name);
        const entry = entryOf(node, name);
        if (entry === undefined) return field.missing(at, parent, reading);
        reading.remember(at, entry.keyRange, entry.value);
        return field.read(entry.value, at, reading);
      });
    },
    absent: (path, parent, reading) => valuesOf(fields, (name, field) => field.missing(join(path, name), parent, reading)),
  };
}

/** A map whose names the author chooses. `name` is how the reference shows such a name. */
export function record<T>(
  name: string,
  kind: Kind<T>,
  options: { readonly pattern?: RegExp; readonly words?: string } = {},
): Kind<readonly RecordEntry<T>[]> {
  return {
    words: options.words ?? `a map from ${name} to ${kind.words}`,
    named: { name, kind },
    schema: {
      type: 'object',
      additionalProperties: kind.schema,
      ...(options.pattern === undefined ? {} : { propertyNames: { pattern: options.pattern.source } }),
    },
    read(node, path, reading) {
      if (node.kind !== 'map') return reportKind(reading, node, path, options.words ?? `a map from ${name} to ${kind.words}`);
      const entries: RecordEntry<T>[] = [];
      for (const entry of node.entries) {
        const at = join(path, entry.key);
        reading.remember(at, entry.keyRange, entry.value);
        if (options.pattern?.test(entry.key) === false) {
          reading.report('PIP-409', entry.keyRange, `${entry.key} cannot be a ${name.toLowerCase()}`);
          continue;
        }
        const value = readKind(kind, entry.value, at, reading);
        if (value !== undefined) entries.push({ name: entry.key, value, keyRange: entry.keyRange });
      }
      return entries;
    },
  };
}

export interface RecordEntry<T> {
  readonly name: string;
  readonly value: T;
  readonly keyRange: Range;
}

export interface ListItem<T> {
  readonly value: T;
  readonly range: Range;
}

export function list<T>(kind: Kind<T>): Kind<readonly ListItem<T>[]> {
  return {
    words: `a list of ${kind.words.replace(/^an? /, '')}`,
    schema: { type: 'array', items: kind.schema },
    read(node, path, reading) {
      if (node.kind !== 'list') return reportKind(reading, node, path, `a list, such as [a, b]`);
      return node.items.flatMap((item, index) => {
        const value = readKind(kind, item, `${path}[${String(index)}]`, reading);
        return value === undefined ? [] : [{ value, range: item.range }];
      });
    },
  };
}

/** Says what was expected and what was found. */
export function reportKind(reading: Reading, node: YamlNode, path: string, expected: string, fix?: string): undefined {
  const what = path === '' ? 'the pipeline' : path;
  const found = wordsFor(node);
  const range: Range = node.kind === 'scalar' || path === '' ? node.range : reading.rangeOf(path);
  return reading.report('PIP-103', range[0] === range[1] ? reading.rangeOf(path) : range, `${what} takes ${expected}, not ${found}`, {
    fix,
  });
}

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function fieldSchema(field: Field<unknown>): JsonSchema {
  const words = [field.doc, ...(field.danger === undefined ? [] : [`Danger: ${field.danger}`])];
  if (field.defaultWords !== undefined) words.push(`Default: ${field.defaultWords}.`);
  return { description: words.join('\n\n'), ...field.kind.schema };
}

function reportUnknown(node: YamlMap, fields: Fields, path: string, reading: Reading): void {
  const names = Object.keys(fields);
  for (const { key, keyRange, value } of node.entries) {
    if (names.includes(key) || reading.isBroken(value)) continue;
    const unused = names.filter((name) => entryOf(node, name) === undefined);
    const near = nearestName(key, unused) ?? nearestName(key, names);
    const elsewhere = near === undefined ? reading.fieldElsewhere(key) : undefined;
    const here = `The fields here are ${names.join(', ')}.`;
    let fix = here;
    if (near !== undefined) fix = `Did you mean ${near}?`;
    // The fields of a whole pipeline would bury the one that is meant.
    else if (elsewhere !== undefined) fix = `The field ${elsewhere} exists: check the indentation.${path === '' ? '' : ` ${here}`}`;
    reading.report('PIP-101', keyRange, `${path === '' ? 'a pipeline' : path} has no field ${key}`, { fix });
  }
}

function valuesOf<F extends Fields>(fields: F, read: (name: string, field: Field<unknown>) => unknown): Values<F> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) values[name] = read(name, field);
  // Each value was read by the field of the same name, which is what Values<F> says and what TypeScript cannot follow through a loop.
  return values as Values<F>; // oxlint-disable-line typescript/no-unsafe-type-assertion
}
