import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { LookupChange } from '../domain/event.ts';
import type { Row, RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import { checkSimpleValue, managerPath, type Attribute } from '../scim/index.ts';
import { createRowCheck, type CheckRow } from './columns.ts';
import type { UnitResult } from './compile-unit.ts';
import { longestPlainId } from './draft.ts';
import type { EarlierLookups } from './earlier-lookups.ts';
import { employmentAt, readEmployment, type EmploymentValues } from './employment.ts';
import type { CompiledFormula } from './formula.ts';
import { fuseMapping, type FusedMapping } from './fused.ts';
import { toJson } from './plain-value.ts';
import type { MappingRecipe } from './recipe.ts';
import { dependenciesOf, employmentColumns, type CompiledAttribute, type MappingUnit } from './unit.ts';
import type { Watch } from './watched-lookup.ts';

/**
 * What of a mapping was edited since it was accepted. `part`: formulas and rows of lookups alone, and of a row they tell whether its verdict can be another one than before; `whole`: nothing can be
 * said about a row without evaluating it.
 */
export type MappingEdit =
  | { readonly kind: 'whole'; readonly because: string }
  | {
      readonly kind: 'part';
      /** Attributes, `scope` and `protected.when` whose formulas are others, or what these read. */
      readonly touched: readonly string[];
      /** Lookups that are read and have other contents. */
      readonly lookups: readonly LookupChange[];
      /**
       * Proved: where the earlier mapping gave a verdict on this row that was no rejection, and no date has come since, this one gives the same, and no warning. The row is all
       * that there is of its key.
       */
      readonly comesOutSame: (row: Row, asOf: Instant) => boolean;
      /** The whole verdict of the earlier mapping, for samples. Where its lookups are not known any more, something else stands in them than now. */
      readonly before: (group: RowGroup, asOf: Instant) => Promise<Verdict> | Verdict;
    };

/** A formula, before and now. */
interface Pair {
  readonly name: string;
  readonly before: CompiledFormula;
  readonly now: CompiledFormula;
}

const whole = (because: string): MappingEdit => ({ kind: 'whole', because });

/**
 * A verdict is a function of what the formulas come to, of the row, and of the ground that recipes hash. So where the ground is the same and each edited formula comes to
 * the same value under both mappings, the verdict is the same: formulas are pure, and lets count with those that read them. What could not be compared so is refused as a `whole`. Of lookups that
 * changed the earlier rows are not known, only where they differ: the earlier formulas that read them are evaluated with tables that raise the `watch` there, and a value that did not raise it is the earlier
 * value. Warnings are told again by a run that evaluates a worker, so that who has one is never the same: the few things that warn are looked at beside.
 * @param earlier the same pipeline with the recipe's texts and the earlier lookups, compiled
 * @param recipes before and now
 * @param evaluate by the earlier mapping
 */
export function compareMappings(
  earlier: UnitResult,
  present: UnitResult,
  [before, now]: readonly [MappingRecipe, MappingRecipe],
  lookups: EarlierLookups,
  evaluate: (group: RowGroup, asOf: Instant) => Promise<Verdict> | Verdict,
): MappingEdit {
  const changedGround = changedNames(before.ground, now.ground);
  if (changedGround.length > 0) return whole(`${changedGround.join(', ')} changed`);
  if (before.readsClock || now.readsClock) return whole('the clock is read');
  const [was, is] = [earlier.unit, present.unit];
  if (was === undefined || is === undefined) return whole('the mapping before it cannot be compiled any more');
  const pairs = pairsOf(was, is);
  const touched = pairs.filter((pair) => identityOf(pair.before, was) !== identityOf(pair.now, is));
  const isAsking = ({ before: formula }: Pair): boolean =>
    [...dependenciesOf([formula], was).lookups].some((name) => lookups.changes.has(name));
  const asking = pairs.filter((pair) => !touched.includes(pair) && isAsking(pair));
  const olds = [...touched, ...asking].map((pair) => pair.before);
  const preHires = is.employment?.preHire !== undefined && [...touched, ...asking].some(({ name }) => name === 'active');
  const read = [...dependenciesOf(olds, was).lookups];
  for (const name of read) {
    const why = lookups.unproved.get(name);
    if (why !== undefined) return whole(`lookup ${name} changed, and ${why}`);
  }
  const warning = is.attributes.filter(mayWarn);
  if (
    warning.some(
      ({ formula, target }) =>
        formula.literal !== undefined && target.path !== managerPath && warns(target.attribute, formula.literal.value),
    )
  )
    return whole('every worker has a warning');
  const news = [...new Set([...touched.map((pair) => pair.now), ...warning.map(({ formula }) => formula)])];
  const old = fuseMapping(was, earlier.options, new Set(olds));
  const fresh = fuseMapping(is, present.options, new Set(news));
  if (old === undefined || fresh === undefined) return whole('a formula is not compiled');
  return {
    kind: 'part',
    touched: touched.map(({ name }) => name),
    lookups: read.flatMap((name) => lookups.changes.get(name) ?? []),
    comesOutSame: comparison(
      is,
      [old, fresh],
      { touched, asking, warning, preHires },
      lookups.watch,
      columnsOf(was, olds, is, news, preHires),
    ),
    before: evaluate,
  };
}

interface Looked {
  /** Edited formulas. */
  readonly touched: readonly Pair[];
  /** The same formulas as before, which read lookups that changed. */
  readonly asking: readonly Pair[];
  readonly warning: readonly CompiledAttribute[];
  /** `active` is among the first two, and of a pre-hire it is asked a second time, as if he were employed: none is said to come out the same. */
  readonly preHires: boolean;
}

function comparison(
  unit: MappingUnit,
  [old, fresh]: readonly [FusedMapping, FusedMapping],
  { touched, asking, warning, preHires }: Looked,
  watch: Watch,
  columns: ReadonlySet<string> | undefined,
): (row: Row, asOf: Instant) => boolean {
  const check = rowCheck(unit, columns);
  const [oldValues, freshValues] = [valuesOf(old), valuesOf(fresh)];
  const needsEmployment = preHires || old.needsEmployment || fresh.needsEmployment;
  return (row, asOf) => {
    if (row.key === undefined || row.key.length > longestPlainId) return false;
    const { input, violations } = check(columns === undefined || row.only === undefined ? row : row.only(columns));
    if (violations.size > 0 || endsBeforeItStarts(unit, input)) return false;
    const employment = needsEmployment ? employmentOf(unit, input, asOf) : undefined;
    if (needsEmployment && employment === undefined) return false;
    if (preHires && employment?.preHire === true) return false;
    const after = freshValues(input, employment);
    if (after === undefined) return false;
    for (const attribute of warning) {
      const value = valueOf(after, fresh, attribute.formula);
      if (attribute.target.path === managerPath ? value === row.key : warns(attribute.target.attribute, value)) return false;
    }
    if (touched.length === 0 && asking.length === 0) return true;
    watch.raised = false;
    const before = oldValues(input, employment);
    // What a value of these is made of may be a row of a lookup, which is asked only when somebody looks into it.
    return (
      before !== undefined &&
      asking.every((pair) => !('problem' in toJson(valueOf(before, old, pair.before)))) &&
      touched.every((pair) => equals(valueOf(before, old, pair.before), valueOf(after, fresh, pair.now))) &&
      !watch.raised
    );
  };
}

/** All formulas that decide a verdict, in pairs; the ground says that there are as many, of the same attributes in the same order. */
function pairsOf(was: MappingUnit, is: MappingUnit): readonly Pair[] {
  const pairs: Pair[] = [];
  const add = (name: string, before: CompiledFormula | undefined, now: CompiledFormula | undefined): void => {
    if (before !== undefined && now !== undefined) pairs.push({ name, before, now });
  };
  add('scope', was.scope, is.scope);
  add('protected.when', was.protectedWhen, is.protectedWhen);
  add('active', was.active.formula, is.active.formula);
  for (const [index, { target, formula }] of is.attributes.entries()) add(target.path, was.attributes[index]?.formula, formula);
  return pairs;
}

/** What runs, with the texts of all that it reads by name. */
function identityOf({ engine, literal, bindings }: CompiledFormula, unit: MappingUnit): string {
  const read = bindings.map((name) => {
    const found = unit.lets.get(name);
    return found === undefined ? name : [name, identityOf(found.formula, unit)];
  });
  return JSON.stringify([literal ?? engine?.source, read]);
}

function changedNames(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name]);
}

