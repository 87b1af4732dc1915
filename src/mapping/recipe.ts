import { hashJson, type Json } from '../domain/canonical-json.ts';
import type { Place } from '../domain/place.ts';
import type { Sha256 } from '../domain/words.ts';
import type { Formula, Pipeline } from '../pipeline/pipeline.ts';
import { describeMapping, identifyMapping } from './identity.ts';
import type { LookupTable } from './lookup.ts';

/** A formula without its place. */
export type FormulaText = { readonly text: string } | { readonly literal: Json };

/**
 * What a mapping was made of, as plain data: the state keeps that of the last accepted pass, so that a later mapping can tell what was edited since. Holds the pipeline's texts, no worker's
 * values and no lookup's rows.
 */
export interface MappingRecipe {
  readonly version: 1;
  /** Of the mapping; a recipe of another id than the pass says nothing about it. */
  readonly id: Sha256;
  readonly readsClock: boolean;
  /** Hashes of all that decides a verdict beside the texts below, by name. */
  readonly ground: Readonly<Record<string, Sha256>>;
  /** Hashes of the contents of lookups, by name. */
  readonly lookups: Readonly<Record<string, Sha256>>;
  /** Files of functions, in order. */
  readonly use: readonly string[];
  readonly scope?: FormulaText;
  readonly protected?: FormulaText;
  readonly let: readonly { readonly name: string; readonly formula: FormulaText }[];
  readonly attributes: readonly { readonly path: string; readonly formula: FormulaText }[];
}

export function recipeOf(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>, readsClock: boolean): MappingRecipe {
  const { use, scope, protected: protectedWhen, let: lets, attributes, lookups: tables, ...rest } = describeMapping(pipeline, lookups);
  const ground = {
    ...rest,
    scope: scope !== undefined,
    protected: protectedWhen !== undefined,
    // Their order too: it is the order of the payload, and a part of its hash.
    attributes: attributes.map(({ formula: _formula, ...declared }) => declared),
  };
  return {
    version: 1,
    id: identifyMapping(pipeline, lookups),
    readsClock,
    ground: Object.fromEntries(Object.entries(ground).map(([name, value]) => [name, hashJson(value ?? null)])),
    lookups: Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, hashJson(table)])),
    use,
    ...(scope === undefined ? {} : { scope }),
    ...(protectedWhen === undefined ? {} : { protected: protectedWhen }),
    let: lets,
    attributes: attributes.map(({ path, formula }) => ({ path, formula })),
  };
}

/** The pipeline with the texts of a recipe, and its names of lookups, in place of its own. Places in it mean nothing: nobody is told of them. */
export function pipelineOf(pipeline: Pipeline, recipe: MappingRecipe): Pipeline {
  const place: Place = { file: pipeline.file, line: 1, column: 1 };
  const formula = (path: string, written: FormulaText): Formula =>
    'text' in written
      ? { kind: 'expression', text: written.text, path, locate: () => place }
      : { kind: 'literal', value: literalOf(written.literal), path, place };
  const { scope: _scope, ...transform } = pipeline.transform;
  const { when: _when, ...rest } = pipeline.protected;
  return {
    ...pipeline,
    lookups: Object.fromEntries(
      Object.keys(recipe.lookups).map((name) => [name, pipeline.lookups[name] ?? { name, file: '', key: '', place }]),
    ),
    transform: {
      ...transform,
      use: recipe.use.map((text, index) => ({ file: String(index), text, place })),
      ...(recipe.scope === undefined ? {} : { scope: formula('transform.scope', recipe.scope) }),
      let: recipe.let.map(({ name, formula: text }) => ({ name, formula: formula(name, text), place })),
      attributes: transform.attributes.map((attribute, index) => {
        const before = recipe.attributes[index];
        return before === undefined ? attribute : { ...attribute, formula: formula(attribute.path, before.formula) };
      }),
    },
    protected: { ...rest, ...(recipe.protected === undefined ? {} : { when: formula('protected.when', recipe.protected) }) },
  };
}

function literalOf(value: Json): string | number | boolean | null {
  return typeof value === 'object' ? null : value;
}
