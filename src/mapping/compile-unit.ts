import type { Diagnostic } from '../domain/diagnostic.ts';
import { invariant } from '../domain/error.ts';
import { coreUserSchema, enterpriseUserSchema } from '../domain/payload.ts';
import { functionDeclarations, functionLibrary, type FunctionContext } from '../jsonata/functions/index.ts';
import type { CompileOptions, FunctionDeclarations } from '../jsonata/index.ts';
import type { AttributeDeclaration, Formula, Pipeline } from '../pipeline/pipeline.ts';
import { createSchemaSet, parseAttributePath, resolveAttributePath, type ResolvedPath } from '../scim/index.ts';
import { readDefinitions, type Definition } from './definitions.ts';
import { employmentNames } from './employment.ts';
import { compileFormula, type CompiledFormula } from './formula.ts';
import { fuseLate } from './fused.ts';
import type { LookupTable } from './lookup.ts';
import type { CompiledAttribute, CompiledLet, MappingUnit, WhenEmpty } from './unit.ts';

/** What could be compiled, whole or not: analysis reports on the parts even if one of them is broken. */
export interface UnitParts {
  readonly pipeline: Pipeline;
  readonly lookups: ReadonlyMap<string, LookupTable>;
  readonly definitions: readonly Definition[];
  readonly lets: ReadonlyMap<string, CompiledLet>;
  readonly scope?: CompiledFormula;
  readonly protectedWhen?: CompiledFormula;
  readonly attributes: readonly CompiledAttribute[];
  /** Something did not compile, so nothing can be said about what is not used. */
  readonly broken: boolean;
}

export interface UnitResult {
  readonly unit?: MappingUnit;
  readonly parts: UnitParts;
  readonly diagnostics: readonly Diagnostic[];
  /** What every expression was compiled with. */
  readonly options: CompileOptions;
}

/** Compiles every expression of the transform. The clock is read at each evaluation; `probes` are functions beside the library's. */
export function compileUnit(
  pipeline: Pipeline,
  lookups: ReadonlyMap<string, LookupTable>,
  clock: FunctionContext,
  verify: boolean | number | undefined,
  probes: FunctionDeclarations = {},
): UnitResult {
  const { transform, sink } = pipeline;
  const diagnostics: Diagnostic[] = [];
  const functions = { ...functionLibrary(clock), ...probes };
  const options: CompileOptions = { functions, now: () => clock.asOf, ...(verify === undefined ? {} : { verify }) };
  const read = readDefinitions(transform.use, functions);
  diagnostics.push(...read.diagnostics);
  const bindable = new Set([
    ...Object.keys(pipeline.lookups),
    ...transform.let.map(({ name }) => name),
    ...(transform.employment === undefined ? [] : employmentNames),
  ]);
  const compileOne = (formula: Formula): CompiledFormula | undefined => {
    const compiled = compileFormula(formula, { definitions: read.definitions, options, bindable });
    diagnostics.push(...compiled.diagnostics);
    return compiled.formula;
  };
  const lets = new Map<string, CompiledLet>();
  for (const { name, formula, place } of transform.let) {
    const compiled = compileOne(formula);
    if (compiled !== undefined) lets.set(name, { name, formula: compiled, place });
  }
  const scope = transform.scope === undefined ? undefined : compileOne(transform.scope);
  const protectedWhen = pipeline.protected.when === undefined ? undefined : compileOne(pipeline.protected.when);
  const schemas = createSchemaSet(sink.extensions);
  const attributes: CompiledAttribute[] = [];
  for (const declaration of transform.attributes) {
    const { resolved, problems } = resolveAttributePath(declaration.path, schemas);
    for (const { code, severity, message, fix } of problems) {
      diagnostics.push({ code, severity, message, place: declaration.place, ...(fix === undefined ? {} : { fix }) });
    }
    const formula = compileOne(declaration.formula);
    if (resolved !== undefined && formula !== undefined)
      attributes.push({
        declaration,
        target: resolved,
        formula,
        isSimple: isSimple(resolved),
        whenEmpty: whenEmpty(declaration, resolved),
      });
  }
  const broken = diagnostics.some(({ severity }) => severity === 'error');
  const parts: UnitParts = {
    pipeline,
    lookups,
    definitions: read.definitions,
    lets,
    ...(scope === undefined ? {} : { scope }),
    ...(protectedWhen === undefined ? {} : { protectedWhen }),
    attributes,
    broken,
  };
  const active = attributes.find(({ target }) => target.path === 'active');
  if (broken) return { parts, diagnostics, options };
  invariant(active, 'the grammar requires active');
  const { employment } = transform;
  const apart: MappingUnit = {
    pipeline,
    columns: new Map((pipeline.source.columns ?? []).map((column) => [column.name, column])),
    lookups,
    definitions: read.definitions,
    ...(scope === undefined ? {} : { scope }),
    ...(protectedWhen === undefined ? {} : { protectedWhen }),
    lets,
    active,
    attributes: attributes.filter((attribute) => attribute !== active),
    ...(employment === undefined ? {} : { employment }),
    schemas: [coreUserSchema, enterpriseUserSchema, ...usedExtensions(attributes)],
    required: [...(schemas.attributes(undefined) ?? [])]
      .filter(([name, { required }]) => required === true && !['externalId', 'active', 'schemas'].includes(name))
      .map(([name]) => name),
  };
  // With two engines to compare, and for probes that watch single formulas, each is evaluated alone.
  const fused = verify === undefined && Object.keys(probes).length === 0 ? fuseLate(apart, options) : undefined;
  return { unit: fused === undefined ? apart : { ...apart, fused }, parts, diagnostics, options };
}

/** A required attribute is never left to emptiness. */
function whenEmpty({ empty }: AttributeDeclaration, { path, required }: ResolvedPath): WhenEmpty | undefined {
  if (required || empty === 'reject') return undefined;
  const member = Object.freeze({ path, rule: empty });
  return { member, text: JSON.stringify(member) };
}

function isSimple({ attribute, multiValued, parsed }: ResolvedPath): boolean {
  const isOwnType = parsed.sub === 'type' || parsed.sub === 'primary';
  return attribute.type !== 'complex' && !multiValued && attribute.mutability === undefined && !isOwnType;
}

function usedExtensions(attributes: readonly CompiledAttribute[]): readonly string[] {
  const urns = new Set(attributes.flatMap(({ target }) => parseAttributePath(target.path)?.urn ?? []));
  urns.delete(enterpriseUserSchema);
  return [...urns].toSorted();
}

/** Names of the function library, without the dollar. */
export const libraryNames: ReadonlySet<string> = new Set(functionDeclarations.map(({ name }) => name));
