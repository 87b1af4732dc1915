import type { Instant } from '../../domain/clock.ts';
import type { Place } from '../../domain/place.ts';
import type { RowGroup } from '../../domain/row.ts';
import type { Formula, Pipeline } from '../../pipeline/pipeline.ts';
import { compileUnit } from '../compile-unit.ts';
import { createRowCheck } from '../columns.ts';
import { placeInFile } from '../definitions.ts';
import { evaluateGroup, planEvaluation } from '../evaluate.ts';
import type { LookupTable } from '../lookup.ts';
import { runSteps } from '../step.ts';
import { instrumentBranches, probeName, type Branch } from './branches.ts';

/** Something that a test can reach. */
export interface CoverageItem {
  readonly kind: 'attribute' | 'branch' | 'lookupKey';
  /** The attribute's path, `then "yes"`, `country DE`. */
  readonly name: string;
  /** Of a lookup key: where its lookup is declared. */
  readonly place: Place;
  readonly reached: boolean;
}

export interface CoverageRun {
  /** Evaluates a case for what it reaches. Verdicts come from the mapping itself, not from here. */
  add(group: RowGroup, asOf: Instant): Promise<void>;
  items(): readonly CoverageItem[];
}

interface PlacedBranch extends Branch {
  readonly text: string;
  readonly place: Place;
}

/** Starts to measure: the pipeline is compiled a second time with a probe in every branch and tables that note which keys were asked for. */
export function measureCoverage(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>): CoverageRun {
  const branches: PlacedBranch[] = [];
  const reached = new Set<number>();
  const asked = new Map<string, Set<string>>();
  const withValue = new Set<string>();
  const clock = { asOf: 0, ...(pipeline.timezone === undefined ? {} : { timezone: pipeline.timezone }) };
  const watched = new Map([...lookups].map(([name, table]) => [name, watchTable(table, asked)]));
  const probe = { implementation: (number: number): undefined => void reached.add(number), signature: '<n:x>' };
  const { unit } = compileUnit(instrumentPipeline(pipeline, branches), watched, clock, undefined, { [probeName]: probe });
  const plan = unit === undefined ? undefined : planEvaluation(unit, createRowCheck(pipeline.source.columns, [], true));
  return {
    async add(group, asOf) {
      if (plan === undefined) return;
      clock.asOf = asOf;
      const verdict = await runSteps(evaluateGroup(plan, group, asOf));
      if (verdict.kind !== 'draft') return;
      const empty = new Set(verdict.draft.empty.map(({ path }) => path));
      for (const { target } of plan.unit.attributes) if (!empty.has(target.path)) withValue.add(target.path);
      withValue.add('active');
    },
    items: () => [
      ...(unit === undefined ? [] : [unit.active, ...unit.attributes]).map(({ target, declaration }): CoverageItem => ({
        kind: 'attribute',
        name: target.path,
        place: declaration.place,
        reached: withValue.has(target.path),
      })),
      ...branches.map(({ kind, text, place }, number): CoverageItem => ({
        kind: 'branch',
        name: `${kind} ${text}`,
        place,
        reached: reached.has(number),
      })),
      ...[...lookups.values()].flatMap(({ name, rows }) =>
        Object.keys(rows).map((key): CoverageItem => ({
          kind: 'lookupKey',
          name: `${name} ${key}`,
          place: pipeline.lookups[name]?.place ?? pipeline.placeOf('lookups'),
          reached: asked.get(name)?.has(key) === true,
        })),
      ),
    ],
  };
}

function instrumentPipeline(pipeline: Pipeline, branches: PlacedBranch[]): Pipeline {
  const instrument = (text: string, locate: (offset: number, length: number) => Place): string => {
    const instrumented = instrumentBranches(text, branches.length);
    for (const branch of instrumented.branches) {
      const { offset, length } = branch;
      branches.push({ ...branch, text: text.slice(offset, offset + length), place: locate(offset, length) });
    }
    return instrumented.text;
  };
  const inFormula = (formula: Formula): Formula =>
    formula.kind === 'literal'
      ? formula
      : { ...formula, text: instrument(formula.text, (offset, length) => formula.locate(offset, length)) };
  const { transform } = pipeline;
  return {
    ...pipeline,
    transform: {
      ...transform,
      use: transform.use.map((file) => ({ ...file, text: instrument(file.text, (offset, length) => placeInFile(file, offset, length)) })),
      ...(transform.scope === undefined ? {} : { scope: inFormula(transform.scope) }),
      let: transform.let.map((one) => ({ ...one, formula: inFormula(one.formula) })),
      attributes: transform.attributes.map((one) => ({ ...one, formula: inFormula(one.formula) })),
    },
  };
}

function watchTable(table: LookupTable, asked: Map<string, Set<string>>): LookupTable {
  const keys = new Set<string>();
  asked.set(table.name, keys);
  const note = (key: string | symbol): void => {
    if (typeof key === 'string') keys.add(key);
  };
  const rows = new Proxy(
    { ...table.rows },
    {
      get(target, key) {
        note(key);
        return typeof key === 'string' && Object.hasOwn(target, key) ? target[key] : undefined;
      },
      getOwnPropertyDescriptor(target, key) {
        note(key);
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    },
  );
  return { ...table, rows };
}
