import type { AstNode } from '../ast.ts';
import { spanAt } from '../position.ts';
import type { Finding } from './findings.ts';
import { nearestName } from './nearest.ts';
import { describeType, isOpen, type Kind, type ValueType } from './types.ts';

/** A literal text, number or truth value. */
export function literalOf(node: AstNode): string | number | boolean | undefined {
  const { type, value } = node;
  if (type !== 'string' && type !== 'number' && type !== 'value') return undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** Operators over two values: what can never be equal, has no order, is no number, or is no value of a closed list. */
export class Comparisons {
  readonly #source: string;
  readonly #findings: Finding[];

  constructor(source: string, findings: Finding[]) {
    this.#source = source;
    this.#findings = findings;
  }

  /** Notes what is wrong; true when a column is compared with nothing but values of its closed list. */
  check(node: AstNode, left: AstNode, right: AstNode, a: ValueType, b: ValueType): boolean {
    switch (node.value) {
      case '=':
      case '!=':
        this.#equality(node, a, b);
        return this.#againstList(a, right, [right]) || this.#againstList(b, left, [left]);
      case 'in':
        return this.#againstList(a, right, right.type === 'unary' && right.value === '[' ? (right.expressions ?? []) : [right]);
      case '<':
      case '<=':
      case '>':
      case '>=':
        this.#order(node, a, b);
        return false;
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        for (const side of [a, b]) this.#number(node, side);
        return false;
      default:
        return false;
    }
  }

  #equality(node: AstNode, a: ValueType, b: ValueType): void {
    if (a.kinds.size === 0 || b.kinds.size === 0) return;
    if (![...a.kinds].some((kind) => b.kinds.has(kind))) this.#incompatible(node, a, b);
  }

  #order(node: AstNode, a: ValueType, b: ValueType): void {
    if (isOpen(a) || isOpen(b) || a.kinds.size === 0 || b.kinds.size === 0) return;
    const ordered: readonly Kind[] = ['string', 'number'];
    if (!ordered.some((kind) => a.kinds.has(kind) && b.kinds.has(kind))) this.#incompatible(node, a, b);
  }

  #number(node: AstNode, side: ValueType): void {
    if (side.kinds.size === 0 || side.kinds.has('number')) return;
    this.#findings.push({
      kind: 'not-a-number',
      ...spanAt(this.#source, node.position, node.value),
      operator: String(node.value),
      found: describeType(side),
    });
  }

  #incompatible(node: AstNode, a: ValueType, b: ValueType): void {
    const span = spanAt(this.#source, node.position, node.value);
    this.#findings.push({
      kind: 'incompatible-comparison',
      ...span,
      operator: String(node.value),
      left: describeType(a),
      right: describeType(b),
    });
  }

  /** A column with a closed list against literals. */
  #againstList(column: ValueType, whole: AstNode, literals: readonly AstNode[]): boolean {
    const { values, column: name } = column;
    if (name === undefined || values === undefined) return false;
    let closed = literals.length > 0;
    for (const node of literals) {
      const value = literalOf(node);
      if (value === undefined) closed = false;
      else if (!values.includes(value)) {
        closed = false;
        const nearest = typeof value === 'string' ? nearestName(value, values.map(String)) : undefined;
        this.#findings.push({
          kind: 'value-outside-list',
          ...spanAt(this.#source, node.position ?? whole.position, value),
          column: name,
          value,
          values,
          nearest,
        });
      }
    }
    return closed;
  }
}
