import { readToken } from '../../jsonata/index.ts';

/** A part of an expression that some rows reach and others do not. */
export interface Branch {
  readonly kind: 'then' | 'else' | 'default';
  /** Range in the text, UTF-16 code units. A missing else is marked at the question mark. */
  readonly offset: number;
  readonly length: number;
}

/** An expression that reports which of its branches were reached, with the same value as before. */
export interface Instrumented {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** Name of the function that instrumented text calls with the number of a branch. */
export const probeName = '__reached';

interface Open {
  /** Offset of the text behind `?` or `:`. */
  start: number;
  /** Offset of the question mark. */
  readonly mark: number;
  kind: Branch['kind'];
  readonly depth: number;
}

/**
 * Puts a probe into both branches of every `a ? b : c` and into the right side of every `a ?: b` and `a ?? b`. Works on the text, because the
 * syntax tree does not say where a branch begins: both branches reach as far as JSONata's parser reads them, to the next closing bracket, comma,
 * semicolon or colon that is not their own. The text has to be valid JSONata.
 * @param first number of the first branch
 */
export function instrumentBranches(text: string, first: number): Instrumented {
  const branches: Branch[] = [];
  const inserts: { at: number; text: string; order: number }[] = [];
  const open: Open[] = [];
  let depth = 0;
  const finish = (one: Open, end: number): void => {
    const written = text.slice(one.start, end);
    const offset = one.start + (written.length - written.trimStart().length);
    const number = first + branches.length;
    branches.push({ kind: one.kind, offset, length: Math.max(1, written.trim().length) });
    // Inner branches are finished first: at the same offset their brackets close first and open last.
    inserts.push({ at: one.start, text: `($${probeName}(${String(number)});`, order: -branches.length });
    inserts.push({ at: end, text: ')', order: branches.length });
  };
  /** A condition without else gets one that is nothing, as before. */
  const addElse = (one: Open, end: number): void => {
    const number = first + branches.length;
    branches.push({ kind: 'else', offset: one.mark, length: 1 });
    inserts.push({ at: end, text: `: $${probeName}(${String(number)})`, order: branches.length });
  };
  const closeAll = (end: number, least: number): void => {
    for (let one = open.at(-1); one !== undefined && one.depth >= least; one = open.at(-1)) {
      open.pop();
      finish(one, end);
      if (one.kind === 'then') addElse(one, end);
    }
  };
  let afterValue = false;
  for (let at = 0; at < text.length;) {
    const token = readToken(text, at, afterValue);
    const written = text.slice(at, at + token.length);
    if (token.kind !== 'blank') {
      if (token.kind === 'operator') {
        const afterThis = at + token.length;
        if (isOpening(written)) depth++;
        else if (isClosing(written)) closeAll(at, depth--);
        else if (written === ',' || written === ';') closeAll(at, depth);
        else if (written === '?' && !isPlaceholder(text, at, afterThis)) open.push({ start: afterThis, mark: at, kind: 'then', depth });
        else if (written === '?:' || written === '??') open.push({ start: afterThis, mark: at, kind: 'default', depth });
        else if (written === ':') {
          // Defaults and elses inside the then-branch end here, too.
          while (open.at(-1)?.depth === depth && open.at(-1)?.kind !== 'then') closeOne(open, at, finish);
          const own = open.at(-1);
          if (own?.depth === depth) {
            finish(own, at);
            own.start = afterThis;
            own.kind = 'else';
          }
        }
      }
      afterValue = token.kind === 'value' || isClosing(written);
    }
    at += token.length;
  }
  closeAll(text.length, 0);
  return { text: insertAll(text, inserts), branches };
}

function closeOne(open: Open[], end: number, finish: (one: Open, end: number) => void): void {
  const one = open.pop();
  if (one !== undefined) finish(one, end);
}

function isOpening(written: string): boolean {
  return written === '(' || written === '[' || written === '{';
}

function isClosing(written: string): boolean {
  return written === ')' || written === ']' || written === '}';
}

/** `$f(?, 1)`: a place for an argument. */
function isPlaceholder(text: string, at: number, after: number): boolean {
  return /[(,]\s*$/.test(text.slice(0, at)) && /^\s*[,)]/.test(text.slice(after));
}

function insertAll(text: string, inserts: readonly { at: number; text: string; order: number }[]): string {
  const sorted = inserts.toSorted((a, b) => a.at - b.at || a.order - b.order);
  let out = '';
  let last = 0;
  for (const { at, text: piece } of sorted) {
    out += text.slice(last, at) + piece;
    last = at;
  }
  return out + text.slice(last);
}
