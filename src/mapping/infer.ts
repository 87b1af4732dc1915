import { leftOf, type AstNode } from '../jsonata/ast.ts';
import { functionDeclarations } from '../jsonata/functions/index.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';

export type ValueKind = 'text' | 'number' | 'boolean' | 'list' | 'object' | 'null';

/** What an expression can come out as. Only what is certain is said: unknown kinds and an unproved nothing raise no finding. */
export interface Inferred {
  /** undefined: anything. */
  readonly kinds: ReadonlySet<ValueKind> | undefined;
  /** It is certain that some row allowed by the contract gives nothing. */
  readonly nothing: boolean;
}

export interface InferenceScope {
  readonly columns: ReadonlyMap<string, ColumnDeclaration>;
  /** Lets and employment by name. */
  readonly variables: ReadonlyMap<string, Inferred>;
  readonly lookups: ReadonlySet<string>;
}

export const anything: Inferred = { kinds: undefined, nothing: false };

export function exactly(kind: ValueKind, nothing = false): Inferred {
  return { kinds: new Set([kind]), nothing };
}

/** Infers an expression at the context of the row. */
export function infer(node: AstNode, scope: InferenceScope): Inferred {
  if (node.group !== undefined || (node.predicate ?? []).length > 0 || (node.stages ?? []).length > 0 || node.keepArray === true)
    return anything;
  switch (node.type) {
    case 'string':
      return exactly('text');
    case 'number':
      return exactly('number');
    case 'value':
      return exactly(node.value === null ? 'null' : 'boolean');
    case 'name':
      return inferColumn(node.value, scope);
    case 'path':
      return inferPath(node, scope);
    case 'variable':
      return inferVariable(node, scope);
    case 'binary':
      return inferBinary(node, scope);
    case 'unary':
      return node.value === '['
        ? exactly('list')
        : node.value === '{'
          ? exactly('object')
          : node.value === '-'
            ? exactly('number')
            : anything;
    case 'condition':
      return inferCondition(node, scope);
    case 'block': {
      // A block that binds names needs scopes of its own; one that does not is its last expression.
      const last = node.expressions?.at(-1);
      return last === undefined || (node.expressions ?? []).some((one) => one.type === 'bind') ? anything : infer(last, scope);
    }
    case 'function':
      return inferCall(node, scope);
    default:
      return anything;
  }
}

/** The name of a column if the node reads one and nothing else. */
export function columnOf(node: AstNode | undefined): string | undefined {
  const step = node?.type === 'path' && node.steps?.length === 1 && node.group === undefined ? node.steps[0] : node;
  const plain = step?.type === 'name' && (step.stages ?? []).length === 0 && (step.predicate ?? []).length === 0;
  return plain && typeof step.value === 'string' ? step.value : undefined;
}

function inferColumn(name: unknown, scope: InferenceScope): Inferred {
  const column = typeof name === 'string' ? scope.columns.get(name) : undefined;
  if (column === undefined) return anything;
  const kinds = columnKinds[column.type];
  const isNever = column.whenNull === 'never' && (column.type === 'date' || column.type === 'datetime');
  const nothing = isNever || (!column.required && column.whenNull === undefined);
  if (kinds === undefined) return { kinds: undefined, nothing };
  const substitute = column.whenNull === undefined || isNever ? [] : [kindOfLiteral(column.whenNull)];
  return { kinds: new Set([...kinds, ...substitute]), nothing };
}

/** A decimal may come as text, so that nothing is rounded; JSON may be anything. */
const columnKinds: Readonly<Record<ColumnDeclaration['type'], readonly ValueKind[] | undefined>> = {
  string: ['text'],
  date: ['text'],
  datetime: ['text'],
  integer: ['number'],
  number: ['number'],
  decimal: ['number', 'text'],
  boolean: ['boolean'],
  json: undefined,
};

function kindOfLiteral(value: string | number | boolean): ValueKind {
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean';
}

function inferPath(path: AstNode, scope: InferenceScope): Inferred {
  const [first, second, ...rest] = path.steps ?? [];
  if (first === undefined || path.keepSingletonArray === true) return anything;
  if (second === undefined) return infer(first, scope);
  const isPlainMember = rest.length === 0 && second.type === 'name' && (second.stages ?? []).length === 0;
  if (!isPlainMember) return anything;
  const fromRow = first.type === 'variable' && (first.value === '$' || first.value === '') && (first.stages ?? []).length === 0;
  if (fromRow) return inferColumn(second.value, scope);
  // A column of a lookup's row: text, and nothing for a key or a cell that is not there.
  return isLookupCall(first, scope) ? exactly('text', true) : anything;
}

