/**
 * How an error code is declared. Each area of the house has one file beside this one; `registry.ts` joins them.
 * A code is never reused: a retired one stays in its file with `retired: true`.
 */

/** The class of a failure decides the exit code; `domain/exit.ts` holds the one table. */
export type ExitClass =
  'internal' | 'interrupted' | 'locked' | 'configuration' | 'source' | 'guard' | 'sink' | 'outcomes' | 'rejections' | 'pending' | 'success';

export interface ErrorDeclaration {
  /** One line, no values: what the reader of the reference page sees as the heading. */
  readonly title: string;
  readonly exit: ExitClass;
  /** Why this is refused, and what it would do otherwise. */
  readonly why: string;
  /** The way out, in the imperative. */
  readonly fix: string;
  /** For findings about a pipeline: YAML or JSONata, run as tests by the area that owns the code. */
  readonly wrong?: string;
  readonly right?: string;
  readonly retired?: boolean;
}

/** Keeps the literal keys (so that `ErrorCode` is a closed union) and checks the shape. */
export function defineErrors<const T extends Readonly<Record<string, ErrorDeclaration>>>(declarations: T): T {
  return declarations;
}
