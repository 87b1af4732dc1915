import { relative } from 'node:path';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import { functionDeclarations } from '../jsonata/functions/index.ts';
import { builtinNames } from '../jsonata/index.ts';
import { nearestName } from '../scim/index.ts';
import { analyseAttributes } from './analyse-attributes.ts';
import { analyseEmployment } from './analyse-employment.ts';
import { analyseTypes } from './analyse-types.ts';
import { checkClosed } from './closed.ts';
import { libraryNames, type UnitParts } from './compile-unit.ts';
import { employmentNames } from './employment.ts';
import type { MappingEnvironment, SourceColumn } from './contract.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import type { CompiledFormula } from './formula.ts';
import { dependenciesOf, formulasOf, isEmploymentName, type MappingUnit } from './unit.ts';

export interface Analysis {
  readonly diagnostics: readonly Diagnostic[];
  /** The clock is read other than through employment. */
  readonly readsClock: boolean;
}

/** A name in an expression or definition, with its place. */
interface Use {
  readonly name: string;
  readonly place: Place;
}

const builtins: ReadonlySet<string> = new Set(builtinNames);
const clockNames: ReadonlySet<string> = new Set([
  'now',
  'millis',
  ...functionDeclarations.filter(({ purity }) => purity === 'clock').map(({ name }) => name),
]);
const chanceNames: ReadonlySet<string> = new Set([
  'random',
  'shuffle',
  ...functionDeclarations.filter(({ purity }) => purity === 'random').map(({ name }) => name),
]);

/** Everything that can be said about a mapping before a row is read. */
export function analyseUnit(
  parts: UnitParts,
  unit: MappingUnit | undefined,
  { sourceColumns, reportsFallbacks = true }: Pick<MappingEnvironment, 'sourceColumns' | 'reportsFallbacks'> = {},
): Analysis {
  const known = parts.pipeline.source.columns ?? sourceColumns?.map((column) => describedColumn(column, parts.pipeline.placeOf('source')));
  const diagnostics: Diagnostic[] = [];
  const formulas = allFormulas(parts);
  checkNames(diagnostics, parts, formulas);
  const uses = [
    ...formulas.flatMap(namesUsed),
    ...parts.definitions.flatMap(({ uses: names, locate }) =>
      names.map((use) => ({ name: use.name, place: locate(use.offset, use.length) })),
    ),
  ];
  const readsClock = checkFunctions(diagnostics, parts, uses);
  checkColumns(diagnostics, parts, formulas, known);
  checkDeclaredNames(diagnostics, parts);
  diagnostics.push(...analyseEmployment(parts), ...analyseAttributes(parts), ...analyseTypes(parts, known));
  const dependencies = {
    lets: parts.lets,
    lookups: parts.lookups,
    ...(parts.pipeline.transform.employment === undefined ? {} : { employment: parts.pipeline.transform.employment }),
  };
  const active = parts.attributes.find(({ target }) => target.path === 'active');
  const columns = new Map((parts.pipeline.source.columns ?? []).map((column) => [column.name, column]));
  diagnostics.push(
    ...checkClosed({ columns, ...dependencies }, [
      ...(parts.scope === undefined ? [] : [{ name: 'scope' as const, formula: parts.scope }]),
      ...(active === undefined ? [] : [{ name: 'active' as const, formula: active.formula }]),
      ...(parts.protectedWhen === undefined ? [] : [{ name: 'protected.when' as const, formula: parts.protectedWhen }]),
    ]),
  );
  if (unit !== undefined) {
    checkUnused(diagnostics, unit);
    if (reportsFallbacks) reportFallbacks(diagnostics, formulas);
  }
  return { diagnostics, readsClock };
}

function allFormulas(parts: UnitParts): readonly CompiledFormula[] {
  const lets = [...parts.lets.values()].map(({ formula }) => formula);
  const decisions = [parts.scope, parts.protectedWhen].filter((formula) => formula !== undefined);
  return [...lets, ...decisions, ...parts.attributes.map(({ formula }) => formula)];
}

