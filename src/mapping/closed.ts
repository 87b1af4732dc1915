import type { Diagnostic } from '../domain/diagnostic.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import type { CompiledFormula } from './formula.ts';
import { dependenciesOf, type MappingUnit } from './unit.ts';

/**
 * DESIGN section 5: `active` and `scope` decide only over closed values. Every column that they depend on, through lets, functions and
 * employment, is required with its values, or states whenNull; booleans and dates are closed by their type. Of `protected.when` only NULL has to be accounted for: it names some of
 * many, by their number or job, and a value that it does not know protects nobody.
 */
export function checkClosed(
  unit: Pick<MappingUnit, 'columns' | 'lets' | 'lookups' | 'employment'>,
  decisions: readonly { name: 'active' | 'scope' | 'protected.when'; formula: CompiledFormula }[],
): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const { name, formula } of decisions) {
    const { columns, wholeRow } = dependenciesOf([formula], unit);
    const { lets, lookups } = unit;
    const direct = dependenciesOf([formula], { lets, lookups }).columns;
    if (wholeRow !== undefined) {
      diagnostics.push({ code: 'MAP-117', severity: 'error', message: `${name} reads the row as a whole here`, place: wholeRow });
    }
    for (const column of columns) {
      const anyValue = name === 'protected.when' || (column === unit.employment?.zone && !direct.has(column));
      const why = whyOpen(unit.columns.get(column), anyValue);
      if (why === undefined) continue;
      const use = formula.compiled?.fieldNames.find((one) => one.name === column);
      const place = use === undefined ? formula.place : (formula.source?.locate(use.offset, use.length) ?? formula.place);
      diagnostics.push({ code: 'MAP-116', severity: 'error', message: `${name} depends on column ${column}, ${why}`, place });
    }
  }
  return diagnostics;
}

/** Why a column's values are open; undefined: they are closed. */
function whyOpen(column: ColumnDeclaration | undefined, anyValue: boolean): string | undefined {
  if (column === undefined) return 'which source.columns does not declare';
  if (column.whenNull !== undefined) return undefined;
  if (!column.required) return 'which may be NULL and states no whenNull';
  const closedByType = column.type === 'boolean' || column.type === 'date' || column.type === 'datetime';
  // Zones are closed by the time-zone database: an unknown one is a rejection.
  return column.values !== undefined || closedByType || anyValue ? undefined : 'whose values are not listed';
}
