/** What a value can be, as far as it can be told without a row. */
export type Kind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array' | 'function';

const kinds: readonly Kind[] = ['string', 'number', 'boolean', 'null', 'object', 'array', 'function'];

export interface ValueType {
  readonly kinds: ReadonlySet<Kind>;
  /** JSONata's nothing is possible. */
  readonly nothing: boolean;
  /** All values there can be, where they are a closed list. */
  readonly values?: readonly (string | number | boolean)[];
  /** The column that the value is, unchanged. */
  readonly column?: string;
  /** The reading of that column, to be marked when it turns out to be a comparison with the closed list. */
  readonly use?: ColumnReading;
}

export interface ColumnReading {
  readonly offset: number;
  closed: boolean;
}

export function typeOf(kind: Kind | readonly Kind[], nothing = false): ValueType {
  return { kinds: new Set(typeof kind === 'string' ? [kind] : kind), nothing };
}

export const anything: ValueType = typeOf(kinds, true);
export const nothingType: ValueType = { kinds: new Set(), nothing: true };

/** Either of the two. Closed lists join. */
export function eitherType(a: ValueType, b: ValueType): ValueType {
  const joined = { kinds: new Set([...a.kinds, ...b.kinds]), nothing: a.nothing || b.nothing };
  if (a.kinds.size === 0) return { ...b, nothing: true };
  if (b.kinds.size === 0) return { ...a, nothing: true };
  return a.values === undefined || b.values === undefined ? joined : { ...joined, values: [...new Set([...a.values, ...b.values])] };
}

export function withNothing(type: ValueType, nothing: boolean): ValueType {
  return type.nothing === nothing ? type : { ...type, nothing };
}

/** The type of a value that is passed on: no longer the column itself. */
export function detached({ kinds: of, nothing, values }: ValueType): ValueType {
  return { kinds: of, nothing, ...(values === undefined ? {} : { values }) };
}

/** Whether nothing is known about the kind. */
export function isOpen(type: ValueType): boolean {
  return kinds.every((kind) => type.kinds.has(kind));
}

/** The kinds in words: `string or number`. */
export function describeType(type: ValueType): string {
  if (isOpen(type)) return 'anything';
  const words = [...type.kinds];
  return words.length === 0 ? 'nothing' : words.join(' or ');
}
