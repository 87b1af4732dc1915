import { compareEntra, readEntraNumber } from '../functions/entra-values.ts';
import { adviseOnForeignFunction, findEntraFunction, type EntraFunction } from './catalog.ts';
import { checkEntraExpression, givenArguments } from './check.ts';
import { readLiteralNumber } from './evaluate.ts';
import type { ImportNote } from './notes.ts';
import { parseEntraExpression } from './parse.ts';
import type { CallNode, ComparisonNode, EntraNode, OmittedArgument, WordNode } from './syntax-tree.ts';

export interface ImportedExpression {
  /** JSONata over the attributes as the columns of a row, for an engine with the function library. */
  readonly jsonata: string;
  /** Findings in the order of the text. After an `error` note the JSONata fails where the part without equivalent is reached. */
  readonly notes: readonly ImportNote[];
}

/**
 * A mapping expression of Microsoft's provisioning service as JSONata with the same results: IIF and Switch become conditions (lazy, as in the
 * service), attributes paths, everything else functions of the library. A bare attribute or a missing value may come out as nothing where
 * `evaluateEntraExpression` gives null. Throws EntraExpressionError with the position when the text is not well formed.
 */
export function importEntraExpression(text: string): ImportedExpression {
  const root = parseEntraExpression(text);
  const notes = checkEntraExpression(text, root);
  const failed = new Map(notes.filter((note) => note.severity === 'error').map((note) => [note.offset, note]));
  return { jsonata: unwrap(new Writer(failed).write(root)), notes: notes.toSorted((left, right) => left.offset - right.offset) };
}

const widestLine = 100;
const plainName = /^[A-Za-z_]\w*$/;
const reservedNames = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function']);

class Writer {
  /** Where the text cannot be translated: offset of the part → why. */
  readonly #failed: ReadonlyMap<number, ImportNote>;
  #variables = 0;

  constructor(failed: ReadonlyMap<number, ImportNote>) {
    this.#failed = failed;
  }

  /** Code that is one operand: it can stand in any place of an expression. */
  write(node: EntraNode | OmittedArgument | undefined): string {
    switch (node?.kind) {
      case undefined:
      case 'omitted':
        return 'null';
      case 'attribute':
        return writeName(node.name);
      case 'text':
        return JSON.stringify(node.value);
      case 'number':
        return JSON.stringify(readLiteralNumber(node.lexeme));
      case 'word':
        return this.#writeWord(node);
      case 'placeholder':
        return `$${node.name}`;
      case 'comparison':
        return this.#writeComparison(node);
      case 'concatenation':
        return `($entraText(${this.write(node.left)}) & $entraText(${this.write(node.right)}))`;
      case 'call':
        break;
    }
    return this.#writeCall(node);
  }

