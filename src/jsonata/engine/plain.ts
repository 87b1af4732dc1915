import { LimitError } from '../errors.ts';

/**
 * What an object of the host may have under this name: the characters of its names and members, and one for each member. It is then taken for plain, and for true if it has any, without being looked
 * into: who watches what an expression looks into wants to be asked for members alone.
 */
export const plainSize: unique symbol = Symbol('plainSize');

export interface Sized {
  readonly [plainSize]?: number;
}

/**
 * A value as it leaves the engine: arrays without jsonata's markings (`sequence`, `keepSingleton`), objects with the
 * ordinary prototype. What needs no change is returned as it is, not copied: parts of the input stay the input's.
 * Functions stay functions.
 * @param most members and characters allowed
 * @param onForeign told of functions and class instances
 * @throws LimitError ('output')
 */
export function toPlain(value: unknown, most: number | undefined, onForeign?: (value: object) => void): unknown {
  if (typeof value !== 'object' || value === null) {
    if (most !== undefined && typeof value === 'string' && value.length > most) throw new LimitError('output', most);
    return value;
  }
  const budget = { left: most ?? Infinity, most: most ?? 0, onForeign };
  return plainOf(value, budget, []);
}

interface Budget {
  left: number;
  readonly most: number;
  readonly onForeign: ((value: object) => void) | undefined;
}

function plainOf(value: unknown, budget: Budget, above: unknown[]): unknown {
  budget.left -= typeof value === 'string' ? 1 + value.length : 1;
  if (budget.left < 0) throw new LimitError('output', budget.most);
  if (typeof value === 'function') budget.onForeign?.(value);
  if (typeof value !== 'object' || value === null || above.includes(value)) return value;
  above.push(value);
  const out = Array.isArray(value) ? plainArray(value, budget, above) : plainObject(value, budget, above);
  above.pop();
  return out;
}

function plainArray(value: readonly unknown[], budget: Budget, above: unknown[]): readonly unknown[] {
  const marked = 'sequence' in value || 'keepSingleton' in value || 'cons' in value;
  let copy: unknown[] | undefined = marked ? [] : undefined;
  for (let index = 0; index < value.length; index += 1) {
    const item = plainOf(value[index], budget, above);
    if (copy === undefined && item !== value[index]) copy = value.slice(0, index);
    copy?.push(item);
  }
  return copy ?? value;
}

function plainObject(value: object & Sized, budget: Budget, above: unknown[]): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    budget.onForeign?.(value);
    return value;
  }
  const known = value[plainSize];
  if (known !== undefined) {
    budget.left -= known;
    if (budget.left < 0) throw new LimitError('output', budget.most);
    return value;
  }
  if ('_jsonata_function' in value) budget.onForeign?.(value);
  let copy: Record<string, unknown> | undefined = prototype === null ? {} : undefined;
  const members = Object.entries(value);
  for (const [index, [name, member]] of members.entries()) {
    budget.left -= name.length;
    const item = plainOf(member, budget, above);
    if (copy === undefined && item !== member) copy = Object.fromEntries(members.slice(0, index));
    if (copy !== undefined) setMember(copy, name, item);
  }
  return copy ?? value;
}

/** Assignment that makes a member of `__proto__` too. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}
