import type { AstNode } from '../ast.ts';
import type { Builder } from './builder.ts';
import type { Code } from './code.ts';
import type { Place } from './scope.ts';

/** What the parts of the generator need of each other. */
export interface Emitter {
  readonly builder: Builder;
  /** A finished value. */
  emit(node: AstNode, place: Place): Code;
  /** The value of a node in tail position of a function: raw, or a call still to be made. */
  emitTail(node: AstNode, place: Place): Code;
  /** A closure over a context: the text of a function of one parameter that gives the node's finished value. */
  closure(node: AstNode, place: Place): string;
  /** Closures of filters, and the plan that refers to them. */
  filters(node: AstNode, place: Place, closures: string[]): unknown[];
}
