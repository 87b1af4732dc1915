import { childrenOf, leftOf, type AstNode } from '../ast.ts';
import { runtime } from '../runtime/index.ts';
import type { Value } from '../runtime/sequence.ts';
import { Builder } from './builder.ts';
import { literalOf, NotCompiled, type Type } from './code.ts';
import { ExpressionEmitter } from './expressions.ts';
import { collectBinds, declare, Frame, FunctionScope, type Environment } from './scope.ts';

/** A generated function: context, original input, values of the bindings in the program's order, lets of the unit. */
type Run = (context: Value, input: Value, bindings: readonly Value[], lets: readonly Value[]) => Value;

export interface Program {
  readonly run: Run;
  /** The result has to be walked: it can be large, marked, or hold functions. */
  readonly walk: boolean;
  readonly type: Type;
  /** The generated text, for tests and for the curious. */
  readonly text: string;
  /** Indices of the lets that are read. */
  readonly lets: ReadonlySet<number>;
  /** Names of the bindings that `run` wants, in order. */
  readonly bindings: readonly string[];
}

/** The variant of a program: `row` reads members of a plain object directly. */
export interface ProgramOptions {
  readonly row: boolean;
  readonly environment: Environment;
  /** Names of bindings that the unit reads; grows. */
  readonly bindings?: string[];
}

/**
 * Generates the function of one expression. The text holds nothing of the expression but JSON literals: names of ours for
 * everything else.
 * @throws NotCompiled with the reason
 */
export function generateProgram(ast: AstNode, options: ProgramOptions): Program {
  try {
    return generate(ast, options);
  } catch (thrown) {
    // Both this module and V8's parser follow the nesting of the text with their own stack.
    if (thrown instanceof RangeError) throw new NotCompiled('it is nested too deeply');
    throw thrown;
  }
}

function generate(ast: AstNode, { row, environment, bindings = [] }: ProgramOptions): Program {
  const builder = new Builder(environment, bindings);
  const emitter = new ExpressionEmitter(builder);
  const scope = new FunctionScope();
  const frame = new Frame(undefined);
  declare(frame, collectBinds([ast]), () => emitter.unboundLocal(scope));
  const result = emitter.emit(ast, { scope, frame, context: { text: 'c', row } });
  const reads = [
    ...[...builder.bindingsRead].map((index) => `b${String(index)}=B[${String(index)}]`),
    // The names of Object.prototype are read with a test, where they stand.
    ...builder.columns.flatMap((name, index) => {
      const [raw, read] = [`q${String(index)}`, `r${String(index)}`];
      return [
        `${raw}=c[${literalOf(name)}]`,
        `${read}=typeof ${raw}==="object"&&${raw}!==null?${builder.use('finishMember')}(${raw}):${raw}`,
      ];
    }),
    ...[...builder.lets].map((index) => `l${String(index)}=L[${String(index)}]`),
  ];
  const text = [
    '"use strict";',
    constants([...builder.runtime].map((name) => `${name}=R.${name}`)),
    constants(builder.constants.map((_, index) => `k${String(index)}=K[${String(index)}]`)),
    `return function(c,i,B,L){${constants(reads)}${scope.declaration()}return ${result.text};};`,
  ].join('\n');
  const run = instantiate(text, builder.constants);
  return { run, walk: builder.walk || weigh(ast) > heavy, type: result.type, text, lets: builder.lets, bindings };
}

function constants(declarations: readonly string[]): string {
  return declarations.length === 0 ? '' : `const ${declarations.join(',')};`;
}

function instantiate(text: string, constantsOfProgram: readonly unknown[]): Run {
  // The one place where text becomes code; program.hostile.test.ts holds it to JSON literals and names of ours.
  const factory = new Function('K', 'R', text); // oxlint-disable-line typescript/no-implied-eval -- generating code is what this module is for
  return factory(constantsOfProgram, runtime);
}

let allowed: boolean | undefined;

/** Whether this process may turn text into code (`--disallow-code-generation-from-strings`). */
export function canGenerateCode(): boolean {
  if (allowed !== undefined) return allowed;
  try {
    allowed = new Function('return true')() === true; // oxlint-disable-line typescript/no-implied-eval -- the question is whether this throws
  } catch {
    allowed = false;
  }
  return allowed;
}

/** Leaves of the tree with variables counted as often as they are read: the size of the result is at most this many inputs. */
const heavy = 1000;

function weigh(ast: AstNode): number {
  const weights = new Map<string, number>();
  const visit = (node: AstNode): number => {
    let total = 1;
    for (const child of childrenOf(node)) total += visit(child);
    const bound = node.type === 'bind' ? leftOf(node)?.value : undefined;
    if (typeof bound === 'string') weights.set(bound, total);
    if (node.type === 'variable' && typeof node.value === 'string') total += weights.get(node.value) ?? 0;
    return total;
  };
  return visit(ast);
}
