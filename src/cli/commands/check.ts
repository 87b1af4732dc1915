import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { renderDiagnostic, type Diagnostic } from '../../domain/diagnostic.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { compileMapping, type Mapping } from '../../mapping/index.ts';
import { checkSourceColumns } from '../../mapping/check-source-columns.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { formatPlace } from '../../domain/place.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
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
  const loaded = loadPipeline(file, { environment, ...(options.connect === true ? {} : { unset: 'standIn' }) });
  const diagnostics: Diagnostic[] = [...loaded.diagnostics];
  if (loaded.pipeline !== undefined) {
    diagnostics.push(...reviewSource(loaded.pipeline.source));
    const compiled = compileMapping(loaded.pipeline);
    diagnostics.push(...compiled.diagnostics);
    if (options.connect === true && compiled.mapping !== undefined)
      diagnostics.push(...(await compareColumns(loaded.pipeline, compiled.mapping)));
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (options.json === true) io.out(`${JSON.stringify({ file, valid: errors === 0, diagnostics })}\n`);
  else render(io, file, options, diagnostics, loaded.sources);
  return errors > 0 ? 'configuration' : 'success';
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

async function compareColumns(pipeline: Pipeline, mapping: Mapping): Promise<readonly Diagnostic[]> {
  const source = await openSource(pipeline.source, { applicationName: 'joinery check' });
  try {
    return checkSourceColumns(pipeline, mapping, await source.describe());
  } finally {
    await source.close();
  }
}
