import type { Instant } from '../domain/clock.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Trace } from '../domain/verdict.ts';
import { employmentNames } from './employment.ts';
import type { EvaluationPlan } from './evaluate.ts';
import type { CompiledFormula } from './formula.ts';
import { toJson } from './plain-value.ts';
import { RowEvaluation } from './row-evaluation.ts';
import { selectRow } from './select-row.ts';
import type { Steps } from './step.ts';

/**
 * What every column that is read, let, employment name, scope and attribute came to on the row that counts. Not masked: this is what a person
 * asked to see about one worker. Empty if no row counts.
 */
export function* traceGroup(plan: EvaluationPlan, group: RowGroup, asOf: Instant): Steps<readonly Trace[]> {
  const { unit } = plan;
  const selection = selectRow(group, unit.pipeline.source.primary, unit.pipeline.placeOf('source.primary'));
  if ('problem' in selection) return [];
  const evaluation = new RowEvaluation(unit, plan.checkRow(selection.row), asOf);
  const traces: Trace[] = [];
  const trace = function* (name: string, formula: CompiledFormula): Steps<void> {
    const outcome = yield* evaluation.evaluate(formula, name);
    const plain = outcome.kind === 'value' ? toJson(outcome.value) : { value: undefined };
    traces.push({ name, expression: formula.text, value: 'problem' in plain ? `[${plain.problem}]` : plain.value });
  };
  const formulas = [
    unit.scope,
    ...[...unit.lets.values()].map(({ formula }) => formula),
    unit.active.formula,
    ...unit.attributes.map(({ formula }) => formula),
  ];
  const columns = new Set(formulas.flatMap((formula) => formula?.columns ?? []));
  for (const column of columns) traces.push({ name: column, expression: 'column', value: evaluation.checked.input[column] });
  const employment = evaluation.employmentValues();
  if (employment !== undefined)
    for (const name of employmentNames) traces.push({ name: `$${name}`, expression: 'employment', value: employment[name] });
  for (const { name, formula } of unit.lets.values()) yield* trace(`$${name}`, formula);
  if (unit.scope !== undefined) yield* trace('scope', unit.scope);
  yield* trace('active', unit.active.formula);
  for (const { target, formula } of unit.attributes) yield* trace(target.path, formula);
  return traces;
}
