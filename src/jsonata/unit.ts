import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { AstNode } from './ast.ts';
import type { Bindings, CompileOptions, EngineStats } from './compile.ts';
import { UnitEngine, type PlannedMember } from './engine/unit.ts';
import type { EvaluationError } from './errors.ts';
import { resolveGuardrails } from './guardrails.ts';
import { collectNames, type ExpressionNames } from './names.ts';
import { parseExpression } from './parse.ts';
import { refuseHazards } from './hazards.ts';

/** One expression of a mapping. */
export interface UnitMember {
  /** How errors name it: `name.givenName`, `let given`. */
  readonly name: string;
  readonly source: string;
  /** A let: its value is `$binds` for every member that reads it, wherever that stands. Functions are values too. */
  readonly binds?: string;
}

export interface CompiledMember extends ExpressionNames {
  readonly name: string;
  readonly source: string;
  readonly binds: string | undefined;
  readonly ast: AstNode;
  readonly compiled: boolean;
  readonly reasons: readonly string[];
}

export interface MemberError {
  /** Index into `members`. */
  readonly member: number;
  readonly name: string;
  readonly error: EvaluationError;
}

export interface UnitResult {
  /** One value per member, in the order of `members`; undefined for nothing and for members that failed. */
  readonly values: readonly unknown[];
  /** Usually empty. A member that reads a failed let fails with JSN-111. */
  readonly errors: readonly MemberError[];
}

export interface CompiledUnit {
  readonly members: readonly CompiledMember[];
  /** Every member is compiled. */
  readonly compiled: boolean;
  /** Never throws for a row: each member fails alone. A promise only when the reference engine has to answer for a member. */
  evaluate(input: unknown, bindings?: Bindings): UnitResult | Promise<UnitResult>;
  stats(): EngineStats;
}

/**
 * Compiles the expressions of a mapping as one unit: read once, evaluated in one pass, lets before what reads them.
 * @throws ExpressionSyntaxError of the first member that does not parse (parse members alone to have all problems);
 *   RefusedExpressionError; JoineryError JSN-110 for lets of one name or in a circle
 */
export function compileUnit(members: readonly UnitMember[], options: CompileOptions = {}): CompiledUnit {
  const guardrails = resolveGuardrails(options.guardrails);
  const parsed = members.map((member) => {
    const ast = parseExpression(member.source);
    if (guardrails !== undefined) refuseHazards(ast, member.source);
    return { ...member, binds: member.binds, ast, ...collectNames(ast, member.source) };
  });
  const lets = indexLets(members);
  const planned = parsed.map((member) => planMember(member, lets));
  const engine = new UnitEngine(planned, orderOf(planned), lets, {
    functions: options.functions,
    guardrails,
    now: options.now ?? ((): number => systemClock.now()),
    verify: options.verify,
  });
  const compiledMembers = parsed.map((member, index) => {
    const reasons = engine.reasonsOf(index);
    return { ...member, compiled: reasons.length === 0, reasons };
  });
  return {
    members: compiledMembers,
    compiled: compiledMembers.every(({ compiled }) => compiled),
    evaluate: (input, bindings) => engine.evaluate(input, bindings),
    stats: () => ({ ...engine.stats }),
  };
}

function indexLets(members: readonly UnitMember[]): ReadonlyMap<string, number> {
  const lets = new Map<string, number>();
  for (const [index, { binds, name }] of members.entries()) {
    if (binds === undefined) continue;
    if (lets.has(binds)) throw new JoineryError('JSN-110', `${name} binds $${binds} a second time`);
    lets.set(binds, index);
  }
  return lets;
}

/** A let that reads itself is a recursive function: it is evaluated as a block that binds its own name first. */
function planMember(member: Omit<PlannedMember, 'reads' | 'shift'>, lets: ReadonlyMap<string, number>): PlannedMember {
  const own = member.binds;
  const reads = [...new Set(member.variables.flatMap(({ name }) => (name === own ? [] : (lets.get(name) ?? []))))];
  if (own === undefined || !member.variables.some(({ name }) => name === own)) return { ...member, reads, shift: 0 };
  const opening = `($${own} := `;
  const source = `${opening}${member.source}\n)`;
  return { ...member, source, ast: parseExpression(source), reads, shift: opening.length };
}

/** Members with every let before those that read it, otherwise as given. */
function orderOf(members: readonly PlannedMember[]): readonly number[] {
  const order: number[] = [];
  const done = new Set<number>();
  const visit = (index: number, above: readonly number[]): void => {
    if (done.has(index)) return;
    const member = members[index];
    if (member === undefined) return;
    if (above.includes(index)) {
      const circle = [...above.slice(above.indexOf(index)), index].map((one) => `$${members[one]?.binds ?? ''}`);
      throw new JoineryError('JSN-110', `lets need each other in a circle: ${circle.join(' → ')}`);
    }
    for (const read of member.reads) visit(read, [...above, index]);
    done.add(index);
    order.push(index);
  };
  for (const index of members.keys()) visit(index, []);
  return order;
}
