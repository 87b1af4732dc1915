import { childrenOf, leftOf, pairsOf, type AstNode } from '../ast.ts';
import { builtinNames } from '../engine/definitions.ts';
import { spanAt } from '../position.ts';
import { Comparisons, literalOf } from './comparisons.ts';
import { builtinFact, columnType, returnTypeOf, type AnalysisEnvironment, type FunctionFact } from './environment.ts';
import type { Finding } from './findings.ts';
import { nearestName } from './nearest.ts';
import { anything, detached, eitherType, nothingType, typeOf, withNothing, type ColumnReading, type ValueType } from './types.ts';

const builtins = new Set(builtinNames);

/** What is known at a node: variables, whether the context is the row, and which columns and variables are there for certain. */
interface Scope {
  readonly variables: ReadonlyMap<string, ValueType>;
  readonly onRow: boolean;
  readonly present: ReadonlySet<string>;
}

/** One walk over the tree that gives each node its type and notes what cannot be meant. */
export class TypeInference {
  readonly findings: Finding[] = [];
  readonly columns = new Map<string, ColumnReading[]>();
  readonly #source: string;
  readonly #environment: AnalysisEnvironment;
  readonly #comparisons: Comparisons;

  constructor(source: string, environment: AnalysisEnvironment) {
    this.#source = source;
    this.#environment = environment;
    this.#comparisons = new Comparisons(source, this.findings);
  }

  run(ast: AstNode): ValueType {
    return this.#infer(ast, { variables: new Map(), onRow: true, present: new Set() });
  }

