import type { Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { errorRegistry, type ErrorCode } from '../domain/errors/registry.ts';
import { hideValue, maskValue, scrubText } from '../domain/masking.ts';
import { EvaluationError, textsIn } from '../jsonata/index.ts';
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
  input: Readonly<Record<string, Json | undefined>>,
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
  const message = error instanceof Error ? (saidByAuthor(error, formula) ?? maskIn(error)) : 'failed';
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

/** What $error and $assert say where their author gave no words. */
const ownWords = ['$error() function evaluated', '$assert() statement failed'];
const texts = new WeakMap<CompiledFormula, readonly string[]>();

/**
 * The message of $error and $assert is an expression, mostly of words and of values of the row: the words that stand in the expression stay, and everything between them is hidden, for what
 * a value was turned into cannot be known again. undefined: another error.
 */
function saidByAuthor(error: Error, formula: CompiledFormula): string | undefined {
  if (!(error instanceof EvaluationError) || (error.code !== 'D3137' && error.code !== 'D3141')) return undefined;
  let known = texts.get(formula);
  if (known === undefined) {
    const ast = (formula.engine ?? formula.compiled)?.ast;
    known = [...(ast === undefined ? [] : textsIn(ast)), ...ownWords]
      .filter((text) => /\p{L}{2}/u.test(text))
      .toSorted((left, right) => right.length - left.length);
    texts.set(formula, known);
  }
  return hideBetween(error.message.replace(`${error.code}: `, ''), known);
}

/** Leaves the first of `words` that occurs, and looks left and right of it for the others. */
function hideBetween(message: string, words: readonly string[]): string {
  if (!/[\p{L}\p{N}]/u.test(message)) return message;
  for (const [index, word] of words.entries()) {
    const at = message.indexOf(word);
    if (at < 0) continue;
    const rest = words.slice(index);
    return `${hideBetween(message.slice(0, at), rest)}${word}${hideBetween(message.slice(at + word.length), rest)}`;
  }
  return '•••';
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
