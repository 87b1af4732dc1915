import type { Place } from '../domain/place.ts';
import type { Draft } from '../domain/verdict.ts';
import type { AttributeDeclaration, ColumnDeclaration, EmploymentDeclaration, Pipeline } from '../pipeline/pipeline.ts';
import type { ResolvedPath } from '../scim/index.ts';
import type { Definition } from './definitions.ts';
import { employmentNames } from './employment.ts';
import type { CompiledFormula } from './formula.ts';
import type { LateFusion } from './fused.ts';
import type { LookupTable } from './lookup.ts';

export interface CompiledLet {
  readonly name: string;
  readonly formula: CompiledFormula;
  readonly place: Place;
}

export interface CompiledAttribute {
  readonly declaration: AttributeDeclaration;
  readonly target: ResolvedPath;
  readonly formula: CompiledFormula;
  /** One value of a simple type, and no part of what makes an element of a list itself: nothing but the value can be wrong with it. */
  readonly isSimple: boolean;
  /** What the draft says where it is empty; undefined: the worker is rejected. */
  readonly whenEmpty: WhenEmpty | undefined;
}

/** A member of a draft's `empty`, the same for every worker, and as JSON. */
export interface WhenEmpty {
  readonly member: Draft['empty'][number];
  readonly text: string;
}

/** Everything of a pipeline that decides a verdict, compiled and joined. */
export interface MappingUnit {
  readonly pipeline: Pipeline;
  readonly columns: ReadonlyMap<string, ColumnDeclaration>;
  readonly lookups: ReadonlyMap<string, LookupTable>;
  readonly definitions: readonly Definition[];
  readonly scope?: CompiledFormula;
  /** `protected.when`. */
  readonly protectedWhen?: CompiledFormula;
  readonly lets: ReadonlyMap<string, CompiledLet>;
  readonly active: CompiledAttribute;
  /** All but `active`, in order of the file. */
  readonly attributes: readonly CompiledAttribute[];
  readonly employment?: EmploymentDeclaration;
  /** `schemas` of every payload: core, enterprise, the extensions that attributes name. */
  readonly schemas: readonly string[];
  /** Core attributes without which a payload is invalid, beside the three that are always there. */
  readonly required: readonly string[];
  /** The same formulas as one function; absent: they are evaluated one by one. */
  readonly fused?: LateFusion;
}

/** Every formula of a verdict but the lets. */
export function formulasOf({
  scope,
  protectedWhen,
  active,
  attributes,
}: Pick<MappingUnit, 'scope' | 'protectedWhen' | 'active' | 'attributes'>): readonly CompiledFormula[] {
  const decisions = [scope, protectedWhen].filter((formula) => formula !== undefined);
  return [...decisions, active.formula, ...attributes.map(({ formula }) => formula)];
}

/** What a formula depends on, through lets and definitions. */
export interface Dependencies {
  readonly columns: ReadonlySet<string>;
  readonly lets: ReadonlySet<string>;
  readonly lookups: ReadonlySet<string>;
  readonly definitions: ReadonlySet<Definition>;
  readonly employment: boolean;
  readonly wholeRow?: Place;
}

const employment: ReadonlySet<string> = new Set(employmentNames);

export function isEmploymentName(name: string): boolean {
  return employment.has(name);
}

/** Columns that `employment` reads. */
export function employmentColumns(declaration: EmploymentDeclaration): readonly string[] {
  return [declaration.start, declaration.end, declaration.zone].filter((name) => name !== undefined);
}

/** Follows a formula through the lets that it uses. Names that nothing gives are left out; analysis reports them. */
export function dependenciesOf(
  formulas: readonly CompiledFormula[],
  unit: Pick<MappingUnit, 'lets' | 'lookups' | 'employment'>,
): Dependencies {
  const columns = new Set<string>();
  const lets = new Set<string>();
  const lookups = new Set<string>();
  const definitions = new Set<Definition>();
  let usesEmployment = false;
  let wholeRow: Place | undefined;
  const add = (formula: CompiledFormula): void => {
    for (const column of formula.columns) columns.add(column);
    for (const definition of formula.definitions) definitions.add(definition);
    wholeRow ??= formula.wholeRow;
    for (const name of formula.bindings) {
      const found = unit.lets.get(name);
      if (found !== undefined) {
        if (!lets.has(name)) {
          lets.add(name);
          add(found.formula);
        }
      } else if (unit.lookups.has(name)) lookups.add(name);
      else if (isEmploymentName(name)) usesEmployment = true;
    }
  };
  for (const formula of formulas) add(formula);
  if (usesEmployment && unit.employment !== undefined) for (const column of employmentColumns(unit.employment)) columns.add(column);
  return { columns, lets, lookups, definitions, employment: usesEmployment, ...(wholeRow === undefined ? {} : { wholeRow }) };
}
