import { readFileSync } from 'node:fs';
import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { formatPlace } from '../domain/place.ts';
import type { RowGroup } from '../domain/row.ts';
import type { EngineStats } from '../jsonata/index.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { analyseUnit } from './analyse.ts';
import { createRowCheck } from './columns.ts';
import type { Mapping, MappingEnvironment, MappingResult } from './contract.ts';
import { evaluateGroup, planEvaluation, type EvaluationPlan } from './evaluate.ts';
import { traceGroup } from './explain.ts';
import { compileUnit, type UnitResult } from './compile-unit.ts';
import { earlierLookups } from './earlier-lookups.ts';
import { compareMappings } from './edit.ts';
import { fingerprintLookup, isTooLarge, type LookupFingerprints } from './lookup-fingerprints.ts';
import { readLookup, type LookupTable } from './lookup.ts';
import { pipelineOf, recipeOf } from './recipe.ts';
import { shadowMapping } from './shadow.ts';
import { runSteps, type Steps } from './step.ts';
import { dependenciesOf, employmentColumns, formulasOf, type MappingUnit } from './unit.ts';

/**
 * Compiles scope, lets, lookups, functions, employment and attributes of a pipeline into one unit and analyses it before any row is read. All
 * problems are reported at once, each with its place; the mapping is absent if one of them is an error. Reads the lookups' files.
 */
export function compileMapping(pipeline: Pipeline, environment: MappingEnvironment = {}): MappingResult {
  const { lookups, diagnostics: found } = readLookups(pipeline, environment);
  const diagnostics: Diagnostic[] = [...found];
  const first = compileInstance(pipeline, lookups, environment);
  diagnostics.push(...first.result.diagnostics);
  const { unit } = first.result;
  const analysis = analyseUnit(first.result.parts, unit, environment);
  diagnostics.push(...analysis.diagnostics);
  const sorted = sortDiagnostics(diagnostics);
  if (unit === undefined || sorted.some(({ severity }) => severity === 'error')) return { diagnostics: sorted };
  const recipe = recipeOf(pipeline, lookups, analysis.readsClock);
  const fingerprint = fingerprinter();
  const fingerprintLookups: Mapping['fingerprintLookups'] = (hashKey) => {
    const few = [...lookups].filter(([, table]) => !isTooLarge(table));
    return Object.fromEntries(few.map(([name, table]) => [name, fingerprint(table, hashKey)]));
  };
  const edit: Mapping['edit'] = (before, kept) => {
    const was = pipelineOf(pipeline, before);
    const then = earlierLookups([before, recipe], lookups, kept, fingerprint);
    const earlier = compileInstance(was, then.tables, {});
    const present = environment.verify === undefined ? first : compileInstance(pipeline, lookups, {});
    let made: Mapping | undefined;
    const whole = (): Mapping =>
      (made ??= createMapping(
        was,
        earlier.result.unit ?? unit,
        compileInstance(was, then.blurred, {}),
        () => compileInstance(was, then.blurred, {}),
        {
          recipe: before,
          edit,
          fingerprintLookups,
        },
      ));
    const evaluate: Mapping['evaluate'] = (group, asOf) => whole().evaluate(group, asOf);
    return compareMappings(earlier.result, present.result, [before, recipe], then, evaluate);
  };
  const mapping = createMapping(pipeline, unit, first, () => compileInstance(pipeline, lookups, environment), {
    recipe,
    edit,
    fingerprintLookups,
  });
  if (environment.shadow === undefined) return { mapping, diagnostics: sorted };
  const verifying = (): Mapping => {
    const another = (): Instance => compileInstance(pipeline, lookups, { ...environment, verify: true });
    const instance = another();
    return createMapping(pipeline, instance.result.unit ?? unit, instance, another, { recipe, edit, fingerprintLookups });
  };
  return { mapping: shadowMapping(mapping, verifying, environment.shadow), diagnostics: sorted };
}

/** Takes the fingerprints of a lookup when somebody asks, and once: a run that tells an edit keeps them afterwards. */
function fingerprinter(): typeof fingerprintLookup {
  const taken = new Map<LookupTable, { readonly hashKey: Uint8Array; readonly fingerprints: LookupFingerprints }>();
  return (table, hashKey) => {
    const known = taken.get(table);
    if (known?.hashKey === hashKey) return known.fingerprints;
    const fingerprints = fingerprintLookup(table, hashKey);
    taken.set(table, { hashKey, fingerprints });
    return fingerprints;
  };
}

/** The tables of a pipeline's lookups, mocked or read from their files. */
export function readLookups(
  pipeline: Pipeline,
  environment: MappingEnvironment,
): { readonly lookups: ReadonlyMap<string, LookupTable>; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const lookups = new Map<string, LookupTable>();
  for (const declaration of Object.values(pipeline.lookups)) {
    const mocked = environment.lookups?.get(declaration.name);
    const { table, diagnostics: found } =
      mocked === undefined
        ? readLookup(declaration, environment.readBytes ?? ((file) => readFileSync(file)))
        : { table: mocked, diagnostics: [] };
    diagnostics.push(...found);
    if (table !== undefined) lookups.set(declaration.name, table);
  }
  return { lookups, diagnostics };
}

