import { childrenOf, leftOf, walkAst, type AstNode } from './ast.ts';
import { builtinNames } from './engine/definitions.ts';
import { RefusedExpressionError } from './errors.ts';
import { spanAt } from './position.ts';
import { isExponential } from './regex/ambiguity.ts';

const builtins = new Set(builtinNames);

/**
 * Refuses what would hang an engine or change its input; nothing at run time could stop it.
 * @throws RefusedExpressionError JSN-106, JSN-107, JSN-108
 */
export function refuseHazards(ast: AstNode, source: string): void {
  const bound = new Set<unknown>();
  const transforms: AstNode[] = [];
  walkAst(ast, (node) => {
    if (node.type === 'regex') refuseRegex(node, source);
    if (node.type === 'transform') transforms.push(node);
    if (node.type === 'bind') bound.add(leftOf(node)?.value);
    if (node.type === 'lambda') for (const parameter of node.arguments ?? []) bound.add(parameter.value);
  });
  for (const transform of transforms) refuseTransform(transform, source, bound.has('clone'));
}

function refuseRegex(node: AstNode, source: string): void {
  const span = regexSpan(node, source);
  if (!(node.value instanceof RegExp)) {
    throw new RefusedExpressionError('JSN-106', 'a regular expression left of ?: or ?? would hang the engine', span.offset, span.length);
  }
  if (isExponential(node.value)) {
    const message = `/${node.value.source}/ can take exponential time on a text that nearly matches`;
    throw new RefusedExpressionError('JSN-107', message, span.offset, span.length);
  }
}

function regexSpan(node: AstNode, source: string): { readonly offset: number; readonly length: number } {
  const end = node.position ?? source.length;
  const text = node.value instanceof RegExp ? `/${node.value.source}/` : undefined;
  const start = text === undefined ? -1 : source.lastIndexOf(text, end);
  return start === -1 ? spanAt(source, node.position) : { offset: start, length: end - start };
}

/** The pattern of a transform selects what is written to: it must not reach beyond the copy. */
function refuseTransform(transform: AstNode, source: string, cloneIsBound: boolean): void {
  const foreign = cloneIsBound ? transform : foreignIn(transform.pattern, new Set());
  if (foreign === undefined) return;
  const span = spanAt(source, foreign.position, foreign.value);
  throw new RefusedExpressionError(
    'JSN-108',
    'the pattern of a transform reaches values outside of the copy that it changes',
    span.offset,
    span.length,
  );
}

function foreignIn(node: AstNode | undefined, own: ReadonlySet<unknown>): AstNode | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'variable' && node.value !== '' && !own.has(node.value)) return node;
  let known = own;
  if (node.type === 'lambda') known = new Set([...own, ...(node.arguments ?? []).map((parameter) => parameter.value)]);
  for (const child of childrenOf(node)) {
    // A built-in function gives parts of what it is given.
    const builtin = child === node.procedure && child.type === 'variable' && typeof child.value === 'string' && builtins.has(child.value);
    const found = builtin ? undefined : foreignIn(child, known);
    if (found !== undefined) return found;
  }
  return undefined;
}
