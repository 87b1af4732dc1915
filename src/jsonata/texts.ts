import { walkAst, type AstNode } from './ast.ts';

/** Every text that stands in an expression as it is: what its author wrote, and so about no row. */
export function textsIn(ast: AstNode): readonly string[] {
  const texts = new Set<string>();
  walkAst(ast, (node) => {
    if (node.type === 'string' && typeof node.value === 'string') texts.add(node.value);
  });
  return [...texts];
}
