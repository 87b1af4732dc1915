import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { JoineryError } from '../../domain/error.ts';
import { functionLibrary, type LibraryFunction } from '../functions/index.ts';
import { compile, EvaluationError } from '../index.ts';
import { contextOfOptions, type EntraEvaluationOptions } from './evaluate.ts';
import {
  EntraExpressionError,
  evaluateEntraExpression,
  importEntraExpression,
  parseEntraExpression,
  printEntraExpression,
} from './index.ts';

const recordShape = z.record(z.string(), z.unknown());
const vectorShape = z.object({
  id: z.string(),
  expression: z.string(),
  attributes: recordShape.optional(),
  now: z.string().optional(),
  existingInTarget: z.array(z.string()).optional(),
  expect: z.unknown().optional(),
  expectMatch: z.string().optional(),
  expectError: z.string().optional(),
  compare: z.literal('set').optional(),
  runnable: z.boolean().optional(),
  dialect: z.enum(['cloud-sync', 'connect-sync']).optional(),
});
const caseShape = z.object({
  inputs: recordShape,
  now: z.string().optional(),
  existingInTarget: z.array(z.string()).optional(),
  vars: recordShape.optional(),
  verdict: z.string(),
  perReferenceSemantics: z.unknown().optional(),
  expectMatch: z.string().optional(),
});
const expressionsShape = z.object({
  count: z.number(),
  expressions: z.array(
    z.object({
      id: z.string(),
      expression: z.string(),
      valid: z.boolean(),
      outline: z.object({ root: z.string(), rootArgumentCount: z.number().nullable() }).optional(),
      cases: z.array(caseShape).optional(),
      graphParseTree: z.object({ expression: z.string() }).optional(),
    }),
  ),
});

function readData(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8')) as unknown;
}

const vectors = z.array(vectorShape).parse(readData('vectors.json'));
const mappingExpressions = expressionsShape.parse(readData('mapping-expressions.json'));
const validExpressions = mappingExpressions.expressions.filter((entry) => entry.valid);

interface Expectation {
  readonly expression: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly options: EntraEvaluationOptions;
  readonly result?: unknown;
  readonly matches?: string | undefined;
  readonly fails?: boolean;
  readonly anyOrder?: boolean;
}

type Run = (expectation: Expectation) => unknown;

/** Through the evaluator of the language itself. */
const directly: Run = ({ expression, attributes, options }) => evaluateEntraExpression(expression, attributes, options);

/** Only the functions that the code calls: an engine parses the signature of each one it is given. */
function usedFunctions(code: string, options: EntraEvaluationOptions): Record<string, LibraryFunction> {
  return Object.fromEntries(Object.entries(functionLibrary(contextOfOptions(options))).filter(([name]) => code.includes(`$${name}(`)));
}

/** Through the importer, with the row's NULLs as null. */
const throughJsonata: Run = async ({ expression, attributes, options }) => {
  const imported = importEntraExpression(expression);
  const engine = jsonata(imported.jsonata);
  for (const [name, { implementation, signature }] of Object.entries(usedFunctions(imported.jsonata, options))) {
    engine.registerFunction(name, implementation, signature);
  }
  const value: unknown = await engine.evaluate(structuredClone(attributes), { ...options.variables });
  return value;
};

/** Through the importer and the compiler, which is how pipelines run them. */
const throughCompiledJsonata: Run = ({ expression, attributes, options }) => {
  const code = importEntraExpression(expression).jsonata;
  const compiled = compile(code, { functions: usedFunctions(code, options) });
  return compiled.evaluate(structuredClone(attributes), { ...options.variables });
};

/** As a source delivers a row: a column that is NULL is not there at all. */
const throughJsonataWithoutNulls: Run = (expectation) =>
  throughJsonata({
    ...expectation,
    attributes: Object.fromEntries(Object.entries(expectation.attributes).filter(([, value]) => value !== null)),
  });

function normalise(value: unknown, anyOrder: boolean): unknown {
  const plain: unknown = value === undefined ? null : JSON.parse(JSON.stringify(value));
  return anyOrder && Array.isArray(plain) ? plain.toSorted((left, right) => String(left).localeCompare(String(right))) : plain;
}

/** Undefined when the expectation holds. */
async function findDifference(run: Run, expectation: Expectation): Promise<string | undefined> {
  let actual: unknown;
  try {
    actual = normalise(await run(expectation), expectation.anyOrder === true);
  } catch (error) {
    if (!(error instanceof JoineryError || error instanceof EvaluationError))
      return `${describeCase(expectation)} breaks: ${String(error)} ${JSON.stringify(error)}`;
    return expectation.fails === true ? undefined : `${describeCase(expectation)} fails: ${error.message}`;
  }
  if (expectation.fails === true) return `${describeCase(expectation)} gives ${JSON.stringify(actual)} and should fail`;
  if (expectation.matches !== undefined) {
    return typeof actual === 'string' && new RegExp(expectation.matches).test(actual)
      ? undefined
      : `${describeCase(expectation)} gives ${JSON.stringify(actual)}`;
  }
  const wanted = normalise(expectation.result, expectation.anyOrder === true);
  return isDeepStrictEqual(actual, wanted)
    ? undefined
    : `${describeCase(expectation)} gives ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`;
}

function describeCase(expectation: Expectation): string {
  return `${expectation.expression} with ${JSON.stringify(expectation.attributes)}`;
}

function optionsOf(source: {
  now?: string | undefined;
  existingInTarget?: string[] | undefined;
  vars?: Record<string, unknown> | undefined;
}): EntraEvaluationOptions {
  return {
    now: source.now ?? '2026-11-22T08:00:00Z',
    ...(source.existingInTarget === undefined ? {} : { existingInTarget: source.existingInTarget }),
    ...(source.vars === undefined ? {} : { variables: source.vars }),
  };
}

