import { systemClock } from '../domain/clock.ts';
import type { AstNode } from './ast.ts';
import { NotCompiled } from './codegen/code.ts';
import { CompiledEngine, readRegistered, type EngineOptions } from './engine/compiled.ts';
import type { FunctionDeclarations } from './engine/definitions.ts';
import { ReferenceEngine } from './engine/reference.ts';
import { LimitError } from './errors.ts';
import { compareEngines, verificationOf } from './engine/verify.ts';
import { watchEvaluation, type WatchedStep } from './engine/watch.ts';
import { resolveGuardrails, type Guardrails } from './guardrails.ts';
import { refuseHazards } from './hazards.ts';
import { collectNames, type ExpressionNames } from './names.ts';
import { parseExpression } from './parse.ts';

export type Bindings = Readonly<Record<string, unknown>>;

export interface CompileOptions {
  /** Functions that expressions can call as `$name`; pure and synchronous, or the expression runs in the reference engine. */
  readonly functions?: FunctionDeclarations;
  /** Limits; partial ones are filled up with the defaults. false: no limits, and nothing is refused at load. */
  readonly guardrails?: Partial<Guardrails> | false;
  /** true: every evaluation is done in both engines; n: every n-th. A difference throws JSN-109, and the value is then a promise. */
  readonly verify?: boolean | number;
  /** Milliseconds since the epoch that $now and $millis show, read once per evaluation. Default: the system's clock. */
  readonly now?: () => number;
}

export interface EngineStats {
  readonly evaluations: number;
  /** Evaluations that the reference engine answered because compiled code threw. */
  readonly fallbacks: number;
  /** Evaluations done in both engines and found equal. */
  readonly verified: number;
}

export interface Compiled extends ExpressionNames {
  readonly source: string;
  readonly ast: AstNode;
  /** Whether compiled code answers; otherwise the reference does, and `reasons` says why. */
  readonly compiled: boolean;
  readonly reasons: readonly string[];
  /**
   * The value of the expression on an input; a promise only when the reference engine has to answer. Plain JSON values;
   * undefined is JSONata's nothing. `bindings` are `$name`s for this evaluation.
   * @throws EvaluationError, LimitError (or the promise rejects with them); JoineryError JSN-109 with `verify`
   */
  evaluate(input: unknown, bindings?: Bindings): unknown;
  /**
   * What the parts of the expression come to on an input, for people who look for a mistake: calls, operators and paths, inner
   * before outer. An evaluation that fails gives the parts before the failure. In the reference engine, so a hundred times slower.
   */
  watch(input: unknown, bindings?: Bindings): Promise<readonly WatchedStep[]>;
  stats(): EngineStats;
}

/**
 * Compiles one JSONata expression.
 * @throws ExpressionSyntaxError (JSN-101) with every problem of the text; RefusedExpressionError (JSN-106 to JSN-108)
 */
export function compile(source: string, options: CompileOptions = {}): Compiled {
  const ast = parseExpression(source);
  const guardrails = resolveGuardrails(options.guardrails);
  if (guardrails !== undefined) refuseHazards(ast, source);
  const now = options.now ?? ((): number => systemClock.now());
  let reference: ReferenceEngine | undefined;
  // Made when first needed: it parses the text once more, and most expressions never need it.
  const askReference = (input: unknown, bindings: Bindings | undefined, instant?: number): Promise<unknown> => {
    reference ??= new ReferenceEngine(source, ast, { functions: options.functions, guardrails, now });
    return reference.evaluate(input, bindings, instant);
  };
  const registered = readRegistered(options.functions);
  let tried: Attempt | undefined;
  // Code is made when it is first needed or asked about: most runs of a mapping evaluate nobody.
  const attempt = (): Attempt => (tried ??= tryCompile(ast, registered, { functions: options.functions, guardrails, now }));
  const names = collectNames(ast, source);
  const stats = { evaluations: 0, fallbacks: 0, verified: 0 };
  const every = verificationOf(options.verify, names);

  const evaluate = (input: unknown, bindings: Bindings | undefined): unknown => {
    const { engine } = attempt();
    if (engine === undefined) return askReference(input, bindings);
    try {
      return engine.run(input, bindings);
    } catch (thrown) {
      if (thrown instanceof LimitError) throw thrown;
      stats.fallbacks += 1;
      return askReference(input, bindings);
    }
  };
  return {
    ...names,
    source,
    ast,
    get compiled() {
      return attempt().engine !== undefined;
    },
    get reasons() {
      return attempt().reasons;
    },
    stats: () => ({ ...stats }),
    watch: (input, bindings) => watchEvaluation(source, ast, { functions: options.functions, guardrails, now }, input, bindings),
    evaluate: (input, bindings) => {
      stats.evaluations += 1;
      if (every === 0 || stats.evaluations % every !== 0) return evaluate(input, bindings);
      const { engine } = attempt();
      if (engine === undefined) return evaluate(input, bindings);
      const instant = now();
      return compareEngines(
        source,
        () => engine.run(input, bindings, instant),
        () => askReference(input, bindings, instant),
      ).finally(() => {
        stats.verified += 1;
      });
    },
  };
}

interface Attempt {
  readonly engine?: CompiledEngine;
  readonly reasons: readonly string[];
}

function tryCompile(ast: AstNode, registered: ReturnType<typeof readRegistered>, options: EngineOptions): Attempt {
  try {
    return { engine: new CompiledEngine(ast, registered, options), reasons: [] };
  } catch (thrown) {
    if (thrown instanceof NotCompiled) return { reasons: [thrown.reason] };
    throw thrown;
  }
}
