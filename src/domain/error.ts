import type { ExitClass } from './errors/define.ts';
import { declarationOf, type ErrorCode } from './errors/registry.ts';
import type { Diagnostic } from './diagnostic.ts';
import { scrubText } from './masking.ts';
import { formatPlace, type Place } from './place.ts';

export interface JoineryErrorOptions {
  readonly why?: string;
  readonly fix?: string;
  readonly place?: Place;
  /** Further problems found in the same pass; shown one after the other. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly cause?: unknown;
}

/**
 * The one error type. Thrown only by broken programs and broken environments (a pipeline that does not load, a database
 * that is gone, a service that refuses); what is wrong with one worker is a value, never an exception.
 */
export class JoineryError extends Error {
  readonly code: ErrorCode;
  readonly why: string;
  readonly fix: string;
  readonly place: Place | undefined;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, options: JoineryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const declaration = declarationOf(code);
    this.name = 'JoineryError';
    this.code = code;
    this.why = options.why ?? declaration.why;
    this.fix = options.fix ?? declaration.fix;
    this.place = options.place;
    this.diagnostics = options.diagnostics ?? [];
  }

  get exit(): ExitClass {
    return declarationOf(this.code).exit;
  }

  /** Plain data for `--json`; the stack stays inside. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: scrubText(this.message),
      why: this.why,
      fix: this.fix,
      ...(this.place === undefined ? {} : { place: this.place, at: formatPlace(this.place) }),
      ...(this.diagnostics.length === 0 ? {} : { diagnostics: this.diagnostics }),
    };
  }
}

/** An assumption that only a defect of ours can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (condition === false || condition === undefined || condition === null) throw new JoineryError('DOM-001', message);
}
