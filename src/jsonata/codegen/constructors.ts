import { pairsOf, type AstNode } from '../ast.ts';
import { sequenceOf } from './builder.ts';
import * as type from './code.ts';
import { can, code, isSimple, literalOf, NotCompiled, type Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import { emitGroup } from './expressions.ts';
import { hasBinds, type Place } from './scope.ts';

/** `[a, b]`: nothing is left out, arrays are joined, an array constructor inside stays one item. */
export function emitArray(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const items = node.expressions ?? [];
  if (hasBinds(items)) throw new NotCompiled('a variable bound inside an array');
  const pieces = items.map((item) => ({ piece: emitter.emit(item, place), whole: item.value === '[' }));
  const single = (entry: (typeof pieces)[number]): boolean => entry.whole || !can(entry.piece.type, type.array | type.marked);
  const certain = pieces.findIndex((entry) => !single(entry) || can(entry.piece.type, type.nothing));
  const leading = certain === -1 ? pieces : pieces.slice(0, certain);
  let text = `[${leading.map((entry) => entry.piece.text).join(',')}]`;
  if (certain !== -1) {
    const target = builder.local(place.scope);
    const parts = pieces.slice(certain).map((entry) => {
      if (!single(entry)) return `${builder.use('appendTo')}(${target},${entry.piece.text})`;
      if (!can(entry.piece.type, type.nothing)) return `${target}.push(${entry.piece.text})`;
      const { first, ref } = builder.hold(place, entry.piece);
      return sequenceOf([first, `${ref}!==undefined&&${target}.push(${ref})`]);
    });
    text = sequenceOf([`${target}=${text}`, ...parts, target]);
  }
  return code(node.consarray === true ? `${builder.use('markConstructed')}(${text})` : text, type.array);
}

/** `{…}`: with distinct literal names an object of that shape, else the general grouping. */
export function emitObject(emitter: Emitter, node: AstNode, place: Place): Code {
  const { builder } = emitter;
  const pairs = pairsOf(node);
  const names = pairs.map(([key]) =>
    key.type === 'string' && key.predicate === undefined && key.group === undefined ? String(key.value) : undefined,
  );
  const literal = names.every((name) => name !== undefined && !reserved.has(name)) && new Set(names).size === names.length;
  if (!literal || pairs.length === 0) return emitGroup(emitter, code(place.context.text, type.anything), { lhs: pairs }, place);
  if (hasBinds(pairs.flat())) throw new NotCompiled('a variable bound inside an object');
  let inner = place;
  let opening: string | undefined;
  if (!place.context.row) {
    // Over an array the items are taken together.
    const joined = builder.local(place.scope);
    opening = `${joined}=${builder.use('joinedContext')}(${place.context.text})`;
    inner = { ...place, context: { text: joined, row: false } };
  }
  const members = pairs.map(([, value], index) => ({ name: literalOf(names[index]), piece: emitter.emit(value, inner) }));
  return code(sequenceOf([opening, layOut(emitter, members, place)]), type.object);
}

const reserved = new Set<string | undefined>(['_jsonata_lambda', '_jsonata_function', '__proto__']);

interface Member {
  readonly name: string;
  readonly piece: Code;
}

/**
 * Members whose values are usually there are written as one literal, tested together; from the first that is usually
 * missing on they are added one by one. Names keep their order in both cases.
 */
function layOut(emitter: Emitter, members: readonly Member[], place: Place): string {
  const { builder } = emitter;
  const rare = members.findIndex((member) => member.piece.rare === true && can(member.piece.type, type.nothing));
  const together = rare === -1 ? members : members.slice(0, rare);
  const late = rare === -1 ? [] : members.slice(rare);
  if (members.every((member) => !can(member.piece.type, type.nothing))) {
    return `{${members.map((member) => `${member.name}:${member.piece.text}`).join(',')}}`.replace(/^/, '(').concat(')');
  }
  const target = builder.local(place.scope);
  const firsts: string[] = [];
  const held = together.map((member) => {
    // A literal stays where it is; everything else is evaluated in order, before the test.
    if (isSimple(member.piece.text) && !can(member.piece.type, type.nothing)) return { ...member, ref: member.piece.text };
    const ref = builder.local(place.scope);
    firsts.push(`${ref}=${member.piece.text}`);
    return { ...member, ref };
  });
  const uncertain = held.filter((member) => can(member.piece.type, type.nothing));
  const whole = `${target}={${held.map((member) => `${member.name}:${member.ref}`).join(',')}}`;
  const stores = held.map((member) => {
    const store = `${target}[${member.name}]=${member.ref}`;
    return can(member.piece.type, type.nothing) ? `${member.ref}!==undefined&&(${store})` : store;
  });
  const present = uncertain.map((member) => `${member.ref}!==undefined`).join('&&');
  const built = uncertain.length === 0 ? whole : `${present}?${whole}:(${[`${target}={}`, ...stores].join(',')})`;
  const added = late.map((member) => {
    if (!can(member.piece.type, type.nothing)) return `${target}[${member.name}]=${member.piece.text}`;
    const { first, ref } = builder.hold(place, member.piece);
    return sequenceOf([first, `${ref}!==undefined&&(${target}[${member.name}]=${ref})`]);
  });
  return sequenceOf([...firsts, `(${built})`, ...added, target]);
}
