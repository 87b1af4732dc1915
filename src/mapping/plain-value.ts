import type { Json } from '../domain/canonical-json.ts';

/** What an expression gave, as JSON; `problem` says why it is none. Nothing stays undefined. */
export type PlainResult = { readonly value: Json | undefined } | { readonly problem: string };

/** Members that are nothing are left out, elements that are nothing too, as JSONata does. */
export function toJson(value: unknown): PlainResult {
  switch (typeof value) {
    case 'undefined':
      return { value: undefined };
    case 'string':
    case 'boolean':
      return { value };
    case 'number':
      return Number.isFinite(value) ? { value } : { problem: `the number ${String(value)}` };
    case 'object':
      break;
    case 'function':
    case 'bigint':
    case 'symbol':
    default:
      return { problem: `a ${typeof value}` };
  }
  if (value === null) return { value };
  if (Array.isArray(value)) {
    const elements: Json[] = [];
    for (const element of value) {
      const plain = toJson(element);
      if ('problem' in plain) return plain;
      if (plain.value !== undefined) elements.push(plain.value);
    }
    return { value: elements };
  }
  if (Reflect.get(value, '_jsonata_lambda') === true || Reflect.get(value, '_jsonata_function') === true) return { problem: 'a function' };
  const members: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    const plain = toJson(member);
    if ('problem' in plain) return plain;
    if (plain.value !== undefined)
      Object.defineProperty(members, name, { value: plain.value, writable: true, enumerable: true, configurable: true });
  }
  return { value: members };
}
