import { hashJson } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { PlanHead } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { Sha256 } from '../domain/words.ts';
import type { Graph } from '../entra/graph.ts';
import { parseSchema, readSchemaText, type JobSchema } from '../entra/schema/job-schema.ts';
import type { JobShape } from '../store/contract-people.ts';
import { scopeOf, type StageContext } from './context.ts';
import { refuseWrongClock } from './wrong-clock.ts';

/** What the job makes of each attribute that it reads: its mappings and the first gate of clearing, as a hash. Paths without case, as the service compares them. */
export function shapeOf({ sources, mappings }: Pick<JobSchema, 'sources' | 'mappings'>): JobShape {
  const attributes: Record<AttributePath, string> = {};
  for (const { name, flowNullValues } of sources) {
    const read = mappings
      .filter((mapping) => mapping.sources.some((source) => source.toLowerCase() === name.toLowerCase()))
      .map(({ target, expression, flowType }) => [target, expression, flowType]);
    attributes[name.toLowerCase()] = hashJson([flowNullValues, read]).slice(0, 32);
  }
  return { hash: hashJson(attributes), attributes };
}

/** Attributes that the job treats otherwise than before; those that are new to it or that it lost are among them. */
export function changedAttributes(before: JobShape, after: JobShape): readonly AttributePath[] {
  const paths = new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  return [...paths].filter((path) => before.attributes[path] !== after.attributes[path]).toSorted();
}

/** What was found of the job. */
export interface Noticed {
  /** Hash of what it does now; absent: it may not be read, or the service does not answer. */
  readonly jobShape?: Sha256;
  /** Workers who have to be looked at again for it. */
  readonly marked: number;
}

export const nothingNoticed: Noticed = { marked: 0 };

/**
 * Compares what the job is set to do with what it was when its workers were last looked at. A changed mapping or flow-null flag means that what the ledger calls confirmed no longer
 * says what the accounts have: whoever has the attribute is marked, and the next plan sends him again. Nothing of a worker is changed by it. Where the runner may not read
 * the job, or the service does not answer, nothing is known and nothing is marked.
 * Its answer shows the service's clock as well. Errors: STG-110.
 */
export async function noticeJob(context: StageContext, graph: Graph): Promise<Noticed> {
  const { store, pipeline, lease, clock, emit } = context;
  const scope = scopeOf(pipeline);
  const shape = await readShape(context, graph);
  refuseWrongClock(context, graph);
  if (shape === undefined) return nothingNoticed;
  const jobShape = shape.hash;
  const before = await store.ledger.jobShape(scope);
  if (before?.hash === jobShape) return { jobShape, marked: 0 };
  const changed = before === undefined ? [] : changedAttributes(before, shape);
  const ours = pipeline.transform.attributes.map(({ path }) => path).filter((path) => changed.includes(path.toLowerCase()));
  const marked = await store.ledger.noticeJob(lease, { scope, shape, attributes: changed, at: clock.now() });
  if (ours.length === 0) return { jobShape, marked };
  const message = `the job treats ${ours.join(', ')} otherwise than before: ${String(marked)} workers who have it are sent again`;
  emit({ type: 'warning', diagnostic: { code: 'STG-406', severity: 'warning', message } });
  return { jobShape, marked };
}

/**
 * A plan that was made for what the job did before is sent by nobody: its payloads were right for other mappings. Looks only where the plan knows what the job did. Errors: PLN-203.
 */
export async function refuseMovedJob(context: StageContext, graph: Graph, plan: Pick<PlanHead, 'run' | 'ground'>): Promise<void> {
  const planned = plan.ground?.['job'];
  if (planned === undefined) return;
  const present = await readShape(context, graph);
  if (present === undefined || present.hash === planned) return;
  throw new JoineryError('PLN-203', `the mappings of the provisioning job were changed after run ${plan.run} was planned`);
}

/** undefined: it may not be read, or the service does not answer. */
async function readShape({ signal }: StageContext, graph: Graph): Promise<JobShape | undefined> {
  try {
    return shapeOf(parseSchema(await readSchemaText(graph, signal)));
  } catch (error) {
    if (error instanceof JoineryError && error.code.startsWith('ENT-')) return undefined;
    throw error;
  }
}

/** What a restart takes from the job: everything that is queued, if it did not run; else only what failed and would have been tried again. */
export type Purged = 'all' | 'escrowed';

/** Open operations of the job are gone with its queue, or with its escrows. Answers how many. */
export async function loseQueued({ store, pipeline, lease, clock }: StageContext, purged: Purged): Promise<number> {
  const scope = scopeOf(pipeline);
  const open = (await store.operations.open(scope)).filter(({ outcome }) => purged === 'all' || outcome === 'escrowed');
  const closures = open.map(({ id }) => ({
    operation: id,
    outcome: 'silent' as const,
    effect: 'forget' as const,
    evidence: { kind: 'log' as const, operation: id, outcome: 'silent' as const, rows: [], detail: { purged: true } },
  }));
  if (closures.length > 0) await store.operations.close(lease, scope, closures, clock.now());
  return closures.length;
}
