import { leftOf, type AstGroup, type AstNode, type AstStage } from '../ast.ts';
import type { Builder } from './builder.ts';
import { sequenceOf } from './builder.ts';
import { emitApply, emitCall, emitLambda, emitPartial, emitTailCall, emitTransform } from './calls.ts';
import * as type from './code.ts';
import { can, code, finishedCode, isFinished, literalOf, NotCompiled, type Code } from './code.ts';
import { emitArray, emitObject } from './constructors.ts';
import type { Emitter } from './emitter.ts';
import { emitBinary, truth } from './operators.ts';
import { emitPath } from './paths.ts';
import { collectBinds, declare, Frame, FunctionScope, hasBinds, type Place } from './scope.ts';

/** Turns nodes of the syntax tree into JavaScript expressions: one case per type of node. */
export class ExpressionEmitter implements Emitter {
  readonly builder: Builder;

  constructor(builder: Builder) {
    this.builder = builder;
  }

  emit(node: AstNode, place: Place): Code {
    if (node.type === 'path') return emitPath(this, node, place);
    return this.#finish(node, this.#raw(node, place), place);
  }

  #raw(node: AstNode, place: Place): Code {
    switch (node.type) {
      case 'string':
        return code(literalOf(node.value), type.text);
      case 'number':
        return code(literalOf(node.value), type.number);
      case 'value':
        return code(literalOf(node.value), node.value === null ? type.nullValue : type.boolean);
      case 'name':
        return code(`${this.builder.use('lookupName')}(${place.context.text},${literalOf(node.value)})`, type.anything);
      case 'wildcard':
        return code(`${this.builder.use('wildcardOf')}(${place.context.text})`, type.anything);
      case 'descendant':
        return code(`${this.builder.use('descendantsOf')}(${place.context.text})`, type.anything);
      case 'variable':
        return emitVariable(this, node, place);
      case 'binary':
        return emitBinary(this, node, place);
      case 'unary':
        return this.#unary(node, place);
      case 'condition':
        return this.#condition(node, place, (branch) => this.emit(branch, place));
      case 'block':
        return this.#block(node, place, (last, inner) => this.emit(last, inner));
      case 'bind':
        return emitBind(this, node, place);
      case 'regex':
        if (!(node.value instanceof RegExp)) throw new NotCompiled('a regular expression left of ?: or ??');
        return code(`${this.builder.use('regexOf')}(${this.builder.constant(node.value)})`, type.fn);
      case 'function':
        return emitCall(this, node, place);
      case 'lambda':
        return emitLambda(this, node, place);
      case 'partial':
        return emitPartial(this, node, place);
      case 'apply':
        return emitApply(this, node, place);
      case 'transform':
        return emitTransform(this, node, place);
      case 'parent':
        throw new NotCompiled('the parent operator %');
      default:
        throw new NotCompiled(`a node of type ${node.type}`);
    }
  }

  /** Filters, grouping and the end of the node. */
  #finish(node: AstNode, raw: Code, place: Place): Code {
    if (node.tuple === true || node.focus !== undefined || node.index !== undefined)
      throw new NotCompiled('a context or position variable (@ or #)');
    let piece = raw;
    if (node.predicate !== undefined) {
      const closures: string[] = [];
      const plan = this.#filterPlan(node.predicate, place, closures);
      piece = code(`${this.builder.use('filtered')}(${piece.text},${this.builder.constant(plan)},[${closures.join(',')}])`, type.anything);
    }
    if (node.group !== undefined) piece = emitGroup(this, piece, node.group, place);
    if (node.keepArray === true && can(piece.type, type.marked))
      return code(`${this.builder.use('finishKeeping')}(${piece.text})`, piece.type);
    if (!can(piece.type, type.marked) || piece.finished === true) return piece;
    return code(`${this.builder.use('finish')}(${piece.text})`, piece.type);
  }

  filters(node: AstNode, place: Place, closures: string[]): unknown[] {
    return this.#filterPlan(node.stages ?? [], place, closures);
  }

  #filterPlan(stages: readonly AstStage[], place: Place, closures: string[]): unknown[] {
    return stages.map((stage) => {
      if (stage.type !== 'filter' || stage.expr === undefined) throw new NotCompiled('a position variable (#)');
      if (stage.expr.type === 'number') return { index: stage.expr.value };
      return { closure: closures.push(this.closure(stage.expr, place)) - 1 };
    });
  }

  #unary(node: AstNode, place: Place): Code {
    if (node.value === '[') return emitArray(this, node, place);
    if (node.value === '{') return emitObject(this, node, place);
    if (node.expression === undefined) throw new NotCompiled('an unknown operator');
    return code(`${this.builder.use('negate')}(${this.emit(node.expression, place).text})`, type.number | type.nothing);
  }

  #condition(node: AstNode, place: Place, branch: (node: AstNode) => Code): Code {
    if (node.condition === undefined || node.then === undefined) throw new NotCompiled('an incomplete condition');
    const condition = truth(this.builder, this.emit(node.condition, place));
    const then = branch(node.then);
    const otherwise = node.else === undefined ? code('undefined', type.nothing) : branch(node.else);
    const finished = [then, otherwise].every(isFinished);
    return {
      text: `(${condition}?${then.text}:${otherwise.text})`,
      type: then.type | otherwise.type,
      rare: node.else === undefined,
      finished,
    };
  }

  #block(node: AstNode, place: Place, emitLast: (node: AstNode, place: Place) => Code): Code {
    const expressions = node.expressions ?? [];
    const frame = new Frame(place.frame);
    const inner: Place = { ...place, frame };
    declare(frame, collectBinds(expressions), () => this.unboundLocal(place.scope));
    const parts: string[] = [];
    let last = code('undefined', type.nothing);
    for (const [index, expression] of expressions.entries()) {
      last = index === expressions.length - 1 ? emitLast(expression, inner) : this.emit(expression, inner);
      parts.push(last.text);
      if (expression.type === 'bind') settle(frame, expression, last);
    }
    return {
      text: parts.length === 0 ? 'undefined' : sequenceOf(parts),
      type: last.type,
      rare: last.rare === true,
      finished: isFinished(last),
    };
  }

  /** A local that holds a mark until it is bound. */
  unboundLocal(scope: FunctionScope): string {
    const name = this.builder.parameter();
    scope.locals.push(`${name}=${this.builder.use('unbound')}`);
    return name;
  }

  emitTail(node: AstNode, place: Place): Code {
    const filteredOrGrouped = node.predicate !== undefined || node.group !== undefined;
    if (node.type === 'lambda' && node.thunk === true && node.body !== undefined) return emitTailCall(this, node.body, place);
    if ((node.type === 'condition' || node.type === 'block') && !filteredOrGrouped) {
      if (node.type === 'condition') return this.#condition(node, place, (branch) => this.emitTail(branch, place));
      return this.#block(node, place, (last, inner) => this.emitTail(last, inner));
    }
    if (filteredOrGrouped && hasTailCall(node)) throw new NotCompiled('a tail call inside a filtered block');
    return this.emit(node, place);
  }

  closure(node: AstNode, place: Place): string {
    const scope = new FunctionScope();
    const context = this.builder.parameter();
    const { text } = this.emit(node, { scope, frame: place.frame, context: { text: context, row: false } });
    return `(${context})=>{${scope.declaration()}return ${text};}`;
  }
}

