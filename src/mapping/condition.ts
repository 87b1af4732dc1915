import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import type { RowGroup } from '../domain/row.ts';
import type { ExpressionText, Pipeline } from '../pipeline/pipeline.ts';
import { analyseUnit } from './analyse.ts';
import { createRowCheck } from './columns.ts';
import { readLookups } from './compile-mapping.ts';
import { compileUnit } from './compile-unit.ts';
import type { MappingEnvironment } from './contract.ts';
import { RowEvaluation } from './row-evaluation.ts';
import { selectRow } from './select-row.ts';
import { runSteps, type Steps } from './step.ts';
import { dependenciesOf, employmentColumns, type MappingUnit } from './unit.ts';

/** An expression that a person gave to choose workers by their rows, as text of its own. */
export interface Condition {
  /** undefined: the rows give no answer, because they break the contract, contradict each other, or the expression is neither true nor false. */
  matches(group: RowGroup, asOf: Instant): boolean | undefined | Promise<boolean | undefined>;
}

export interface ConditionResult {
  /** Absent when a diagnostic is an error. */
  readonly condition?: Condition;
  /** About the expression alone; `name` is what places call its text. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles an expression over the columns of the pipeline's rows, with its lets, lookups, functions and employment. It may read columns whose values are open: what it chooses is
 * looked at by a person.
 * @param name what places call the text: `--where`
 */
export function compileCondition(pipeline: Pipeline, name: string, text: string, environment: MappingEnvironment = {}): ConditionResult {
  const locate = (offset: number, length = 1): Place => ({
    file: name,
    line: 1,
    column: offset + 1,
    endLine: 1,
    endColumn: offset + 1 + length,
  });
  const formula: ExpressionText = { kind: 'expression', text, path: name, locate };
  // In the place of protection: a decision beside `active` and `scope` that every row is asked.
  const asked: Pipeline = { ...pipeline, protected: { workers: [], when: formula } };
  const { lookups } = readLookups(pipeline, environment);
  const clock = { asOf: 0, ...(pipeline.timezone === undefined ? {} : { timezone: pipeline.timezone }) };
  const { unit, parts, diagnostics: compiled } = compileUnit(asked, lookups, clock, undefined);
  const found = [...compiled, ...analyseUnit(parts, unit).diagnostics];
  // The pipeline was found valid before; openness of columns and a slow engine matter to what runs unattended.
  const diagnostics = found.filter(({ code, place }) => place?.file === name && !['MAP-116', 'MAP-117', 'MAP-131'].includes(code));
  const when = unit?.protectedWhen;
  if (unit === undefined || when === undefined || diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  const { columns, wholeRow } = dependenciesOf([when], unit);
  const needed = new Set([...columns, ...(unit.employment === undefined ? [] : employmentColumns(unit.employment))]);
  const checkRow = createRowCheck(pipeline.source.columns, [...needed], wholeRow !== undefined);
  const matches = (group: RowGroup, asOf: Instant): boolean | undefined | Promise<boolean | undefined> => {
    clock.asOf = asOf;
    return runSteps(answer(unit, when, checkRow, group, asOf));
  };
  return { condition: { matches }, diagnostics };
}

function* answer(
  unit: MappingUnit,
  when: NonNullable<MappingUnit['protectedWhen']>,
  checkRow: ReturnType<typeof createRowCheck>,
  group: RowGroup,
  asOf: Instant,
): Steps<boolean | undefined> {
  const selection = selectRow(group, unit.pipeline.source.primary, unit.pipeline.placeOf('source.primary'));
  if ('problem' in selection) return undefined;
  const outcome = yield* new RowEvaluation(unit, checkRow(selection.row), asOf).evaluate(when, when.path);
  return outcome.kind === 'value' && typeof outcome.value === 'boolean' ? outcome.value : undefined;
}
