import jsonata from 'jsonata';
import { walkAst, type AstNode } from '../ast.ts';
import { EvaluationError, LimitError } from '../errors.ts';
import type { Guardrails } from '../guardrails.ts';
import { readThrown } from '../parse.ts';
import { spanAt } from '../position.ts';
import { assignHook, readDefinitions, type FunctionDeclarations, type NativeFunction, type ReferenceEnvironment } from './definitions.ts';
import { toPlain } from './plain.ts';

export interface ReferenceOptions {
  readonly functions?: FunctionDeclarations | undefined;
  readonly guardrails: Guardrails | undefined;
  /** Milliseconds since the epoch, for $now, $millis and dates that are given in part. */
  readonly now: () => number;
  /** Characters in front of the author's own text; offsets of errors are counted from behind them. */
  readonly shift?: number;
  /** Told of every node that was evaluated, with its value. */
  readonly onValue?: (node: AstNode, value: unknown) => void;
}

/** Three seconds of the reference; what needs more is endless. */
const mostNodes = 2_000_000;
/** One nested call of a function passes through about this many nested nodes of the reference. */
const nodesPerCall = 12;

/** Read once: parsing is what an engine costs. */
let reused: ReadonlyMap<string, NativeFunction> | undefined;

/**
 * jsonata 2.2.2 itself behind our limits, clock and errors: the oracle, and the engine for what is not compiled.
 * Await one evaluation before starting the next: many at once are five times slower.
 */
export class ReferenceEngine {
  readonly #source: string;
  readonly #expression: jsonata.Expression;
  readonly #guardrails: Guardrails | undefined;
  readonly #shift: number;
  readonly #mutates: boolean;
  /** For the evaluation that is being started; its hook reads it before the first await. */
  #instant: number | undefined;

  constructor(source: string, ast: AstNode, options: ReferenceOptions) {
    this.#source = source;
    this.#guardrails = options.guardrails;
    this.#shift = options.shift ?? 0;
    this.#mutates = writesToInput(ast);
    const limits = options.guardrails;
    // `stack` counts nested nodes.
    this.#expression = jsonata(source, limits === undefined ? {} : { stack: limits.depth * nodesPerCall });
    reused ??= readDefinitions(['fromMillis', 'pad']);
    type WithEnvironment = { readonly environment: ReferenceEnvironment };
    // jsonata's own $now shares one instant among evaluations that overlap; these read the instant of their own evaluation.
    this.#expression.registerFunction(
      'now',
      function now(this: unknown, picture?: string, zone?: string): unknown {
        const { environment } = this as WithEnvironment; // oxlint-disable-line typescript/no-unsafe-type-assertion -- jsonata passes its focus as `this`
        return reused?.get('fromMillis')?.implementation.call(this, environment.base.timestamp.getTime(), picture, zone);
      },
      '<s?s?:s>',
    );
    this.#expression.registerFunction(
      'millis',
      function millis(this: unknown): number {
        const { environment } = this as WithEnvironment; // oxlint-disable-line typescript/no-unsafe-type-assertion -- jsonata passes its focus as `this`
        return environment.base.timestamp.getTime();
      },
      '<:n>',
    );
    if (limits !== undefined) this.#limitPad(limits.output);
    for (const [name, { implementation, signature }] of Object.entries(options.functions ?? {})) {
      this.#expression.registerFunction(name, implementation, signature);
    }
    // The reference counts every node that it visits, a microsecond or two each.
    const most = limits === undefined ? Infinity : Math.min(limits.steps, mostNodes);
    assignHook(this.#expression, 'entry', (_node, _input, environment) => {
      const { base } = environment;
      if (base.steps === undefined) {
        base.steps = 0;
        base.timestamp = new Date(this.#instant ?? options.now());
      }
      if ((base.steps += 1) > most) throw new LimitError('steps', most);
    });
    const { onValue } = options;
    if (onValue !== undefined)
      assignHook(this.#expression, 'exit', (node, _input, _environment, value) => {
        onValue(node as AstNode, value); // oxlint-disable-line typescript/no-unsafe-type-assertion -- what jsonata evaluates is its tree
      });
  }

  /**
   * Plain JSON values, undefined for nothing. `instant` is the time of $now, in place of the engine's clock.
   * @throws EvaluationError, LimitError
   */
  async evaluate(input: unknown, bindings?: Readonly<Record<string, unknown>>, instant?: number): Promise<unknown> {
    try {
      this.#instant = instant;
      // Grouping an empty array and `name[]` write to their input; the row must look the same to the next expression.
      const value: unknown = await this.#expression.evaluate(this.#mutates ? copyData(input) : input, bindings);
      return toPlain(value, this.#guardrails?.output);
    } catch (thrown) {
      throw this.#errorOf(thrown);
    }
  }

  /** $pad is the one function that makes much of a small number; no limit of jsonata's stops it. */
  #limitPad(most: number): void {
    function pad(this: unknown, str: unknown, width: number, char: unknown): unknown {
      if (Math.abs(width) > most) throw new LimitError('output', most);
      return reused?.get('pad')?.implementation.call(this, str, width, char);
    }
    this.#expression.registerFunction('pad', pad, '<s-ns?:s>');
  }

  #errorOf(thrown: unknown): EvaluationError {
    if (thrown instanceof EvaluationError) return thrown;
    const { code, position, token, message, value } = readThrown(thrown);
    if (code === 'D1011') return new LimitError('depth', this.#guardrails?.depth ?? 0);
    const span = position === undefined ? undefined : spanAt(this.#source, position, token);
    const shown = code === undefined ? message : `${code}: ${message}`;
    return new EvaluationError(shown, {
      code: code ?? 'JSN-102',
      jsonataCode: code,
      offset: span === undefined ? undefined : Math.max(0, span.offset - this.#shift),
      token,
      value,
      cause: thrown,
    });
  }
}

function writesToInput(ast: AstNode): boolean {
  let found = false;
  walkAst(ast, (node) => {
    if (
      node.group !== undefined ||
      (node.type === 'unary' && node.value === '{') ||
      node.keepSingletonArray === true ||
      node.keepArray === true ||
      node.type === 'transform'
    )
      found = true;
    if (node.type === 'variable' && node.value === 'eval') found = true;
  });
  return found;
}

/** Deep copy of plain data; functions and class instances stay what they are. */
function copyData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => copyData(item));
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyData(member)]));
}
