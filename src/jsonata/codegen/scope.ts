import type { NativeFunction } from '../engine/definitions.ts';
import { childrenOf, leftOf, type AstNode } from '../ast.ts';
import { anything, type Type } from './code.ts';

/** A `$name` bound in a frame: a local of the generated function. */
export interface Variable {
  readonly local: string;
  type: Type;
  /** It has its value wherever it is read from here on; before that a sentinel tells. */
  definite: boolean;
  /** Bound in more than one place. */
  readonly many: boolean;
  /** Finishing its value again changes nothing. */
  finished: boolean;
}

/** A scope of the expression: block, function, or the whole. */
export class Frame {
  readonly outer: Frame | undefined;
  readonly variables = new Map<string, Variable>();

  constructor(outer: Frame | undefined) {
    this.outer = outer;
  }

  find(name: string): { variable: Variable; frame: Frame } | undefined {
    const variable = this.variables.get(name);
    return variable === undefined ? this.outer?.find(name) : { variable, frame: this };
  }
}

/** A JavaScript function being generated: its locals. */
export class FunctionScope {
  readonly locals: string[] = [];

  /** The declaration of the locals; every one starts with the sentinel, which costs nothing measurable. */
  declaration(): string {
    return this.locals.length === 0 ? '' : `let ${this.locals.join(',')};`;
  }
}

/** The context of a node: a local, and whether it is known to be a plain object that is no array and no function. */
interface Context {
  readonly text: string;
  readonly row: boolean;
}

export interface Place {
  readonly scope: FunctionScope;
  readonly frame: Frame;
  readonly context: Context;
}

/** Names in the code of a program: constants, runtime functions, bindings. */
export interface Environment {
  /** A function under that name, unless a binding hides it. */
  nativeOf(name: string): { readonly native: NativeFunction; readonly registered: boolean } | undefined;
  /** A let of the unit, by its index, with the type of its expression. */
  letOf(name: string): { readonly index: number; readonly type: Type } | undefined;
}

/** Names bound directly in the frame of these nodes, with how often: not inside blocks and functions, which have their own. */
export function collectBinds(nodes: readonly AstNode[]): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (node: AstNode): void => {
    if (node.type === 'bind') {
      const name = leftOf(node)?.value;
      if (typeof name === 'string') found.set(name, (found.get(name) ?? 0) + 1);
    }
    for (const child of inSameFrame(node)) visit(child);
  };
  for (const node of nodes) visit(node);
  return found;
}

const bindsWithin = new WeakMap<AstNode, boolean>();

/** Whether anything is bound directly in the frame of these nodes. Remembered, because every constructor around a node asks. */
export function hasBinds(nodes: readonly AstNode[]): boolean {
  return nodes.some((node) => {
    let found = bindsWithin.get(node);
    if (found === undefined) {
      found = node.type === 'bind' || hasBinds(inSameFrame(node));
      bindsWithin.set(node, found);
    }
    return found;
  });
}

/** Children that bind in the same frame: not what stands inside a block or a function. */
function inSameFrame(node: AstNode): readonly AstNode[] {
  const children = childrenOf(node);
  // Filters and groupings of a block stand outside of it.
  if (node.type === 'block') return children.filter((child) => node.expressions?.includes(child) !== true);
  return node.type === 'lambda' && node.thunk !== true ? children.filter((child) => child !== node.body) : children;
}

export function declare(frame: Frame, binds: ReadonlyMap<string, number>, localFor: () => string): void {
  for (const [name, count] of binds) {
    frame.variables.set(name, { local: localFor(), type: anything, definite: false, many: count > 1, finished: false });
  }
}
