import { leftOf, type AstNode } from '../ast.ts';
import type { Builder } from './builder.ts';
import * as type from './code.ts';
import { can, code, NotCompiled, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import type { Place } from './scope.ts';

const arithmetic: Readonly<Record<string, string>> = { '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide', '%': 'remainder' };
const comparisons: Readonly<Record<string, string>> = { '<': 'less', '<=': 'lessOrEqual', '>': 'greater', '>=': 'greaterOrEqual' };

export function emitBinary(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const [left, right] = [leftOf(node), node.rhs];
  if (left === undefined || right === undefined || typeof node.value !== 'string') throw new NotCompiled('an incomplete operator');
  const operator = node.value;
  const [a, b] = [emitter.emit(left, place), emitter.emit(right, place)];
  const named = arithmetic[operator];
  if (named !== undefined) return code(`${builder.use(named)}(${a.text},${b.text})`, type.number | type.nothing);
  const compared = comparisons[operator];
  if (compared !== undefined) return code(`${builder.use(compared)}(${a.text},${b.text})`, type.boolean | type.nothing);
  switch (operator) {
    case '&':
      return code(`(${asText(builder, a)}+${asText(builder, b)})`, type.text);
    case 'and':
      return code(`(${truth(builder, a)}&&${truth(builder, b)})`, type.boolean);
    case 'or':
      return code(`(${truth(builder, a)}||${truth(builder, b)})`, type.boolean);
    case '=':
      return equality(builder, a, b);
    case '!=':
      return code(`${builder.use('differs')}(${a.text},${b.text})`, type.boolean);
    case 'in':
      return code(`${builder.use('includes')}(${a.text},${b.text})`, type.boolean);
    case '..':
      builder.walk = true;
      return code(`${builder.use('range')}(${a.text},${b.text})`, type.anything);
    default:
      throw new NotCompiled(`the operator ${operator}`);
  }
}

/** Equal to a text, a boolean or null is equal in JavaScript. Both sides are always evaluated. */
function equality(builder: Builder, a: Code, b: Code): Code {
  const plain = type.text | type.boolean | type.nullValue;
  const identical = !can(a.type, type.anything & ~plain) || !can(b.type, type.anything & ~plain);
  return identical ? code(`(${a.text}===${b.text})`, type.boolean) : code(`${builder.use('equals')}(${a.text},${b.text})`, type.boolean);
}

function asText(builder: Builder, piece: Code): string {
  return piece.type === type.text ? piece.text : `${builder.use('textOf')}(${piece.text})`;
}

/** A JavaScript condition that holds when the value counts as true. */
export function truth(builder: Builder, piece: Code): string {
  switch (piece.type) {
    case type.boolean:
      return piece.text;
    case type.boolean | type.nothing:
      return `${piece.text}===true`;
    case type.text:
      return `${piece.text}!==""`;
    default:
      return `${builder.use('isTruthy')}(${piece.text})`;
  }
}