function namesUsed(formula: CompiledFormula): readonly Use[] {
  const { compiled, source } = formula;
  if (compiled === undefined || source === undefined) return [];
  return compiled.variables.map(({ name, offset, length }) => ({ name, place: source.locate(offset, length) }));
}

function checkNames(diagnostics: Diagnostic[], parts: UnitParts, formulas: readonly CompiledFormula[]): void {
  const letOrder = parts.pipeline.transform.let.map(({ name }) => name);
  const { employment } = parts.pipeline.transform;
  const given = new Set([
    ...letOrder,
    ...Object.keys(parts.pipeline.lookups),
    ...parts.definitions.map(({ name }) => name),
    ...(employment === undefined ? [] : employmentNames),
    ...libraryNames,
    ...builtins,
  ]);
  const report = ({ name, place }: Use): void => {
    if (given.has(name)) return;
    if (isEmploymentName(name)) {
      const message = `$${name} is nothing: the pipeline declares no employment`;
      diagnostics.push({ code: 'MAP-111', severity: 'error', message, place, fix: 'Add employment: { start: … } under transform.' });
      return;
    }
    const nearest = nearestName(name, given);
    const fix = nearest === undefined ? {} : { fix: `Did you mean $${nearest}?` };
    diagnostics.push({ code: 'MAP-111', severity: 'error', message: `there is no variable or function $${name}`, place, ...fix });
  };
  for (const formula of formulas) for (const use of namesUsed(formula)) report(use);
  for (const { uses, locate } of parts.definitions)
    for (const { name, offset, length } of uses) report({ name, place: locate(offset, length) });
  for (const { name: own, formula } of parts.lets.values()) {
    const earlier = new Set(letOrder.slice(0, letOrder.indexOf(own)));
    const later = new Set(letOrder.filter((name) => !earlier.has(name)));
    for (const { name, place } of namesUsed(formula)) {
      if (!later.has(name)) continue;
      const message = name === own ? `$${name} uses itself` : `$${own} uses $${name}, which comes later`;
      diagnostics.push({ code: 'MAP-135', severity: 'error', message, place });
    }
    // Through a definition the let is not seen in the expression's own text.
    const throughDefinitions = formula.bindings.filter((name) => later.has(name) && !namesUsed(formula).some((use) => use.name === name));
    for (const name of throughDefinitions) {
      const message = `$${own} uses $${name} through a function, and it comes later`;
      diagnostics.push({ code: 'MAP-135', severity: 'error', message, place: formula.place });
    }
  }
}

function checkFunctions(diagnostics: Diagnostic[], parts: UnitParts, uses: readonly Use[]): boolean {
  let readsClock = false;
  const hidden = new Set([
    ...parts.pipeline.transform.let.map(({ name }) => name),
    ...Object.keys(parts.pipeline.lookups),
    ...parts.definitions.map(({ name }) => name),
  ]);
  for (const { name, place } of uses) {
    if (hidden.has(name)) continue;
    if (clockNames.has(name)) {
      readsClock = true;
      const message = `$${name} reads the clock`;
      if (parts.pipeline.timezone === undefined) diagnostics.push({ code: 'MAP-118', severity: 'error', message, place });
      // Of no row is it known when the result changes.
      else diagnostics.push({ code: 'MAP-140', severity: 'notice', message: `${message}: everybody is evaluated again every day`, place });
    }
    if (chanceNames.has(name))
      diagnostics.push({ code: 'MAP-119', severity: 'error', message: `$${name} gives another value each time`, place });
    if (name === 'eval') diagnostics.push({ code: 'MAP-121', severity: 'error', message: '$eval evaluates text from a row', place });
  }
  return readsClock;
}

/** The database's word in place of a contract: a column that may be NULL may be nothing. */
function describedColumn({ name, type, nullable }: SourceColumn, place: Place): ColumnDeclaration {
  return { name, type, required: nullable === false, place };
}

