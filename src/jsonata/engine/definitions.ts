import jsonata from 'jsonata';
import { invariant } from '../../domain/error.ts';
import type { AstSignature } from '../ast.ts';

/** A function that expressions can call. Must be pure and synchronous to be compiled: a record may be evaluated twice. */
export interface FunctionDeclaration {
  readonly implementation: (...args: any[]) => unknown;
  /** jsonata's signature syntax, `<s-n?:s>`. */
  readonly signature?: string;
}
export type FunctionDeclarations = Readonly<Record<string, FunctionDeclaration>>;

/** A function as jsonata keeps it in its environment. */
export interface NativeFunction {
  readonly _jsonata_function: true;
  readonly implementation: (this: unknown, ...args: any[]) => unknown;
  readonly signature?: AstSignature;
}

/** What the entry hook of jsonata is called with: its frame. `base` is the frame of the evaluation. */
export interface ReferenceEnvironment {
  lookup(name: string | symbol): unknown;
  timestamp: Date;
  readonly base: ReferenceEnvironment & { steps?: number };
}

const hookSymbols = { entry: Symbol.for('jsonata.__evaluate_entry'), exit: Symbol.for('jsonata.__evaluate_exit') } as const;
/** Called before (`entry`) or after (`exit`, with the value) each node. jsonata's typings allow text only where a symbol is meant. */
export function assignHook(
  expression: jsonata.Expression,
  at: keyof typeof hookSymbols,
  hook: (node: unknown, input: unknown, environment: ReferenceEnvironment, value: unknown) => void,
): void {
  expression.assign.call(expression, hookSymbols[at] as unknown as string, hook); // oxlint-disable-line typescript/no-unsafe-type-assertion -- a symbol is what jsonata looks up
}

/**
 * The definitions jsonata itself makes of functions: built-in ones for `undefined`, else the given ones with their parsed
 * signatures. Taken from the environment that its entry hook is shown, so that argument checking is the reference's own.
 * @throws what jsonata throws for a signature that it cannot parse (S0401, S0402)
 */
export function readDefinitions(names: readonly string[], declarations: FunctionDeclarations = {}): Map<string, NativeFunction> {
  const expression = jsonata('1');
  for (const [name, { implementation, signature }] of Object.entries(declarations)) {
    expression.registerFunction(name, implementation, signature);
  }
  const found = new Map<string, NativeFunction>();
  let shown = false;
  assignHook(expression, 'entry', (_node, _input, environment) => {
    shown = true;
    for (const name of names) {
      const value = environment.lookup(name);
      if (isNativeFunction(value)) found.set(name, value);
    }
  });
  // The hook runs before the first await, so the answer is there when evaluate() returns its promise.
  void expression.evaluate(null);
  invariant(shown, 'jsonata calls its entry hook synchronously');
  return found;
}

export function isNativeFunction(value: unknown): value is NativeFunction {
  return typeof value === 'object' && value !== null && Reflect.get(value, '_jsonata_function') === true;
}

/** Names of every function of jsonata 2.2.2. */
export const builtinNames: readonly string[] = Object.freeze(
  (
    'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match contains replace split join ' +
    'formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power random boolean not map zip filter single reduce sift keys ' +
    'lookup append exists spread merge reverse each error assert type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl ' +
    'decodeUrlComponent decodeUrl eval toMillis fromMillis clone now millis'
  ).split(' '),
);
