import { basename, dirname, join } from 'node:path';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { Secret } from '../domain/masking.ts';
import { compileMapping } from '../mapping/index.ts';
import type { Mapping, MappingEnvironment } from '../mapping/contract.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { RunnerOptions } from './runner-options.ts';

/** A pipeline that was read, checked and compiled. */
export interface Prepared {
  readonly pipeline: Pipeline;
  readonly mapping: Mapping;
  /** Warnings and notices; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: (file: string) => string | undefined;
}

/**
 * Reads and compiles a pipeline; `how` as for `compileMapping`. Errors: STG-001 with every problem in `diagnostics`.
 */
export function preparePipeline(
  file: string,
  environment: RunnerOptions['environment'],
  how: Pick<MappingEnvironment, 'shadow' | 'reportsFallbacks'> = {},
): Prepared {
  const loaded = loadPipeline(file, { environment });
  if (loaded.pipeline === undefined) throw notValid(file, loaded.diagnostics);
  const compiled = compileMapping(loaded.pipeline, how);
  const diagnostics = [...loaded.diagnostics, ...compiled.diagnostics];
  if (compiled.mapping === undefined) throw notValid(file, diagnostics);
  return { pipeline: loaded.pipeline, mapping: compiled.mapping, diagnostics, sources: loaded.sources };
}

function notValid(file: string, diagnostics: readonly Diagnostic[]): JoineryError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  return new JoineryError('STG-001', `${file} has ${String(errors.length)} error${errors.length === 1 ? '' : 's'}`, {
    diagnostics,
    ...(first?.place === undefined ? {} : { place: first.place }),
  });
}

/** Where the state of a pipeline lives: the option, JOINERY_STATE, the pipeline's `state`, else `.joinery/` beside the `pipelines/` folder. */
export function stateOf(pipeline: Pipeline, options: Pick<RunnerOptions, 'state' | 'environment'>): string {
  // An empty variable is one that is not set, as everywhere: it must not lead away from the state that the pipeline names.
  const variable = options.environment['JOINERY_STATE'] === '' ? undefined : options.environment['JOINERY_STATE'];
  const named = options.state ?? variable ?? pipeline.state;
  if (named instanceof Secret) return named.reveal();
  if (named !== undefined && named !== '') return named;
  return join(basename(pipeline.folder) === 'pipelines' ? dirname(pipeline.folder) : pipeline.folder, '.joinery');
}
