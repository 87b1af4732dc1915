import { systemClock } from '../../domain/clock.ts';
import { compareEntra, ignoreAttributeFlow, ignoreObjectFlow, isTrue, readEntraNumber, readEntraText } from '../functions/entra-values.ts';
import { failFunction } from '../functions/arguments.ts';
import { functionLibrary, type FunctionContext, type LibraryFunction } from '../functions/index.ts';
import { findEntraFunction } from './catalog.ts';
import { checkEntraExpression, givenArguments } from './check.ts';
import { EntraExpressionError } from './expression-error.ts';
import { throwFirstError } from './notes.ts';
import { parseEntraExpression } from './parse.ts';
import type { CallNode, EntraNode, OmittedArgument, PlaceholderNode, WordNode } from './syntax-tree.ts';

export interface EntraEvaluationOptions {
  /** The value of Now(): milliseconds, a Date, or ISO 8601. Absent: the system's clock. */
  readonly now?: number | string | Date;
  /** Values that are taken in the target, for SelectUniqueValue, compared without regard to case; or a function that knows. */
  readonly existingInTarget?: Iterable<string> | ((value: string) => boolean);
  /** From 0 to 1, for Guid and RandomString. Absent: the system's secure generator. */
  readonly random?: () => number;
  /** Values of `%Name%` placeholders. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The context of the functions that the options describe. `now` that is no date is JSN-502. */
export function contextOfOptions(options: EntraEvaluationOptions): FunctionContext {
  const { now, random } = options;
  const asOf = now === undefined ? systemClock.now() : typeof now === 'number' ? now : new Date(now).getTime();
  if (Number.isNaN(asOf)) failFunction('JSN-502', 'entraNow', 'the option now is not a date');
  return { asOf, timezone: 'UTC', isTaken: readTaken(options.existingInTarget ?? []), ...(random === undefined ? {} : { random }) };
}

function readTaken(existing: Iterable<string> | ((value: string) => boolean)): (value: string) => boolean {
  if (typeof existing === 'function') return existing;
  const taken = new Set(Array.from(existing, (value) => value.toLowerCase()));
  return (value) => taken.has(value.toLowerCase());
}

/**
 * The value of a mapping expression as the provisioning service computes it: text, number, boolean, list, null for nothing, or the marks
 * `{"$flow": "ignoreAttribute"}` and `{"$flow": "ignoreObject"}`. An attribute that is missing is nothing.
 * Throws EntraExpressionError (JSN-6xx, with position) for a broken expression and JoineryError (JSN-5xx) for a value that a function refuses.
 */
export function evaluateEntraExpression(
  text: string,
  attributes: Readonly<Record<string, unknown>> = {},
  options: EntraEvaluationOptions = {},
): unknown {
  const root = parseEntraExpression(text);
  throwFirstError(text, checkEntraExpression(text, root));
  return new Evaluator(text, attributes, options).evaluate(root) ?? null;
}

class Evaluator {
  readonly #text: string;
  readonly #attributes: Readonly<Record<string, unknown>>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #library: Readonly<Record<string, LibraryFunction>>;

  constructor(text: string, attributes: Readonly<Record<string, unknown>>, options: EntraEvaluationOptions) {
    this.#text = text;
    this.#attributes = attributes;
    this.#variables = options.variables ?? {};
    this.#library = functionLibrary(contextOfOptions(options));
  }

  evaluate(node: EntraNode | OmittedArgument | undefined): unknown {
    switch (node?.kind) {
      case undefined:
      case 'omitted':
        return undefined;
      case 'attribute':
        return Object.hasOwn(this.#attributes, node.name) ? this.#attributes[node.name] : undefined;
      case 'text':
        return node.value;
      case 'number':
        return readLiteralNumber(node.lexeme);
      case 'word':
        return evaluateWord(node);
      case 'placeholder':
        return this.#evaluatePlaceholder(node);
      case 'comparison':
        return compareEntra(this.evaluate(node.left), node.operator, this.evaluate(node.right));
      case 'concatenation':
        return (readEntraText(this.evaluate(node.left)) ?? '') + (readEntraText(this.evaluate(node.right)) ?? '');
      case 'call':
        break;
    }
    return this.#evaluateCall(node);
  }

  #evaluatePlaceholder(node: PlaceholderNode): unknown {
    if (Object.hasOwn(this.#variables, node.name)) return this.#variables[node.name];
    throw new EntraExpressionError('JSN-607', `%${node.name}% has no value`, this.#text, node, `Give variables: { ${node.name}: … }.`);
  }

  #evaluateCall(call: CallNode): unknown {
    const known = findEntraFunction(call.name);
    if (known === undefined) throw new EntraExpressionError('JSN-604', `the function ${call.name} is not known`, this.#text, call);
    const given = givenArguments(call, known);
    switch (known.name) {
      case 'IIF':
        return this.evaluate(isTrue(this.evaluate(given[0]), 'iif') ? given[1] : given[2]);
      case 'Switch':
        return this.#evaluateSwitch(given);
      case 'SelectUniqueValue':
        return this.#selectUniqueValue(given);
      case 'Error':
        return failFunction('JSN-510', 'error', readEntraText(this.evaluate(given[0])) ?? 'the expression refuses this worker');
      default:
        return this.#apply(
          known.library ?? '',
          given.map((argument) => this.evaluate(argument)),
        );
    }
  }

  #apply(name: string, values: readonly unknown[]): unknown {
    const found = this.#library[name];
    // The catalog names functions of the library only; its test holds that.
    return found === undefined ? failFunction('JSN-501', name, 'the function is not in the library') : found.implementation(...values);
  }

  /** Only the value that is chosen is evaluated: defaults and values may fail for the other workers. */
  #evaluateSwitch(given: readonly (EntraNode | OmittedArgument)[]): unknown {
    const source = readEntraText(this.evaluate(given[0])) ?? '';
    for (let index = 2; index < given.length; index += 2) {
      if ((readEntraText(this.evaluate(given[index])) ?? '') === source) return this.evaluate(given[index + 1]);
    }
    return this.evaluate(given[1]);
  }

  /** Candidates are evaluated one after the other, up to the first one that is free. */
  #selectUniqueValue(given: readonly (EntraNode | OmittedArgument)[]): unknown {
    for (const candidate of given) {
      const free = this.#apply('firstUnique', [this.evaluate(candidate)]);
      if (free !== null) return free;
    }
    return this.#apply('selectUniqueValue', []);
  }
}

function evaluateWord(word: WordNode): unknown {
  switch (word.name.toLowerCase()) {
    case 'null':
      return undefined;
    case 'ignoreattributeflow':
      return ignoreAttributeFlow;
    case 'ignoreobjectflow':
      return ignoreObjectFlow;
    default:
      return word.name;
  }
}

/** The number, or its text where the number would not be written the same way (leading zeros, beyond 2^53). */
export function readLiteralNumber(lexeme: string): number | string {
  const number = readEntraNumber(lexeme) ?? Number.NaN;
  return lexeme.startsWith('&') || String(number) === lexeme ? number : lexeme;
}
