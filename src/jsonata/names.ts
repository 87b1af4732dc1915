import { childrenOf, leftOf, type AstNode } from './ast.ts';
import { spanAt } from './position.ts';

/** A name in an expression, and where it stands. */
export interface NameUse {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export interface ExpressionNames {
  /** `$name`s that the expression does not bind itself, functions that it calls included, in order of the text. */
  readonly variables: readonly NameUse[];
  /** Members read from the input: columns of a row. Inside a step or a filter of something else a name is not the row's. */
  readonly fieldNames: readonly NameUse[];
  /** Free names that are called. */
  readonly functionsUsed: readonly NameUse[];
}

/** Collects names by walking the tree with its scopes. `fieldNames` is exact for expressions over flat rows. */
export function collectNames(ast: AstNode, source: string): ExpressionNames {
  const variables: NameUse[] = [];
  const fieldNames: NameUse[] = [];
  const functionsUsed: NameUse[] = [];

  const visit = (node: AstNode, scope: Scope, onRow: boolean): void => {
    switch (node.type) {
      case 'variable':
        useVariable(node, scope, variables);
        break;
      case 'path':
        visitPath(node, scope, onRow);
        return;
      case 'lambda':
        visitAll(childrenOf(node), lambdaScope(node, scope), onRow);
        return;
      case 'block':
        visitAll(node.expressions ?? [], blockScope(node, scope), onRow);
        visitFilters(node, scope);
        return;
      case 'bind': {
        if (node.rhs !== undefined) visit(node.rhs, scope, onRow);
        const name = leftOf(node)?.value;
        if (typeof name === 'string') scope.bind(name);
        return;
      }
      case 'function':
        if (node.procedure?.type === 'variable') useVariable(node.procedure, scope, functionsUsed);
        break;
      case 'transform':
        // Pattern, update and delete are evaluated on the copy, which need not be the row.
        visitAll(childrenOf(node), scope, false);
        return;
    }
    const filters = new Set([...(node.predicate ?? []), ...(node.stages ?? [])].map((stage) => stage.expr));
    const grouped = new Set((node.group?.lhs ?? []).flat());
    visitAll(
      childrenOf(node).filter((child) => !filters.has(child) && !grouped.has(child)),
      scope,
      onRow,
    );
    visitFilters(node, scope);
  };

  const visitAll = (nodes: readonly AstNode[], scope: Scope, onRow: boolean): void => {
    for (const node of nodes) visit(node, scope, onRow);
  };

  const visitFilters = (node: AstNode, scope: Scope): void => {
    for (const stage of [...(node.predicate ?? []), ...(node.stages ?? [])]) {
      if (typeof stage.value === 'string') scope.bind(stage.value);
      if (stage.expr !== undefined) visit(stage.expr, scope, false);
    }
    visitAll((node.group?.lhs ?? []).flat(), scope, false);
  };

  const visitPath = (path: AstNode, scope: Scope, onRow: boolean): void => {
    let isRow = onRow;
    for (const step of path.steps ?? []) {
      const { value: name, focus, index } = step;
      if (step.type === 'name' && typeof name === 'string') {
        if (isRow) fieldNames.push({ name, ...spanAt(source, step.position, name) });
        visitFilters(step, scope);
      } else if (step.type === 'variable' && (name === '$' || (name === '' && isRow))) {
        // $$ is the row wherever it stands, $ only where the context is.
        isRow = true;
        visitFilters(step, scope);
        continue;
      } else visit(step, scope, isRow);
      if (focus !== undefined) scope.bind(focus);
      if (index !== undefined) scope.bind(index);
      isRow = false;
    }
    visitAll((path.group?.lhs ?? []).flat(), scope, false);
  };

  const useVariable = (node: AstNode, scope: Scope, into: NameUse[]): void => {
    const name = node.value;
    if (typeof name !== 'string' || name === '' || name === '$' || scope.has(name)) return;
    into.push({ name, ...spanAt(source, node.position, name) });
  };

  visit(ast, blockScope({ type: 'block', expressions: [ast] }, new Scope(undefined)), true);
  const byOffset = (a: NameUse, b: NameUse): number => a.offset - b.offset;
  return {
    variables: variables.toSorted(byOffset),
    fieldNames: fieldNames.toSorted(byOffset),
    functionsUsed: functionsUsed.toSorted(byOffset),
  };
}

class Scope {
  readonly #names = new Set<string>();
  readonly #later: ReadonlySet<string>;
  readonly #outer: Scope | undefined;
  readonly #ofFunction: boolean;

  /** @param later names that will be bound in this scope: functions made before see them when they run */
  constructor(outer: Scope | undefined, later: ReadonlySet<string> = new Set(), ofFunction = false) {
    this.#outer = outer;
    this.#later = later;
    this.#ofFunction = ofFunction;
  }
  bind(name: string): void {
    this.#names.add(name);
  }
  has(name: string, inFunction = false): boolean {
    if (this.#names.has(name) || (inFunction && this.#later.has(name))) return true;
    return this.#outer?.has(name, inFunction || this.#ofFunction) ?? false;
  }
}

function blockScope(block: AstNode, outer: Scope): Scope {
  const later = new Set<string>();
  for (const expression of block.expressions ?? []) {
    const name = expression.type === 'bind' ? leftOf(expression)?.value : undefined;
    if (typeof name === 'string') later.add(name);
  }
  return new Scope(outer, later);
}

function lambdaScope(lambda: AstNode, outer: Scope): Scope {
  const scope = new Scope(outer, new Set(), true);
  for (const parameter of lambda.arguments ?? []) if (typeof parameter.value === 'string') scope.bind(parameter.value);
  return scope;
}
