import { comparisons, type Comparison, type Filter, type FilterFunction, type FilterLiteral } from './odata-filter.ts';

/** What an endpoint lets a filter do with a property. */
export interface FilterableProperty {
  readonly type: 'string' | 'number' | 'boolean' | 'date';
  readonly operators: readonly (Comparison | FilterFunction | 'in')[];
}

/** What an endpoint takes. */
export interface FilterRules {
  /** The rule of a property by its path; undefined: there is no such property to filter on. */
  readonly property: (path: string) => FilterableProperty | undefined;
  /** `or` and `not` are taken as well as `and`. */
  readonly logic: 'and' | 'all';
  readonly typeName: string;
}

export const stringOperators = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'contains'] as const;
export const orderOperators = comparisons;

/** The first thing in the filter that the endpoint does not take; undefined: nothing. */
export function checkFilter(filter: Filter, rules: FilterRules): string | undefined {
  switch (filter.kind) {
    case 'and':
      return checkFilter(filter.left, rules) ?? checkFilter(filter.right, rules);
    case 'or':
      if (rules.logic === 'and') return "Invalid filter clause: the operator 'or' is not supported.";
      return checkFilter(filter.left, rules) ?? checkFilter(filter.right, rules);
    case 'not':
      return rules.logic === 'and' ? "Invalid filter clause: the operator 'not' is not supported." : checkFilter(filter.filter, rules);
    case 'function':
      return checkUse(rules, filter.path, filter.name, [{ type: 'string', value: filter.text }]);
    case 'in':
      return checkUse(rules, filter.path, 'in', filter.literals);
    case 'compare':
      break;
  }
  return checkUse(rules, filter.path, filter.operator, [filter.literal]);
}

function checkUse(
  rules: FilterRules,
  path: string,
  operator: Comparison | FilterFunction | 'in',
  literals: readonly FilterLiteral[],
): string | undefined {
  const property = rules.property(path);
  if (property === undefined) return `Could not find a property named '${path}' on type '${rules.typeName}'.`;
  if (!property.operators.includes(operator)) return `Invalid filter clause: the operator '${operator}' is not supported for '${path}'.`;
  const wrong = literals.find((literal) => literal.type !== 'null' && literal.type !== property.type);
  return wrong === undefined
    ? undefined
    : `A binary operator with incompatible types was detected. Found operand types 'Edm.${property.type}' and 'Edm.${wrong.type}' for '${path}'.`;
}

export type PropertyValue = string | number | boolean | null;

/** Judges one thing by a checked filter. `read` gives its properties (dates as ms); `fold` makes strings comparable. */
export function matchesFilter(filter: Filter, read: (path: string) => PropertyValue, fold: (text: string) => string): boolean {
  switch (filter.kind) {
    case 'and':
      return matchesFilter(filter.left, read, fold) && matchesFilter(filter.right, read, fold);
    case 'or':
      return matchesFilter(filter.left, read, fold) || matchesFilter(filter.right, read, fold);
    case 'not':
      return !matchesFilter(filter.filter, read, fold);
    case 'function': {
      const value = read(filter.path);
      if (typeof value !== 'string') return false;
      const [text, part] = [fold(value), fold(filter.text)];
      if (filter.name === 'contains') return text.includes(part);
      return filter.name === 'startswith' ? text.startsWith(part) : text.endsWith(part);
    }
    case 'in': {
      const value = read(filter.path);
      return filter.literals.some((literal) => compare('eq', value, literal, fold));
    }
    case 'compare':
      break;
  }
  return compare(filter.operator, read(filter.path), filter.literal, fold);
}

function compare(operator: Comparison, value: PropertyValue, literal: FilterLiteral, fold: (text: string) => string): boolean {
  const other = literal.type === 'null' ? null : literal.value;
  const left = typeof value === 'string' ? fold(value) : value;
  const right = typeof other === 'string' ? fold(other) : other;
  if (operator === 'eq') return left === right;
  if (operator === 'ne') return left !== right;
  // An order exists only between two values.
  if (left === null || right === null) return false;
  if (operator === 'gt') return left > right;
  if (operator === 'ge') return left >= right;
  return operator === 'lt' ? left < right : left <= right;
}
