import type { AstNode } from '../ast.ts';
import { anything, NotCompiled } from '../codegen/code.ts';
import { canGenerateCode, generateProgram, type Program } from '../codegen/program.ts';
import { EvaluationError, LimitError } from '../errors.ts';
import type { ExpressionNames } from '../names.ts';
import { isFunction } from '../runtime/functions.ts';
import { readBindings, wrapInput, type Value } from '../runtime/sequence.ts';
import { startEvaluation, state } from '../runtime/state.ts';
import { cleanResult, environmentOf, readRegistered, runAlone, Variants, type EngineOptions } from './compiled.ts';
import type { NativeFunction } from './definitions.ts';
import { ReferenceEngine } from './reference.ts';
import { fuseMembers, type FusedRun } from './fuse.ts';
import { compareEngines, verificationOf } from './verify.ts';

export interface PlannedMember extends ExpressionNames {
  readonly name: string;
  readonly source: string;
  readonly binds: string | undefined;
  readonly ast: AstNode;
  /** Indices of the lets it reads. */
  readonly reads: readonly number[];
  /** What stands in front of the member's own text in `source`; offsets of errors are counted from behind it. */
  readonly shift: number;
}

interface UnitOptions extends EngineOptions {
  readonly verify: boolean | number | undefined;
}

interface Failure {
  readonly member: number;
  readonly name: string;
  readonly error: EvaluationError;
}

interface Result {
  readonly values: Value[];
  readonly errors: Failure[];
}

/** One evaluation of the unit that needs more than compiled code. */
interface Pass {
  readonly variant: UnitVariant;
  readonly input: Value;
  readonly bindings: Value;
  readonly result: Result;
  readonly instant: number;
  readonly verifying: boolean;
}

/** Programs of all members for one kind of input; undefined where a member is not compiled. */
interface UnitVariant {
  readonly programs: readonly (Program | undefined)[];
  readonly reasons: readonly (string | undefined)[];
  readonly run: FusedRun | undefined;
  /** Names of the bindings that the members read. */
  readonly bindings: readonly string[];
}

const noErrors: readonly Failure[] = Object.freeze([]);

/** All expressions of a mapping in one pass. What one of them cannot do is done by the reference, for that one alone. */
export class UnitEngine {
  readonly stats = { evaluations: 0, fallbacks: 0, verified: 0 };
  readonly #members: readonly PlannedMember[];
  readonly #order: readonly number[];
  readonly #lets: ReadonlyMap<string, number>;
  readonly #options: UnitOptions;
  readonly #registered: ReadonlyMap<string, NativeFunction>;
  readonly #usual: UnitVariant;
  readonly #variants: Variants<UnitVariant>;
  readonly #references = new Map<number, ReferenceEngine>();
  readonly #every: number;

  constructor(members: readonly PlannedMember[], order: readonly number[], lets: ReadonlyMap<string, number>, options: UnitOptions) {
    this.#members = members;
    this.#order = order;
    this.#lets = lets;
    this.#options = options;
    this.#registered = readRegistered(options.functions);
    const used = new Set<string>();
    const build = (row: boolean, hidden: ReadonlySet<string>): UnitVariant => this.#build(row, hidden, used);
    this.#usual = build(true, new Set());
    this.#variants = new Variants(this.#usual, used, build);
    this.#every = Math.max(0, ...members.map((member) => verificationOf(options.verify, member)));
  }

  reasonsOf(index: number): readonly string[] {
    const reason = this.#usual.reasons[index];
    return reason === undefined ? [] : [reason];
  }