function hasTailCall(node: AstNode): boolean {
  if (node.type === 'lambda') return node.thunk === true;
  if (node.type === 'condition') return [node.then, node.else].some((branch) => branch !== undefined && hasTailCall(branch));
  const last = node.type === 'block' ? node.expressions?.at(-1) : undefined;
  return last !== undefined && hasTailCall(last);
}

export function emitGroup(emitter: Emitter, input: Code, group: AstGroup, place: Place): Code {
  if (hasBinds(group.lhs.flat())) throw new NotCompiled('a variable bound inside a grouping');
  const pairs = group.lhs.map((pair) => `[${emitter.closure(pair[0], place)},${emitter.closure(pair[1], place)}]`);
  return code(`${emitter.builder.use('groupBy')}(${input.text},[${pairs.join(',')}])`, type.object);
}

/** A bind that every later expression of the block can rely on. */
function settle(frame: Frame, bind: AstNode, value: Code): void {
  const name = leftOf(bind)?.value;
  const variable = typeof name === 'string' ? frame.variables.get(name) : undefined;
  if (variable === undefined) return;
  variable.definite = true;
  variable.type = variable.many ? type.anything : value.type;
  variable.finished = !variable.many && isFinished(value);
}

function emitBind(emitter: Emitter, node: AstNode, place: Place): Code {
  const name = leftOf(node)?.value;
  if (typeof name !== 'string' || node.rhs === undefined) throw new NotCompiled('an incomplete binding');
  const value = emitter.emit(node.rhs, place);
  const variable = place.frame.variables.get(name);
  if (variable === undefined) throw new NotCompiled('a variable bound outside of its block');
  return { text: `(${variable.local}=${value.text})`, type: value.type, finished: isFinished(value) };
}

function emitVariable(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const name = node.value;
  if (typeof name !== 'string') throw new NotCompiled('a variable without a name');
  if (name === '') {
    return place.context.row
      ? code(place.context.text, type.object)
      : code(`${builder.use('contextOf')}(${place.context.text})`, type.anything);
  }
  return variableIn(emitter, name, place.frame);
}

/** The value of `$name` as a frame sees it; a name that is not bound yet is looked for further out. */
export function variableIn(emitter: Emitter, name: string, frame: Frame): Code {
  const { builder } = emitter;
  const found = frame.find(name);
  if (found !== undefined) {
    const { variable } = found;
    if (variable.definite) return { text: variable.local, type: variable.type, finished: variable.finished };
    const outer = found.frame.outer === undefined ? outside(emitter, name) : variableIn(emitter, name, found.frame.outer);
    return code(`(${variable.local}!==${builder.use('unbound')}?${variable.local}:${outer.text})`, type.anything);
  }
  return outside(emitter, name);
}

function outside(emitter: Emitter, name: string): Code {
  const { builder } = emitter;
  if (name === '$') return code('i', type.anything);
  if (name === 'eval') throw new NotCompiled('$eval, which parses at run time');
  const bound = builder.environment.letOf(name);
  if (bound !== undefined) {
    builder.lets.add(bound.index);
    return finishedCode(`l${String(bound.index)}`, bound.type);
  }
  const known = builder.environment.nativeOf(name);
  if (known !== undefined) {
    builder.walk = true;
    return code(builder.constant(known.native), type.fn);
  }
  return finishedCode(builder.binding(name), type.anything);
}
