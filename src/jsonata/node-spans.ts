import { childrenOf, type AstNode } from './ast.ts';
import type { Span } from './position.ts';
import { readToken } from './tokens.ts';

interface Range {
  start: number;
  end: number;
}

/**
 * Where the nodes of a syntax tree stand in their text. jsonata keeps one offset per node, behind a token; the rest follows
 * from the tokens: a node reaches over its own token, its children and the brackets that these open.
 */
export class NodeSpans {
  /** Token by the offset behind it. */
  readonly #byEnd = new Map<number, Range>();
  /** Offset behind the closing bracket, by the offset behind the opening one. */
  readonly #closing = new Map<number, number>();
  readonly #source: string;
  readonly #known = new Map<AstNode, Range | undefined>();

  constructor(source: string) {
    this.#source = source;
    const open: number[] = [];
    let afterValue = false;
    for (let at = 0; at < source.length;) {
      const { kind, length } = readToken(source, at, afterValue);
      const end = at + length;
      if (kind !== 'blank') {
        const written = source.slice(at, end);
        this.#byEnd.set(end, { start: at, end });
        if ('([{'.includes(written)) open.push(end);
        const closes = ')]}'.includes(written);
        const opening = closes ? open.pop() : undefined;
        if (opening !== undefined) this.#closing.set(opening, end);
        afterValue = kind === 'value' || closes;
      }
      at = end;
    }
  }

  /** undefined for a node that has no place of its own, such as the call that jsonata makes of a tail call. */
  spanOf(node: AstNode): Span | undefined {
    const range = this.#rangeOf(node);
    return range === undefined ? undefined : { offset: range.start, length: range.end - range.start };
  }

  #rangeOf(node: AstNode): Range | undefined {
    if (this.#known.has(node)) return this.#known.get(node);
    let range: Range | undefined;
    const add = (other: Range | undefined): void => {
      if (other === undefined) return;
      range = range === undefined ? { ...other } : { start: Math.min(range.start, other.start), end: Math.max(range.end, other.end) };
    };
    for (const child of childrenOf(node)) add(this.#rangeOf(child));
    // A path has the place of one of its steps, and a lambda begins in front of its brackets.
    if (node.type !== 'path') add(this.#tokenAt(node.position));
    for (const stage of [...(node.predicate ?? []), ...(node.stages ?? [])]) add(this.#tokenAt(stage.position));
    add(this.#tokenAt(node.group?.position));
    if (node.type === 'lambda' && node.thunk !== true) add(this.#lambdaAround(node, range));
    if (node.type === 'sort' && range !== undefined) add(this.#tokenAt(this.#source.indexOf('(', range.start) + 1));
    if (node.type === 'transform' && range !== undefined) add(this.#tokenAt(this.#source.indexOf('|', range.end) + 1));
    this.#known.set(node, range);
    return range;
  }

  /** A token, to its closing bracket if it opens one. */
  #tokenAt(end: number | undefined): Range | undefined {
    const token = end === undefined ? undefined : this.#byEnd.get(end);
    return token === undefined ? undefined : { start: token.start, end: this.#closing.get(token.end) ?? token.end };
  }

  /** `function($x)<n:n>{ … }`: from the word to the end of the body. */
  #lambdaAround(node: AstNode, brackets: Range | undefined): Range | undefined {
    const opening = node.position;
    const parameters = opening === undefined ? undefined : this.#closing.get(opening);
    if (brackets === undefined || opening === undefined || parameters === undefined) return undefined;
    const body = this.#source.indexOf('{', parameters) + 1;
    const word = /(?:function|λ)\s*$/.exec(this.#source.slice(0, opening - 1));
    return { start: word?.index ?? brackets.start, end: this.#closing.get(body) ?? brackets.end };
  }
}
