import * as z from 'zod';
import { JoineryError } from '../../domain/error.ts';
import { ask } from '../ask.ts';
import type { Graph } from '../graph.ts';
import { jobPath } from '../upload.ts';

/** What is read of a job's schema; the rest of the document is left alone. Source: graph-contract 4.4. */
const attributeShape = z.object({ name: z.string(), type: z.string().catch('String'), flowNullValues: z.boolean().nullish() });
const mappingShape = z.object({
  targetAttributeName: z.string(),
  flowType: z.string().nullish(),
  matchingPriority: z.number().nullish(),
  source: z.object({ type: z.string().nullish(), name: z.string().nullish(), expression: z.string().nullish() }).nullish(),
});
const clauseShape = z.object({
  operatorName: z.string().nullish(),
  sourceOperandName: z.string().nullish(),
  targetOperand: z.object({ values: z.array(z.string()).nullish() }).nullish(),
});
const groupShape = z.object({ name: z.string().nullish(), clauses: z.array(clauseShape).nullish() });
const schemaShape = z.object({
  id: z.string().nullish(),
  directories: z.array(
    z.object({ name: z.string(), objects: z.array(z.object({ name: z.string(), attributes: z.array(attributeShape) })) }),
  ),
  synchronizationRules: z.array(
    z.object({
      name: z.string().nullish(),
      sourceDirectoryName: z.string(),
      targetDirectoryName: z.string(),
      objectMappings: z.array(
        z.object({
          enabled: z.boolean().nullish(),
          flowTypes: z.string().nullish(),
          sourceObjectName: z.string(),
          targetObjectName: z.string(),
          attributeMappings: z.array(mappingShape),
          scope: z.object({ groups: z.array(groupShape).nullish(), inputFilterGroups: z.array(groupShape).nullish() }).nullish(),
        }),
      ),
    }),
  ),
});

export interface SchemaAttribute {
  readonly name: string;
  readonly type: string;
  /** First gate of clearing. */
  readonly flowNullValues: boolean;
}

export interface SchemaMapping {
  readonly target: string;
  /** Source attributes that its expression reads. */
  readonly sources: readonly string[];
  readonly expression: string;
  readonly matchingPriority: number;
  readonly flowType: string;
}

/** The one object mapping of an API-driven job, with the attributes of both sides. */
export interface JobSchema {
  readonly sources: readonly SchemaAttribute[];
  readonly targets: readonly SchemaAttribute[];
  readonly mappings: readonly SchemaMapping[];
  readonly flowTypes: string;
  /** The scoping filter in words, one line a clause; none: all records. */
  readonly scope: readonly string[];
  /** Where the source attributes stand in the document: directory and object. */
  readonly place: { readonly directory: number; readonly object: number };
  /** Places of the rule and of its object mapping. */
  readonly rule: number;
  readonly objectMapping: number;
}

function schemaPath(servicePrincipal: string, job: string): string {
  return `${jobPath(servicePrincipal, job)}/schema`;
}

/** The document exactly as the service gave it. Needs Synchronization.Read.All. Errors: ENT-2xx, ENT-620. */
export async function readSchemaText(graph: Graph, signal?: AbortSignal): Promise<string> {
  const request = {
    method: 'GET',
    location: schemaPath(graph.servicePrincipal, graph.job),
    signal,
    keepText: true,
    maximumBody: 32 * 1024 * 1024,
  } as const;
  const answer = await ask(graph, request, { thing: 'the job’s schema', role: 'Synchronization.Read.All' });
  if (answer.text === undefined) throw new JoineryError('ENT-620', 'the job’s schema came without a body');
  return answer.text;
}

/** Puts the whole document, as the service wants it. Needs the administrator. Errors: ENT-2xx. */
export async function writeSchemaText(graph: Graph, text: string, signal?: AbortSignal): Promise<void> {
  const location = schemaPath(graph.servicePrincipal, graph.job);
  const request = { method: 'PUT', location, body: text, contentType: 'application/json', signal } as const;
  await ask(graph, request, { thing: 'the job’s schema to be changed', role: 'Synchronization.ReadWrite.All', repeatable: true });
}

/** Errors: ENT-620. */
export function parseSchema(text: string): JobSchema {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new JoineryError('ENT-620', 'the job’s schema is not JSON');
  }
  const read = schemaShape.safeParse(document);
  if (!read.success) {
    const members = [...new Set(read.error.issues.map((issue) => issue.path.join('.')))].slice(0, 4).join(', ');
    throw new JoineryError('ENT-620', `the job’s schema has another form than expected at ${members}`);
  }
  const { directories, synchronizationRules } = read.data;
  for (const [rule, { sourceDirectoryName, targetDirectoryName, objectMappings }] of synchronizationRules.entries()) {
    const mapping = objectMappings.find(({ attributeMappings }) => attributeMappings.some(({ targetAttributeName }) => targetAttributeName === 'accountEnabled')) ?? objectMappings[0]; // prettier-ignore
    const directory = directories.findIndex(({ name }) => name === sourceDirectoryName);
    const target = directories.find(({ name }) => name === targetDirectoryName);
    const object = directories[directory]?.objects.findIndex(({ name }) => name === mapping?.sourceObjectName) ?? -1;
    const found = directories[directory]?.objects[object];
    if (mapping === undefined || found === undefined || target === undefined) continue;
    return {
      sources: found.attributes.map(attributeOf),
      targets: (target.objects.find(({ name }) => name === mapping.targetObjectName)?.attributes ?? []).map(attributeOf),
      mappings: mapping.attributeMappings.map((one) => ({
        target: one.targetAttributeName,
        sources: sourcesOf(one.source),
        expression: one.source?.expression ?? one.source?.name ?? '',
        matchingPriority: one.matchingPriority ?? 0,
        flowType: one.flowType ?? 'Always',
      })),
      flowTypes: mapping.flowTypes ?? '',
      scope: [...(mapping.scope?.groups ?? []), ...(mapping.scope?.inputFilterGroups ?? [])].flatMap(({ clauses }) =>
        (clauses ?? []).map(({ sourceOperandName, operatorName, targetOperand }) =>
          [sourceOperandName ?? '?', operatorName ?? '?', ...(targetOperand?.values ?? [])].join(' '),
        ),
      ),
      place: { directory, object },
      rule,
      objectMapping: objectMappings.indexOf(mapping),
    };
  }
  throw new JoineryError('ENT-620', 'the job’s schema has no rule whose source object is in it');
}

function attributeOf({ name, type, flowNullValues }: z.infer<typeof attributeShape>): SchemaAttribute {
  return { name, type, flowNullValues: flowNullValues === true };
}

/** `[name]` in an expression; brackets of a filter (`emails[type eq "work"].value`) stand inside. */
function sourcesOf(source: z.infer<typeof mappingShape>['source']): readonly string[] {
  if (source === undefined || source === null) return [];
  const expression = source.expression ?? '';
  if (source.type === 'Constant') return [];
  const found = [...expression.matchAll(/\[((?:[^[\]]|\[[^\]]*\])+)\]/g)].map((match) => match[1] ?? '');
  if (found.length > 0) return [...new Set(found)];
  return source.type === 'Attribute' && typeof source.name === 'string' ? [source.name] : [];
}
