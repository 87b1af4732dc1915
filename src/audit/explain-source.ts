import { JoineryError } from '../domain/error.ts';
import type { Trace } from '../domain/verdict.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ExplainInput } from './explain-worker.ts';
import type { SourceReading, Step } from './explanation.ts';
import type { Masks } from './masks.ts';
import { namesIn } from '../pipeline/sensitivity.ts';
import type { WorkerFiles } from './worker-files.ts';

/** The rows of the worker as they were read, and every step of the mapping over them. undefined where no rows are kept. */
export async function explainSource(input: ExplainInput, reading: WorkerFiles | undefined): Promise<SourceReading | undefined> {
  const { mapping, masks, pipeline, attribute } = input;
  const path = attribute === undefined ? undefined : attributePath(pipeline, attribute);
  if (reading?.group === undefined) return undefined;
  const { run, group } = reading;
  const { traces } = await mapping.explain(group, run.asOf);
  const steps = stepsOf(traces, pipeline, masks);
  return {
    run: run.id,
    asOf: run.asOf,
    rows: group.rows.map(({ ordinal, values, problems }) => ({
      ordinal,
      values: Object.entries(values).map(([name, value]) => ({ name, value: masks.named(name, value) })),
      problems: (problems ?? []).map(({ column, message }) => `column ${column} ${message}`),
    })),
    sameMapping: run.mappingId === mapping.id,
    steps: path === undefined ? steps : stepsTowards(steps, path),
  };
}

function stepsOf(traces: readonly Trace[], pipeline: Pipeline, masks: Masks): Step[] {
  const decisions = new Set(['scope', 'active']);
  const attributes = new Set(pipeline.transform.attributes.map(({ path }) => path));
  const known = new Set(traces.map(({ name }) => name));
  return traces.map(({ name, expression, value }) => {
    const kind =
      expression === 'column' && !attributes.has(name)
        ? 'column'
        : expression === 'employment'
          ? 'employment'
          : decisions.has(name)
            ? 'decision'
            : name.startsWith('$')
              ? 'let'
              : 'attribute';
    const reads = kind === 'column' || kind === 'employment' ? [] : readsOf(expression, known);
    const shown = kind === 'attribute' ? masks.attribute(name, value) : masks.named(name, value);
    return { name, kind, expression: kind === 'column' || kind === 'employment' ? '' : expression, value: shown, reads };
  });
}

/** Names of the steps that an expression mentions; a name within a text counts as well. */
function readsOf(text: string, known: ReadonlySet<string>): string[] {
  return [...new Set(namesIn({ kind: 'expression', text }))].filter((name) => known.has(name));
}

/** A step and everything that it is made from, in the order of evaluation. */
function stepsTowards(steps: readonly Step[], path: string): Step[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const read of byName.get(name)?.reads ?? []) add(read);
  };
  add(path);
  return steps.filter(({ name }) => wanted.has(name));
}

/** The path of an attribute that was named by it or by its end. Errors: AUD-104. */
export function attributePath(pipeline: Pipeline, name: string): string {
  const paths = pipeline.transform.attributes.map(({ path }) => path);
  const folded = name.toLowerCase();
  const exact = paths.find((path) => path.toLowerCase() === folded);
  const ending = paths.filter((path) => [`.${folded}`, `:${folded}`, `:${folded}.value`].some((end) => path.toLowerCase().endsWith(end)));
  const [only] = ending;
  if (exact !== undefined) return exact;
  if (only !== undefined && ending.length === 1) return only;
  const what =
    ending.length > 1 ? `${name} could be ${ending.join(' or ')}` : `the pipeline maps no attribute ${name}; it maps ${paths.join(', ')}`;
  throw new JoineryError('AUD-104', what);
}
