import { leftOf, type AstNode } from '../ast.ts';
import type { NativeFunction } from '../engine/definitions.ts';
import { transformTemplate } from '../runtime/builtins.ts';
import { sequenceOf } from './builder.ts';
import * as type from './code.ts';
import { code, NotCompiled, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import { variableIn } from './expressions.ts';
import { directNative, resultTypes } from './natives.ts';
import { canFillContext, directRegistered, usesThis } from './registered.ts';
import { collectBinds, declare, Frame, FunctionScope, hasBinds, type Place } from './scope.ts';

interface KnownFunction {
  readonly name: string;
  readonly native: NativeFunction;
  readonly registered: boolean;
}

/** A function that is known when the expression is compiled: no variable of the expression and no let hides the name. */
function knownFunction(emitter: Emitter, node: AstNode | undefined, place: Place): KnownFunction | undefined {
  const name = node?.type === 'variable' && node.predicate === undefined && node.group === undefined ? node.value : undefined;
  if (typeof name !== 'string' || name === '' || name === '$' || place.frame.find(name) !== undefined) return undefined;
  const { environment } = emitter.builder;
  const known = environment.letOf(name) === undefined ? environment.nativeOf(name) : undefined;
  return known === undefined ? undefined : { name, ...known };
}

/** `$f(…)`, raw. `applied` is the left side of ~>, which becomes the first argument. */
export function emitCall(emitter: Emitter, node: AstNode, place: Place, applied?: Code): Code {
  const { builder } = emitter;
  const nodes = node.arguments ?? [];
  const known = knownFunction(emitter, node.procedure, place);
  if (known === undefined) {
    if (node.procedure === undefined) throw new NotCompiled('an incomplete call');
    const procedure = emitter.emit(node.procedure, place);
    builder.walk = true;
    const args = nodes.map((argument) => emitter.emit(argument, place).text);
    if (applied === undefined)
      return code(`${builder.use('callValue')}(${procedure.text},[${args.join(',')}],${place.context.text})`, type.anything);
    // The left side of ~> is evaluated first, and reaches the function as it is.
    const value = builder.local(place.scope);
    return code(
      sequenceOf([
        `${value}=${applied.text}`,
        `${builder.use('callApplied')}(${procedure.text},[${[value, ...args].join(',')}],${place.context.text})`,
      ]),
      type.anything,
    );
  }
  const args = nodes.map((argument) => emitter.emit(argument, place));
  const binds = hasBinds(nodes);
  const all = applied === undefined ? args : [applied, ...args];
  if (!binds) {
    const direct = known.registered
      ? directRegistered(emitter, known.native, all, place)
      : directNative(emitter, known.name, known.native, all, applied === undefined ? nodes : [undefined, ...nodes], place);
    if (direct !== undefined) return direct;
  }
  const native = builder.constant(known.native);
  const call = `${builder.use(applied === undefined ? 'callNamed' : 'callPiped')}(${native},[${all.map((piece) => piece.text).join(',')}],${place.context.text})`;
  return code(call, (known.registered ? undefined : resultTypes[known.name]) ?? type.anything);
}

/** A call in tail position: made by the loop that called the function, except that of a known function. */
export function emitTailCall(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const args = (node.arguments ?? []).map((argument) => emitter.emit(argument, place));
  const list = `[${args.map((piece) => piece.text).join(',')}]`;
  const known = knownFunction(emitter, node.procedure, place);
  if (known === undefined) {
    if (node.procedure === undefined) throw new NotCompiled('an incomplete call');
    return code(`new ${builder.use('TailCall')}(${emitter.emit(node.procedure, place).text},${list})`, type.anything);
  }
  // The context of a call in tail position is that of the caller's caller.
  if (canFillContext(known.native, args.length)) throw new NotCompiled(`$${known.name} reads its context in tail position`);
  if (known.registered && usesThis(known.native.implementation)) throw new NotCompiled(`$${known.name} reads its context in tail position`);
  return code(`${builder.use('callInTail')}(${builder.constant(known.native)},${list})`, type.anything);
}

export function emitLambda(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  if (node.body === undefined || node.thunk === true) throw new NotCompiled('an incomplete function');
  builder.walk = true;
  const scope = new FunctionScope();
  const frame = new Frame(place.frame);
  const parameters = (node.arguments ?? []).map((argument) => {
    if (argument.type !== 'variable' || typeof argument.value !== 'string') throw new NotCompiled('a parameter without a name');
    const local = builder.parameter();
    frame.variables.set(argument.value, { local, type: type.anything, definite: true, many: false, finished: false });
    return local;
  });
  const binds = collectBinds([node.body]);
  for (const name of binds.keys()) if (frame.variables.has(name)) throw new NotCompiled('a parameter that is bound again');
  declare(frame, binds, () => {
    const name = builder.parameter();
    scope.locals.push(`${name}=${builder.use('unbound')}`);
    return name;
  });
  const body = emitter.emitTail(node.body, { scope, frame, context: place.context });
  const signature = node.signature === undefined ? 'undefined' : builder.constant(node.signature);
  const text = `(${parameters.join(',')})=>{${scope.declaration()}return ${body.text};}`;
  return code(`new ${builder.use('Lambda')}(${String(parameters.length)},${text},${signature},${place.context.text})`, type.fn);
}

export function emitPartial(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  if (node.procedure === undefined) throw new NotCompiled('an incomplete call');
  builder.walk = true;
  const args = (node.arguments ?? []).map((argument) =>
    argument.type === 'operator' && argument.value === '?' ? builder.use('open') : emitter.emit(argument, place).text,
  );
  const list = builder.local(place.scope);
  const procedure = emitter.emit(node.procedure, place);
  return code(sequenceOf([`${list}=[${args.join(',')}]`, `${builder.use('applyPartially')}(${procedure.text},${list})`]), type.fn);
}

/** `value ~> f`: a call gets the value as its first argument; its own filters are ignored, as the reference ignores them. */
export function emitApply(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const [left, right] = [leftOf(node), node.rhs];
  if (left === undefined || right === undefined) throw new NotCompiled('an incomplete ~>');
  const value = emitter.emit(left, place);
  if (right.type === 'function') return emitCall(emitter, right, place, value);
  builder.walk = true;
  return code(`${builder.use('applyTo')}(${value.text},${emitter.emit(right, place).text})`, type.anything);
}

export function emitTransform(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const parts = [node.pattern, node.update, node.delete].filter((part) => part !== undefined);
  if (node.pattern === undefined || node.update === undefined) throw new NotCompiled('an incomplete transform');
  if (hasBinds(parts)) throw new NotCompiled('a variable bound inside a transform');
  const clone = variableIn(emitter, 'clone', place.frame);
  const own = builder.environment.nativeOf('clone')?.registered === true;
  if (own || place.frame.find('clone') !== undefined || clone.type !== type.fn) throw new NotCompiled('$clone is bound to something else');
  builder.walk = true;
  const deletion = node.delete === undefined ? 'undefined' : emitter.closure(node.delete, place);
  const closures = `${emitter.closure(node.pattern, place)},${emitter.closure(node.update, place)},${deletion}`;
  return code(`${builder.use('transformOf')}(${builder.constant(transformTemplate)},${closures})`, type.fn);
}
