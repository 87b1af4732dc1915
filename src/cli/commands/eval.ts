import type { Command } from 'commander';
import { dayIn } from '../../domain/clock.ts';
import { renderDiagnostic } from '../../domain/diagnostic.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import type { Json } from '../../domain/canonical-json.ts';
import { hideValue } from '../../domain/masking.ts';
import type { RowGroup } from '../../domain/row.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { attributePath } from '../../audit/explain-source.ts';
import { masksOf } from '../../audit/masks.ts';
import { nearestName } from '../../jsonata/index.ts';
import { compileMapping, type Mapping } from '../../mapping/index.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { openSource } from '../../source/open-source.ts';
import { groupRows } from '../../source/groups.ts';
import { renderPayload, renderTraces, shownBy, tracesTowards } from '../eval-text.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, withVerification, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';
import { createStyle, plural } from '../style.ts';

interface EvalOptions extends CommonOptions {
  readonly row?: string;
  readonly worker?: string;
  readonly attribute?: string;
  readonly asOf?: string;
  readonly verifyEngine?: boolean;
}

/**
 * `joinery eval`: one worker through the mapping, every step shown. Values are shown as they are, because the person asked for this one;
 * only what is declared sensitive is not.
 */
export function evalCommand(register: Register): Command {
  return withVerification(
    defineCommand(
      'eval',
      'Show what every let and attribute of one worker comes to',
      `joinery eval pipelines/contoso.yaml --row '{"worker_id":"W1","status":"Active"}'`,
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--row <json>', 'the row, columns as named in the database; what is left out is NULL; an array is several rows of one key')
    .option('--worker <id>', 'read the rows of this worker from the source')
    .option('--attribute <path>', 'only this attribute, `$let` or `scope`, and what it is made of')
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
  const { pipeline } = loaded;
  const { mapping } = compiled;
  const asOf = options.asOf === undefined ? io.clock.now() : readInstant(options.asOf);
  const wanted = options.attribute === undefined ? undefined : traceName(pipeline, options.attribute);
  const { group, notes } =
    options.row === undefined
      ? { group: await readWorker(pipeline, options.worker ?? '', dayIn(pipeline.timezone ?? 'UTC', asOf), io.signal), notes: [] }
      : groupOf(pipeline, mapping, options.row);
  const { verdict, traces: all } = await mapping.explain(group, asOf, { parts: true });
  const traces = wanted === undefined ? all : tracesTowards(all, wanted);
  for (const note of options.quiet === true ? [] : notes) io.err(`notice: ${note}\n`);
  const shown = shownBy(masksOf(pipeline, true), new Set(pipeline.transform.attributes.map(({ path }) => path)));
  if (options.json === true) {
    const open = traces.map((trace) => (shown.isHidden(trace.name) ? { ...trace, value: hideValue(trace.value), steps: [] } : trace));
    const payload: unknown = verdict.kind === 'draft' ? JSON.parse(renderPayload(verdict.draft.payload, shown)) : undefined;
    io.out(
      `${JSON.stringify({ verdict: verdict.kind === 'draft' ? { ...verdict, draft: { ...verdict.draft, payload } } : verdict, traces: open })}\n`,
    );
    return endOf(verdict);
  }
  const style = createStyle(io.colour && options.color);
  io.out(renderTraces(traces, shown, style));
  const everything = verdict.kind === 'rejected' ? [...verdict.reasons, ...verdict.warnings] : verdict.warnings;
  const problems =
    wanted === undefined ? everything : everything.filter(({ message }) => traces.some(({ name }) => isAbout(message, name)));
  for (const problem of problems) io.out(`\n${renderDiagnostic(problem, loaded.sources)}\n`);
  const next = verdict.nextDate === undefined ? '' : `, may change at ${new Date(verdict.nextDate).toISOString()}`;
  const elsewhere = everything.length - problems.length;
  io.out(
    `\n${style.bold('verdict')} ${verdictWords[verdict.kind]}${next}${elsewhere === 0 ? '' : ` (${plural(elsewhere, 'problem')} elsewhere)`}\n`,
  );
  if (verdict.kind === 'draft' && wanted === undefined) io.out(`${renderPayload(verdict.draft.payload, shown)}\n`);
  return endOf(verdict);
}

/** Messages about a row begin with the column or with what was computed. */
function isAbout(message: string, name: string): boolean {
  return message.startsWith(`${name}: `) || message.startsWith(`column ${name} `);
}

const verdictWords = { draft: 'a valid payload', outOfScope: 'out of scope', rejected: 'rejected' } as const;

function endOf(verdict: Verdict): ExitClass {
  return verdict.kind === 'rejected' ? 'rejections' : 'success';
}

function readInstant(text: string): number {
  const instant = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw new JoineryError('CLI-101', `${text} is no instant; write 2026-11-22T08:00:00Z`);
  return instant;
}

/** `scope`, a `$let`, or an attribute by its path, by the end of it, or as nested in the pipeline. Errors: AUD-104. */
function traceName(pipeline: Pipeline, name: string): string {
  const { scope, let: lets, attributes } = pipeline.transform;
  if ((name === 'scope' && scope !== undefined) || lets.some((one) => `$${one.name}` === name)) return name;
  const nested = attributes.find(({ formula }) => formula.path === `transform.attributes.${name}`);
  return nested?.path ?? attributePath(pipeline, name);
}

/** A row as a person types it: what is left out is NULL. Errors: CLI-101 for what is no row. */
function groupOf(pipeline: Pipeline, mapping: Mapping, text: string): { readonly group: RowGroup; readonly notes: readonly string[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new JoineryError('CLI-101', `--row is not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      fix: `Write an object in single quotes: --row '{"${pipeline.source.key}":"W1"}'`,
      cause,
    });
  }
  const given: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const columns = new Set([...(pipeline.source.columns ?? []).map(({ name }) => name), ...mapping.columns]);
  const rows = given.map((values): Readonly<Record<string, Json>> => {
    if (!isRecord(values)) throw new JoineryError('CLI-101', '--row must be an object with the columns, or an array of such');
    return values;
  });
  const [first] = rows;
  if (first === undefined) throw new JoineryError('CLI-101', '--row holds no row');
  const missing = [...columns].filter((name) => rows.every((row) => !Object.hasOwn(row, name)));
  const unknown = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !columns.has(name));
  const near = (name: string): string => {
    const meant = nearestName(name, columns);
    return meant === undefined ? name : `${name} (${meant}?)`;
  };
  const keyOf = (values: Readonly<Record<string, Json>>): string | undefined => {
    const key = values[pipeline.source.key];
    return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  };
  const nulls = Object.fromEntries([...columns].map((name) => [name, null]));
  return {
    group: {
      key: keyOf(first) ?? '(no key)',
      rows: rows.map((values, index) => ({
        key: keyOf(values),
        values: { ...nulls, ...values },
        fingerprint: '0'.repeat(16),
        ordinal: index + 1,
      })),
      fingerprint: '0'.repeat(16),
    },
    notes: [
      ...(unknown.length === 0 ? [] : [`no expression reads ${unknown.map(near).join(', ')}`]),
      ...(missing.length === 0 ? [] : [`not in --row, so NULL: ${missing.join(', ')}`]),
    ],
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the source until the worker comes: the query is the author's, and nothing is ever added to it. */
async function readWorker(pipeline: Pipeline, worker: string, asOf: string, signal: AbortSignal): Promise<RowGroup> {
  const source = await openSource(pipeline.source, { applicationName: 'joinery eval' });
  try {
    for await (const { groups } of groupRows(source.read({ seed: 0n, signal, asOf }), source.keyOrder)) {
      const found = groups.find(({ key }) => key === worker);
      if (found !== undefined) return found;
    }
  } finally {
    await source.close();
  }
  throw new JoineryError('CLI-101', `the source returns no row whose ${pipeline.source.key} is ${worker}`, {
    why: 'There is nothing to evaluate.',
    fix: 'Compare the key with the source: it is text, with its case and its zeros. A row can also be given by --row.',
  });
}
