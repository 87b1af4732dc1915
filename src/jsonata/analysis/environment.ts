import { anything, typeOf, type Kind, type ValueType } from './types.ts';

/** A column as the contract with HR, or the database, states it. */
export interface ColumnFact {
  readonly type: 'string' | 'number' | 'boolean' | 'date' | 'object';
  /** NULL is possible, and reaches an expression as nothing. */
  readonly nothing: boolean;
  /** The closed list of its values. */
  readonly values?: readonly (string | number | boolean)[];
}

/** A function as far as its callers can see. */
export interface FunctionFact {
  /** jsonata's signature; its return type is the type of a call. */
  readonly signature?: string;
  /** In place of what the signature says. */
  readonly returns?: ValueType;
  readonly readsClock?: boolean;
  readonly random?: boolean;
}

export interface AnalysisEnvironment {
  /** Columns of the row; undefined when they are not known, and any name is then let pass. */
  readonly columns: ReadonlyMap<string, ColumnFact> | undefined;
  /** Registered functions; built-in ones are known. */
  readonly functions: ReadonlyMap<string, FunctionFact>;
  /** Lets, lookups and other bindings. */
  readonly variables: ReadonlyMap<string, ValueType>;
}

/** The type of what a column gives. Dates are text. */
export function columnType(name: string, fact: ColumnFact): ValueType {
  const type = typeOf(fact.type === 'date' ? 'string' : fact.type, fact.nothing);
  return { ...type, column: name, ...(fact.values === undefined ? {} : { values: fact.values }) };
}

const letters: Readonly<Record<string, Kind>> = {
  s: 'string',
  n: 'number',
  b: 'boolean',
  l: 'null',
  o: 'object',
  a: 'array',
  f: 'function',
};

/** The type behind the colon of a signature; anything where there is none. */
export function returnTypeOf(signature: string | undefined): ValueType {
  const written =
    signature
      ?.slice(1, -1)
      .replaceAll(/<[^<>]*>/g, '')
      .split(':')[1]
      ?.replaceAll(/<[^<>]*>?/g, '') ?? '';
  const found = written.split('').flatMap((letter) => letters[letter] ?? []);
  return found.length === 0 || /[xj]/.test(written) ? anything : typeOf(found, false);
}

const constantFacts: Readonly<Record<string, FunctionFact>> = {
  now: { returns: typeOf('string'), readsClock: true },
  millis: { returns: typeOf('number'), readsClock: true },
  random: { returns: typeOf('number'), random: true },
  shuffle: { returns: typeOf('array', true), random: true },
  count: { returns: typeOf('number') },
  exists: { returns: typeOf('boolean') },
  // An array without numbers has no sum of its own, and an empty match is nothing.
  max: { returns: typeOf('number', true) },
  min: { returns: typeOf('number', true) },
  average: { returns: typeOf('number', true) },
  match: { returns: typeOf(['array', 'object'], true) },
  keys: { returns: typeOf(['array', 'string'], true) },
  each: { returns: anything },
  spread: { returns: typeOf(['array', 'object'], true) },
  sift: { returns: typeOf('object', true) },
  zip: { returns: anything },
  append: { returns: anything },
  error: { returns: typeOf([], false) },
  assert: { returns: typeOf([], true) },
  clone: { returns: typeOf(['object', 'array'], true) },
  // A text that the picture does not fit gives nothing.
  toMillis: { returns: typeOf('number', true) },
};

const signatures: Readonly<Record<string, string>> = {
  sum: '<a<n>:n>',
  string: '<x-b?:s>',
  substring: '<s-nn?:s>',
  substringBefore: '<s-s:s>',
  substringAfter: '<s-s:s>',
  lowercase: '<s-:s>',
  uppercase: '<s-:s>',
  length: '<s-:n>',
  trim: '<s-:s>',
  pad: '<s-ns?:s>',
  contains: '<s-x:b>',
  replace: '<s-xxn?:s>',
  split: '<s-xn?:a>',
  join: '<as?:s>',
  formatNumber: '<n-so?:s>',
  formatBase: '<n-n?:s>',
  formatInteger: '<n-s:s>',
  parseInteger: '<s-s:n>',
  number: '<x-:n>',
  floor: '<n-:n>',
  ceil: '<n-:n>',
  round: '<n-n?:n>',
  abs: '<n-:n>',
  sqrt: '<n-:n>',
  power: '<n-n:n>',
  boolean: '<x-:b>',
  not: '<x-:b>',
  merge: '<a:o>',
  reverse: '<a:a>',
  type: '<x:s>',
  sort: '<af?:a>',
  base64encode: '<s-:s>',
  base64decode: '<s-:s>',
  encodeUrlComponent: '<s-:s>',
  encodeUrl: '<s-:s>',
  decodeUrlComponent: '<s-:s>',
  decodeUrl: '<s-:s>',
  fromMillis: '<n-s?s?:s>',
};

/** What is known of a built-in function. Of most, a call gives nothing exactly when its first argument is nothing. */
export function builtinFact(name: string): FunctionFact {
  const signature = signatures[name];
  return constantFacts[name] ?? (signature === undefined ? { returns: anything } : { signature });
}