/** Compiled expressions with the instant that they see. One instant at a time. */
interface Instance {
  readonly result: UnitResult;
  readonly clock: { asOf: Instant };
  plan?: EvaluationPlan;
  busy: number;
}

function compileInstance(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>, environment: MappingEnvironment): Instance {
  const clock = { asOf: 0, ...(pipeline.timezone === undefined ? {} : { timezone: pipeline.timezone }) };
  return { result: compileUnit(pipeline, lookups, clock, environment.verify), clock, busy: 0 };
}

function createMapping(
  pipeline: Pipeline,
  unit: MappingUnit,
  first: Instance,
  another: () => Instance,
  { recipe, edit, fingerprintLookups }: Pick<Mapping, 'recipe' | 'edit' | 'fingerprintLookups'>,
): Mapping {
  const columns = neededColumns(unit);
  // A let that nothing reads is explained, too.
  const all = [...formulasOf(unit), ...[...unit.lets.values()].map(({ formula }) => formula)];
  const checkRow = createRowCheck(pipeline.source.columns, columns, dependenciesOf(all, unit).wholeRow !== undefined);
  const instances = [first];
  /** Evaluations of two runs may overlap while the reference engine answers: each instant then has expressions of its own. */
  const take = (asOf: Instant): Instance => {
    let instance = instances.find((one) => one.clock.asOf === asOf) ?? instances.find((one) => one.busy === 0);
    if (instance === undefined) instances.push((instance = another()));
    instance.clock.asOf = asOf;
    return instance;
  };
  const run = <T>(asOf: Instant, steps: (plan: EvaluationPlan) => Steps<T>): T | Promise<T> => {
    const instance = take(asOf);
    instance.plan ??= planEvaluation(instance.result.unit ?? unit, checkRow);
    instance.busy++;
    const release = (): void => {
      instance.busy--;
    };
    let result: T | Promise<T>;
    try {
      result = runSteps(steps(instance.plan));
    } catch (error) {
      release();
      throw error;
    }
    if (!(result instanceof Promise)) release();
    return result instanceof Promise ? result.finally(release) : result;
  };
  return Object.freeze<Mapping>({
    id: recipe.id,
    readsClock: recipe.readsClock,
    recipe,
    edit,
    fingerprintLookups,
    columns,
    stats: () => sumStats(instances.flatMap(({ result }) => (result.unit === undefined ? [] : [result.unit]))),
    evaluate: (group: RowGroup, asOf: Instant) => run(asOf, (plan) => evaluateGroup(plan, group, asOf)),
    explain: async (group: RowGroup, asOf: Instant, options: { readonly parts?: boolean } = {}) => {
      const verdict = await run(asOf, (plan) => evaluateGroup(plan, group, asOf));
      const traces = await run(asOf, (plan) => traceGroup(plan, group, asOf, options.parts === true));
      return { verdict, traces };
    },
  });
}

function sumStats(units: readonly MappingUnit[]): EngineStats {
  const sum = { evaluations: 0, fallbacks: 0, verified: 0 };
  for (const unit of units) {
    const lets = [...unit.lets.values()].map(({ formula }) => formula);
    for (const { engine } of [...lets, ...formulasOf(unit)]) {
      const stats = engine?.stats();
      sum.evaluations += stats?.evaluations ?? 0;
      sum.fallbacks += stats?.fallbacks ?? 0;
      sum.verified += stats?.verified ?? 0;
    }
    const together = unit.fused?.made?.unit;
    sum.evaluations += (together?.stats().evaluations ?? 0) * (together?.members.length ?? 0);
  }
  return sum;
}

function neededColumns(unit: MappingUnit): readonly string[] {
  const { key, primary, identity = [] } = unit.pipeline.source;
  const needed = new Set([
    key,
    ...(primary === undefined ? [] : [primary]),
    ...identity,
    ...dependenciesOf(formulasOf(unit), unit).columns,
  ]);
  if (unit.employment !== undefined) for (const column of employmentColumns(unit.employment)) needed.add(column);
  return [...needed].toSorted();
}

/** In the order of the files, then of the places; each problem once. */
function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics
    .filter(({ code, message, place }) => {
      const key = `${code} ${place === undefined ? '' : formatPlace(place)} ${message}`;
      return !seen.has(key) && seen.add(key).size > 0;
    })
    .toSorted((left, right) => {
      const [a, b] = [left.place, right.place];
      if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
      if (a.file !== b.file) return a.file < b.file ? -1 : 1;
      return a.line - b.line || a.column - b.column;
    });
}
