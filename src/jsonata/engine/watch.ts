import type { AstNode } from '../ast.ts';
import { NodeSpans } from '../node-spans.ts';
import { toPlain } from './plain.ts';
import { isNativeFunction } from './definitions.ts';
import { EvaluationError } from '../errors.ts';
import { ReferenceEngine, type ReferenceOptions } from './reference.ts';

/** A part of an expression and what it came to. */
export interface WatchedStep {
  /** Place of the part in the text. */
  readonly offset: number;
  readonly length: number;
  /** The first values, in the order of evaluation: a part inside a function or a filter has many. undefined is nothing. */
  readonly values: readonly unknown[];
  /** How often it was evaluated. */
  readonly times: number;
}

/** What a person wants to see: calls, operators and longer paths. Literals, names, constructors and `&` say themselves what they are. */
const shown = new Set(['function', 'binary', 'apply', 'path', 'parent']);
const mostValues = 5;

/**
 * Evaluates in the reference engine and keeps what the parts of the expression came to, inner before outer, left before
 * right. Of an expression that fails, the parts before the failure. What was not reached, such as the other branch of a
 * condition, is missing. For people: a hundred times slower than an evaluation.
 */
export async function watchEvaluation(
  source: string,
  ast: AstNode,
  options: ReferenceOptions,
  input: unknown,
  bindings: Readonly<Record<string, unknown>> | undefined,
): Promise<readonly WatchedStep[]> {
  const spans = new NodeSpans(source);
  const found = new Map<string, { offset: number; length: number; values: unknown[]; times: number }>();
  const onValue = (node: AstNode, value: unknown): void => {
    const single = node.type === 'path' && (node.steps ?? []).length === 1 && node.steps?.[0]?.stages === undefined;
    const joins = node.type === 'binary' && node.value === '&';
    const span = shown.has(node.type) && !single && !joins && !isFunction(value) ? spans.spanOf(node) : undefined;
    if (span === undefined) return;
    const key = `${String(span.offset)}+${String(span.length)}`;
    const step = found.get(key) ?? { ...span, values: [], times: 0 };
    step.times += 1;
    if (step.values.length < mostValues) step.values.push(finished(value));
    found.set(key, step);
  };
  try {
    await new ReferenceEngine(source, ast, { ...options, onValue }).evaluate(input, bindings);
  } catch (thrown) {
    if (!(thrown instanceof EvaluationError)) throw thrown;
  }
  return [...found.values()].toSorted((a, b) => a.offset + a.length - (b.offset + b.length) || a.length - b.length);
}

/** The hook sees sequences before jsonata unwraps them. */
function finished(value: unknown): unknown {
  const isSequence = Array.isArray(value) && 'sequence' in value && !('keepSingleton' in value);
  if (isSequence && value.length < 2) return toPlain(value[0], undefined);
  return toPlain(value, undefined);
}

function isFunction(value: unknown): boolean {
  if (typeof value === 'function' || isNativeFunction(value)) return true;
  return typeof value === 'object' && value !== null && '_jsonata_lambda' in value;
}
