import type { AstNode } from '../ast.ts';
import { can, fn, NotCompiled } from '../codegen/code.ts';
import { canGenerateCode, generateProgram, type Program } from '../codegen/program.ts';
import type { Environment } from '../codegen/scope.ts';
import type { Guardrails } from '../guardrails.ts';
import { builtins } from '../runtime/builtins.ts';
import { isFunction, Unsupported } from '../runtime/functions.ts';
import { readBindings, wrapInput, type Value } from '../runtime/sequence.ts';
import { runWithin, startEvaluation, state } from '../runtime/state.ts';
import { readDefinitions, type FunctionDeclarations, type NativeFunction } from './definitions.ts';
import { toPlain } from './plain.ts';

export interface EngineOptions {
  readonly functions?: FunctionDeclarations | undefined;
  readonly guardrails: Guardrails | undefined;
  readonly now: () => number;
}

const registeredByDeclarations = new WeakMap<FunctionDeclarations, ReadonlyMap<string, NativeFunction>>();

/**
 * Registered functions by name, as the reference defines them. Kept per object of declarations: a mapping compiles a
 * hundred expressions with the same ones, so do not change it afterwards.
 * @throws what the reference throws for a signature that it cannot parse (S0401, S0402)
 */
export function readRegistered(functions: FunctionDeclarations | undefined): ReadonlyMap<string, NativeFunction> {
  if (functions === undefined) return new Map();
  let registered = registeredByDeclarations.get(functions);
  if (registered === undefined) {
    registered = readDefinitions(Object.keys(functions), functions);
    registeredByDeclarations.set(functions, registered);
  }
  return registered;
}

/** The functions that `$name` can mean, unless a binding hides them; every name asked for is noted in `used`. */
export function environmentOf(
  registered: ReadonlyMap<string, NativeFunction>,
  hidden: ReadonlySet<string>,
  used: Set<string>,
  letOf: Environment['letOf'],
): Environment {
  return {
    letOf,
    nativeOf: (name) => {
      const own = registered.get(name);
      const native = own ?? builtins.get(name);
      if (native === undefined) return undefined;
      used.add(name);
      if (hidden.has(name)) return undefined;
      if (own !== undefined && isAsync(own.implementation)) throw new NotCompiled(`$${name} is asynchronous`);
      return { native, registered: own !== undefined };
    },
  };
}

/** Programs for the kinds of input and for the bindings that hide functions; the usual one is found without looking. */
export class Variants<T> {
  readonly #build: (row: boolean, hidden: ReadonlySet<string>) => T;
  readonly #functionNames: ReadonlySet<string>;
  readonly #usual: T;
  readonly #others = new Map<string, T>();
  /** Bindings that cannot change and were seen to hide nothing. */
  #plain: Value;

  constructor(usual: T, functionNames: ReadonlySet<string>, build: (row: boolean, hidden: ReadonlySet<string>) => T) {
    this.#usual = usual;
    this.#functionNames = functionNames;
    this.#build = build;
  }

  for(input: Value, bindings: Value): T {
    const row = isRow(input);
    const isPlain = bindings === undefined || bindings === null || bindings === this.#plain;
    const hidden = isPlain ? undefined : this.#hiddenBy(bindings);
    if (!isPlain && hidden === undefined && Object.isFrozen(bindings)) this.#plain = bindings;
    if (row && hidden === undefined) return this.#usual;
    const names = [...(hidden ?? [])].toSorted();
    const key = JSON.stringify([row, ...names]);
    let variant = this.#others.get(key);
    if (variant === undefined) {
      variant = this.#build(row, new Set(names));
      this.#others.set(key, variant);
    }
    return variant;
  }

  #hiddenBy(bindings: object): Set<string> | undefined {
    let hidden: Set<string> | undefined;
    for (const name in bindings) if (this.#functionNames.has(name) && Object.hasOwn(bindings, name)) (hidden ??= new Set()).add(name);
    return hidden;
  }
}

/** One expression as synchronous code. Throws whatever it likes when the reference would throw: the caller asks the reference. */
export class CompiledEngine {
  readonly #options: EngineOptions;
  readonly #variants: Variants<Program>;
  readonly program: Program;

  /** @throws NotCompiled */
  constructor(ast: AstNode, registered: ReadonlyMap<string, NativeFunction>, options: EngineOptions) {
    if (!canGenerateCode()) throw new NotCompiled('this process may not generate code');
    this.#options = options;
    const used = new Set<string>();
    const build = (row: boolean, hidden: ReadonlySet<string>): Program =>
      generateProgram(ast, { row, environment: environmentOf(registered, hidden, used, () => undefined) });
    this.program = build(true, new Set());
    this.#variants = new Variants(this.program, used, build);
  }

  /**
   * @param instant the time of $now in place of the engine's clock
   * @throws LimitError, which is final; anything else means: ask the reference
   */
  run(input: Value, bindings: Value, instant?: number): Value {
    return runAlone(() => this.#run(input, bindings, instant));
  }

  #run(input: Value, bindings: Value, instant: number | undefined): Value {
    const { guardrails, now } = this.#options;
    startEvaluation(guardrails, instant === undefined ? now : (): number => instant);
    const program = this.#variants.for(input, bindings);
    return cleanResult(program, program.run(wrapInput(input), input, readBindings(program.bindings, bindings), noLets));
  }
}

/** Runs one evaluation; inside another one the counters of that are put back. */
export function runAlone<T>(run: () => T): T {
  if (state.active) return runWithin(run);
  state.active = true;
  try {
    return run();
  } finally {
    state.active = false;
  }
}

const noLets: readonly Value[] = [];

/** The result as it leaves: without marks, within the limit of output, and no function, which only the reference can show. */
export function cleanResult(program: Program, value: Value): Value {
  if (typeof value === 'string') return value.length > state.maxOutput ? toPlain(value, state.maxOutput) : value;
  if (can(program.type, fn) && isFunction(value)) throw new Unsupported('the result is a function');
  return program.walk || state.made ? toPlain(value, state.maxOutput, refuseFunction) : value;
}

function refuseFunction(value: object): void {
  if (isFunction(value)) throw new Unsupported('the result holds a function');
}

/** A plain object: not an array, not a function of jsonata's, no class with accessors. */
function isRow(input: Value): boolean {
  if (typeof input !== 'object' || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return (prototype === Object.prototype || prototype === null) && !isFunction(input);
}

function isAsync(implementation: unknown): boolean {
  return Object.prototype.toString.call(implementation) !== '[object Function]';
}
