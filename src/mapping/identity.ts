import { hashJson } from '../domain/canonical-json.ts';
import type { Sha256 } from '../domain/words.ts';
import { functionDeclarations } from '../jsonata/functions/index.ts';
import type { Formula, Pipeline } from '../pipeline/pipeline.ts';
import type { LookupTable } from './lookup.ts';
import type { FormulaText } from './recipe.ts';

/** Raised when this folder, the function library or the schema data gives other verdicts for the same input. */
const mappingVersion = 2;
/** The language's version: pinned in package.json. */
const engineVersion = 'jsonata-2.2.2';

/**
 * Hash over everything that can change a verdict: expressions, functions, contents of lookups, the column contract, employment, time zone and
 * its data, extensions, the versions of language and mapping. Not the query: other rows have other fingerprints. Places, comments and file
 * names do not count.
 */
export function identifyMapping(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>): Sha256 {
  return hashJson(describeMapping(pipeline, lookups));
}

/** What `identifyMapping` is the hash of. A part that is added here is a part of the ground of a recipe, unless that says otherwise. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- its parts are taken by name in recipe.ts, the rest is only hashed
export function describeMapping(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>) {
  const { transform, source, sink, timezone } = pipeline;
  const { employment } = transform;
  return {
    mapping: mappingVersion,
    engine: engineVersion,
    functions: functionDeclarations.map(({ name, signature }) => `${name}${signature}`),
    zoneData: employment === undefined && timezone === undefined ? undefined : process.versions['tz'],
    timezone,
    key: source.key,
    primary: source.primary,
    identity: source.identity,
    columns: source.columns?.map(({ name, type, required, values, whenNull }) => ({ name, type, required, values, whenNull })),
    lookups: pipelineLookups(pipeline, lookups),
    use: transform.use.map(({ text }) => text),
    scope: transform.scope === undefined ? undefined : identifyFormula(transform.scope),
    protected: pipeline.protected.when === undefined ? undefined : identifyFormula(pipeline.protected.when),
    employment:
      employment === undefined
        ? undefined
        : { start: employment.start, end: employment.end, zone: employment.zone, preHire: employment.preHire },
    let: transform.let.map(({ name, formula }) => ({ name, formula: identifyFormula(formula) })),
    attributes: transform.attributes.map(({ path, formula, empty, once, renames, outside }) => ({
      path,
      empty,
      once,
      renames: renames ? true : undefined,
      outside,
      formula: identifyFormula(formula),
    })),
    extensions: sink.extensions,
  };
}

function pipelineLookups(pipeline: Pipeline, lookups: ReadonlyMap<string, LookupTable>): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.values(pipeline.lookups).map(({ name, key }) => [name, { key, hash: lookups.get(name)?.hash }]));
}

function identifyFormula(formula: Formula): FormulaText {
  return formula.kind === 'literal' ? { literal: formula.value } : { text: formula.text };
}
