import type { ErrorCode } from '../../domain/errors/registry.ts';
import { comparisonOperators, type ComparisonOperator } from '../functions/entra-values.ts';
import { EntraExpressionError } from './expression-error.ts';
import type { CallNode, EntraNode, OmittedArgument } from './syntax-tree.ts';

/** What the provisioning service takes. */
const longestExpression = 10_000;
/** Ours: far beyond what anybody writes, far below what the stack holds. */
const deepestExpression = 200;

const blanks = /\s*/y;
const numberForm = /-?\d+(?:\.\d+)?|&[Hh][0-9A-Fa-f]+/y;
const identifierForm = /[A-Za-z_]\w*/y;
const placeholderForm = /%([A-Za-z_]\w*)%/y;
const operatorForm = /<>|<=|>=|=|<|>/y;

/**
 * The tree of a mapping expression. Throws EntraExpressionError: JSN-601 (something cannot stand there), JSN-602 (not closed),
 * JSN-603 (ends too early), JSN-606 (too long or too deep). Functions and their arguments are not checked here.
 */
export function parseEntraExpression(text: string): EntraNode {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  /** Offsets of the parentheses that are open, innermost last. */
  readonly #open: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): EntraNode {
    if (this.#text.length > longestExpression) {
      this.#fail(
        'JSN-606',
        `the expression has ${String(this.#text.length)} characters; ${String(longestExpression)} are allowed`,
        longestExpression,
      );
    }
    const node = this.#readComparison();
    this.#skipBlanks();
    if (this.#position < this.#text.length) this.#unexpected('the end of the expression or an operator');
    return node;
  }

  #fail(code: ErrorCode, message: string, start: number, end = start + 1, fix?: string): never {
    throw new EntraExpressionError(code, message, this.#text, { start, end }, fix);
  }

  #unexpected(expected: string): never {
    const at = this.#position;
    if (at >= this.#text.length) {
      const open = this.#open.at(-1);
      const hint = open === undefined ? '' : `; the parenthesis at offset ${String(open)} is open`;
      this.#fail('JSN-603', `expected ${expected}, but the expression ends${hint}`, this.#text.length, this.#text.length);
    }
    const letter = this.#text.charAt(at);
    const fixes: Readonly<Record<string, string>> = {
      ';': 'Arguments are separated by commas, not by semicolons.',
      '“': 'Write straight quotation marks; these came from a word processor.',
      '”': 'Write straight quotation marks; these came from a word processor.',
      "'": 'Text stands in double quotation marks.',
      '(': 'There is no grouping with parentheses; nest functions instead.',
    };
    const found = /^(?:"[^"]*"?|\w+|.)/su.exec(this.#text.slice(at))?.[0] ?? letter;
    const shown = found.length > 24 ? `${found.slice(0, 24)}…` : found;
    return this.#fail('JSN-601', `expected ${expected}, found ${shown}`, at, at + found.length, fixes[letter]);
  }

  #skipBlanks(): void {
    blanks.lastIndex = this.#position;
    blanks.exec(this.#text);
    this.#position = blanks.lastIndex;
  }

  #match(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#position;
    const match = form.exec(this.#text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match;
  }

  #readComparison(): EntraNode {
    let left = this.#readConcatenation();
    for (;;) {
      this.#skipBlanks();
      const operator = readOperator(this.#match(operatorForm)?.[0]);
      if (operator === undefined) return left;
      const right = this.#readConcatenation();
      left = { kind: 'comparison', operator, left, right, start: left.start, end: right.end };
    }
  }

  #readConcatenation(): EntraNode {
    let left = this.#readOperand();
    for (;;) {
      this.#skipBlanks();
      if (this.#text.charAt(this.#position) !== '&') return left;
      this.#position++;
      const right = this.#readOperand();
      left = { kind: 'concatenation', left, right, start: left.start, end: right.end };
    }
  }

  #readOperand(): EntraNode {
    this.#skipBlanks();
    const start = this.#position;
    const letter = this.#text.charAt(start);
    if (letter === '[') return this.#readAttribute();
    if (letter === '"') return this.#readText();
    if (letter === '%') {
      const placeholder = this.#match(placeholderForm);
      if (placeholder === undefined) this.#fail('JSN-602', 'a placeholder has the form %Name%', start);
      return { kind: 'placeholder', name: placeholder[1] ?? '', start, end: this.#position };
    }
    const number = this.#match(numberForm);
    if (number !== undefined) {
      const end = this.#position;
      if (/[\w.]/.test(this.#text.charAt(end))) this.#fail('JSN-601', 'a number must end before a letter or a point', end);
      return { kind: 'number', lexeme: number[0], start, end };
    }
    const identifier = this.#match(identifierForm);
    if (identifier === undefined) return this.#unexpected('an attribute, a text, a number or a function');
    const end = this.#position;
    this.#skipBlanks();
    if (this.#text.charAt(this.#position) === '(') return this.#readCall(identifier[0], start);
    this.#position = end;
    return { kind: 'word', name: identifier[0], start, end };
  }

  /** Brackets nest, because SCIM paths hold a filter in brackets: `[emails[type eq "work"].value]`. */
  #readAttribute(): EntraNode {
    const start = this.#position;
    let depth = 0;
    for (let at = start; at < this.#text.length; at++) {
      const letter = this.#text.charAt(at);
      if (letter === '[') depth++;
      else if (letter === ']' && --depth === 0) {
        const name = this.#text.slice(start + 1, at);
        if (name.trim() === '') this.#fail('JSN-601', 'an attribute must have a name', start, at + 1);
        this.#position = at + 1;
        return { kind: 'attribute', name, start, end: at + 1 };
      }
    }
    return this.#fail('JSN-602', 'the attribute is not closed with ]', start);
  }

  /** Only `\\` and `\"` are escapes; a backslash before anything else stands for itself, as printed expressions need it. */
  #readText(): EntraNode {
    const start = this.#position;
    let value = '';
    for (let at = start + 1; at < this.#text.length; at++) {
      const letter = this.#text.charAt(at);
      if (letter === '"') {
        this.#position = at + 1;
        return { kind: 'text', value, start, end: at + 1 };
      }
      const next = this.#text.charAt(at + 1);
      if (letter === '\\' && (next === '\\' || next === '"')) {
        value += next;
        at++;
      } else value += letter;
    }
    return this.#fail('JSN-602', 'the text is not closed with a quotation mark', start);
  }

  #readCall(name: string, start: number): CallNode {
    if (++this.#depth > deepestExpression) this.#fail('JSN-606', `functions are nested more than ${String(deepestExpression)} deep`, start);
    this.#open.push(this.#position);
    this.#position++;
    const args: (EntraNode | OmittedArgument)[] = [];
    this.#skipBlanks();
    if (this.#text.charAt(this.#position) !== ')') {
      for (;;) {
        args.push(this.#readArgument());
        this.#skipBlanks();
        const letter = this.#text.charAt(this.#position);
        if (letter === ')') break;
        if (letter !== ',') this.#unexpected(`a comma or the closing parenthesis of ${name}`);
        this.#position++;
      }
    }
    this.#position++;
    this.#open.pop();
    this.#depth--;
    return { kind: 'call', name, args, start, end: this.#position };
  }

  #readArgument(): EntraNode | OmittedArgument {
    this.#skipBlanks();
    const letter = this.#text.charAt(this.#position);
    if (letter === ',' || letter === ')') return { kind: 'omitted', start: this.#position, end: this.#position };
    return this.#readComparison();
  }
}

function readOperator(text: string | undefined): ComparisonOperator | undefined {
  return comparisonOperators.find((operator) => operator === text);
}