/** With a contract, a name that it does not list is a typing error or a column to be declared. */
function checkColumns(
  diagnostics: Diagnostic[],
  parts: UnitParts,
  formulas: readonly CompiledFormula[],
  columns: readonly ColumnDeclaration[] | undefined,
): void {
  if (columns === undefined) return;
  const names = columns.map(({ name }) => name);
  const report = (name: string, place: Place): void => {
    if (names.includes(name)) return;
    const nearest = nearestName(name, names);
    const fix = nearest === undefined ? {} : { fix: `Did you mean ${nearest}?` };
    const where = parts.pipeline.source.columns === undefined ? 'what the source returns' : 'source.columns';
    diagnostics.push({ code: 'MAP-112', severity: 'error', message: `there is no column ${name} in ${where}`, place, ...fix });
  };
  for (const { compiled, source } of formulas) {
    if (source === undefined) continue;
    for (const { name, offset, length } of compiled?.fieldNames ?? []) report(name, source.locate(offset, length));
  }
  for (const { fields, locate } of parts.definitions) for (const { name, offset, length } of fields) report(name, locate(offset, length));
}

function checkDeclaredNames(diagnostics: Diagnostic[], parts: UnitParts): void {
  const { transform, lookups } = parts.pipeline;
  const declared: { name: string; what: string; place: Place }[] = [
    ...Object.values(lookups).map(({ name, place }) => ({ name, what: 'lookup', place })),
    ...parts.definitions.map(({ name, place }) => ({ name, what: 'function', place })),
    ...transform.let.map(({ name, place }) => ({ name, what: 'let', place })),
  ];
  const seen = new Map<string, string>();
  for (const { name, what, place } of declared) {
    const before = seen.get(name);
    if (before !== undefined) diagnostics.push({ code: 'MAP-108', severity: 'error', message: `$${name} is a ${before} already`, place });
    else if (transform.employment !== undefined && isEmploymentName(name)) {
      diagnostics.push({ code: 'MAP-108', severity: 'error', message: `$${name} is given by employment already`, place });
    } else if (builtins.has(name) || libraryNames.has(name)) {
      diagnostics.push({ code: 'MAP-123', severity: 'warning', message: `the ${what} ${name} hides the function $${name}`, place });
    }
    seen.set(name, what);
  }
}

function checkUnused(diagnostics: Diagnostic[], unit: MappingUnit): void {
  const used = dependenciesOf(formulasOf(unit), unit);
  const report = (what: string, name: string, place: Place): void => {
    diagnostics.push({ code: 'MAP-122', severity: 'warning', message: `the ${what} $${name} is not used`, place });
  };
  for (const { name, place } of unit.lets.values()) if (!used.lets.has(name)) report('let', name, place);
  for (const { name, place } of Object.values(unit.pipeline.lookups)) if (!used.lookups.has(name)) report('lookup', name, place);
  // Shared function files serve many pipelines: only in what this one uses nothing of is anything left over.
  const files = new Map<string, boolean>();
  for (const definition of unit.definitions) {
    const { file } = definition.place;
    files.set(file, files.get(file) === true || used.definitions.has(definition));
  }
  for (const { file, place } of unit.pipeline.transform.use) {
    if (files.get(file) === false) {
      diagnostics.push({
        code: 'MAP-122',
        severity: 'warning',
        message: `no function of ${relative(unit.pipeline.folder, file)} is used`,
        place,
      });
    }
  }
}

/** Formulas that the reference engine runs: correct and slow. */
function reportFallbacks(diagnostics: Diagnostic[], formulas: readonly CompiledFormula[]): void {
  for (const { engine, path, place } of formulas) {
    if (engine === undefined || engine.compiled) continue;
    const message = `${path} is not compiled: ${engine.reasons.join('; ')}`;
    diagnostics.push({ code: 'MAP-131', severity: 'notice', message, place });
  }
}
