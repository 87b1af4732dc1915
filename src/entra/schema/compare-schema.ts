import type { Diagnostic } from '../../domain/diagnostic.ts';
import type { AttributePath } from '../../domain/payload.ts';
import type { SinkDeclaration } from '../../pipeline/pipeline.ts';
import type { JobSchema } from './job-schema.ts';

/** What a pipeline sends, as far as a job's schema has a say in it. */
export interface SentAttributes {
  readonly paths: readonly AttributePath[];
  readonly sink: Pick<SinkDeclaration, 'clearing' | 'extensions'>;
}

/** Sent with every record, whatever the pipeline declares. */
const always: readonly AttributePath[] = ['externalId', 'active'];
/** Dates that Entra takes with time and zone only, otherwise it drops them silently. Source: graph-contract 2.8. */
const dateTargets = new Set(['employeeHireDate', 'employeeLeaveDateTime']);
/** Types of the attributes that everything depends on; texts fit every type that a job gives them. */
const coreTypes: ReadonlyMap<string, string> = new Map([
  ['active', 'boolean'],
  ['externalid', 'string'],
  ['username', 'string'],
]);
const neverSettable = new Set(['mail', 'proxyAddresses']);

/**
 * Where pipeline and job disagree, by name. Pure. Errors and warnings mean that a value never arrives; notices are only worth knowing.
 */
export function compareSchema(sent: SentAttributes, schema: JobSchema): Diagnostic[] {
  const out: Diagnostic[] = [];
  const names = new Map(schema.sources.map((attribute) => [attribute.name.toLowerCase(), attribute]));
  const mapped = new Map<string, string[]>();
  for (const { sources, target } of schema.mappings) {
    for (const source of sources) mapped.set(source.toLowerCase(), [...(mapped.get(source.toLowerCase()) ?? []), target]);
  }
  const add = (code: Diagnostic['code'], severity: Diagnostic['severity'], message: string): void => {
    out.push({ code, severity, message });
  };
  for (const path of new Set([...always, ...sent.paths])) {
    const key = path.toLowerCase();
    const other = /\[type eq "(?!work")([^"]*)"\]/.exec(path)?.[1];
    const attribute = names.get(key);
    if (other !== undefined)
      add('ENT-606', 'warning', `${path} is sent, and the service processes entries of the type work only; ${other} is ignored`);
    else if (attribute === undefined)
      add(
        'ENT-605',
        path.startsWith('urn:') ? 'error' : 'warning',
        `${path} is sent, and the job’s schema does not have it: the value is dropped without a trace`,
      );
    else if (!mapped.has(key))
      add(
        'ENT-605',
        attribute.name === 'externalId' || key === 'active' ? 'error' : 'warning',
        `${path} is sent and in the job’s schema, but no mapping reads it: the value has no effect`,
      );
    for (const target of mapped.get(key) ?? []) {
      const type = extensionType(sent.sink, path);
      if (dateTargets.has(target) && type !== undefined && type !== 'dateTime' && type !== 'string') {
        add('ENT-606', 'error', `${path} is a ${type}, and ${target} takes a date with time and zone only`);
      }
      if (neverSettable.has(target)) add('ENT-606', 'warning', `${path} is mapped to ${target}, which the service cannot set`);
    }
    const declared = extensionType(sent.sink, path) ?? coreTypes.get(key);
    if (attribute !== undefined && declared !== undefined && !typesFit(declared, attribute.type)) {
      add('ENT-606', 'error', `${path} is declared as ${declared} in the pipeline and as ${attribute.type} in the job’s schema`);
    }
  }
  for (const path of sent.sink.clearing) {
    if (names.get(path.toLowerCase())?.flowNullValues === false) {
      add(
        'ENT-607',
        'warning',
        `clearing names ${path}, and flowNullValues of that attribute is not set in the job: an empty value changes nothing`,
      );
    }
  }
  const cleared = new Set(sent.sink.clearing.map((path) => path.toLowerCase()));
  for (const { name, flowNullValues } of schema.sources) {
    const key = name.toLowerCase();
    if (flowNullValues && mapped.has(key) && !cleared.has(key))
      add('ENT-626', 'warning', `flowNullValues of ${name} is set in the job, and sink.clearing does not list it`);
  }
  for (const [verb, what] of [
    ['Add', 'joiners are never created'],
    ['Update', 'changes and leavers never arrive'],
  ] as const) {
    // Absent in a document that is not Graph’s own: nothing is known.
    if (schema.flowTypes !== '' && !schema.flowTypes.includes(verb))
      add('ENT-605', 'error', `the job’s mapping leaves out ${verb}: ${what}`);
  }
  for (const { flowType, sources, target } of schema.mappings) {
    const late = sources.filter((source) => sent.paths.some((path) => path.toLowerCase() === source.toLowerCase()));
    if (flowType === 'ObjectAddOnly' && late.length > 0)
      add('ENT-605', 'notice', `${late.join(', ')} → ${target} flows at creation only: later changes have no effect`);
  }
  out.push(...compareMatching(schema));
  if (schema.scope.length > 0) add('ENT-605', 'notice', `the job has a scoping filter of its own: ${schema.scope.join('; ')}`);
  return out;
}

/** The service joins by these, and our adoption and verification look people up by `employeeId`. */
function compareMatching(schema: JobSchema): readonly Diagnostic[] {
  const matching = schema.mappings.filter(({ matchingPriority }) => matchingPriority > 0);
  const pairs = matching.map(({ sources, target }) => `${sources.join(', ')} → ${target}`).join('; ');
  const ours = matching.find(({ sources }) => sources.includes('externalId'));
  const warn = (message: string): readonly Diagnostic[] => [{ code: 'ENT-605', severity: 'warning', message }];
  if (ours === undefined) return warn(`the job does not match workers by externalId but by ${pairs === '' ? 'nothing' : pairs}`);
  if (ours.target !== 'employeeId')
    return warn(`the job matches workers by externalId → ${ours.target}; Joinery looks for them by employeeId`);
  return [];
}

function extensionType(sink: SentAttributes['sink'], path: AttributePath): string | undefined {
  const colon = path.lastIndexOf(':');
  return colon === -1 ? undefined : sink.extensions[path.slice(0, colon)]?.[path.slice(colon + 1)];
}

/** A DateTime travels as text, so that String takes everything. */
function typesFit(declared: string, type: string): boolean {
  const fitting: Readonly<Record<string, readonly string[]>> = {
    string: ['String', 'Reference'],
    dateTime: ['String', 'DateTime'],
    boolean: ['Boolean', 'String'],
    integer: ['Integer', 'String'],
    decimal: ['String'],
  };
  return fitting[declared]?.includes(type) ?? true;
}
