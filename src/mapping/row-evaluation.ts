import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { CheckedRow } from './columns.ts';
import { employmentAt, nextEmploymentDate, readEmployment, type EmploymentReading, type EmploymentValues } from './employment.ts';
import { describeFailure } from './failure.ts';
import type { UnitResult, WatchedStep } from '../jsonata/index.ts';
import type { CompiledFormula } from './formula.ts';
import type { Steps } from './step.ts';
import { employmentColumns, isEmploymentName, type CompiledAttribute, type MappingUnit } from './unit.ts';

const noIndices: ReadonlySet<number> = new Set();

/** What became of a formula on a row. `blocked`: something that it reads is already reported. */
export type Outcome = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'blocked' } | { readonly kind: 'failed' };

/**
 * One row under one mapping at one instant: formulas are evaluated when asked for, lets once. Collects what goes wrong in `reasons`, each cause
 * once: what depends on it is blocked, not reported again.
 */
export class RowEvaluation {
  readonly checked: CheckedRow;
  readonly reasons: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];
  readonly #unit: MappingUnit;
  readonly #asOf: Instant;
  readonly #lets = new Map<string, Outcome>();
  #employment: EmploymentReading | undefined;
  /** Set while asking what would be if the worker were employed. */
  readonly #assumed: EmploymentValues | undefined;
  /** Values of the formulas, where one pass over all of them gave them. */
  #values: readonly unknown[] = [];
  #failed: ReadonlySet<number> = noIndices;

  constructor(unit: MappingUnit, checked: CheckedRow, asOf: Instant, assumed?: EmploymentValues) {
    this.#unit = unit;
    this.checked = checked;
    this.#asOf = asOf;
    this.#assumed = assumed;
  }

  /** The row's employment; undefined if the pipeline declares none or its columns break the contract. A problem is reported once. */
  employment(): EmploymentReading | undefined {
    const declaration = this.#unit.employment;
    if (declaration === undefined) return undefined;
    if (this.#employment !== undefined) return this.#employment;
    if (employmentColumns(declaration).some((column) => this.checked.violations.has(column))) return undefined;
    const neverStarts = this.#unit.columns.get(declaration.start)?.whenNull !== undefined;
    const reading = readEmployment(declaration, this.checked.input, this.#unit.pipeline.timezone, neverStarts);
    this.#employment = reading;
    if ('problem' in reading) this.reasons.push(reading.problem);
    else if (reading.warning !== undefined) this.warnings.push(reading.warning);
    return reading;
  }

  /** `$employed` and its kin at the instant of the run, or as assumed. */
  employmentValues(): EmploymentValues | undefined {
    if (this.#assumed !== undefined) return this.#assumed;
    const reading = this.employment();
    return reading === undefined || 'problem' in reading ? undefined : employmentAt(reading.span, this.#asOf);
  }

  /** The next instant at which employment changes; undefined: never, or unknown. */
  nextDate(): Instant | undefined {
    const reading = this.employment();
    return reading === undefined || 'problem' in reading ? undefined : nextEmploymentDate(reading.span, this.#asOf);
  }

  /** When employment ended; undefined: it has not, or that is unknown. */
  endedAt(): Instant | undefined {
    const reading = this.employment();
    if (reading === undefined || 'problem' in reading) return undefined;
    return reading.span.hasEnded(this.#asOf) ? reading.span.end : undefined;
  }

  /**
   * One pass over all formulas. What fails in it is left to `evaluate`, which finds out alone what is wrong and how to say it; a row that breaks the
   * contract is left to it altogether, because there not every formula may be asked.
   */
  *fill(): Steps<void> {
    if (this.checked.violations.size > 0) return;
    const fused = this.#unit.fused?.make();
    if (fused === undefined) return;
    const employment = fused.needsEmployment ? this.employmentValues() : undefined;
    if (fused.needsEmployment && employment === undefined) return;
    const result = fused.unit.evaluate(this.checked.input, fused.bindingsOf(employment));
    const { values, errors } = result instanceof Promise ? ((yield result) as UnitResult) : result; // oxlint-disable-line typescript/no-unsafe-type-assertion -- Steps give back what was yielded, awaited
    this.#values = values;
    if (errors.length > 0) this.#failed = new Set(errors.map(({ member }) => member));
  }

  /** The value of a formula that `fill` has found; undefined: ask `evaluate`. */
  known(formula: CompiledFormula): Outcome | undefined {
    if (this.#values.length === 0) return undefined;
    const index = this.#unit.fused?.made?.indexOf.get(formula);
    return index === undefined || this.#failed.has(index) ? undefined : { kind: 'value', value: this.#values[index] };
  }

  /** The values of these attributes' formulas, if `fill` has found all of them. */
  knownAll(attributes: readonly CompiledAttribute[]): readonly unknown[] | undefined {
    if (this.#values.length === 0 || this.#failed.size > 0) return undefined;
    const indexOf = this.#unit.fused?.made?.indexOf;
    const found: unknown[] = [];
    for (const { formula } of attributes) {
      const index = indexOf?.get(formula);
      if (index === undefined && formula.literal === undefined) return undefined;
      found.push(index === undefined ? formula.literal?.value : this.#values[index]);
    }
    return found;
  }

  /** Evaluates a formula; `name` is what messages call it. */
  *evaluate(formula: CompiledFormula, name: string): Steps<Outcome> {
    if (formula.literal !== undefined) return { kind: 'value', value: formula.literal.value };
    const known = this.known(formula);
    if (known !== undefined) return known;
    if (this.checked.violations.size > 0 && this.#readsViolation(formula)) return { kind: 'blocked' };
    const bindings = yield* this.#bindAll(formula);
    if (bindings === undefined) return { kind: 'blocked' };
    try {
      return { kind: 'value', value: yield formula.evaluate(this.checked.input, bindings) };
    } catch (error) {
      // The two engines disagree: a defect of ours, not something wrong with this worker.
      if (error instanceof JoineryError && error.code === 'JSN-109') throw error;
      this.reasons.push(describeFailure(error, name, formula, this.checked.input, this.#unit.columns));
      return { kind: 'failed' };
    }
  }

  /** What the parts of a formula come to; undefined where it cannot be asked. */
  *watch(formula: CompiledFormula): Steps<readonly WatchedStep[] | undefined> {
    const { engine } = formula;
    if (engine === undefined || this.#readsViolation(formula)) return undefined;
    const bindings = yield* this.#bindAll(formula);
    return bindings === undefined ? undefined : ((yield engine.watch(this.checked.input, bindings)) as readonly WatchedStep[]); // oxlint-disable-line typescript/no-unsafe-type-assertion -- Steps give back what was yielded, awaited
  }

  /** Values of everything that a formula reads by `$name`; undefined if one of them has none. */
  *#bindAll(formula: CompiledFormula): Steps<Record<string, unknown> | undefined> {
    const bindings: Record<string, unknown> = {};
    for (const binding of formula.bindings) {
      const value = yield* this.#bind(binding);
      if (value.kind !== 'value') return undefined;
      bindings[binding] = value.value;
    }
    return bindings;
  }

  *#bind(name: string): Steps<Outcome> {
    const known = this.#lets.get(name);
    if (known !== undefined) return known;
    const found = this.#unit.lets.get(name);
    if (found !== undefined) {
      const outcome = yield* this.evaluate(found.formula, `$${name}`);
      this.#lets.set(name, outcome);
      return outcome;
    }
    const lookup = this.#unit.lookups.get(name);
    if (lookup !== undefined) return { kind: 'value', value: lookup.rows };
    if (isEmploymentName(name)) {
      const values = this.employmentValues();
      return values === undefined ? { kind: 'blocked' } : { kind: 'value', value: Reflect.get(values, name) };
    }
    return { kind: 'value', value: undefined };
  }

  #readsViolation(formula: CompiledFormula): boolean {
    if (formula.wholeRow !== undefined) return true;
    return formula.columns.some((column) => this.checked.violations.has(column));
  }
}
