import type { Instant } from '../domain/clock.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Trace, TraceStep } from '../domain/verdict.ts';
import { employmentNames } from './employment.ts';
import { employmentColumns } from './unit.ts';
import type { WatchedStep } from '../jsonata/index.ts';
import type { EvaluationPlan } from './evaluate.ts';
import type { CompiledFormula } from './formula.ts';
import { toJson } from './plain-value.ts';
import { RowEvaluation } from './row-evaluation.ts';
import { selectRow } from './select-row.ts';
import type { Steps } from './step.ts';

/**
 * What every column that is read, let, employment name, scope and attribute came to on the row that counts, and with `parts` what the parts of each
 * expression came to. Not masked: this is what a person asked to see about one worker. Empty if no row counts.
 */
export function* traceGroup(plan: EvaluationPlan, group: RowGroup, asOf: Instant, parts: boolean): Steps<readonly Trace[]> {
  const { unit } = plan;
  const selection = selectRow(group, unit.pipeline.source.primary, unit.pipeline.placeOf('source.primary'));
  if ('problem' in selection) return [];
  const evaluation = new RowEvaluation(unit, plan.checkRow(selection.row), asOf);
  const traces: Trace[] = [];
  const trace = function* (name: string, formula: CompiledFormula): Steps<void> {
    const reads = [...formula.columns, ...formula.bindings.map((binding) => `$${binding}`)];
    const base = { name, expression: formula.text, reads };
    const outcome = yield* evaluation.evaluate(formula, name);
    const plain = outcome.kind === 'value' ? toJson(outcome.value) : undefined;
    const watched = parts ? yield* evaluation.watch(formula) : undefined;
    const steps = watched === undefined ? {} : { steps: stepsOf(formula, watched) };
    if (plain === undefined) {
      const failure = outcome.kind === 'failed' ? evaluation.reasons.at(-1)?.message : undefined;
      const without = traces.filter((one) => reads.includes(one.name) && one.problem !== undefined).map((one) => one.name);
      traces.push({ ...base, value: undefined, problem: failure ?? `${without.join(', ') || 'employment'} has no value`, ...steps });
    } else traces.push({ ...base, value: 'problem' in plain ? `[${plain.problem}]` : plain.value, ...steps });
  };
  const formulas = [
    unit.scope,
    unit.protectedWhen,
    ...[...unit.lets.values()].map(({ formula }) => formula),
    unit.active.formula,
    ...unit.attributes.map(({ formula }) => formula),
  ];
  const columns = new Set(formulas.flatMap((formula) => formula?.columns ?? []));
  for (const column of columns) {
    const violation = evaluation.checked.violations.get(column);
    const problem = violation === undefined ? {} : { problem: violation.message };
    traces.push({ name: column, expression: 'column', value: evaluation.checked.input[column], reads: [], ...problem });
  }
  const employment = evaluation.employmentValues();
  if (employment !== undefined) {
    const reads = unit.employment === undefined ? [] : employmentColumns(unit.employment);
    for (const name of employmentNames) traces.push({ name: `$${name}`, expression: 'employment', value: employment[name], reads });
  }
  for (const { name, formula } of unit.lets.values()) yield* trace(`$${name}`, formula);
  if (unit.scope !== undefined) yield* trace('scope', unit.scope);
  if (unit.protectedWhen !== undefined) yield* trace('protected.when', unit.protectedWhen);
  yield* trace('active', unit.active.formula);
  for (const { target, formula } of unit.attributes) yield* trace(target.path, formula);
  return traces;
}

/** Parts inside the formula's own text, without the whole of it; offsets count from the definitions put in front. */
function stepsOf(formula: CompiledFormula, watched: readonly WatchedStep[]): readonly TraceStep[] {
  const shift = formula.engine === formula.compiled ? 0 : (formula.engine?.source.length ?? 0) - formula.text.length - 1;
  const whole = formula.text.trim();
  return watched.flatMap(({ offset, length, values, times }) => {
    if (offset < shift || offset + length > shift + formula.text.length) return [];
    const text = formula.text.slice(offset - shift, offset - shift + length);
    if (text === whole) return [];
    return [{ text: text.replaceAll(/\s+/g, ' '), values: values.map(plainValue), times }];
  });
}

function plainValue(value: unknown): TraceStep['values'][number] {
  const plain = toJson(value);
  return 'problem' in plain ? `[${plain.problem}]` : plain.value;
}
