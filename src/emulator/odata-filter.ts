/** A literal of a `$filter`. Dates and GUIDs stand without quotes. */
export type FilterLiteral =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'date'; readonly value: number; readonly text: string }
  | { readonly type: 'null' };

export const comparisons = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];
export const functions = ['contains', 'startswith', 'endswith'] as const;
export type FilterFunction = (typeof functions)[number];

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly path: string; readonly literal: FilterLiteral }
  | { readonly kind: 'function'; readonly name: FilterFunction; readonly path: string; readonly text: string }
  | { readonly kind: 'in'; readonly path: string; readonly literals: readonly FilterLiteral[] };

export type ParsedFilter = { readonly filter: Filter } | { readonly problem: string };

type Token =
  | { readonly type: 'word'; readonly text: string; readonly at: number }
  | { readonly type: 'literal'; readonly literal: FilterLiteral; readonly at: number }
  | { readonly type: 'sign'; readonly text: '(' | ')' | ','; readonly at: number };

const datePattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/i;
const wordPattern = /[^\s(),']+/y;

function tokenize(text: string): Token[] | string {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const sign = text[at] ?? '';
    if (/\s/.test(sign)) {
      at++;
    } else if (sign === '(' || sign === ')' || sign === ',') {
      tokens.push({ type: 'sign', text: sign, at });
      at++;
    } else if (sign === "'") {
      const end = endOfString(text, at);
      if (end === -1) return `There is an unterminated string literal at position ${String(at)} in '${text}'.`;
      tokens.push({ type: 'literal', literal: { type: 'string', value: text.slice(at + 1, end).replaceAll("''", "'") }, at });
      at = end + 1;
    } else {
      wordPattern.lastIndex = at;
      const word = wordPattern.exec(text)?.[0] ?? sign;
      const literal = literalOf(word);
      tokens.push(literal === undefined ? { type: 'word', text: word, at } : { type: 'literal', literal, at });
      at += word.length;
    }
  }
  return tokens;
}

/** A quote inside a string is doubled. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "'") continue;
    if (text[at + 1] !== "'") return at;
    at++;
  }
  return -1;
}

function literalOf(word: string): FilterLiteral | undefined {
  if (word === 'null') return { type: 'null' };
  if (word === 'true' || word === 'false') return { type: 'boolean', value: word === 'true' };
  if (/^-?\d+(\.\d+)?$/.test(word)) return { type: 'number', value: Number(word) };
  if (!datePattern.test(word)) return undefined;
  const value = Date.parse(word);
  return Number.isNaN(value) ? undefined : { type: 'date', value, text: word };
}

/** Parses OData's filter language as far as Graph's user and log lists take it. Whether an endpoint takes it is `checkFilter`'s. */
export function parseFilter(text: string): ParsedFilter {
  const tokens = tokenize(text);
  if (typeof tokens === 'string') return { problem: tokens };
  const parser = new FilterParser(tokens, text);
  try {
    return { filter: parser.parse() };
  } catch (error) {
    if (error instanceof FilterSyntaxError) return { problem: error.message };
    throw error;
  }
}

class FilterSyntaxError extends Error {}

class FilterParser {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  #next = 0;

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  parse(): Filter {
    const filter = this.#or();
    if (this.#next < this.#tokens.length) this.#fail();
    return filter;
  }

  #or(): Filter {
    let left = this.#and();
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Filter {
    let left = this.#term();
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#term() };
    return left;
  }

  #term(): Filter {
    if (this.#takeWord('not')) return { kind: 'not', filter: this.#term() };
    if (this.#takeSign('(')) {
      const filter = this.#or();
      this.#expectSign(')');
      return filter;
    }
    const path = this.#word();
    const name = functions.find((one) => one === path);
    if (name !== undefined && this.#takeSign('(')) {
      const argument = this.#word();
      this.#expectSign(',');
      const literal = this.#literal();
      this.#expectSign(')');
      if (literal.type !== 'string') this.#fail();
      return { kind: 'function', name, path: argument, text: literal.value };
    }
    if (this.#takeWord('in')) return { kind: 'in', path, literals: this.#list() };
    const word = this.#word();
    const operator = comparisons.find((one) => one === word);
    if (operator === undefined) this.#fail();
    return { kind: 'compare', operator, path, literal: this.#literal() };
  }

  #list(): FilterLiteral[] {
    this.#expectSign('(');
    const literals = [this.#literal()];
    while (this.#takeSign(',')) literals.push(this.#literal());
    this.#expectSign(')');
    return literals;
  }

  #word(): string {
    const token = this.#tokens[this.#next];
    if (token?.type !== 'word') this.#fail();
    this.#next++;
    return token.text;
  }

  #literal(): FilterLiteral {
    const token = this.#tokens[this.#next];
    if (token?.type !== 'literal') this.#fail();
    this.#next++;
    return token.literal;
  }

  #takeWord(text: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.type !== 'word' || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #takeSign(text: '(' | ')' | ','): boolean {
    const token = this.#tokens[this.#next];
    if (token?.type !== 'sign' || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #expectSign(text: '(' | ')' | ','): void {
    if (!this.#takeSign(text)) this.#fail();
  }

  #fail(): never {
    const at = this.#tokens[this.#next]?.at ?? this.#text.length;
    throw new FilterSyntaxError(`Syntax error at position ${String(at)} in '${this.#text}'.`);
  }
}
