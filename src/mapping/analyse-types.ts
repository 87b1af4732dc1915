import type { Diagnostic } from '../domain/diagnostic.ts';
import { leftOf, walkAst, type AstNode } from '../jsonata/ast.ts';
import { spanAt } from '../jsonata/index.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import { nearestName } from '../scim/index.ts';
import type { UnitParts } from './compile-unit.ts';
import { employmentNames } from './employment.ts';
import type { CompiledFormula } from './formula.ts';
import { anything, columnOf, exactly, infer, type Inferred, type InferenceScope, type ValueKind } from './infer.ts';
import type { CompiledAttribute } from './unit.ts';

/** Types that attributes do not take, required attributes that may be nothing, comparisons that are never true. */
export function analyseTypes(parts: UnitParts, known: readonly ColumnDeclaration[] | undefined): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const scope = inferLets(parts, known);
  for (const attribute of parts.attributes) {
    checkFormula(
      diagnostics,
      attribute.formula,
      inferFormula(attribute.formula, scope),
      attribute.target.path,
      acceptedKinds(attribute),
      isNeeded(attribute),
    );
  }
  for (const { formula, target } of parts.attributes) {
    const column = target.attribute.type === 'dateTime' ? scope.columns.get(columnOf(formula.compiled?.ast) ?? '') : undefined;
    if (column?.type !== 'date') continue;
    const message = `${target.path} takes a date and time, and column ${column.name} is a date`;
    diagnostics.push({ code: 'SCM-109', severity: 'warning', message, place: formula.place, fix: `Write $dateTime(${column.name}).` });
  }
  for (const [name, formula] of [
    ['scope', parts.scope],
    ['protected.when', parts.protectedWhen],
  ] as const) {
    if (formula === undefined) continue;
    checkFormula(diagnostics, formula, inferFormula(formula, scope), name, { kinds: new Set(['boolean']), words: 'a boolean' }, true);
  }
  const lets = [...parts.lets.values()].map(({ formula }) => formula);
  for (const formula of [
    ...lets,
    ...[parts.scope, parts.protectedWhen].filter((one) => one !== undefined),
    ...parts.attributes.map(({ formula: one }) => one),
  ]) {
    checkComparisons(diagnostics, formula, scope.columns);
  }
  return diagnostics;
}

function inferLets(parts: UnitParts, known: readonly ColumnDeclaration[] | undefined): InferenceScope {
  const variables = new Map<string, Inferred>();
  if (parts.pipeline.transform.employment !== undefined) for (const name of employmentNames) variables.set(name, exactly('boolean'));
  const columns = new Map((known ?? []).map((column) => [column.name, column]));
  const scope: InferenceScope = { columns, variables, lookups: new Set(Object.keys(parts.pipeline.lookups)) };
  for (const { name } of parts.pipeline.transform.let) variables.set(name, anything);
  // In order: a let sees the ones before it.
  for (const { name } of parts.pipeline.transform.let) {
    const found = parts.lets.get(name);
    if (found !== undefined) variables.set(name, inferFormula(found.formula, scope));
  }
  return scope;
}

function inferFormula(formula: CompiledFormula, scope: InferenceScope): Inferred {
  if (formula.literal !== undefined) {
    const { value } = formula.literal;
    if (value === null) return exactly('null');
    return typeof value === 'string' ? exactly('text') : typeof value === 'number' ? exactly('number') : exactly('boolean');
  }
  return formula.compiled === undefined ? anything : infer(formula.compiled.ast, scope);
}

interface Accepted {
  readonly kinds: ReadonlySet<ValueKind>;
  readonly words: string;
}

function acceptedKinds({ declaration, target }: CompiledAttribute): Accepted {
  if (declaration.once) return { kinds: new Set(['text', 'list', 'null']), words: 'text or a list of texts' };
  if (target.multiValued) return { kinds: new Set(['list', 'null']), words: 'a list' };
  switch (target.attribute.type) {
    case 'boolean':
      return target.path === 'active'
        ? { kinds: new Set(['boolean']), words: 'a boolean' }
        : { kinds: new Set(['boolean', 'null']), words: 'a boolean' };
    case 'integer':
    case 'decimal':
      return { kinds: new Set(['number', 'null']), words: 'a number' };
    case 'complex':
      return { kinds: new Set(['object', 'null']), words: 'an object' };
    case 'string':
    case 'reference':
    case 'binary':
    case 'dateTime':
    default:
      return { kinds: new Set(['text', 'null']), words: 'text' };
  }
}