function expectationsOf(chosen: typeof vectors): Expectation[] {
  return chosen.map((vector) => ({
    expression: vector.expression,
    attributes: vector.attributes ?? {},
    options: optionsOf(vector),
    result: vector.expect,
    matches: vector.expectMatch,
    fails: vector.expectError !== undefined,
    anyOrder: vector.compare === 'set',
  }));
}

const runnable = vectors.filter((vector) => vector.runnable !== false);
/** The provisioning service, and Cloud Sync, which runs the same engine. */
const vectorExpectations = expectationsOf(runnable.filter((vector) => vector.dialect !== 'connect-sync'));
const connectSyncExpectations = expectationsOf(runnable.filter((vector) => vector.dialect === 'connect-sync'));

const caseExpectations = validExpressions.flatMap((entry) =>
  (entry.cases ?? [])
    .filter((one) => one.verdict !== 'not-computed')
    .map((one) => ({
      expression: entry.expression,
      attributes: one.inputs,
      options: optionsOf(one),
      result: one.perReferenceSemantics,
      matches: one.expectMatch,
    })),
);

async function findDifferences(run: Run, expectations: readonly Expectation[]): Promise<readonly string[]> {
  const found = await Promise.all(expectations.map((expectation) => findDifference(run, expectation)));
  return found.filter((difference) => difference !== undefined);
}

const ways = [
  ['evaluated directly', directly],
  ['imported into JSONata', throughJsonata],
  ['imported into compiled JSONata', throughCompiledJsonata],
  ['imported into JSONata, over rows without nulls', throughJsonataWithoutNulls],
] as const;

describe('the test data', () => {
  it('is complete', () => {
    expect(vectors.length).toBe(257);
    expect(vectorExpectations.length).toBe(249);
    expect(connectSyncExpectations.length).toBe(5);
    expect(mappingExpressions.expressions.length).toBe(mappingExpressions.count);
    expect(caseExpectations.length).toBe(190);
  });
});

describe.each(ways)('Microsoft’s functions, %s', (_name, run) => {
  it('give the documented result for every vector', async () => {
    expect(await findDifferences(run, vectorExpectations)).toEqual([]);
  });

  it('give the result of the reference for every case of the collected mapping expressions', async () => {
    expect(await findDifferences(run, caseExpectations)).toEqual([]);
  });
});

describe('Connect Sync, another engine', () => {
  it('differs in one thing only: Mid from beyond the end is the whole text there and the empty text here', async () => {
    expect(await findDifferences(directly, connectSyncExpectations)).toEqual(['Mid("John Doe", 99, 2) with {} gives "", not "John Doe"']);
  });
});

describe('the collected mapping expressions', () => {
  it('all parse, with the root that was seen', () => {
    const roots = validExpressions.map(({ id, expression: text, outline }) => {
      const node = parseEntraExpression(text);
      const root = node.kind === 'call' ? node.name : node.kind === 'concatenation' ? 'cat' : node.kind;
      return { id, root, count: node.kind === 'call' ? node.args.length : null, seen: outline };
    });
    expect(roots.filter(({ root, count, seen }) => root !== seen?.root || count !== seen.rootArgumentCount)).toEqual([]);
  });

  it('keep their tree when they are printed and parsed again', () => {
    const strip = (text: string): unknown =>
      JSON.parse(
        JSON.stringify(parseEntraExpression(text), (key, value: unknown) => (key === 'start' || key === 'end' ? undefined : value)),
      );
    const changed = validExpressions.filter(
      ({ expression: text }) => !isDeepStrictEqual(strip(printEntraExpression(parseEntraExpression(text))), strip(text)),
    );
    expect(changed.map(({ id }) => id)).toEqual([]);
  });

  it('print as Microsoft Graph prints them', () => {
    const printed = validExpressions.flatMap(({ expression: text, graphParseTree }) =>
      graphParseTree === undefined ? [] : [[printEntraExpression(parseEntraExpression(text)), graphParseTree.expression]],
    );
    expect(printed.length).toBeGreaterThan(0);
    expect(printed.filter(([ours, theirs]) => ours !== theirs)).toEqual([]);
  });

  it('are refused with the position when they are broken', () => {
    const broken = mappingExpressions.expressions.filter((entry) => !entry.valid);
    const positions = broken.map(({ expression: text }) => {
      try {
        parseEntraExpression(text);
        return 'parsed';
      } catch (error) {
        return error instanceof EntraExpressionError
          ? { code: error.code, offset: error.offset, line: error.line, column: error.column }
          : error;
      }
    });
    // The comma that is missing stands before the third Join, which starts a line.
    expect(positions).toEqual([{ code: 'JSN-601', offset: 289, line: 4, column: 9 }]);
  });

  it('all run in compiled code, none in the reference engine', () => {
    const functions = functionLibrary(contextOfOptions({ now: 0 }));
    const left = validExpressions.flatMap(({ id, expression: text }) => {
      const { compiled, reasons } = compile(importEntraExpression(text).jsonata, { functions });
      return compiled ? [] : [[id, ...reasons]];
    });
    expect(left).toEqual([]);
  });

  it('have error notes only where something has no equivalent or a key no value', () => {
    const failed = validExpressions.flatMap(({ id, expression: text }) =>
      importEntraExpression(text)
        .notes.filter((note) => note.severity === 'error')
        .map((note) => [id, note.code]),
    );
    expect(failed).toEqual([
      ['saas-docker-bad-arity', 'JSN-605'],
      ['conn-escape-dn', 'JSN-607'],
    ]);
  });
});