/** The columns that have to be looked at; undefined: all. */
function columnsOf(
  was: MappingUnit,
  olds: readonly CompiledFormula[],
  is: MappingUnit,
  news: readonly CompiledFormula[],
  preHires: boolean,
): ReadonlySet<string> | undefined {
  const [before, now] = [dependenciesOf(olds, was), dependenciesOf(news, is)];
  if (before.wholeRow !== undefined || now.wholeRow !== undefined) return undefined;
  const { employment } = is;
  const ends = employment?.end === undefined ? [] : [employment.start, employment.end];
  const spans = employment !== undefined && preHires ? employmentColumns(employment) : [];
  return new Set([...before.columns, ...now.columns, ...ends, ...spans]);
}

function rowCheck(unit: MappingUnit, columns: ReadonlySet<string> | undefined): CheckRow {
  const declared = [...unit.columns.values()].filter(({ name }) => columns === undefined || columns.has(name));
  return createRowCheck(declared, columns ?? [], columns === undefined);
}

/** Warned of, see `readEmployment`. Days that are none are violations of their columns. */
function endsBeforeItStarts({ employment }: MappingUnit, input: Readonly<Record<string, Json | undefined>>): boolean {
  if (employment?.end === undefined) return false;
  const [start, end] = [input[employment.start], input[employment.end]];
  return typeof start === 'string' && typeof end === 'string' && end < start;
}

