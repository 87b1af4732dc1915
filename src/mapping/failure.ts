import type { Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { errorRegistry, type ErrorCode } from '../domain/errors/registry.ts';
import { hideValue, maskValue, scrubText } from '../domain/masking.ts';
import { EvaluationError } from '../jsonata/index.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import type { CompiledFormula } from './formula.ts';

/**
 * A failed evaluation as a diagnostic: which formula, what happened, where, and the columns that it read, masked. `name` is what a person calls
 * the formula: an attribute path, `$let`, `scope`.
 */
export function describeFailure(
  error: unknown,
  name: string,
  formula: CompiledFormula,
  input: Readonly<Record<string, Json>>,
  columns: ReadonlyMap<string, ColumnDeclaration> = new Map(),
): Diagnostic {
  const isSensitive = (column: string): boolean => columns.get(column)?.class === 'sensitive';
  const shown = (column: string): string => (isSensitive(column) ? hideValue : maskValue)(input[column]);
  const reads = formula.columns.slice(0, 8).map((column) => `${column} = ${shown(column)}`);
  const inputs = reads.length === 0 ? '' : ` (${reads.join(', ')})`;
  const place =
    error instanceof EvaluationError && error.offset !== undefined ? formula.locate(error.offset, error.token?.length) : formula.place;
  const ours = findJoineryError(error);
  if (ours !== undefined) {
    return { code: ours.code, severity: 'error', message: `${name}: ${ours.message}${inputs}`, why: ours.why, fix: ours.fix, place };
  }
  const message = error instanceof Error ? maskIn(error) : 'failed';
  // A limit of ours has a code of its own; JSONata's codes stand in the message.
  const code = error instanceof EvaluationError && isErrorCode(error.code) && error.code !== 'JSN-102' ? error.code : 'MAP-207';
  return { code, severity: 'error', message: `${name}: ${message}${inputs}`, place };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}

/** A function of the library throws an error of ours, which the engine carries as the cause. */
function findJoineryError(error: unknown): JoineryError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) if (at instanceof JoineryError) return at;
  return undefined;
}

/** JSONata writes the offending values into its messages, and the name of the function or operator too: only that stays. */
function maskIn(error: Error): string {
  const { value, token } = error instanceof EvaluationError ? error : { value: undefined, token: undefined };
  let out = scrubText(error.message);
  if (value !== undefined && value !== null && typeof value !== 'function') {
    const forms = new Set([JSON.stringify(value), typeof value === 'string' || typeof value === 'number' ? String(value) : '']);
    for (const form of forms) if (form !== undefined && form.length > 1 && form !== token) out = out.replaceAll(form, maskValue(value));
  }
  return out.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (quoted, inner: string) =>
    inner === token || inner.includes('•') || /^[$\W]{1,3}$/.test(inner) ? quoted : maskValue(inner),
  );
}