function isNeeded({ declaration, target }: CompiledAttribute): boolean {
  return target.required || target.path === 'active' || declaration.empty === 'reject';
}

function checkFormula(
  diagnostics: Diagnostic[],
  formula: CompiledFormula,
  inferred: Inferred,
  name: string,
  accepted: Accepted,
  needed: boolean,
): void {
  const { place } = formula;
  const wrong = [...(inferred.kinds ?? [])].filter((kind) => !accepted.kinds.has(kind));
  if (wrong.length > 0) {
    const always = wrong.length === inferred.kinds?.size;
    const message = `${name} takes ${accepted.words}; the expression ${always ? 'gives' : 'can give'} ${wrong.map((kind) => kindWords[kind]).join(' or ')}`;
    diagnostics.push({ code: 'MAP-129', severity: always ? 'error' : 'warning', message, place });
  }
  if (needed && (inferred.nothing || (inferred.kinds?.has('null') === true && accepted.kinds.has('null')))) {
    diagnostics.push({
      code: 'MAP-130',
      severity: 'warning',
      message: `${name} needs a value, and the expression may come out as nothing`,
      place,
    });
  }
}

const kindWords: Readonly<Record<ValueKind, string>> = {
  text: 'text',
  number: 'a number',
  boolean: 'a boolean',
  list: 'a list',
  object: 'an object',
  null: 'null',
};

function checkComparisons(diagnostics: Diagnostic[], formula: CompiledFormula, columns: ReadonlyMap<string, ColumnDeclaration>): void {
  const { compiled, source } = formula;
  if (compiled === undefined || source === undefined) return;
  const onRow = new Set(compiled.fieldNames.map(({ name, offset }) => `${name} ${String(offset)}`));
  walkAst(compiled.ast, (node) => {
    if (node.type !== 'binary' || !comparisons.has(String(node.value))) return;
    const left = leftOf(node);
    for (const [side, other] of [
      [left, node.rhs],
      [node.rhs, left],
    ] as const) {
      const name = columnOf(side);
      const column = name === undefined ? undefined : columns.get(name);
      if (column === undefined || side === undefined || !isOnRow(side, column.name, compiled.source, onRow)) continue;
      for (const literal of literalsOf(other, node.value === 'in')) {
        const why = whyNeverEqual(column, literal.value, node.value === '=' || node.value === '!=' || node.value === 'in');
        if (why === undefined) continue;
        const span = spanAt(compiled.source, literal.position, literal.value);
        const near = typeof literal.value === 'string' ? nearestName(literal.value, (column.values ?? []).map(String)) : undefined;
        const fix = near === undefined ? {} : { fix: `Did you mean "${near}"?` };
        diagnostics.push({ code: 'MAP-137', severity: 'error', message: why, place: source.locate(span.offset, span.length), ...fix });
      }
    }
  });
}

const comparisons: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=', 'in']);

function isOnRow(node: AstNode, name: string, text: string, onRow: ReadonlySet<string>): boolean {
  const step = node.type === 'path' ? node.steps?.[0] : node;
  return onRow.has(`${name} ${String(spanAt(text, step?.position, name).offset)}`);
}

interface Literal {
  readonly value: unknown;
  readonly position: number | undefined;
}

function literalsOf(node: AstNode | undefined, list: boolean): readonly Literal[] {
  if (node === undefined) return [];
  if (list && node.type === 'unary' && node.value === '[') return (node.expressions ?? []).flatMap((one) => literalsOf(one, false));
  const isLiteral = node.type === 'string' || node.type === 'number' || (node.type === 'value' && typeof node.value === 'boolean');
  return isLiteral ? [{ value: node.value, position: node.position }] : [];
}

function whyNeverEqual(column: ColumnDeclaration, value: unknown, equality: boolean): string | undefined {
  const kind = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : 'a boolean';
  const columnKind = simpleKinds[column.type];
  if (columnKind === undefined) return undefined;
  if (columnKind !== kind) return `column ${column.name} holds ${columnKind} and is compared with ${kind}`;
  const { values, whenNull } = column;
  if (!equality || values === undefined || [...values, whenNull].includes(value as string)) return undefined; // oxlint-disable-line typescript/no-unsafe-type-assertion -- only compared
  return `column ${column.name} is never ${JSON.stringify(value)}; its values are ${values.map(String).join(', ')}`;
}

const simpleKinds: Readonly<Partial<Record<ColumnDeclaration['type'], string>>> = {
  string: 'text',
  date: 'text',
  datetime: 'text',
  integer: 'a number',
  number: 'a number',
  boolean: 'a boolean',
};
