import type { ErrorCode } from '../../domain/errors/registry.ts';
import type { Severity } from '../../domain/diagnostic.ts';
import { EntraExpressionError, locate, type TextPosition } from './expression-error.ts';
import type { TextSpan } from './syntax-tree.ts';

/**
 * What the importer has to say about one place of an expression. `error`: this part has no equivalent and fails where it is evaluated.
 * `warning`: the provisioning service may give another result. `notice`: good to know.
 */
export interface ImportNote extends TextPosition {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly message: string;
  readonly fix?: string;
  /** Exclusive end of the marked text. */
  readonly end: number;
}

export class NoteList {
  readonly #text: string;
  readonly notes: ImportNote[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  add(severity: Severity, code: ErrorCode, span: TextSpan, message: string, fix?: string): void {
    this.notes.push({ code, severity, message, ...(fix === undefined ? {} : { fix }), ...locate(this.#text, span.start), end: span.end });
  }
}

/** The first error among the notes as an exception; returns if there is none. */
export function throwFirstError(text: string, notes: readonly ImportNote[]): void {
  const first = notes.find((note) => note.severity === 'error');
  if (first !== undefined)
    throw new EntraExpressionError(first.code, first.message, text, { start: first.offset, end: first.end }, first.fix);
}
