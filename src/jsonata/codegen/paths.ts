import type { AstNode } from '../ast.ts';
import { sequenceOf } from './builder.ts';
import * as type from './code.ts';
import { can, code, finishedCode, literalOf, NotCompiled, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import { emitGroup } from './expressions.ts';
import type { Place } from './scope.ts';

export function emitPath(emitter: Emitter, node: AstNode, place: Place): Code {
  const steps = node.steps ?? [];
  const tuples = node.tuple === true || steps.some((step) => step.tuple === true || step.focus !== undefined || step.index !== undefined);
  if (tuples) throw new NotCompiled('a context, position or parent variable (@, # or %)');
  const [first, ...rest] = steps;
  if (first === undefined) throw new NotCompiled('an empty path');
  const plain = node.group === undefined && node.keepSingletonArray !== true && node.keepArray !== true;
  if (plain && rest.every(isPlainName)) {
    const direct = directPath(emitter, first, rest, place);
    if (direct !== undefined) return direct;
  }
  return generalPath(emitter, node, steps, place);
}

function isPlainName(step: AstNode): boolean {
  return step.type === 'name' && step.stages === undefined && step.keepArray !== true;
}

/** `a.b.c`, `$x.b.c`, `$f(x).b` read inline; arrays on the way are left to the runtime. */
function directPath(emitter: Emitter, first: AstNode, rest: readonly AstNode[], place: Place): Code | undefined {
  const { builder } = emitter;
  const { context } = place;
  if (isPlainName(first)) {
    const names = [first, ...rest].map((step) => String(step.value));
    if (context.row) return follow(emitter, columnOf(emitter, context.text, names[0] ?? ''), names, 1, place);
    const list = builder.constant(names);
    const slow = `${builder.use('namesOf')}(${context.text},${list})`;
    const read = follow(emitter, memberOfObject(emitter, context.text, names[0] ?? '', false), names, 1, place);
    return code(`(${isObject(emitter, context.text)}?${read.text}:${slow})`, type.anything);
  }
  const computed = first.type === 'variable' || context.row;
  if (
    !computed ||
    rest.length === 0 ||
    first.stages !== undefined ||
    first.consarray === true ||
    first.keepArray === true ||
    first.type === 'sort'
  )
    return undefined;
  const names = ['', ...rest.map((step) => String(step.value))];
  return follow(emitter, emitter.emit(first, place), names, 1, place);
}

/** The rest of the names, from the value that the step before gave. */
function follow(emitter: Emitter, value: Code, names: readonly string[], index: number, place: Place): Code {
  const name = names[index];
  if (name === undefined) return value;
  const { builder } = emitter;
  const { first, ref } = builder.hold(place, value);
  const inner = follow(emitter, memberOfObject(emitter, ref, name, value.finished === true), names, index + 1, place);
  const slow = can(value.type, type.object | type.array | type.marked)
    ? `(typeof ${ref}!=="object"?undefined:${builder.use('namesFrom')}(${ref},${builder.constant(names)},${String(index)}))`
    : 'undefined';
  return {
    text: sequenceOf([first, `(${isObject(emitter, ref)}?${inner.text}:${slow})`]),
    type: type.anything,
    finished: value.finished === true,
  };
}

function isObject(emitter: Emitter, ref: string): string {
  return `${emitter.builder.use('isPlainObject')}(${ref})`;
}

/** An own member of an object that may have any prototype. */
function memberOfObject(emitter: Emitter, ref: string, name: string, finished: boolean): Code {
  const read = `(${emitter.builder.use('hasOwn')}(${ref},${literalOf(name)})?${ref}[${literalOf(name)}]:undefined)`;
  return { text: `${emitter.builder.use('finishMember')}(${read})`, type: type.anything, finished };
}

/** A column of the row: its prototype is the ordinary one, so that only the names of that one need a test. */
function columnOf(emitter: Emitter, ref: string, name: string): Code {
  if (name in Object.prototype) return memberOfObject(emitter, ref, name, true);
  return finishedCode(emitter.builder.column(name), type.anything);
}

function generalPath(emitter: Emitter, node: AstNode, steps: readonly AstNode[], place: Place): Code {
  const { builder } = emitter;
  const closures: string[] = [];
  const plan = {
    absolute: steps[0]?.type === 'variable',
    keep: node.keepSingletonArray === true,
    steps: steps.map((step) => planOf(emitter, step, place, closures)),
  };
  builder.walk = true;
  let piece = code(`${builder.use('pathOf')}(${place.context.text},${builder.constant(plan)},[${closures.join(',')}])`, type.anything);
  if (node.group !== undefined) return emitGroup(emitter, piece, node.group, place);
  piece = code(`${builder.use(node.keepArray === true ? 'finishKeeping' : 'finish')}(${piece.text})`, type.anything);
  return piece;
}

function planOf(emitter: Emitter, step: AstNode, place: Place, closures: string[]): unknown {
  if (step.type === 'sort') {
    const terms = (step.terms ?? []).map((term) => ({
      descending: term.descending,
      closure: closures.push(emitter.closure(term.expression, place)) - 1,
    }));
    return { kind: 'sort', terms, filters: emitter.filters(step, place, closures) };
  }
  if (step.type === 'name' && step.group === undefined && step.predicate === undefined) {
    return { kind: 'name', name: String(step.value), keep: step.keepArray === true, filters: emitter.filters(step, place, closures) };
  }
  const closure = closures.push(emitter.closure(step, place)) - 1;
  return { kind: 'value', closure, array: step.consarray === true, filters: emitter.filters(step, place, closures) };
}