  #build(row: boolean, hidden: ReadonlySet<string>, used: Set<string>): UnitVariant {
    const programs: (Program | undefined)[] = this.#members.map(() => undefined);
    const reasons: (string | undefined)[] = this.#members.map(() => undefined);
    const bindings: string[] = [];
    const environment = environmentOf(this.#registered, hidden, used, (name) => {
      const index = this.#lets.get(name);
      return index === undefined ? undefined : { index, type: programs[index]?.type ?? anything };
    });
    for (const index of this.#order) {
      const member = this.#members[index];
      if (member === undefined) continue;
      try {
        if (!canGenerateCode()) throw new NotCompiled('this process may not generate code');
        programs[index] = generateProgram(member.ast, { row, environment, bindings });
      } catch (thrown) {
        if (!(thrown instanceof NotCompiled)) throw thrown;
        reasons[index] = thrown.reason;
      }
    }
    const run = canGenerateCode() ? fuseMembers(programs, this.#order, (index) => this.#isLet(index)) : undefined;
    return { programs, reasons, run, bindings };
  }

  #isLet(index: number): boolean {
    return this.#members[index]?.binds !== undefined;
  }

  evaluate(input: Value, bindings: Value): { readonly values: readonly unknown[]; readonly errors: readonly Failure[] } | Promise<Result> {
    this.stats.evaluations += 1;
    const verifying = this.#every > 0 && this.stats.evaluations % this.#every === 0;
    let values: Value[] | undefined;
    let done = 0;
    let instant: number | undefined;
    const variant = this.#variants.for(input, bindings);
    if (!verifying && variant.run !== undefined) {
      const { run } = variant;
      done = runAlone(() => {
        startEvaluation(this.#options.guardrails, this.#options.now);
        values = [];
        const answered = run(wrapInput(input), input, readBindings(variant.bindings, bindings), values);
        instant = state.timestamp?.getTime();
        return answered;
      });
      if (done === this.#order.length && values !== undefined) return { values, errors: noErrors };
    }
    const result: Result = { values: values ?? this.#members.map(() => undefined), errors: [] };
    return this.#finish({ variant, input, bindings, result, instant: instant ?? this.#options.now(), verifying }, done);
  }

  /** From the first member that could not be answered on: one after the other, by the reference where needed. */
  async #finish(pass: Pass, from: number): Promise<Result> {
    const { result } = pass;
    const failed = new Map<number, EvaluationError>();
    for (const index of this.#order.slice(from)) {
      const member = this.#members[index];
      if (member === undefined) continue;
      try {
        const missing = member.reads.find((read) => failed.has(read));
        if (missing !== undefined) throw this.#readsFailed(missing, failed.get(missing));
        result.values[index] = await this.#answer(pass, index);
      } catch (thrown) {
        if (!(thrown instanceof EvaluationError)) throw thrown;
        failed.set(index, thrown);
        result.errors.push({ member: index, name: member.name, error: thrown });
      }
    }
    return result;
  }

  #readsFailed(read: number, cause: EvaluationError | undefined): EvaluationError {
    const name = `$${this.#members[read]?.binds ?? ''}`;
    return new EvaluationError(`${name} has no value: ${cause?.message ?? ''}`, {
      code: 'JSN-111',
      jsonataCode: cause?.jsonataCode,
      offset: undefined,
      token: name,
      cause,
    });
  }

  #answer(pass: Pass, index: number): Value {
    const { input, bindings, instant } = pass;
    const program = pass.variant.programs[index];
    const reference = (): Promise<unknown> => this.#askReference(pass, index);
    if (program === undefined) return reference();
    const ours = (): Value =>
      runAlone(() => {
        startEvaluation(this.#options.guardrails, () => instant);
        return outcomeOf(
          program,
          program.run(wrapInput(input), input, readBindings(program.bindings, bindings), pass.result.values),
          this.#isLet(index),
        );
      });
    const member = this.#members[index];
    if (pass.verifying && member !== undefined && verificationOf(true, member) === 1) {
      this.stats.verified += 1;
      return compareEngines(member.source, ours, reference);
    }
    try {
      return ours();
    } catch (thrown) {
      if (thrown instanceof LimitError) throw thrown;
      this.stats.fallbacks += 1;
      return reference();
    }
  }

  async #askReference(pass: Pass, index: number): Promise<unknown> {
    const member = this.#members[index];
    if (member === undefined) return undefined;
    const bound: Record<string, unknown> = { ...pass.bindings };
    for (const read of member.reads) {
      const name = this.#members[read]?.binds;
      if (name === undefined) continue;
      const value = pass.result.values[read];
      // A function of compiled code means nothing to the reference: it makes its own.
      bound[name] = isFunction(value) ? await this.#askReference(pass, read) : value;
    }
    return this.#referenceOf(index, member).evaluate(pass.input, bound, pass.instant);
  }

  #referenceOf(index: number, member: PlannedMember): ReferenceEngine {
    let reference = this.#references.get(index);
    if (reference === undefined) {
      reference = new ReferenceEngine(member.source, member.ast, { ...this.#options, shift: member.shift });
      this.#references.set(index, reference);
    }
    return reference;
  }
}

/** A let may be a function; anything else leaves as the result of any expression does. */
function outcomeOf(program: Program, value: Value, isLet: boolean): Value {
  return isLet && isFunction(value) ? value : cleanResult(program, value);
}
