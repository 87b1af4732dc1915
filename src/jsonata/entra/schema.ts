import { JoineryError } from '../../domain/error.ts';
import type { ErrorCode } from '../../domain/errors/registry.ts';
import { isRecord } from '../functions/arguments.ts';
import { importEntraExpression } from './import.ts';
import type { ImportNote } from './notes.ts';

/** One attribute mapping of a job schema: what it becomes, or why it cannot. */
export interface ImportedMapping {
  /** Name of the synchronization rule. */
  readonly rule: string;
  readonly sourceObject: string;
  readonly targetObject: string;
  /** The target attribute as the schema names it. */
  readonly target: string;
  /** As the schema states it. */
  readonly expression: string;
  /** `Always`, `FlowWhenChanged`, `ObjectAddOnly`, `MultiValueAddOnly` and the like, as the schema states it. */
  readonly flow: string | undefined;
  /** The "default value if null" of the mapping, which the service applies at creation only. */
  readonly defaultValue: string | undefined;
  readonly matchingPriority: number;
  readonly notes: readonly ImportNote[];
  /** Absent when there is a problem. */
  readonly jsonata?: string;
  readonly problem?: { readonly code: ErrorCode; readonly message: string };
}

/**
 * The attribute mappings of a job schema (synchronizationSchema of Microsoft Graph, as object or as JSON text; also wrapped in `schema` or `value`).
 * A mapping that cannot be imported has a `problem` and does not stop the others. JSN-608 when the shape is another one.
 */
export function importEntraSchema(schema: unknown): readonly ImportedMapping[] {
  const parsed = typeof schema === 'string' ? parseJson(schema) : schema;
  const rules = findRules(parsed);
  return rules.flatMap((rule, ruleIndex) =>
    readList(rule, 'objectMappings', `synchronizationRules[${String(ruleIndex)}]`).flatMap((objectMapping, objectIndex) =>
      readList(objectMapping, 'attributeMappings', `objectMappings[${String(objectIndex)}]`).flatMap((mapping) => {
        const imported = importMapping(mapping);
        if (imported === undefined) return [];
        return [
          {
            rule: textOf(rule['name']) ?? String(ruleIndex + 1),
            sourceObject: textOf(objectMapping['sourceObjectName']) ?? '',
            targetObject: textOf(objectMapping['targetObjectName']) ?? '',
            ...imported,
          },
        ];
      }),
    ),
  );
}

type PlainRecord = Readonly<Record<string, unknown>>;

function refuse(message: string): never {
  throw new JoineryError('JSN-608', message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new JoineryError('JSN-608', 'the file is not JSON', { cause: error });
  }
}

function findRules(schema: unknown): readonly PlainRecord[] {
  if (!isRecord(schema)) return refuse('a job schema is an object with synchronizationRules');
  for (const wrapper of ['schema', 'value']) {
    const inner = schema[wrapper];
    if (!('synchronizationRules' in schema) && isRecord(inner)) return findRules(inner);
  }
  if (!('synchronizationRules' in schema)) return refuse('the object has no synchronizationRules');
  return readList(schema, 'synchronizationRules', 'the schema');
}

function readList(parent: PlainRecord, name: string, where: string): readonly PlainRecord[] {
  const list = parent[name];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return refuse(`${name} of ${where} is not a list`);
  return list.map((member: unknown) => (isRecord(member) ? member : refuse(`${name} of ${where} holds something that is no object`)));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function importMapping(mapping: PlainRecord): Omit<ImportedMapping, 'rule' | 'sourceObject' | 'targetObject'> | undefined {
  const source = mapping['source'];
  const common = {
    target: textOf(mapping['targetAttributeName']) ?? refuse('an attribute mapping has no targetAttributeName'),
    flow: textOf(mapping['flowType']),
    defaultValue: textOf(mapping['defaultValue']),
    matchingPriority: typeof mapping['matchingPriority'] === 'number' ? mapping['matchingPriority'] : 0,
  };
  // A mapping without a source states that nothing flows.
  if (!isRecord(source)) return undefined;
  const expression = writeSource(source);
  if (expression === undefined) {
    return {
      ...common,
      expression: '',
      notes: [],
      problem: { code: 'JSN-608', message: 'the source has neither an expression nor a name' },
    };
  }
  try {
    const { jsonata, notes } = importEntraExpression(expression);
    const failed = notes.find((note) => note.severity === 'error');
    if (failed === undefined) return { ...common, expression, notes, jsonata };
    return { ...common, expression, notes, problem: { code: failed.code, message: failed.message } };
  } catch (error) {
    if (!(error instanceof JoineryError)) throw error;
    return { ...common, expression, notes: [], problem: { code: error.code, message: error.message } };
  }
}

/** The text of the source; where it is absent or, for a constant, not quoted, it is written from type and name. */
function writeSource(source: PlainRecord): string | undefined {
  const expression = textOf(source['expression']);
  const name = textOf(source['name']);
  if (source['type'] === 'Constant' && expression?.startsWith('"') !== true) {
    const constant = expression ?? name;
    return constant === undefined ? undefined : `"${constant.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
  }
  if (expression !== undefined) return expression;
  return source['type'] === 'Attribute' && name !== undefined ? `[${name}]` : undefined;
}
