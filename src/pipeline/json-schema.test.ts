import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../domain/canonical-json.ts';
import { pipelineJsonSchema } from './json-schema.ts';
import { allFields, pipelineReferencePage } from './reference-page.ts';

type Schema = { readonly [name: string]: Json };
const root: Schema = pipelineJsonSchema();

function isMap(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return typeof value === 'number' && Number.isInteger(value) ? ['number', 'integer'] : [typeof value];
}

/** The keywords that our schema uses, as JSON Schema draft 7 defines them: paths at which a value does not fit. */
function misfits(schema: Json | undefined, value: unknown, at = ''): string[] {
  if (!isMap(schema)) return [];
  const used = new Set([
    '$schema',
    'title',
    'description',
    '$defs',
    '$ref',
    'anyOf',
    'type',
    'enum',
    'pattern',
    'minLength',
    'minimum',
    'maximum',
    'items',
    'properties',
    'patternProperties',
    'additionalProperties',
    'propertyNames',
    'required',
  ]);
  const wrong = Object.keys(schema).flatMap((keyword) => (used.has(keyword) ? [] : [`${at}: keyword ${keyword} is not known`]));
  if (typeof schema['$ref'] === 'string') {
    const defs = root['$defs'];
    return misfits(isMap(defs) ? defs[schema['$ref'].replace('#/$defs/', '')] : undefined, value, at);
  }
  const { anyOf, type, enum: words, pattern, minimum, maximum, items } = schema;
  if (Array.isArray(anyOf) && anyOf.every((one: Json) => misfits(one, value, at).length > 0)) wrong.push(`${at}: fits none`);
  const types = Array.isArray(type) ? type : type === undefined ? undefined : [type];
  if (types !== undefined && !typeOf(value).some((name) => types.includes(name))) wrong.push(`${at}: is ${typeOf(value).join()}`);
  if (Array.isArray(words) && typeof value === 'string' && !words.includes(value)) wrong.push(`${at}: ${value} is not in the list`);
  if (typeof pattern === 'string' && typeof value === 'string' && !new RegExp(pattern, 'u').test(value))
    wrong.push(`${at}: ${value} has another form`);
  if (typeof minimum === 'number' && typeof value === 'number' && value < minimum) wrong.push(`${at}: too small`);
  if (typeof maximum === 'number' && typeof value === 'number' && value > maximum) wrong.push(`${at}: too large`);
  if (Array.isArray(value)) return [...wrong, ...value.flatMap((item, index) => misfits(items, item, `${at}[${String(index)}]`))];
  return isMap(value) ? [...wrong, ...memberMisfits(schema, value, at)] : wrong;
}

function memberMisfits(schema: Schema, value: Schema, at: string): string[] {
  const { properties, patternProperties, additionalProperties, propertyNames, required } = schema;
  const wrong = (Array.isArray(required) ? required : []).flatMap((name: unknown) =>
    typeof name === 'string' && name in value ? [] : [`${at}: ${JSON.stringify(name)} is missing`],
  );
  for (const [name, member] of Object.entries(value)) {
    wrong.push(...misfits(propertyNames, name, `${at}.${name}`));
    const own = isMap(properties) ? properties[name] : undefined;
    const byPattern = Object.entries(isMap(patternProperties) ? patternProperties : {}).filter(([pattern]) =>
      new RegExp(pattern, 'u').test(name),
    );
    for (const fitting of [own, ...byPattern.map(([, one]) => one)]) wrong.push(...misfits(fitting, member, `${at}.${name}`));
    if (own !== undefined || byPattern.length > 0) continue;
    if (additionalProperties === false) wrong.push(`${at}.${name}: is not known`);
    else wrong.push(...misfits(additionalProperties, member, `${at}.${name}`));
  }
  return wrong;
}

const corpus = new URL('corpus/', import.meta.url);
const read = (name: string): unknown => parse(readFileSync(new URL(name, corpus), 'utf8'), { merge: true });

describe('the JSON Schema of pipeline files', () => {
  const shipped = new URL('../../pipelines/', import.meta.url);
  it.each(readdirSync(shipped).filter((name) => name.endsWith('.yaml') && !name.includes('.test.')))('takes %s as it ships', (name) => {
    expect(misfits(root, parse(readFileSync(new URL(name, shipped), 'utf8'), { merge: true }))).toEqual([]);
  });

  it.each([
    'field-unknown',
    'field-missing',
    'field-kinds',
    'field-words',
    'field-forms',
    'field-durations',
    'field-limits',
    'attribute-options',
    'attribute-multi-valued',
    'source-unsupported',
    'sink-clearing',
  ])('says about %s what an editor can know', (name) => {
    // sink.clearing is right in itself: what it names is known only to the whole file.
    expect(misfits(root, read(`${name}.yaml`)).length > 0).toBe(name !== 'sink-clearing');
  });

  it('takes every example of the reference', () => {
    for (const { path, field } of allFields()) {
      if (field.example.includes('…')) continue;
      const value: unknown = parse(`value: ${field.example}`);
      expect(misfits(field.kind.schema, isMap(value) ? value['value'] : undefined, path)).toEqual([]);
    }
  });

  it('explains every field', () => {
    const unfinished = allFields().filter(({ field }) => !field.doc.endsWith('.') || field.danger?.endsWith('.') === false);
    expect(unfinished.map(({ path }) => path)).toEqual([]);
  });
});

describe('the reference page', () => {
  it('has a heading for every field, the options of attributes and the parts of columns among them', () => {
    const page = pipelineReferencePage.render();
    const headings = [...page.matchAll(/^###? `(.+)`$/gm)].map(([, path]) => path);
    expect(headings).toEqual(allFields().map(({ path }) => path));
    expect(headings).toEqual(
      expect.arrayContaining([
        'source.columns.COLUMN.whenNull',
        'transform.attributes.ATTRIBUTE.once',
        'leavers.vanished.after.hours',
        'sink.auth.certificate',
      ]),
    );
  });
});
