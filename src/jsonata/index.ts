/**
 * JSONata as Joinery runs it: jsonata 2.2.2's language and results, compiled to synchronous code, with limits, positions and
 * typed errors. `compile()` is all that most callers need.
 */
export { compile, type Bindings, type Compiled, type CompileOptions, type EngineStats } from './compile.ts';
export { compileUnit, type CompiledMember, type CompiledUnit, type MemberError, type UnitMember, type UnitResult } from './unit.ts';
export {
  describeProblem,
  EvaluationError,
  ExpressionSyntaxError,
  LimitError,
  RefusedExpressionError,
  type Limit,
  type SyntaxProblem,
} from './errors.ts';
export { builtinNames, type FunctionDeclaration, type FunctionDeclarations } from './engine/definitions.ts';
export { defaultGuardrails, type Guardrails } from './guardrails.ts';
export type { NameUse } from './names.ts';
export type { AstNode } from './ast.ts';
export { textsIn } from './texts.ts';
export { spanAt, type Span } from './position.ts';
export { plainSize } from './engine/plain.ts';
export { readToken } from './tokens.ts';
export type { WatchedStep } from './engine/watch.ts';
export { analyse, type Analysis } from './analysis/analyse.ts';
export type { AnalysisEnvironment, ColumnFact, FunctionFact } from './analysis/environment.ts';
export type { ColumnUse, Finding } from './analysis/findings.ts';
export { nearestName } from './analysis/nearest.ts';
export { anything, describeType, typeOf, type Kind, type ValueType } from './analysis/types.ts';
