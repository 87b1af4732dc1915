import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import type { Row, RowGroup } from '../domain/row.ts';
import type { DraftVerdict, Verdict } from '../domain/verdict.ts';
import type { CheckRow } from './columns.ts';
import { employmentAt } from './employment.ts';
import { buildDraft } from './draft.ts';
import { RowEvaluation } from './row-evaluation.ts';
import { selectRow } from './select-row.ts';
import type { Steps } from './step.ts';
import { dependenciesOf, type MappingUnit } from './unit.ts';

/** What evaluation needs beside the unit, computed once. */
export interface EvaluationPlan {
  readonly unit: MappingUnit;
  readonly checkRow: CheckRow;
  /** Columns that `scope` depends on: another column's violation does not keep a worker in scope. */
  readonly scopeColumns: ReadonlySet<string>;
  /** Where the file says which row of a key counts: to find a place costs more than to choose the row. */
  readonly primaryPlace: Place;
}

export function planEvaluation(unit: MappingUnit, checkRow: CheckRow): EvaluationPlan {
  const scopeColumns = unit.scope === undefined ? new Set<string>() : dependenciesOf([unit.scope], unit).columns;
  return { unit, checkRow, scopeColumns, primaryPlace: unit.pipeline.placeOf('source.primary') };
}

/** The verdict on the rows of one key. Pure in the rows and `asOf`; what goes wrong with a worker is a rejected verdict. */
export function* evaluateGroup(plan: EvaluationPlan, group: RowGroup, asOf: Instant): Steps<Verdict> {
  const { unit } = plan;
  const selection = selectRow(group, unit.pipeline.source.primary, plan.primaryPlace);
  if ('problem' in selection) return yield* reject(plan, group, asOf, [selection.problem], []);
  const evaluation = new RowEvaluation(unit, plan.checkRow(selection.row), asOf);
  yield* evaluation.fill();
  const isProtected = unit.protectedWhen === undefined ? undefined : yield* decide(evaluation, unit.protectedWhen, 'protected.when');
  const base = (): Base => ({ externalId: group.key, warnings: evaluation.warnings, ...datesOf(evaluation), ...protection(isProtected) });
  if (unit.scope !== undefined) {
    const scope = yield* decide(evaluation, unit.scope, 'scope');
    if (scope === false) return Object.freeze<Verdict>({ kind: 'outOfScope', ...base() });
  }
  const active = yield* decide(evaluation, unit.active.formula, 'active');
  const preHire = active === false && (yield* wouldBecomeActive(plan, evaluation, selection.row, asOf));
  // An unknown activity is a reason already; the other attributes are still tried, so that all reasons are told at once.
  const draft = yield* buildDraft(unit, evaluation, group.key, active ?? false, preHire);
  // Employment counts even if no expression reads it: its problems are the row's.
  evaluation.employment();
  const reasons = [...evaluation.checked.violations.values(), ...evaluation.reasons];
  if (draft === undefined || active === undefined || reasons.length > 0) {
    return yield* reject(plan, group, asOf, reasons, evaluation.warnings);
  }
  return Object.freeze<Verdict>({ kind: 'draft', ...base(), draft });
}

type Base = Omit<DraftVerdict, 'kind' | 'draft'>;

function datesOf(evaluation: RowEvaluation): Pick<Base, 'nextDate' | 'endedAt'> {
  const nextDate = evaluation.nextDate();
  const endedAt = evaluation.endedAt();
  return { ...(nextDate === undefined ? {} : { nextDate }), ...(endedAt === undefined ? {} : { endedAt }) };
}

function protection(isProtected: boolean | undefined): Pick<Base, 'protected'> {
  return isProtected === undefined ? {} : { protected: isProtected };
}

/** A formula that must be true or false; undefined: it is not, and that is among the reasons or blocked. */
function* decide(
  evaluation: RowEvaluation,
  formula: MappingUnit['active']['formula'],
  name: 'active' | 'scope' | 'protected.when',
): Steps<boolean | undefined> {
  const outcome = yield* evaluation.evaluate(formula, name);
  if (outcome.kind !== 'value') return undefined;
  if (typeof outcome.value === 'boolean') return outcome.value;
  const kind = outcome.value === undefined ? 'nothing' : outcome.value === null ? 'null' : `a ${typeof outcome.value}`;
  evaluation.reasons.push({ code: 'MAP-208', severity: 'error', message: `${name} came out as ${kind}`, place: formula.place });
  return undefined;
}

/**
 * A pre-hire is inactive only because the first day has not come: within `preHire`, `active` is asked again as if the worker were
 * employed. A hire that was called off stays inactive then.
 */
function* wouldBecomeActive(plan: EvaluationPlan, evaluation: RowEvaluation, row: Row, asOf: Instant): Steps<boolean> {
  const reading = evaluation.employment();
  if (reading === undefined || 'problem' in reading || !employmentAt(reading.span, asOf).preHire) return false;
  const assumed = new RowEvaluation(plan.unit, plan.checkRow(row), asOf, { employed: true, preHire: false, started: true, ended: false });
  return (yield* decide(assumed, plan.unit.active.formula, 'active')) === true;
}

function* reject(
  plan: EvaluationPlan,
  group: RowGroup,
  asOf: Instant,
  reasons: readonly Diagnostic[],
  warnings: readonly Diagnostic[],
): Steps<Verdict> {
  const { protectedWhen } = plan.unit;
  let nextDate: Instant | undefined;
  let endedAt: Instant | undefined;
  let saysInactive = group.rows.length > 0;
  const protections: (boolean | undefined)[] = [];
  for (const row of group.rows) {
    const evaluation = new RowEvaluation(plan.unit, plan.checkRow(row), asOf);
    const active = yield* decide(evaluation, plan.unit.active.formula, 'active');
    if (active !== false) saysInactive = false;
    if (protectedWhen !== undefined) protections.push(yield* decide(evaluation, protectedWhen, 'protected.when'));
    const dates = datesOf(evaluation);
    nextDate = dates.nextDate === undefined ? nextDate : Math.min(dates.nextDate, nextDate ?? dates.nextDate);
    endedAt = dates.endedAt === undefined ? endedAt : Math.max(dates.endedAt, endedAt ?? dates.endedAt);
  }
  return Object.freeze<Verdict>({
    kind: 'rejected',
    externalId: group.key,
    ...(nextDate === undefined ? {} : { nextDate }),
    ...(endedAt === undefined ? {} : { endedAt }),
    // Of rows that contradict each other one is enough to protect.
    ...protection(protections.includes(true) ? true : protections.includes(undefined) ? undefined : protections[0]),
    warnings,
    reasons,
    saysInactive,
  });
}
