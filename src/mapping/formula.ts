import type { Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import { compile, type Compiled, type CompileOptions } from '../jsonata/index.ts';
import type { ExpressionText, Formula } from '../pipeline/pipeline.ts';
import { definitionsFor, syntaxDiagnostics, type Definition } from './definitions.ts';
import { findRowUse } from './row-use.ts';

/** A formula of the pipeline, compiled, with what it reads. */
export interface CompiledFormula {
  /** Field of the pipeline: `transform.attributes.displayName`. */
  readonly path: string;
  /** As it stands in the pipeline. */
  readonly text: string;
  readonly place: Place;
  /** Set for literals: the value, without an engine. */
  readonly literal?: { readonly value: Json };
  /** The expression alone: what analysis looks at. Absent for literals. */
  readonly compiled?: Compiled;
  /** What runs: the expression with the definitions that it needs. */
  readonly engine?: Compiled;
  /** The text in the pipeline: what `compiled`'s offsets are places of. Absent for literals. */
  readonly source?: ExpressionText;
  /** Columns that it reads by name, through definitions too. */
  readonly columns: readonly string[];
  /** Where it uses the row as a whole, so that its columns cannot be known. */
  readonly wholeRow?: Place;
  /** Lets, lookups and employment names that it uses, through definitions too: what `evaluate` has to be given. */
  readonly bindings: readonly string[];
  /** Definitions that it needs. */
  readonly definitions: readonly Definition[];
  /** Place of an offset that the engine reported. */
  readonly locate: (offset: number, length?: number) => Place;
  /** @throws EvaluationError, LimitError, or a promise that rejects with them */
  readonly evaluate: (input: unknown, bindings: Readonly<Record<string, unknown>>) => unknown;
}

export interface FormulaContext {
  /** Names of lets, lookups and employment: they hide functions of the same name. */
  readonly bindable: ReadonlySet<string>;
  readonly definitions: readonly Definition[];
  readonly options: CompileOptions;
}

/**
 * Compiles a formula. Definitions that it needs are put in front of it inside one block, so that the engine sees one expression; positions are
 * translated back to the YAML scalar or to the `.jsonata` file.
 */
export function compileFormula(
  formula: Formula,
  context: FormulaContext,
): { readonly formula?: CompiledFormula; readonly diagnostics: readonly Diagnostic[] } {
  if (formula.kind === 'literal') {
    const { value, path, place } = formula;
    const locate = (): Place => place;
    const text = JSON.stringify(value);
    const literal = { value };
    return {
      formula: { path, text, place, literal, columns: [], bindings: [], definitions: [], locate, evaluate: () => value },
      diagnostics: [],
    };
  }
  const { text, path, locate } = formula;
  try {
    // Alone first: a text such as `1) + (2` is an expression only inside our block.
    const compiled = compile(text, context.options);
    const names = compiled.variables.map((use) => use.name);
    const definitions = definitionsFor(names, context.definitions);
    const defined = new Set(definitions.map((definition) => definition.name));
    const free = new Set(
      [...names, ...definitions.flatMap((definition) => definition.variables)].filter(
        (name) => !defined.has(name) && context.bindable.has(name),
      ),
    );
    const columns = new Set([...compiled.fieldNames.map((use) => use.name), ...definitions.flatMap((definition) => definition.columns)]);
    const joined = definitions.length === 0 ? undefined : joinDefinitions(definitions, text, context.options);
    const engine = joined?.compiled ?? compiled;
    const rowUse = findRowUse(compiled.ast, text);
    const inDefinition = definitions.find((definition) => definition.wholeRow !== undefined)?.wholeRow;
    const wholeRow = rowUse === undefined ? inDefinition : locate(rowUse.offset, rowUse.length);
    return {
      formula: {
        path,
        text,
        place: locate(0, text.length),
        compiled,
        engine,
        source: formula,
        columns: [...columns],
        ...(wholeRow === undefined ? {} : { wholeRow }),
        bindings: [...free],
        definitions,
        locate: joined === undefined ? locate : (offset, length) => joined.locate(offset, length, locate),
        evaluate: (input, bindings) => engine.evaluate(input, bindings),
      },
      diagnostics: [],
    };
  } catch (error) {
    return { diagnostics: syntaxDiagnostics(error, locate) };
  }
}

interface Joined {
  readonly compiled: Compiled;
  readonly locate: (offset: number, length: number | undefined, inFormula: CompiledFormula['locate']) => Place;
}

function joinDefinitions(definitions: readonly Definition[], text: string, options: CompileOptions): Joined {
  let source = '(';
  const parts = definitions.map((definition) => {
    const start = source.length;
    source += `${definition.text};`;
    return { definition, start, end: source.length };
  });
  const formulaStart = source.length;
  source += `${text})`;
  return {
    compiled: compile(source, options),
    locate: (offset, length, inFormula) => {
      const part = parts.find(({ end }) => offset < end);
      return part === undefined
        ? inFormula(offset - formulaStart, length)
        : part.definition.locate(Math.max(0, offset - part.start), length);
    },
  };
}
