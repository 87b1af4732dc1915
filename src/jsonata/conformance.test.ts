import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compile, EvaluationError, ExpressionSyntaxError } from './index.ts';

interface SuiteCase {
  readonly case: string;
  readonly expr: string;
  readonly 'expr-file'?: string;
  readonly data?: unknown;
  readonly dataset?: string | null;
  readonly bindings?: Record<string, unknown>;
  readonly result?: unknown;
  readonly undefinedResult?: boolean;
  readonly code?: string;
  readonly error?: { readonly code: string };
  readonly unordered?: boolean;
}

type Outcome = { readonly value: unknown } | { readonly code: string | undefined };

const slice = fileURLToPath(new URL('../../test/data/jsonata-suite/', import.meta.url));
/** The larger part of the suite, beside the working copy; a lone clone has only the slice. */
const shared = fileURLToPath(new URL('../../../shared/jsonata-suite/', import.meta.url));

/** The suite's files are what their README says. */
function readJson(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function readCases(path: string): SuiteCase[] {
  const read: SuiteCase | SuiteCase[] = readJson(path);
  return Array.isArray(read) ? read : [read];
}

function readShared(): SuiteCase[] {
  return readdirSync(`${shared}groups`).flatMap((group) =>
    readdirSync(`${shared}groups/${group}`)
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) =>
        readCases(`${shared}groups/${group}/${file}`).map((one) => ({
          ...one,
          case: `${group}/${file}`,
          expr: one['expr-file'] === undefined ? one.expr : readFileSync(`${shared}groups/${group}/${one['expr-file']}`, 'utf8'),
        })),
      ),
  );
}

/** Values as JSON shows them; functions have no JSON, the suite expects "" where it shows one. */
function shown(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

async function outcomeOf(one: SuiteCase, folder: string): Promise<Outcome> {
  const dataset = typeof one.dataset === 'string' ? readJson(`${folder}datasets/${one.dataset}.json`) : undefined;
  try {
    const compiled = compile(one.expr);
    return { value: shown(await compiled.evaluate(one.data ?? dataset, one.bindings)) };
  } catch (thrown) {
    if (thrown instanceof EvaluationError || thrown instanceof ExpressionSyntaxError) return { code: thrown.jsonataCode };
    throw thrown;
  }
}

function expectedOf(one: SuiteCase): Outcome {
  const code = one.code ?? one.error?.code;
  return code === undefined ? { value: one.undefinedResult === true ? undefined : one.result } : { code };
}

function sorted(outcome: Outcome): unknown {
  return 'value' in outcome && Array.isArray(outcome.value) ? outcome.value.map((item) => JSON.stringify(item)).toSorted() : outcome;
}

async function failuresOf(cases: readonly SuiteCase[], folder: string): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const one of cases) {
    const [got, wanted] = [await outcomeOf(one, folder), expectedOf(one)];
    const [left, right] = one.unordered === true ? [sorted(got), sorted(wanted)] : [got, wanted];
    if (!isDeepStrictEqual(left, right)) failures.push({ case: one.case, expr: one.expr, got, wanted });
  }
  return failures;
}

describe('the reference test suite', () => {
  it('gives the value or the error code of every case of the slice', async () => {
    const cases = readCases(`${slice}cases.json`);
    expect(cases.length).toBeGreaterThan(200);
    expect(await failuresOf(cases, slice)).toEqual([]);
  });

  it('compiles nine of ten cases of the slice that parse', () => {
    const parsed = readCases(`${slice}cases.json`).flatMap(({ expr }) => {
      try {
        return [compile(expr)];
      } catch {
        return [];
      }
    });
    expect(parsed.filter(({ compiled }) => compiled).length / parsed.length).toBeGreaterThan(0.9);
    for (const one of parsed) expect(one.compiled).toBe(one.reasons.length === 0);
  });

  const present = existsSync(shared);
  if (!present) console.warn('the larger part of the JSONata suite is not beside this clone (../shared/jsonata-suite): skipped');
  it.skipIf(!present)(
    'gives the value or the error code of every case of the larger part',
    async () => {
      const cases = readShared();
      expect(cases.length).toBeGreaterThan(900);
      expect(await failuresOf(cases, shared)).toEqual([]);
    },
    60_000,
  );
});
