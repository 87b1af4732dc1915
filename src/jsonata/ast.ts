/**
 * The syntax tree of jsonata 2.2.2 as `ast()` returns it, after its post-parse stage. jsonata calls the tree internal and
 * its typings leave out half of it; this is what the pinned version really builds. One loose interface, because a node of
 * any type can carry the markings of steps.
 */
export interface AstNode {
  readonly type: string;
  readonly value?: unknown;
  /** Offset behind the token, not in front of it. */
  readonly position?: number;
  readonly name?: string;
  readonly keepArray?: boolean;
  readonly consarray?: boolean;
  readonly keepSingletonArray?: boolean;
  /** Filters on a node that is no step. */
  readonly predicate?: readonly AstStage[];
  /** Filters and index bindings on a step. */
  readonly stages?: readonly AstStage[];
  readonly group?: AstGroup;
  readonly tuple?: boolean;
  readonly focus?: string;
  readonly index?: string;
  readonly ancestor?: unknown;
  readonly steps?: readonly AstNode[];
  /** Array constructor, block. */
  readonly expressions?: readonly AstNode[];
  readonly expression?: AstNode;
  readonly terms?: readonly { readonly descending: boolean; readonly expression: AstNode }[];
  /** A node (binary, bind, apply) or pairs (object constructor). */
  readonly lhs?: AstNode | readonly AstPair[];
  readonly rhs?: AstNode;
  readonly condition?: AstNode;
  readonly then?: AstNode;
  readonly else?: AstNode;
  readonly procedure?: AstNode;
  readonly arguments?: readonly AstNode[];
  readonly body?: AstNode;
  /** Of a lambda: a call in tail position, run by the trampoline. */
  readonly thunk?: boolean;
  readonly signature?: AstSignature;
  readonly pattern?: AstNode;
  readonly update?: AstNode;
  readonly delete?: AstNode;
}

export type AstPair = readonly [AstNode, AstNode];
export interface AstGroup {
  readonly lhs: readonly AstPair[];
  readonly position?: number;
}
export interface AstStage {
  readonly type: string;
  readonly expr?: AstNode;
  readonly value?: unknown;
  readonly position?: number;
}
export interface AstSignature {
  readonly definition: string;
  validate(args: readonly unknown[], context: unknown): unknown[];
}

/** Pairs of an object constructor. */
export function pairsOf(node: AstNode): readonly AstPair[] {
  return isPairs(node.lhs) ? node.lhs : [];
}

/** Left operand of a binary, bind or apply node. */
export function leftOf(node: AstNode): AstNode | undefined {
  return node.lhs === undefined || isPairs(node.lhs) ? undefined : node.lhs;
}

function isPairs(lhs: AstNode['lhs']): lhs is readonly AstPair[] {
  return Array.isArray(lhs);
}

/** Every node directly inside another, in evaluation order, filters and groupings included. */
export function childrenOf(node: AstNode): AstNode[] {
  const out: AstNode[] = [];
  const add = (child: AstNode | undefined): void => {
    if (child !== undefined) out.push(child);
  };
  add(node.procedure);
  add(leftOf(node));
  add(node.rhs);
  add(node.expression);
  for (const pair of pairsOf(node)) out.push(...pair);
  add(node.condition);
  add(node.then);
  add(node.else);
  out.push(...(node.steps ?? []), ...(node.expressions ?? []));
  if (node.type !== 'lambda') out.push(...(node.arguments ?? []));
  for (const term of node.terms ?? []) out.push(term.expression);
  add(node.pattern);
  add(node.update);
  add(node.delete);
  add(node.body);
  for (const stage of [...(node.stages ?? []), ...(node.predicate ?? [])]) add(stage.expr);
  for (const pair of node.group?.lhs ?? []) out.push(...pair);
  return out;
}

/** Visits a node and everything inside it, outer ones first. */
export function walkAst(node: AstNode, visit: (node: AstNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) walkAst(child, visit);
}
