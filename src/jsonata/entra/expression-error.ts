import { JoineryError } from '../../domain/error.ts';
import type { ErrorCode } from '../../domain/errors/registry.ts';

/** A position in the text of an expression: offset from 0, line and column from 1, all in UTF-16 code units. */
export interface TextPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset; `\n`, `\r\n` and `\r` end a line. */
export function locate(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { offset, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The name that stands for the file where an expression comes from the command line. */
const noFile = '<expression>';

/** An error about a mapping expression, with its position in the text of the expression. */
export class EntraExpressionError extends JoineryError implements TextPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;

  constructor(code: ErrorCode, message: string, text: string, span: { readonly start: number; readonly end: number }, fix?: string) {
    const from = locate(text, span.start);
    const to = locate(text, span.end);
    super(code, `line ${String(from.line)}, column ${String(from.column)}: ${message}`, {
      place: { file: noFile, line: from.line, column: from.column, endLine: to.line, endColumn: to.column },
      ...(fix === undefined ? {} : { fix }),
    });
    this.offset = from.offset;
    this.line = from.line;
    this.column = from.column;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), offset: this.offset, line: this.line, column: this.column };
  }
}