function employmentOf(unit: MappingUnit, input: Readonly<Record<string, Json | undefined>>, asOf: Instant): EmploymentValues | undefined {
  const { employment, columns, pipeline } = unit;
  if (employment === undefined) return undefined;
  const reading = readEmployment(employment, input, pipeline.timezone, columns.get(employment.start)?.whenNull !== undefined);
  return 'problem' in reading || reading.warning !== undefined ? undefined : employmentAt(reading.span, asOf);
}

/** The manager may be the worker himself, and dates without a time are ignored by the service: the warnings that depend on values. */
function mayWarn({ target }: CompiledAttribute): boolean {
  return target.path === managerPath || holdsDateTime(target.attribute);
}

function holdsDateTime({ type, subAttributes = [] }: Attribute): boolean {
  return type === 'dateTime' || subAttributes.some(holdsDateTime);
}

/** Lists and objects with a date in them are not looked into. */
function warns(attribute: Attribute, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (attribute.type !== 'dateTime' || typeof value !== 'string') return true;
  return checkSimpleValue(attribute, value) !== undefined;
}

type Values = (
  input: Readonly<Record<string, Json | undefined>>,
  employment: EmploymentValues | undefined,
) => readonly unknown[] | undefined;

/** The values of fused formulas; undefined where one of them fails or the reference engine has to answer. */
function valuesOf({ unit, bindingsOf }: FusedMapping): Values {
  return (input, employment) => {
    const result = unit.evaluate(input, bindingsOf(employment));
    if (!(result instanceof Promise)) return result.errors.length > 0 ? undefined : result.values;
    result.catch(() => undefined);
    return undefined;
  };
}

function valueOf(values: readonly unknown[], { indexOf }: FusedMapping, formula: CompiledFormula): unknown {
  if (formula.literal !== undefined) return formula.literal.value;
  const index = indexOf.get(formula);
  return index === undefined ? undefined : values[index];
}

/** Of the same JSON, member by member in the same order; what is no JSON is equal to nothing. */
function equals(left: unknown, right: unknown): boolean {
  if (left === right && typeof left !== 'object' && typeof left !== 'function') return typeof left !== 'number' || Number.isFinite(left);
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  const [one, two] = [toJson(left), toJson(right)];
  return !('problem' in one) && !('problem' in two) && JSON.stringify(one.value) === JSON.stringify(two.value);
}
