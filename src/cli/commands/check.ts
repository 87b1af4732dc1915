import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { renderDiagnostic, type Diagnostic } from '../../domain/diagnostic.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { declarationOf } from '../../domain/errors/registry.ts';
import { compileMapping, type SourceColumn } from '../../mapping/index.ts';
import { checkSourceColumns } from '../../mapping/check-source-columns.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { formatPlace } from '../../domain/place.ts';
import type { MssqlSource, Pipeline, PostgresSource } from '../../pipeline/pipeline.ts';
import { reviewSource } from '../../source/review-source.ts';
import { openSource } from '../../source/open-source.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';
import { createStyle, plural } from '../style.ts';

interface CheckOptions extends CommonOptions {
  readonly connect?: boolean;
}

/** `joinery check`: everything that can be known before a row is read. */
export function checkCommand(register: Register): Command {
  return defineCommand(
    'check',
    'Find everything that is wrong with a pipeline before a row is read',
    'joinery check pipelines/contoso.yaml --connect',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--connect', 'compare the declared columns with the live source')
    .action(register(check));
}

async function check(io: Io, file: string, options: CheckOptions): Promise<ExitClass> {
  const environment = environmentOf(io, options);
  const loaded = load(file, environment, options.connect === true);
  const diagnostics: Diagnostic[] = [...loaded.diagnostics];
  let unreachable: JoineryError | undefined;
  if (loaded.pipeline !== undefined) {
    const { pipeline } = loaded;
    diagnostics.push(...reviewSource(pipeline.source));
    const holds = pipeline.holds.query;
    // Of holds only who is among them counts, in whatever order.
    if (holds !== undefined) diagnostics.push(...reviewSource(holds).filter(({ code }) => code !== 'SRC-301'));
    let live: LiveSource | undefined;
    try {
      live = options.connect === true ? await describeSource(pipeline.source) : undefined;
      if (options.connect === true && holds !== undefined) await describe(holds);
    } catch (error) {
      // What can be found without the source is told first.
      if (!(error instanceof JoineryError)) throw error;
      unreachable = error;
    }
    const compiled = compileMapping(pipeline, live === undefined ? {} : { sourceColumns: live.columns });
    diagnostics.push(...compiled.diagnostics);
    if (live !== undefined && pipeline.source.type !== 'csv') diagnostics.push(...reviewVersions(pipeline.source, live.refusal));
    if (live !== undefined && compiled.mapping !== undefined)
      diagnostics.push(...checkSourceColumns(pipeline, compiled.mapping, live.columns));
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (options.json === true) io.out(`${JSON.stringify({ file, valid: errors === 0 && unreachable === undefined, diagnostics })}\n`);
  else render(io, file, options, diagnostics, loaded.sources);
  if (unreachable !== undefined) throw unreachable;
  return errors > 0 ? 'configuration' : 'success';
}

/** Variables that are not set have stand-ins, but for the source's when it is looked at: a contract can be checked before there is a tenant. */
function load(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  isConnecting: boolean,
): ReturnType<typeof loadPipeline> {
  const loaded = loadPipeline(file, { environment, unset: 'standIn' });
  const { source, holds } = loaded.pipeline ?? {};
  const connections = [source, holds?.query].flatMap((each) => (each === undefined || each.type === 'csv' ? [] : [each.connection]));
  const stoodIn = connections.some((connection) => /^(?:postgres:\/\/)?stand-in$/.test(connection.reveal()));
  return isConnecting && stoodIn ? loadPipeline(file, { environment }) : loaded;
}

function render(
  io: Io,
  file: string,
  options: CheckOptions,
  diagnostics: readonly Diagnostic[],
  sources: (file: string) => string | undefined,
): void {
  const style = createStyle(io.colour && options.color);
  const colours = { error: style.red, warning: style.yellow, notice: style.dim };
  for (const diagnostic of diagnostics) {
    if (options.quiet === true && diagnostic.severity !== 'error') continue;
    if (diagnostic.severity === 'notice') {
      const at = diagnostic.place === undefined ? '' : `${formatPlace(diagnostic.place)}: `;
      io.out(style.dim(`notice ${diagnostic.code}: ${at}${diagnostic.message}\n`));
      continue;
    }
    const [head = '', ...rest] = renderDiagnostic(diagnostic, (name) => sources(name) ?? textOf(name)).split('\n');
    io.out(`${[colours[diagnostic.severity](head), ...rest].join('\n')}\n\n`);
  }
  const count = (severity: Diagnostic['severity']): number => diagnostics.filter((one) => one.severity === severity).length;
  if (options.quiet !== true) {
    io.out(`${file}: ${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${plural(count('notice'), 'notice')}\n`);
  }
}

/** Lookup files, which the pipeline does not hold. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

interface LiveSource {
  readonly columns: readonly SourceColumn[];
  /** Why versions of rows, which the declaration asks for, say nothing here. */
  readonly refusal: string | undefined;
}

/** Nothing but the time that runs take would show it. */
function reviewVersions({ versions }: Pick<PostgresSource | MssqlSource, 'versions'>, refusal: string | undefined): readonly Diagnostic[] {
  if (versions === undefined || refusal === undefined) return [];
  const { fix } = declarationOf('SRC-217');
  return [{ code: 'SRC-217', severity: 'warning', message: `every run reads everything, because ${refusal}`, fix, place: versions.place }];
}

/** What the source returns, whether or not the contract agrees: that is told for every column, with its place. */
async function describeSource(declaration: Pipeline['source']): Promise<LiveSource> {
  try {
    return await describe(declaration);
  } catch (error) {
    if (!(error instanceof JoineryError) || error.code !== 'SRC-204' || declaration.columns === undefined) throw error;
    // The declared type of a column decides how its values are read, and the account may see no others, so the ones that are there stay declared.
    const missing = new Set(error.diagnostics.map(({ place }) => place));
    const columns = declaration.columns.filter(({ place }) => !missing.has(place));
    if (columns.length === declaration.columns.length) throw error;
    return describe({ ...declaration, columns });
  }
}

async function describe(declaration: Pipeline['source']): Promise<LiveSource> {
  const source = await openSource(declaration, { applicationName: 'joinery check' });
  try {
    return { columns: await source.describe(), refusal: await source.versions?.refusal() };
  } finally {
    await source.close();
  }
}
