import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Diagnostic } from '../../domain/diagnostic.ts';
import type { Place } from '../../domain/place.ts';
import type { Row, RowGroup } from '../../domain/row.ts';
import { readTextFile } from '../../domain/text-file.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { namesOf } from '../../pipeline/attribute-paths.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { nearestName } from '../../scim/index.ts';
import { compileMapping, readLookups } from '../compile-mapping.ts';
import type { Mapping } from '../contract.ts';
import type { LookupTable } from '../lookup.ts';
import { compareVerdict, type AttributeNames, type Mismatch } from './compare.ts';
import { measureCoverage, type CoverageItem } from './coverage.ts';
import { readTestFile, type MappingTestCase, type MappingTestFile } from './test-file.ts';

export interface MappingTestOptions {
  /** For references in the pipeline; unset ones are stood in for, because tests neither read nor send. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Text of a file by its absolute path; default: the file system. */
  readonly readFile?: (path: string) => string;
  readonly readBytes?: (path: string) => Uint8Array;
  /** Only cases whose name contains this. Coverage is then that of those. */
  readonly only?: string;
}

export interface CaseResult {
  readonly name: string;
  readonly place: Place;
  readonly passed: boolean;
  readonly mismatches: readonly Mismatch[];
}

/** The results of one test file. */
export interface MappingTestReport {
  readonly file: string;
  /** The pipeline file, if one was found. */
  readonly pipeline?: string;
  readonly cases: readonly CaseResult[];
  /** What no case could be run for: the file, the pipeline, its mapping, names that do not exist. Errors fail the file. */
  readonly diagnostics: readonly Diagnostic[];
  readonly coverage: readonly CoverageItem[];
  /** No error among the diagnostics, and every case passed. */
  readonly passed: boolean;
  /** Texts of the files that places are in. */
  readonly sources: (file: string) => string | undefined;
}

/**
 * Runs the cases of a `*.test.yaml` through the same mapping that a run uses, at their fixed instants, and measures what they reached. Never
 * throws for what is wrong in a file. Values are shown as they are: they are the test's own.
 */
export async function runMappingTests(file: string, options: MappingTestOptions = {}): Promise<MappingTestReport> {
  const readFile = options.readFile ?? readTextFile;
  const texts = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const fail = (sources = (name: string): string | undefined => texts.get(name)): MappingTestReport => ({
    file,
    cases: [],
    diagnostics,
    coverage: [],
    passed: false,
    sources,
  });
  try {
    texts.set(file, readFile(resolve(file)));
  } catch (error) {
    diagnostics.push({ code: 'MAP-301', severity: 'error', message: `${file}: ${error instanceof Error ? error.message : String(error)}` });
    return fail();
  }
  const read = readTestFile(file, texts.get(file) ?? '');
  diagnostics.push(...read.diagnostics);
  if (read.tests === undefined) return fail();
  const { tests } = read;
  const pipelineFile =
    tests.pipeline === undefined
      ? file.replace(/\.test\.ya?ml$/, '.yaml')
      : isAbsolute(tests.pipeline)
        ? tests.pipeline
        : join(dirname(file), tests.pipeline);
  const loaded = loadPipeline(pipelineFile, { environment: options.environment ?? {}, readFile, unset: 'standIn' });
  const sources = (name: string): string | undefined => texts.get(name) ?? loaded.sources(name);
  diagnostics.push(...loaded.diagnostics.filter(({ severity }) => severity !== 'notice'));
  const { pipeline } = loaded;
  if (pipeline === undefined) return fail(sources);
  const environment = { lookups: mockLookups(tests), ...(options.readBytes === undefined ? {} : { readBytes: options.readBytes }) };
  const compiled = compileMapping(pipeline, environment);
  diagnostics.push(...compiled.diagnostics.filter(({ severity }) => severity !== 'notice'));
  const names = attributeNames(pipeline);
  if (compiled.mapping !== undefined) diagnostics.push(...checkTestNames(tests, pipeline, compiled.mapping, names));
  if (compiled.mapping === undefined || diagnostics.some(({ severity }) => severity === 'error')) return fail(sources);
  const { mapping } = compiled;
  const coverage = measureCoverage(pipeline, readLookups(pipeline, environment).lookups);
  const cases: CaseResult[] = [];
  for (const one of tests.cases) {
    if (options.only !== undefined && !one.name.includes(options.only)) continue;
    const group = groupOf(one, pipeline, mapping);
    const mismatches = compareVerdict(await mapping.evaluate(group, one.asOf), one.expect, names);
    await coverage.add(group, one.asOf);
    cases.push({ name: one.name, place: one.place, passed: mismatches.length === 0, mismatches });
  }
  const passed = cases.every((one) => one.passed);
  return { file, pipeline: pipelineFile, cases, diagnostics, coverage: coverage.items(), passed, sources };
}

function mockLookups(tests: MappingTestFile): ReadonlyMap<string, LookupTable> {
  return new Map(
    Object.entries(tests.lookups).map(([name, rows]) => {
      const table: LookupTable = {
        name,
        rows,
        columns: [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))],
        hash: 'test',
      };
      return [name, table];
    }),
  );
}

function attributeNames(pipeline: Pipeline): AttributeNames {
  const names = new Map<string, string>();
  for (const { path } of pipeline.transform.attributes) for (const name of namesOf(path)) if (!names.has(name)) names.set(name, path);
  return names;
}

function checkTestNames(tests: MappingTestFile, pipeline: Pipeline, mapping: Mapping, names: AttributeNames): readonly Diagnostic[] {
  const columns = new Set([...mapping.columns, ...(pipeline.source.columns ?? []).map(({ name }) => name)]);
  const diagnostics: Diagnostic[] = [];
  const report = (what: string, name: string, known: Iterable<string>, place: Place): void => {
    const nearest = nearestName(name, known);
    const fix = nearest === undefined ? {} : { fix: `Did you mean ${nearest}?` };
    diagnostics.push({ code: 'MAP-302', severity: 'error', message: `there is no ${what} ${name}`, place, ...fix });
  };
  for (const { rows, expect, placeOfColumn, placeOfAttribute } of tests.cases) {
    for (const name of new Set(rows.flatMap((row) => Object.keys(row))))
      if (!columns.has(name)) report('column', name, columns, placeOfColumn(name));
    for (const name of Object.keys(expect.attributes ?? {}))
      if (!names.has(name)) report('attribute', name, names.keys(), placeOfAttribute(name));
  }
  const lookups = Object.keys(pipeline.lookups);
  for (const name of Object.keys(tests.lookups))
    if (!lookups.includes(name)) report('lookup', name, lookups, { file: tests.file, line: 1, column: 1 });
  return diagnostics;
}

/** Columns that a case does not mention are NULL. */
function groupOf(one: MappingTestCase, pipeline: Pipeline, mapping: Mapping): RowGroup {
  const columns = [...mapping.columns, ...(pipeline.source.columns ?? []).map(({ name }) => name)];
  const nulls = Object.fromEntries(columns.map((name) => [name, null]));
  const { key } = pipeline.source;
  const rows = one.rows.map((row, index): Row => {
    const found = row[key];
    return {
      key: typeof found === 'string' || typeof found === 'number' ? String(found) : 'test',
      values: { ...nulls, ...row },
      fingerprint: String(index),
      ordinal: index + 1,
    };
  });
  return { key: rows[0]?.key ?? 'test', rows, fingerprint: 'test' };
}