  #infer(node: AstNode, scope: Scope): ValueType {
    const type = this.#typeOf(node, scope);
    const filters = [...(node.predicate ?? []), ...(node.type === 'path' ? [] : (node.stages ?? []))];
    for (const { expr } of filters) if (expr !== undefined) this.#infer(expr, { ...scope, onRow: false });
    if (node.group !== undefined) {
      for (const part of node.group.lhs.flat()) this.#infer(part, { ...scope, onRow: false });
      return typeOf('object');
    }
    return filters.length === 0 ? type : anything;
  }

  #typeOf(node: AstNode, scope: Scope): ValueType {
    switch (node.type) {
      case 'string':
      case 'number':
        return { ...typeOf(node.type), values: [literalOf(node) ?? ''] };
      case 'value':
        return node.value === null ? typeOf('null') : { ...typeOf('boolean'), values: [node.value === true] };
      case 'path':
        return this.#path(node, scope);
      case 'variable':
        return this.#variable(node, scope);
      case 'binary':
        return this.#binary(node, scope);
      case 'unary':
        return this.#unary(node, scope);
      case 'condition':
        return this.#condition(node, scope);
      case 'block':
        return this.#block(node, scope);
      case 'bind':
        return node.rhs === undefined ? anything : this.#infer(node.rhs, scope);
      case 'function':
        return this.#call(node, scope, undefined);
      case 'apply':
        return this.#apply(node, scope);
      case 'lambda':
        this.#lambda(node, scope);
        return typeOf('function');
      case 'regex':
        return typeOf('function');
      case 'partial':
      case 'transform':
        for (const child of childrenOf(node))
          if (child.type !== 'operator') this.#infer(child, node.type === 'transform' ? { ...scope, onRow: false } : scope);
        return typeOf('function');
      default:
        for (const child of childrenOf(node)) this.#infer(child, { ...scope, onRow: false });
        return anything;
    }
  }

  #path(path: AstNode, scope: Scope): ValueType {
    const steps = path.steps ?? [];
    let inner = scope;
    let type = anything;
    for (const [index, step] of steps.entries()) {
      const first = index === 0;
      const rooted = step.type === 'variable' && (step.value === '$' || (step.value === '' && inner.onRow));
      if (step.type === 'name') type = this.#name(step, inner);
      else if (step.type === 'sort') for (const term of step.terms ?? []) this.#infer(term.expression, { ...inner, onRow: false });
      else if (rooted) type = typeOf('object');
      else type = first ? this.#infer(step, inner) : (this.#infer(step, inner), anything);
      for (const { expr } of step.stages ?? []) if (expr !== undefined) this.#infer(expr, { ...inner, onRow: false });
      if ((step.stages ?? []).length > 0) type = anything;
      for (const name of [step.focus, step.index]) if (name !== undefined) inner = bound(inner, name, anything);
      inner = { ...inner, onRow: rooted };
    }
    return steps.length > 1 && !(steps.length === 2 && steps[0]?.type === 'variable' && steps[0].value === '$') ? anything : type;
  }

  #name(step: AstNode, scope: Scope): ValueType {
    const name = String(step.value);
    if (!scope.onRow) return anything;
    const span = spanAt(this.#source, step.position, name);
    const uses = this.columns.get(name) ?? [];
    const use = { offset: span.offset, closed: false };
    uses.push(use);
    this.columns.set(name, uses);
    const { columns } = this.#environment;
    const fact = columns?.get(name);
    if (fact === undefined) {
      if (columns !== undefined) this.findings.push({ kind: 'unknown-column', ...span, name, nearest: nearestName(name, columns.keys()) });
      return anything;
    }
    const type = { ...columnType(name, fact), use };
    return scope.present.has(name) ? withNothing(type, false) : type;
  }

  #variable(node: AstNode, scope: Scope): ValueType {
    const name = node.value;
    if (name === '$' || (name === '' && scope.onRow)) return typeOf('object');
    if (typeof name !== 'string' || name === '') return anything;
    const known = scope.variables.get(name) ?? this.#environment.variables.get(name);
    if (known !== undefined) return scope.present.has(`$${name}`) ? withNothing(known, false) : known;
    if (this.#environment.functions.has(name) || builtins.has(name)) return typeOf('function');
    const names = [...scope.variables.keys(), ...this.#environment.variables.keys()];
    this.findings.push({ kind: 'unknown-variable', ...spanAt(this.#source, node.position, name), name, nearest: nearestName(name, names) });
    return nothingType;
  }

  #binary(node: AstNode, scope: Scope): ValueType {
    const [left, right] = [leftOf(node), node.rhs];
    if (left === undefined || right === undefined || typeof node.value !== 'string') return anything;
    const a = this.#infer(left, scope);
    const b = this.#infer(right, node.value === 'and' ? { ...scope, present: new Set([...scope.present, ...presentIn(left)]) } : scope);
    if (this.#comparisons.check(node, left, right, a, b)) this.#markClosed([a, b]);
    if (node.value === 'and' || node.value === 'or') this.#markBoolean([a, b]);
    switch (node.value) {
      case '&':
        return typeOf('string');
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return typeOf('number', a.nothing || b.nothing);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return typeOf('boolean', a.nothing || b.nothing);
      case '..':
        return typeOf(['array', 'number'], true);
      default:
        return typeOf('boolean');
    }
  }

  #markClosed(types: readonly ValueType[]): void {
    for (const { use } of types) if (use !== undefined) use.closed = true;
  }

  #markBoolean(types: readonly ValueType[]): void {
    this.#markClosed(types.filter(({ kinds, nothing }) => !nothing && kinds.size === 1 && kinds.has('boolean')));
  }

  #unary(node: AstNode, scope: Scope): ValueType {
    if (node.value === '[') {
      for (const item of node.expressions ?? []) this.#infer(item, scope);
      return typeOf('array');
    }
    if (node.value === '{') {
      for (const part of pairsOf(node).flat()) this.#infer(part, scope);
      return typeOf('object');
    }
    const type = node.expression === undefined ? anything : this.#infer(node.expression, scope);
    return typeOf('number', type.nothing);
  }

  #condition(node: AstNode, scope: Scope): ValueType {
    if (node.condition === undefined || node.then === undefined) return anything;
    this.#markBoolean([this.#infer(node.condition, scope)]);
    const then = this.#infer(node.then, { ...scope, present: new Set([...scope.present, ...presentIn(node.condition)]) });
    const otherwise = node.else === undefined ? nothingType : this.#infer(node.else, scope);
    return detached(eitherType(then, otherwise));
  }

  #block(node: AstNode, scope: Scope): ValueType {
    let inner = scope;
    let last = nothingType;
    for (const expression of node.expressions ?? []) {
      const name = expression.type === 'bind' ? leftOf(expression)?.value : undefined;
      // A function sees its own name when it runs.
      if (typeof name === 'string') this.#checkShadow(name, leftOf(expression), scope);
      const seen = typeof name === 'string' && expression.rhs?.type === 'lambda' ? bound(inner, name, typeOf('function')) : inner;
      last = this.#infer(expression, seen);
      if (typeof name === 'string') inner = bound(inner, name, last);
    }
    return last;
  }

  #lambda(node: AstNode, scope: Scope): void {
    let inner = scope;
    for (const parameter of node.arguments ?? []) {
      if (typeof parameter.value !== 'string') continue;
      this.#checkShadow(parameter.value, parameter, scope);
      inner = bound(inner, parameter.value, anything);
    }
    if (node.body !== undefined) this.#infer(node.body, inner);
  }

  #checkShadow(name: string, node: AstNode | undefined, outer: Scope): void {
    const span = spanAt(this.#source, node?.position, name);
    if (this.#environment.functions.has(name) || builtins.has(name))
      this.findings.push({ kind: 'shadowed-name', ...span, name, hides: 'function' });
    else if (outer.variables.has(name) || this.#environment.variables.has(name))
      this.findings.push({ kind: 'shadowed-name', ...span, name, hides: 'variable' });
  }

  #apply(node: AstNode, scope: Scope): ValueType {
    const left = leftOf(node);
    const value = left === undefined ? anything : this.#infer(left, scope);
    if (node.rhs === undefined) return anything;
    if (node.rhs.type === 'function') return this.#call(node.rhs, scope, value);
    this.#infer(node.rhs, scope);
    const name = node.rhs.type === 'variable' && typeof node.rhs.value === 'string' ? node.rhs.value : undefined;
    const fact = name === undefined || scope.variables.has(name) ? undefined : this.#factOf(name);
    if (fact !== undefined && name !== undefined) this.#noteImpure(name, fact, node.rhs);
    return fact === undefined ? anything : resultOf(fact, [value]);
  }

  #factOf(name: string): FunctionFact | undefined {
    return this.#environment.functions.get(name) ?? (builtins.has(name) ? builtinFact(name) : undefined);
  }

  #noteImpure(name: string, fact: FunctionFact, node: AstNode): void {
    const span = spanAt(this.#source, node.position, name);
    if (fact.readsClock === true) this.findings.push({ kind: 'reads-clock', ...span, name });
    if (fact.random === true) this.findings.push({ kind: 'random', ...span, name });
  }

  #call(node: AstNode, scope: Scope, applied: ValueType | undefined): ValueType {
    const args = (node.arguments ?? []).map((argument) => this.#infer(argument, scope));
    const all = applied === undefined ? args : [applied, ...args];
    const { procedure } = node;
    if (procedure === undefined) return anything;
    const name = procedure.type === 'variable' && typeof procedure.value === 'string' ? procedure.value : undefined;
    if (name === undefined) {
      this.#calledName(procedure);
      if (procedure.type !== 'path') this.#infer(procedure, scope);
      return anything;
    }
    if (name === 'not') this.#markBoolean(args);
    if (scope.variables.has(name) || this.#environment.variables.has(name)) return anything;
    const fact = this.#factOf(name);
    if (fact === undefined) {
      const names = [
        ...this.#environment.functions.keys(),
        ...builtinNames,
        ...scope.variables.keys(),
        ...this.#environment.variables.keys(),
      ];
      this.findings.push({
        kind: 'unknown-function',
        ...spanAt(this.#source, procedure.position, name),
        name,
        nearest: nearestName(name, names),
      });
      return anything;
    }
    this.#noteImpure(name, fact, procedure);
    return resultOf(fact, all);
  }

  /** `uppercase(x)`: a column is no function, and the dollar is easily forgotten. */
  #calledName(procedure: AstNode): void {
    const step = procedure.type === 'path' && procedure.steps?.length === 1 ? procedure.steps[0] : undefined;
    if (step?.type !== 'name' || typeof step.value !== 'string') return;
    const names = [...this.#environment.functions.keys(), ...builtinNames];
    this.findings.push({
      kind: 'unknown-function',
      ...spanAt(this.#source, step.position, step.value),
      name: step.value,
      nearest: nearestName(step.value, names),
    });
  }
}

function bound(scope: Scope, name: string, type: ValueType): Scope {
  return { ...scope, variables: new Map([...scope.variables, [name, detached(type)]]) };
}

/** Nothing in, nothing out: so do all functions of JSONata that do not say otherwise. */
function resultOf(fact: FunctionFact, args: readonly ValueType[]): ValueType {
  if (fact.returns !== undefined) return fact.returns;
  const type = returnTypeOf(fact.signature);
  return withNothing(type, type.nothing || args[0] === undefined || args.some(({ nothing }) => nothing));
}

/** Columns (`name`) and variables (`$name`) that are there when the condition holds. */
function presentIn(condition: AstNode): string[] {
  if (condition.type === 'path' && condition.steps?.length === 1 && condition.steps[0] !== undefined) return presentIn(condition.steps[0]);
  if (condition.type === 'name' && condition.stages === undefined) return [String(condition.value)];
  if (condition.type === 'variable' && typeof condition.value === 'string') return [`$${condition.value}`];
  const isExists = condition.type === 'function' && condition.procedure?.value === 'exists';
  if (isExists) return (condition.arguments ?? []).slice(0, 1).flatMap((argument) => presentIn(argument));
  const left = leftOf(condition);
  if (condition.type === 'block' && condition.expressions?.length === 1 && condition.expressions[0] !== undefined)
    return presentIn(condition.expressions[0]);
  if (condition.type !== 'binary' || left === undefined || condition.rhs === undefined) return [];
  if (condition.value === 'and') return [...presentIn(left), ...presentIn(condition.rhs)];
  // A comparison that holds had values on both sides; `in` and `=` alike.
  return condition.value === 'or' || condition.value === '&' ? [] : [...presentIn(left), ...presentIn(condition.rhs)];
}
