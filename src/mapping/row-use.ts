import { childrenOf, type AstNode } from '../jsonata/ast.ts';
import { spanAt, type Span } from '../jsonata/index.ts';

/** Functions that take the context, here the row, where an argument is left out: name → arguments from which on they do not. */
const takesContext: Readonly<Record<string, number>> = {
  keys: 1,
  string: 1,
  spread: 1,
  merge: 1,
  each: 2,
  sift: 2,
  lookup: 2,
};

/**
 * The first use of the row as a whole: wildcards, a bare `$` or `$$` or one that is bound to a name, functions that take the context, `$eval`. What such an expression reads
 * cannot be told from its text. Undefined: every column that it reads is named.
 */
export function findRowUse(ast: AstNode, source: string): Span | undefined {
  const visit = (node: AstNode, onRow: boolean): Span | undefined => {
    switch (node.type) {
      case 'wildcard':
      case 'descendant':
      case 'parent':
        return onRow ? spanAt(source, node.position, node.type === 'wildcard' ? '*' : undefined) : undefined;
      case 'variable':
        if (node.value === '$' || (node.value === '' && onRow)) return spanAt(source, node.position, node.value === '$' ? '$$' : '$');
        break;
      case 'path':
        return visitPath(node, onRow);
      case 'function': {
        const name = node.procedure?.type === 'variable' ? node.procedure.value : undefined;
        // Its text may read anything, and is known only when it runs.
        if (name === 'eval') return spanAt(source, node.position, name);
        const least = onRow && typeof name === 'string' && Object.hasOwn(takesContext, name) ? takesContext[name] : undefined;
        if (least !== undefined && (node.arguments ?? []).length < least) return spanAt(source, node.position, name);
        break;
      }
      case 'transform':
        return visitAll(childrenOf(node), false);
    }
    const filters = new Set([...(node.predicate ?? []), ...(node.stages ?? [])].map((stage) => stage.expr));
    const grouped = new Set((node.group?.lhs ?? []).flat());
    for (const child of childrenOf(node)) {
      const found = visit(child, onRow && !filters.has(child) && !grouped.has(child));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const visitAll = (nodes: readonly AstNode[], onRow: boolean): Span | undefined => {
    for (const node of nodes) {
      const found = visit(node, onRow);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const visitPath = (path: AstNode, onRow: boolean): Span | undefined => {
    const steps = path.steps ?? [];
    let isRow = onRow;
    for (const [index, step] of steps.entries()) {
      const isRowVariable = step.type === 'variable' && (step.value === '$' || (step.value === '' && isRow));
      const filters = [...(step.stages ?? []), ...(step.predicate ?? [])].flatMap((stage) =>
        stage.expr === undefined ? [] : [stage.expr],
      );
      if (isRowVariable) {
        // `$.name` and `$$.name` name a column; with anything else behind it the row itself is used.
        const next = steps[index + 1];
        const isBound = step.focus !== undefined || step.index !== undefined;
        if (next === undefined || filters.length > 0 || isBound) return spanAt(source, step.position, step.value === '$' ? '$$' : '$');
        isRow = true;
        continue;
      }
      const found = step.type === 'name' ? visitAll(filters, false) : visit(step, isRow);
      if (found !== undefined) return found;
      isRow = false;
    }
    return visitAll((path.group?.lhs ?? []).flat(), false);
  };

  return visit(ast, true);
}
