import { JoineryError } from '../domain/error.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';

/** One problem in the text of an expression. */
export interface SyntaxProblem {
  /** The reference's code, S0101 to S0500; it has none for a pattern that JavaScript refuses and for a text nested too deeply. */
  readonly jsonataCode: string | undefined;
  /** UTF-16 offset of the problem inside the expression text. */
  readonly offset: number;
  /** Length of the text to mark, at least 1. */
  readonly length: number;
  readonly token: string | undefined;
  readonly message: string;
}

/**
 * The text is not JSONata. All problems that the parser could recover from are in `problems`, in the order of the text;
 * `cause` is what the reference threw.
 */
export class ExpressionSyntaxError extends JoineryError {
  readonly problems: readonly SyntaxProblem[];
  readonly jsonataCode: string | undefined;
  readonly offset: number;
  readonly token: string | undefined;

  constructor(first: SyntaxProblem, problems: readonly SyntaxProblem[], cause?: unknown) {
    super('JSN-101', describeProblem(first), { cause });
    this.name = 'ExpressionSyntaxError';
    this.problems = problems;
    this.jsonataCode = first.jsonataCode;
    this.offset = first.offset;
    this.token = first.token;
  }
}

/** The message of a problem, behind the reference's code. */
export function describeProblem({ jsonataCode, message }: SyntaxProblem): string {
  return jsonataCode === undefined ? message : `${jsonataCode}: ${message}`;
}

/** A construct that is refused at load: it would hang an engine or change its input (JSN-106 to JSN-108). */
export class RefusedExpressionError extends JoineryError {
  readonly offset: number;
  readonly length: number;

  constructor(code: ErrorCode, message: string, offset: number, length: number) {
    super(code, message);
    this.name = 'RefusedExpressionError';
    this.offset = offset;
    this.length = length;
  }
}

export interface EvaluationErrorParts {
  readonly code: string;
  readonly jsonataCode: string | undefined;
  readonly offset: number | undefined;
  readonly token: string | undefined;
  readonly value?: unknown;
  readonly cause?: unknown;
}

/**
 * An expression failed on an input. Not a JoineryError: what is wrong with one worker becomes a rejection, and the mapping
 * layer needs the parts. `code` is the reference's (`D3030`, `T2001`) or, for a limit of ours, JSN-103 to JSN-105, whose
 * nearest code of the reference is then in `jsonataCode`. `value` holds what the reference complained about: personal, mask it.
 */
export class EvaluationError extends Error {
  readonly code: string;
  readonly jsonataCode: string | undefined;
  readonly offset: number | undefined;
  readonly token: string | undefined;
  readonly value: unknown;

  constructor(message: string, parts: EvaluationErrorParts) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'EvaluationError';
    this.code = parts.code;
    this.jsonataCode = parts.jsonataCode;
    this.offset = parts.offset;
    this.token = parts.token;
    this.value = parts.value;
  }
}

export type Limit = 'steps' | 'depth' | 'output';
const limitCodes = { steps: ['JSN-103', 'D1012'], depth: ['JSN-104', 'D1011'], output: ['JSN-105', 'D2015'] } as const;
const limitWords = { steps: 'steps', depth: 'nested function calls', output: 'members and characters of the result' } as const;

/** A guardrail was passed. Final: the reference engine is not asked again. */
export class LimitError extends EvaluationError {
  readonly limit: Limit;

  constructor(limit: Limit, most: number) {
    const [code, jsonataCode] = limitCodes[limit];
    super(`more than ${most.toLocaleString('en')} ${limitWords[limit]}`, {
      code,
      jsonataCode,
      offset: undefined,
      token: undefined,
      cause: { code: jsonataCode },
    });
    this.name = 'LimitError';
    this.limit = limit;
  }
}