  #writeWord(word: WordNode): string {
    const failed = this.#failed.get(word.start);
    if (failed !== undefined) return writeFailure(failed.message);
    const name = word.name.toLowerCase();
    if (name === 'null') return 'null';
    if (name === 'ignoreattributeflow') return '$ignoreAttributeFlow()';
    return name === 'ignoreobjectflow' ? '$ignoreObjectFlow()' : JSON.stringify(word.name);
  }

  #writeCall(call: CallNode): string {
    const known = findEntraFunction(call.name);
    if (known === undefined) {
      return writeFailure(
        adviseOnForeignFunction(call.name) === undefined ? `${call.name} is not known` : `${call.name} has no equivalent`,
      );
    }
    const given = givenArguments(call, known);
    const failed =
      this.#failed.get(call.start) ?? given.map((argument) => this.#failureOfLiteral(argument)).find((note) => note !== undefined);
    if (failed !== undefined) return writeFailure(failed.message);
    switch (known.name) {
      case 'IIF':
        return writeConditions([[this.#writeCondition(given[0]), this.write(given[1])]], this.write(given[2]));
      case 'Switch':
        return this.#writeSwitch(given);
      case 'SelectUniqueValue':
        return this.#writeUnique(given);
      case 'Error':
        return `$error($entraText(${this.write(given[0])}))`;
      default:
        return this.#writeFunction(known, given);
    }
  }

  #failureOfLiteral(argument: EntraNode | OmittedArgument): ImportNote | undefined {
    return argument.kind === 'text' ? this.#failed.get(argument.start) : undefined;
  }

  #writeFunction(known: EntraFunction, given: readonly (EntraNode | OmittedArgument)[]): string {
    let count = given.length;
    while (count > 1 && given[count - 1]?.kind === 'omitted') count--;
    return writeCallOf(
      known.library ?? '',
      given.slice(0, count).map((argument) => this.write(argument)),
    );
  }

  #writeCondition(node: EntraNode | OmittedArgument | undefined): string {
    if (node?.kind === 'comparison') return this.#writeComparison(node);
    if (node?.kind === 'call' && findEntraFunction(node.name)?.result === 'boolean') return this.write(node);
    return `$cBool(${this.write(node)})`;
  }

  /**
   * JSONata's own operators where they mean the same: two numbers, or equality with a text that is neither a number nor a boolean nor
   * empty. Inequality is the negation of equality, because `!=` is false in JSONata when one side is nothing.
   */
  #writeComparison(node: ComparisonNode): string {
    const left = numberOf(node.left);
    const right = numberOf(node.right);
    if (typeof left === 'number' && typeof right === 'number') return String(compareEntra(left, node.operator, right));
    if (left !== undefined && right !== undefined) {
      const operator = node.operator === '<>' ? '!=' : node.operator;
      const side = (part: EntraNode, value: number | 'computed'): string => (value === 'computed' ? this.write(part) : String(value));
      return `(${side(node.left, left)} ${operator} ${side(node.right, right)})`;
    }
    if (node.operator === '=' || node.operator === '<>') {
      if (isPlainText(node.right) || isPlainText(node.left)) {
        const equality = `${this.write(node.left)} = ${this.write(node.right)}`;
        return node.operator === '=' ? `(${equality})` : `$not(${equality})`;
      }
    }
    return `$entraCompare(${this.write(node.left)}, "${node.operator}", ${this.write(node.right)})`;
  }

  #nextVariable(name: string): string {
    this.#variables++;
    return this.#variables === 1 ? `$${name}` : `$${name}${String(this.#variables)}`;
  }

  #writeSwitch(given: readonly (EntraNode | OmittedArgument)[]): string {
    const variable = this.#nextVariable('source');
    const source = `${variable} := $entraText(${this.write(given[0])})`;
    const cases: [string, string][] = [];
    for (let index = 2; index < given.length; index += 2)
      cases.push([`${variable} = ${this.#writeKey(given[index])}`, this.write(given[index + 1])]);
    const choice = unwrap(writeConditions(cases, this.write(given[1])));
    const line = `(${source}; ${choice})`;
    return line.length <= widestLine && !line.includes('\n') ? line : `(\n  ${source};\n  ${indent(choice)}\n)`;
  }

  #writeKey(key: EntraNode | OmittedArgument | undefined): string {
    if (key?.kind === 'text') return JSON.stringify(key.value);
    if (key?.kind === 'number') return JSON.stringify(String(readLiteralNumber(key.lexeme)));
    return key === undefined || key.kind === 'omitted' ? '""' : `$entraText(${this.write(key)})`;
  }

  /** One call if no candidate can fail; otherwise the candidates one after the other, as the service evaluates them. */
  #writeUnique(given: readonly (EntraNode | OmittedArgument)[]): string {
    if (!given.some(canFail)) {
      return writeCallOf(
        'selectUniqueValue',
        given.map((argument) => this.write(argument)),
      );
    }
    const last = writeCallOf('selectUniqueValue', [this.write(given.at(-1))]);
    const steps = given.slice(0, -1).map((candidate) => {
      const name = this.#nextVariable('candidate');
      return `${name} := ${writeCallOf('firstUnique', [this.write(candidate)])};\n$isPresent(${name}) ? ${name} : `;
    });
    return steps.reduceRight((rest, step) => `(\n  ${indent(step)}${indent(rest)}\n)`, last);
  }
}

function canFail(node: EntraNode | OmittedArgument): boolean {
  switch (node.kind) {
    case 'call':
      return findEntraFunction(node.name)?.fails !== false || refusesArguments(node) || node.args.some(canFail);
    case 'comparison':
    case 'concatenation':
      return canFail(node.left) || canFail(node.right);
    case 'placeholder':
    case 'word':
    case 'attribute':
    case 'text':
    case 'number':
    case 'omitted':
      break;
  }
  return false;
}

