import type { ColumnDeclaration, Formula } from './pipeline.ts';

/** Every name in an expression, `$` and all; also those within texts, which is the safe side. */
export function namesIn(formula: { readonly kind: Formula['kind']; readonly text?: string }): readonly string[] {
  return formula.kind === 'expression' ? (formula.text?.match(/\$?[\p{L}_][\p{L}\p{N}_]*/gu) ?? []) : [];
}

/** Sensitive columns, and lets as `$name` that are made of them, directly or through other lets. */
export function sensitiveSources(
  columns: readonly ColumnDeclaration[] | undefined,
  lets: readonly { readonly name: string; readonly formula: Formula }[],
): ReadonlySet<string> {
  const found = new Set((columns ?? []).filter((column) => column.class === 'sensitive').map(({ name }) => name));
  // Each may use those before it.
  for (const { name, formula } of lets) if (isMadeOf(formula, found)) found.add(`$${name}`);
  return found;
}

/** Does the formula mention one of the names? */
export function isMadeOf(formula: Formula, names: ReadonlySet<string>): boolean {
  return namesIn(formula).some((name) => names.has(name));
}
