import { compileUnit, type CompiledUnit, type CompileOptions, type UnitMember } from '../jsonata/index.ts';
import type { EmploymentValues } from './employment.ts';
import type { CompiledFormula } from './formula.ts';
import { dependenciesOf, isEmploymentName, type MappingUnit } from './unit.ts';

/** All formulas of a mapping as one function of the engine: many times cheaper than calling them one after the other. */
export interface FusedMapping {
  /** Some formula reads `$employed` or its kin: without them the row is evaluated formula by formula. */
  readonly needsEmployment: boolean;
  /** What formulas read by `$name`: tables of lookups, and employment. The same object for the same employment: the engine looks at each only once. */
  readonly bindingsOf: (employment: EmploymentValues | undefined) => Readonly<Record<string, unknown>>;
  readonly unit: CompiledUnit;
  /** Where a formula's value stands in the result. */
  readonly indexOf: ReadonlyMap<CompiledFormula, number>;
}

/** The fused mapping, made when the first row is evaluated: most runs evaluate nobody. */
export interface LateFusion {
  /** undefined: it was not asked for yet, or the formulas have to stay apart. */
  readonly made: FusedMapping | undefined;
  make(): FusedMapping | undefined;
}

export function fuseLate(unit: Omit<MappingUnit, 'fused'>, options: CompileOptions): LateFusion {
  let made: FusedMapping | undefined;
  let wasMade = false;
  return {
    get made() {
      return made;
    },
    make() {
      if (!wasMade) made = fuseMapping(unit, options);
      wasMade = true;
      return made;
    },
  };
}

/**
 * Undefined where the formulas have to stay apart: one of them is not compiled, or the whole cannot be. What a formula is
 * and how it fails is decided by its own compilation alone; the fused code is only asked for values. `only`: these and the lets that they read.
 */
export function fuseMapping(
  unit: Omit<MappingUnit, 'fused'>,
  options: CompileOptions,
  only?: ReadonlySet<CompiledFormula>,
): FusedMapping | undefined {
  const read = only === undefined ? undefined : dependenciesOf([...only], unit).lets;
  const lets = [...unit.lets.values()].map(({ name, formula }) => ({ formula, name: `$${name}`, binds: name }));
  const protectedWhen = unit.protectedWhen === undefined ? [] : [{ formula: unit.protectedWhen, name: 'protected.when', binds: undefined }];
  const others = [unit.active, ...unit.attributes].map(({ formula, target }) => ({ formula, name: target.path, binds: undefined }));
  const scope = unit.scope === undefined ? [] : [{ formula: unit.scope, name: 'scope', binds: undefined }];
  const indexOf = new Map<CompiledFormula, number>();
  const members: UnitMember[] = [];
  const named = [...scope, ...protectedWhen, ...lets, ...others].filter(
    ({ formula, binds }) => only === undefined || only.has(formula) || (binds !== undefined && read?.has(binds) === true),
  );
  for (const { formula, name, binds } of named) {
    // A let may be a literal, too: others read it by its name.
    const source = formula.engine?.source ?? (binds === undefined ? undefined : formula.text);
    if (source === undefined) continue;
    indexOf.set(formula, members.length);
    members.push({ name, source, ...(binds === undefined ? {} : { binds }) });
  }
  const names = new Set(named.flatMap(({ formula }) => formula.bindings));
  const lookups = Object.fromEntries(
    [...unit.lookups.values()].filter(({ name }) => names.has(name)).map(({ name, rows }) => [name, rows]),
  );
  try {
    const compiled = compileUnit(members, options);
    if (!compiled.compiled) return undefined;
    return { needsEmployment: [...names].some(isEmploymentName), bindingsOf: bindingsFrom(lookups), unit: compiled, indexOf };
  } catch {
    // A definition and a let of one name look like a circle from there.
    return undefined;
  }
}

function bindingsFrom(lookups: Readonly<Record<string, unknown>>): FusedMapping['bindingsOf'] {
  const none = Object.freeze({ ...lookups });
  const made: Readonly<Record<string, unknown>>[] = [];
  return (employment) => {
    if (employment === undefined) return none;
    const { started, ended, employed, preHire } = employment;
    const index = (started ? 1 : 0) + (ended ? 2 : 0) + (employed ? 4 : 0) + (preHire ? 8 : 0);
    return (made[index] ??= Object.freeze({ ...lookups, started, ended, employed, preHire }));
  };
}
