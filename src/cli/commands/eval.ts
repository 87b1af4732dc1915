import type { Command } from 'commander';
import { renderDiagnostic } from '../../domain/diagnostic.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import type { Json } from '../../domain/canonical-json.ts';
import type { Row, RowGroup } from '../../domain/row.ts';
import { compileMapping } from '../../mapping/index.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { openSource } from '../../source/open-source.ts';
import { groupRows } from '../../source/groups.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, withVerification, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';
import { createStyle } from '../style.ts';

interface EvalOptions extends CommonOptions {
  readonly row?: string;
  readonly worker?: string;
  readonly attribute?: string;
  readonly asOf?: string;
  readonly verifyEngine?: boolean;
}

/** `joinery eval`: one worker through the mapping, every step shown. Values are shown as they are: the person asked for this one. */
export function evalCommand(register: Register): Command {
  return withVerification(
    defineCommand(
      'eval',
      'Show what every let and attribute of one worker comes to',
      `joinery eval pipelines/contoso.yaml --row '{"worker_id":"W1","status":"Active"}'`,
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--row <json>', 'the row, columns as named in the database; NULL is null; an array is several rows of one key')
    .option('--worker <id>', 'read the rows of this worker from the source')
    .option('--attribute <path>', 'only this attribute')
    .option('--as-of <instant>', 'the run’s instant (default: now)')
    .action(register(evaluate));
}

async function evaluate(io: Io, file: string, options: EvalOptions): Promise<ExitClass> {
  if ((options.row === undefined) === (options.worker === undefined)) throw new JoineryError('CLI-101', 'give either --row or --worker');
  const live = options.worker !== undefined;
  const loaded = loadPipeline(file, { environment: environmentOf(io, options), ...(live ? {} : { unset: 'standIn' }) });
  const compiled =
    loaded.pipeline === undefined ? undefined : compileMapping(loaded.pipeline, options.verifyEngine === true ? { shadow: 1 } : {});
  if (loaded.pipeline === undefined || compiled?.mapping === undefined) {
    throw new JoineryError('STG-001', `${file} is not valid`, { diagnostics: [...loaded.diagnostics, ...(compiled?.diagnostics ?? [])] });
  }
  const asOf = options.asOf === undefined ? io.clock.now() : Date.parse(options.asOf);
  if (Number.isNaN(asOf)) throw new JoineryError('CLI-101', `${String(options.asOf)} is no instant; write 2026-11-22T08:00:00Z`);
  const group =
    options.row === undefined ? await readWorker(loaded.pipeline, options.worker ?? '', io.signal) : groupOf(loaded.pipeline, options.row);
  const { verdict, traces } = await compiled.mapping.explain(group, asOf);
  const wanted = traces.filter(({ name }) => options.attribute === undefined || name === options.attribute);
  if (options.json === true) {
    io.out(`${JSON.stringify({ verdict, traces: wanted })}\n`);
    return 'success';
  }
  const style = createStyle(io.colour && options.color);
  for (const { name, expression, value } of wanted) {
    io.out(`${style.bold(name)}\n  ${style.dim(expression)}\n  = ${value === undefined ? 'nothing' : JSON.stringify(value)}\n`);
  }
  const problems = verdict.kind === 'rejected' ? [...verdict.reasons, ...verdict.warnings] : verdict.warnings;
  for (const problem of problems) io.out(`\n${renderDiagnostic(problem, loaded.sources)}\n`);
  io.out(
    `\n${style.bold('verdict')} ${verdict.kind}${verdict.nextDate === undefined ? '' : `, may change at ${new Date(verdict.nextDate).toISOString()}`}\n`,
  );
  if (verdict.kind === 'draft' && options.attribute === undefined) io.out(`${JSON.stringify(verdict.draft.payload, undefined, 2)}\n`);
  return verdict.kind === 'rejected' ? 'rejections' : 'success';
}

/** Errors: CLI-101 for what is no row. */
function groupOf(pipeline: Pipeline, text: string): RowGroup {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new JoineryError('CLI-101', '--row is not JSON', { cause });
  }
  const rows = (Array.isArray(parsed) ? parsed : [parsed]).map((values: unknown, index): Row => {
    if (!isRecord(values)) throw new JoineryError('CLI-101', '--row must be an object with the columns, or an array of such');
    const key = values[pipeline.source.key];
    return {
      key: typeof key === 'string' || typeof key === 'number' ? String(key) : undefined,
      values,
      fingerprint: '0'.repeat(16),
      ordinal: index + 1,
    };
  });
  return { key: rows[0]?.key ?? '(no key)', rows, fingerprint: '0'.repeat(16) };
}

function isRecord(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the source until the worker comes: the query is the author's, and nothing is ever added to it. */
async function readWorker(pipeline: Pipeline, worker: string, signal: AbortSignal): Promise<RowGroup> {
  const source = await openSource(pipeline.source, { applicationName: 'joinery eval' });
  try {
    for await (const { groups } of groupRows(source.read({ seed: 0n, signal }), source.keyOrder)) {
      const found = groups.find(({ key }) => key === worker);
      if (found !== undefined) return found;
    }
  } finally {
    await source.close();
  }
  throw new JoineryError('CLI-101', `the source returns no row with the key ${worker}`);
}
