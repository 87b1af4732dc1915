import type { AstNode } from '../ast.ts';
import { can, fn, NotCompiled } from '../codegen/code.ts';
import { canGenerateCode, generateProgram, type Program } from '../codegen/program.ts';
import type { Environment } from '../codegen/scope.ts';
import type { Guardrails } from '../guardrails.ts';
import { builtins } from '../runtime/builtins.ts';
import { isFunction, Unsupported } from '../runtime/functions.ts';
import { wrapInput, type Value } from '../runtime/sequence.ts';
import { runWithin, startEvaluation, state } from '../runtime/state.ts';
import { isNativeFunction, readDefinitions, type FunctionDeclarations, type NativeFunction } from './definitions.ts';
import { toPlain } from './plain.ts';

export interface EngineOptions {
  readonly functions?: FunctionDeclarations | undefined;
  readonly guardrails: Guardrails | undefined;
  readonly now: () => number;
  /** Lets of a unit, visible as `$name`. */
  readonly letOf?: Environment['letOf'];
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

/** One expression as synchronous code. Throws whatever it likes when the reference would throw: the caller asks the reference. */
export class CompiledEngine {
  readonly #ast: AstNode;
  readonly #options: EngineOptions;
  readonly #registered: ReadonlyMap<string, NativeFunction>;
  /** Names of functions that the expression may mean by `$name`; a binding of that name makes another program. */
  readonly #functionNames: ReadonlySet<string>;
  readonly #rowProgram: Program;
  readonly #programs = new Map<string, Program>();

  /** @throws NotCompiled */
  constructor(ast: AstNode, registered: ReadonlyMap<string, NativeFunction>, options: EngineOptions) {
    if (!canGenerateCode()) throw new NotCompiled('this process may not generate code');
    this.#ast = ast;
    this.#options = options;
    this.#registered = registered;
    const used = new Set<string>();
    this.#rowProgram = generateProgram(ast, { row: true, environment: this.#environment(new Set(), used) });
    this.#functionNames = used;
  }

  get program(): Program {
    return this.#rowProgram;
  }

  #environment(hidden: ReadonlySet<string>, used?: Set<string>): Environment {
    return {
      letOf: this.#options.letOf ?? ((): undefined => undefined),
      nativeOf: (name) => {
        const own = this.#registered.get(name);
        const native = own ?? builtins.get(name);
        if (native === undefined) return undefined;
        used?.add(name);
        if (hidden.has(name)) return undefined;
        if (own !== undefined && isAsync(own.implementation)) throw new NotCompiled(`$${name} is asynchronous`);
        return { native, registered: own !== undefined };
      },
    };
  }

  /** The program for an input and the bindings that hide functions. */
  programFor(input: Value, bindings: Value): Program {
    const row = isRow(input);
    let hidden: Set<string> | undefined;
    if (bindings !== undefined && bindings !== null) {
      for (const name in bindings) if (this.#functionNames.has(name) && Object.hasOwn(bindings, name)) (hidden ??= new Set()).add(name);
    }
    if (row && hidden === undefined) return this.#rowProgram;
    const key = `${row ? 'row' : 'any'}:${JSON.stringify([...(hidden ?? [])].toSorted())}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = generateProgram(this.#ast, { row, environment: this.#environment(hidden ?? new Set()) });
      this.#programs.set(key, program);
    }
    return program;
  }

  /** @throws LimitError, which is final; anything else means: ask the reference */
  run(input: Value, bindings: Value): Value {
    if (state.active) return runWithin(() => this.#run(input, bindings));
    state.active = true;
    try {
      return this.#run(input, bindings);
    } finally {
      state.active = false;
    }
  }

  #run(input: Value, bindings: Value): Value {
    startEvaluation(this.#options.guardrails, this.#options.now);
    const program = this.programFor(input, bindings);
    return cleanResult(program, program.run(program === this.#rowProgram ? input : wrapInput(input), input, bindings, noLets));
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
export function isRow(input: Value): boolean {
  if (typeof input !== 'object' || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return (prototype === Object.prototype || prototype === null) && input._jsonata_lambda !== true && !isNativeFunction(input);
}

function isAsync(implementation: unknown): boolean {
  return Object.prototype.toString.call(implementation) !== '[object Function]';
}
