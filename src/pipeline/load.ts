import { resolve } from 'node:path';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { readTextFile, undecodableOf } from '../domain/text-file.ts';
import { buildGuards } from './build-guards.ts';
import { buildHolds } from './build-holds.ts';
import { buildNotify } from './build-notify.ts';
import { buildSink } from './build-sink.ts';
import { buildColumns } from './build-columns.ts';
import { buildSource } from './build-source.ts';
import { buildClearing, buildLookups, buildTransform, checkNames } from './build-transform.ts';
import { buildLoad } from './declare-load.ts';
import { declaration, findField, type PipelineValues } from './declaration.ts';
import type { LeaversDeclaration, Pipeline } from './pipeline.ts';
import { Reading, reasonOf, stripByteOrderMark } from './reading.ts';
import { readTree } from './read-tree.ts';

export interface LoadOptions {
  /** Variables that `${NAME}` stands for: usually `process.env`, with those of --env-file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file by its absolute path; throws as `readTextFile` does. Default: the file system. */
  readonly readFile?: (path: string) => string;
  /**
   * What to do about variables that are not set. `refuse` (the default): an error each. `standIn`: a notice each, and a value of the
   * right form takes the place, for commands that neither read nor send (check and test in CI).
   */
  readonly unset?: 'refuse' | 'standIn';
}

export interface LoadedPipeline {
  /** Absent when a diagnostic is an error. */
  readonly pipeline?: Pipeline;
  /** Every problem of the file and of the files it names, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
  /** Text of the pipeline file and of the .sql and .jsonata files it names, for `renderDiagnostic`; secrets masked. */
  readonly sources: (file: string) => string | undefined;
}

/**
 * Reads a pipeline file with everything it names but lookups and certificates. Never throws for what is wrong in a file: all problems
 * come back at once, each with its place.
 * @param file as given on the command line; places show it.
 */
export function loadPipeline(file: string, options: LoadOptions): LoadedPipeline {
  const readFile = options.readFile ?? readTextFile;
  let text: string;
  try {
    text = stripByteOrderMark(readFile(resolve(file)));
  } catch (error) {
    const message = `${file} ${reasonOf(error)}`;
    const bad = undecodableOf(error, file);
    const where = bad === undefined ? {} : { place: bad.place };
    return { diagnostics: [{ code: 'PIP-001', severity: 'error', message, ...where }], sources: () => undefined };
  }
  const bare = text.indexOf('\r');
  if (bare !== -1 && !text.includes('\n')) {
    const message = `${file} ends its lines with a carriage return alone, which YAML editors of today show as one line; save it with LF or CRLF`;
    return {
      diagnostics: [{ code: 'PIP-001', severity: 'error', message, place: { file, line: 1, column: bare + 1 } }],
      sources: () => undefined,
    };
  }
  const reading = new Reading({ file, text, environment: options.environment, readFile, unset: options.unset ?? 'refuse' });
  reading.fieldElsewhere = (name) => findField(name);
  const root = readTree(reading);
  const pipeline = root === undefined ? undefined : buildPipeline(declaration.read(root, '', reading), reading);
  return {
    ...(pipeline === undefined || reading.failed ? {} : { pipeline }),
    diagnostics: inOrder(reading.diagnostics, file),
    sources: (name) => reading.sourceText(name),
  };
}

function buildPipeline(values: PipelineValues | undefined, reading: Reading): Pipeline | undefined {
  if (values === undefined) return undefined;
  const columns = buildColumns(values.source, reading);
  const names = values.source?.columns?.map(({ name }) => name) ?? [];
  const source = values.source === undefined ? undefined : buildSource(values.source, columns, values.timezone, reading);
  checkNames(values, reading);
  const transform = values.transform === undefined ? undefined : buildTransform(values.transform, columns, names, values.timezone, reading);
  const clearing = buildClearing(values, reading);
  const sink = values.sink === undefined ? undefined : buildSink(values.sink, clearing, reading);
  if (values.pipeline === undefined || source === undefined || transform === undefined || sink === undefined) return undefined;
  return {
    name: values.pipeline,
    file: reading.file,
    folder: reading.folder,
    ...(values.timezone === undefined ? {} : { timezone: values.timezone }),
    ...(values.schedule?.cron === undefined ? {} : { schedule: { cron: values.schedule.cron, debounce: values.schedule.debounce } }),
    source,
    lookups: buildLookups(values.lookups, reading),
    transform,
    leavers: buildLeavers(values.leavers),
    holds: buildHolds(values.holds, source, values.timezone, reading),
    protected: {
      workers: values.protected.workers.map(({ value }) => value),
      ...fileOf(values.protected.file, reading),
      ...(values.protected.when === undefined ? {} : { when: values.protected.when }),
    },
    guards: buildGuards(values.guards, transform.attributes, reading),
    approvers: { users: values.approvers.users.map(({ value }) => value), runner: values.approvers.runner },
    plan: values.plan,
    retention: values.retention,
    load: buildLoad(values.load),
    notify: buildNotify(values.notify, reading),
    sink,
    ...(values.state === undefined ? {} : { state: values.state }),
    placeOf: (path) => reading.placeOf(path),
  };
}

function fileOf(file: string | undefined, reading: Reading): { readonly file?: string } {
  return file === undefined ? {} : { file: reading.absolutePath(file) };
}

function buildLeavers({ vanished, outOfScope }: PipelineValues['leavers']): LeaversDeclaration {
  const { fullPasses, hours } = vanished.after;
  return { vanished: { action: vanished.action, fullPasses, hours: hours * 3_600_000 }, outOfScope };
}

function inOrder(diagnostics: readonly Diagnostic[], file: string): Diagnostic[] {
  const rank = ({ place }: Diagnostic): readonly [number, number, number] =>
    place === undefined ? [0, 0, 0] : [place.file === file ? 1 : 2, place.line, place.column];
  return diagnostics.toSorted((left, right) => {
    const a = rank(left);
    const b = rank(right);
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  });
}
