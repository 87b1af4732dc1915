import { isMap, isSeq, parseDocument, type Node } from 'yaml';
import type { AttributePath } from '../../domain/payload.ts';
import { JoineryError } from '../../domain/error.ts';
import type { SinkDeclaration } from '../../pipeline/pipeline.ts';
import { parseSchema, type JobSchema } from './job-schema.ts';

/** One change of a schema document. Everything else stays as it is, to the byte. */
export type SchemaEdit =
  | { readonly kind: 'addAttribute'; readonly name: AttributePath; readonly type: string }
  /** The source attribute may flow empty: the first of the two gates of clearing. */
  | { readonly kind: 'flowNull'; readonly name: AttributePath }
  | { readonly kind: 'map'; readonly source: AttributePath; readonly target: string };

export interface WantedSchema {
  readonly paths: readonly AttributePath[];
  readonly sink: Pick<SinkDeclaration, 'clearing' | 'extensions'>;
  /** Mappings that somebody asks for: SCIM attribute → directory attribute. */
  readonly map: readonly { readonly source: AttributePath; readonly target: string }[];
  readonly clearing: boolean;
}

/** Types of Graph's schema (contract 4.4) by those of the pipeline; what has no type there travels as text. */
const types: Readonly<Record<string, string>> = {
  string: 'String',
  boolean: 'Boolean',
  integer: 'Integer',
  dateTime: 'DateTime',
  decimal: 'String',
};

/**
 * What the job lacks of what the pipeline sends: custom attributes, flags for clearing if that is asked for, mappings that are asked for.
 * Pure. Errors: ENT-621 for a mapping whose attributes neither side has.
 */
export function editsFor(wanted: WantedSchema, schema: JobSchema): readonly SchemaEdit[] {
  const edits: SchemaEdit[] = [];
  const names = new Set(schema.sources.map(({ name }) => name.toLowerCase()));
  for (const name of wanted.paths) {
    if (!name.startsWith('urn:') || names.has(name.toLowerCase())) continue;
    const colon = name.lastIndexOf(':');
    const declared = wanted.sink.extensions[name.slice(0, colon)]?.[name.slice(colon + 1)];
    edits.push({ kind: 'addAttribute', name, type: types[declared ?? 'string'] ?? 'String' });
    names.add(name.toLowerCase());
  }
  for (const path of wanted.clearing ? wanted.sink.clearing : []) {
    const attribute = schema.sources.find(({ name }) => name.toLowerCase() === path.toLowerCase());
    if (attribute !== undefined && !attribute.flowNullValues) edits.push({ kind: 'flowNull', name: attribute.name });
  }
  for (const { source, target } of wanted.map) {
    if (!names.has(source.toLowerCase())) throw new JoineryError('ENT-621', `neither job nor pipeline has the attribute ${source}`);
    if (!schema.targets.some(({ name }) => name === target)) throw new JoineryError('ENT-621', `the directory has no attribute ${target}`);
    const there = schema.mappings.find((one) => one.target === target);
    if (there !== undefined && !there.sources.includes(source)) {
      throw new JoineryError('ENT-621', `${target} is mapped from ${there.expression} already`);
    }
    if (there === undefined) edits.push({ kind: 'map', source, target });
  }
  return edits;
}

/** The document with the edits and without any other change. Errors: ENT-620. */
export function editSchema(text: string, edits: readonly SchemaEdit[]): string {
  return edits.reduce(applyEdit, text);
}

function applyEdit(text: string, edit: SchemaEdit): string {
  const schema = parseSchema(text);
  // JSON is YAML, and its parser says where in the text each value stands.
  const document = parseDocument(text, { keepSourceTokens: false });
  const { directory, object } = schema.place;
  const attributes = ['directories', directory, 'objects', object, 'attributes'];
  if (edit.kind === 'flowNull') {
    const index = schema.sources.findIndex(({ name }) => name === edit.name);
    const attribute = document.getIn([...attributes, index], true);
    const flag = isMap(attribute) ? attribute.get('flowNullValues', true) : undefined;
    if (flag !== undefined && isNode(flag)) return splice(text, flag, 'true');
    if (!isMap(attribute)) throw moved();
    return append(text, attribute, '"flowNullValues":true');
  }
  const list = document.getIn(edit.kind === 'addAttribute' ? attributes : ['synchronizationRules', schema.rule, 'objectMappings', schema.objectMapping, 'attributeMappings'], true); // prettier-ignore
  if (!isSeq(list)) throw moved();
  return append(text, list, JSON.stringify(edit.kind === 'addAttribute' ? attributeBody(edit) : mappingBody(edit)));
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function moved(): JoineryError {
  return new JoineryError('ENT-620', 'the place to change was not found in the job’s schema');
}

function splice(text: string, node: Node, value: string): string {
  if (!Array.isArray(node.range)) throw moved();
  const [start, end] = node.range;
  return `${text.slice(0, start)}${value}${text.slice(end)}`;
}

/** Behind the last item of a flow list or map. */
function append(text: string, collection: Node & { readonly items: readonly unknown[] }, value: string): string {
  if (!Array.isArray(collection.range)) throw moved();
  const [start, end] = collection.range;
  const inside = text.slice(start + 1, end - 1);
  const kept = inside.trimEnd();
  const tail = inside.slice(kept.length);
  return `${text.slice(0, start + 1)}${kept}${collection.items.length === 0 ? '' : ','}${value}${tail}${text.slice(end - 1)}`;
}

/** As Microsoft’s own script adds one. Source: graph-contract 4.4. */
function attributeBody({ name, type }: { readonly name: string; readonly type: string }): object {
  return {
    anchor: false, caseExact: false, defaultValue: null, flowNullValues: false, multivalued: false, mutability: 'ReadWrite', name, required: false, type,
    apiExpressions: [], metadata: [], referencedObjects: [],
  }; // prettier-ignore
}

function mappingBody({ source, target }: { readonly source: string; readonly target: string }): object {
  return {
    targetAttributeName: target, defaultValue: null, exportMissingReferences: false, flowBehavior: 'FlowWhenChanged', flowType: 'Always', matchingPriority: 0,
    source: { type: 'Attribute', name: source, expression: `[${source}]`, parameters: [] },
  }; // prettier-ignore
}

export function describeEdit(edit: SchemaEdit): string {
  if (edit.kind === 'addAttribute') return `add ${edit.name} as ${edit.type} to the job’s source attributes`;
  if (edit.kind === 'flowNull') return `let ${edit.name} flow empty`;
  return `map ${edit.source} to ${edit.target}`;
}