/** Whether the function refuses some values of its further arguments, and they are not literals that it takes. */
function refusesArguments(call: CallNode): boolean {
  const [, second, third] = call.args;
  const isWhole = (argument: EntraNode | OmittedArgument | undefined, least: number): boolean => {
    const number = argument?.kind === 'number' || argument?.kind === 'text' ? numberOf(argument) : undefined;
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= least;
  };
  switch (findEntraFunction(call.name)?.name ?? '') {
    case 'Left':
    case 'Word':
      return !isWhole(second, Number.NEGATIVE_INFINITY);
    case 'Mid':
      return !isWhole(second, 1) || (third !== undefined && third.kind !== 'omitted' && !isWhole(third, Number.NEGATIVE_INFINITY));
    case 'ToLower':
    case 'ToUpper':
      return second !== undefined && second.kind !== 'omitted';
    case 'Replace':
      return (
        !call.args.slice(1).every((argument) => argument.kind === 'omitted' || argument.kind === 'text') ||
        (second?.kind === 'text' && second.value === '')
      );
    default:
      return false;
  }
}

/** The number that a literal is, `computed` for a function whose result is one, undefined for what may be something else. */
function numberOf(node: EntraNode): number | 'computed' | undefined {
  if (node.kind === 'number') return readEntraNumber(node.lexeme);
  if (node.kind === 'text') return readEntraNumber(node.value);
  return node.kind === 'call' && findEntraFunction(node.name)?.result === 'number' ? 'computed' : undefined;
}

function isPlainText(node: EntraNode): boolean {
  return node.kind === 'text' && node.value !== '' && !/^(?:true|false)$/i.test(node.value) && readEntraNumber(node.value) === undefined;
}

/** A path of one name; a name with a backquote or a line break is looked up. */
function writeName(name: string): string {
  if (plainName.test(name) && !reservedNames.has(name)) return name;
  return /[`\n\r]/.test(name) ? `$lookup($$, ${JSON.stringify(name)})` : `\`${name}\``;
}

function writeFailure(message: string): string {
  return `$error(${JSON.stringify(message)})`;
}

function writeCallOf(name: string, parts: readonly string[]): string {
  const args = parts.map(unwrap);
  const line = `$${name}(${args.join(', ')})`;
  if (line.length <= widestLine && !line.includes('\n')) return line;
  return `$${name}(\n  ${args.map(indent).join(',\n  ')}\n)`;
}

/** `(a ? b : c ? d : e)`; in lines when it is long. */
function writeConditions(cases: readonly (readonly [condition: string, value: string])[], otherwise: string): string {
  const parts = [...cases.map(([condition, value]) => `${unwrap(condition)} ? ${value}`), unwrap(otherwise)];
  const line = `(${parts.join(' : ')})`;
  if (line.length <= widestLine && !line.includes('\n')) return line;
  return `(\n  ${parts.map(indent).join('\n  : ')}\n)`;
}

function indent(code: string): string {
  return code.replaceAll('\n', '\n  ');
}

/** Whether the first parenthesis closes at the very end; text literals are passed over. */
function isWrapped(code: string): boolean {
  if (!code.startsWith('(')) return false;
  let depth = 0;
  for (let at = 0; at < code.length; at++) {
    const letter = code.charAt(at);
    if (letter === '"' || letter === '`') {
      at++;
      while (at < code.length && code.charAt(at) !== letter) at += letter === '"' && code.charAt(at) === '\\' ? 2 : 1;
    } else if (letter === '(') depth++;
    else if (letter === ')' && --depth === 0) return at === code.length - 1;
  }
  return false;
}

/** A block that binds a variable: its parentheses are part of it. */
const block = /^\(\s*\$\w+ := /;

/** Without the outer parentheses, where nothing binds tighter beside the code: as an argument, a condition, the last alternative. */
function unwrap(code: string): string {
  if (!isWrapped(code) || block.test(code)) return code;
  const inner = code.slice(1, -1);
  return inner.startsWith('\n') ? inner.trim().replaceAll('\n  ', '\n') : inner;
}
