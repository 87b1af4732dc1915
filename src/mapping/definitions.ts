import { basename } from 'node:path';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import {
  describeProblem,
  compile,
  ExpressionSyntaxError,
  RefusedExpressionError,
  type FunctionDeclarations,
  type NameUse,
} from '../jsonata/index.ts';
import type { TransformDeclaration } from '../pipeline/pipeline.ts';
import { findRowUse } from './row-use.ts';
import { splitStatements } from './statements.ts';

/** `$name := function(…) { … }` of a `.jsonata` file. */
export interface Definition {
  readonly name: string;
  /** The statement without its semicolon. */
  readonly text: string;
  /** Free `$names` that it uses: other definitions, lookups, library functions. */
  readonly variables: readonly string[];
  /** Columns of the row that its body reads. */
  readonly columns: readonly string[];
  /** The same free names and columns, each with its offset in `text`. */
  readonly uses: readonly NameUse[];
  readonly fields: readonly NameUse[];
  /** Where it uses the row as a whole, so that its columns cannot be known. */
  readonly wholeRow?: Place;
  readonly place: Place;
  /** Place in the file of an offset into `text`. */
  readonly locate: (offset: number, length?: number) => Place;
}

type UsedFile = TransformDeclaration['use'][number];

/** Definitions of all files in order. A name that is defined twice is an error, whichever files it stands in. */
export function readDefinitions(
  files: readonly UsedFile[],
  functions: FunctionDeclarations,
): { readonly definitions: readonly Definition[]; readonly diagnostics: readonly Diagnostic[] } {
  const definitions: Definition[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    for (const { text, offset } of splitStatements(file.text)) {
      const locate = (at: number, length?: number): Place => placeInFile(file, offset + at, length);
      try {
        const compiled = compile(text, { functions });
        const { ast } = compiled;
        const lhs = ast.type === 'bind' && ast.lhs !== undefined && 'value' in ast.lhs ? ast.lhs.value : undefined;
        if (typeof lhs !== 'string') {
          const place = locate(0, text.length);
          diagnostics.push({ code: 'MAP-107', severity: 'error', message: 'this statement defines nothing', place });
          continue;
        }
        const before = definitions.find((definition) => definition.name === lhs);
        if (before !== undefined) {
          const message = `$${lhs} is defined already, in ${basename(before.place.file)} on line ${String(before.place.line)}`;
          diagnostics.push({ code: 'MAP-108', severity: 'error', message, place: locate(0, lhs.length + 1) });
          continue;
        }
        const rowUse = findRowUse(ast, text);
        definitions.push({
          name: lhs,
          text,
          variables: [...new Set(compiled.variables.map((use) => use.name).filter((name) => name !== lhs))],
          columns: [...new Set(compiled.fieldNames.map((use) => use.name))],
          uses: compiled.variables.filter(({ name }) => name !== lhs),
          fields: compiled.fieldNames,
          ...(rowUse === undefined ? {} : { wholeRow: locate(rowUse.offset, rowUse.length) }),
          place: locate(0, lhs.length + 1),
          locate,
        });
      } catch (error) {
        diagnostics.push(...syntaxDiagnostics(error, locate));
      }
    }
  }
  return { definitions, diagnostics };
}

/** Problems that `compile` threw, at their places. Anything else is thrown on: it is a defect. */
export function syntaxDiagnostics(error: unknown, locate: (offset: number, length?: number) => Place): readonly Diagnostic[] {
  if (error instanceof ExpressionSyntaxError) {
    // The parser goes on after a problem, but what it then finds mostly follows from the first.
    return error.problems.slice(0, 1).map((problem) => ({
      code: error.code,
      severity: 'error',
      message: describeProblem(problem),
      place: locate(problem.offset, problem.length),
    }));
  }
  if (error instanceof RefusedExpressionError) {
    return [{ code: error.code, severity: 'error', message: error.message, place: locate(error.offset, error.length) }];
  }
  throw error;
}

/** Place of an offset in a function file. */
export function placeInFile(file: UsedFile, offset: number, length = 1): Place {
  const start = lineAndColumn(file.text, offset);
  const end = lineAndColumn(file.text, offset + Math.max(1, length));
  return { file: file.file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** The definitions that some names need, through each other, in the order of the files. */
export function definitionsFor(names: Iterable<string>, definitions: readonly Definition[]): readonly Definition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const needed = new Set<Definition>();
  const add = (name: string): void => {
    const definition = byName.get(name);
    if (definition === undefined || needed.has(definition)) return;
    needed.add(definition);
    for (const variable of definition.variables) add(variable);
  };
  for (const name of names) add(name);
  return definitions.filter((definition) => needed.has(definition));
}
