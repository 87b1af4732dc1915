/**
 * Pieces of generated code. Types are sets of what a value can be at run time, as bits; a wider set is always allowed, and
 * costs a test. A finished value has `marked` only when it is a sequence of two items or more, or a kept singleton.
 */
export const nothing = 1;
export const nullValue = 2;
export const boolean = 4;
export const number = 8;
export const text = 16;
/** An array without the mark of a sequence. */
export const array = 32;
export const object = 64;
export const fn = 128;
export const marked = 256;
export const anything = 511;

export type Type = number;

export interface Code {
  /** A JavaScript expression. Built from literals in JSON, names of ours and other such pieces. */
  readonly text: string;
  readonly type: Type;
  /** Usually nothing: an object constructor plans its layout by it. */
  readonly rare?: boolean;
  /**
   * Finishing it again changes nothing. A value that was finished once can be the raw result of a built-in function inside
   * a sequence, which the next node finishes: the reference finishes at every node.
   */
  readonly finished?: boolean;
}

export const code = (written: string, type: Type): Code => ({ text: written, type });
export const finishedCode = (written: string, type: Type): Code => ({ text: written, type, finished: true });

/** Whether the expression can be written twice: a name or a literal. */
export function isSimple(written: string): boolean {
  return /^(?:\w+|"[^"\\]*")$/.test(written);
}

export function can(type: Type, of: Type): boolean {
  return (type & of) !== 0;
}

/** A text or a number of the expression as a JavaScript literal. */
export function literalOf(value: unknown): string {
  const json = JSON.stringify(value);
  const written = Object.is(value, -0) ? '-0' : json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return typeof value === 'number' && (value < 0 || Object.is(value, -0)) ? `(${written})` : written;
}

/** The expression cannot be compiled; the reference engine evaluates it. */
export class NotCompiled extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

export function isFinished(piece: Code): boolean {
  return piece.finished === true || !can(piece.type, marked);
}