function isLookupCall(node: AstNode, scope: InferenceScope): boolean {
  const [table, , otherwise] = node.arguments ?? [];
  if (node.type !== 'function' || node.procedure?.value !== 'lookup' || otherwise !== undefined) return false;
  return table?.type === 'variable' && typeof table.value === 'string' && scope.lookups.has(table.value);
}

function inferVariable(node: AstNode, scope: InferenceScope): Inferred {
  if (typeof node.value !== 'string') return anything;
  return scope.variables.get(node.value) ?? (scope.lookups.has(node.value) ? exactly('object') : anything);
}

function inferBinary(node: AstNode, scope: InferenceScope): Inferred {
  const sides = [leftOf(node), node.rhs].map((side) => (side === undefined ? anything : infer(side, scope)));
  const nothing = sides.some((side) => side.nothing);
  switch (node.value) {
    case '&':
      return exactly('text');
    case '=':
    case '!=':
    case 'in':
    case 'and':
    case 'or':
      return exactly('boolean');
    case '<':
    case '<=':
    case '>':
    case '>=':
      return exactly('boolean', nothing);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return exactly('number', nothing);
    default:
      return anything;
  }
}

function inferCondition(node: AstNode, scope: InferenceScope): Inferred {
  const { condition, then } = node;
  if (condition === undefined || then === undefined) return anything;
  const first = infer(then, scope);
  const second = node.else === undefined ? { kinds: new Set<ValueKind>(), nothing: true } : infer(node.else, scope);
  const isTested = sameName(condition, then) || (condition.procedure?.value === 'exists' && sameName(condition.arguments?.[0], then));
  const kinds = first.kinds === undefined || second.kinds === undefined ? undefined : new Set([...first.kinds, ...second.kinds]);
  return { kinds, nothing: (first.nothing && !isTested) || second.nothing };
}

/** `a ? a : b`: the test has shown that a is there. */
function sameName(one: AstNode | undefined, two: AstNode): boolean {
  const column = columnOf(two);
  if (column !== undefined) return columnOf(one) === column;
  return two.type === 'variable' && one?.type === 'variable' && one.value === two.value;
}

/** Built-in functions by what they return; all but those in `always` return nothing for nothing. */
const returns: Readonly<Record<string, ValueKind>> = Object.fromEntries([
  ...'string substring substringBefore substringAfter lowercase uppercase trim pad replace join formatNumber formatBase formatInteger type base64encode base64decode encodeUrl encodeUrlComponent decodeUrl decodeUrlComponent fromMillis'
    .split(' ')
    .map((name) => [name, 'text'] as const),
  ...'length number floor ceil round abs sqrt power sum count max min average parseInteger toMillis'
    .split(' ')
    .map((name) => [name, 'number'] as const),
  ...'contains exists not boolean'.split(' ').map((name) => [name, 'boolean'] as const),
]);
const always: ReadonlySet<string> = new Set(['exists', 'count']);
const resultLetters: Readonly<Record<string, ValueKind>> = { s: 'text', n: 'number', b: 'boolean', o: 'object' };
const libraryReturns: ReadonlyMap<string, ValueKind | undefined> = new Map(
  functionDeclarations.map(({ name, signature }) => [name, resultLetters[/:([a-z])>$/.exec(signature)?.[1] ?? '']]),
);

function inferCall(node: AstNode, scope: InferenceScope): Inferred {
  const name = node.procedure?.type === 'variable' ? node.procedure.value : undefined;
  if (typeof name !== 'string' || scope.variables.has(name)) return anything;
  if (isLookupCall(node, scope)) return exactly('object', true);
  if (libraryReturns.has(name)) {
    const kind = libraryReturns.get(name);
    return kind === undefined ? anything : exactly(kind);
  }
  const kind = Object.hasOwn(returns, name) ? returns[name] : undefined;
  if (kind === undefined) return anything;
  const [first] = node.arguments ?? [];
  return exactly(kind, !always.has(name) && first !== undefined && infer(first, scope).nothing);
}
