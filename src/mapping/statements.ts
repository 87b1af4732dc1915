import { readToken } from '../jsonata/index.ts';

/** One statement of a text: without surrounding white space and comments, and without its semicolon. */
export interface Statement {
  readonly text: string;
  /** UTF-16 offset of the statement in the text. */
  readonly offset: number;
}

/**
 * Splits JSONata at the semicolons that stand outside of brackets, texts, comments and regular expressions. A slash
 * opens a regular expression where no value stands before it, as in JSONata's own tokenizer.
 */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let start: number | undefined;
  let end = 0;
  let depth = 0;
  let afterValue = false;
  const finish = (): void => {
    if (start !== undefined) statements.push({ text: text.slice(start, end), offset: start });
    start = undefined;
    afterValue = false;
  };
  for (let at = 0; at < text.length;) {
    const token = readToken(text, at, afterValue);
    const next = at + token.length;
    if (token.kind === 'value' || token.kind === 'operator') {
      if (token.kind === 'operator' && text[at] === ';' && depth === 0) {
        finish();
        at = next;
        continue;
      }
      if ('([{'.includes(text[at] ?? ' ')) depth++;
      const closes = ')]}'.includes(text[at] ?? ' ');
      if (closes) depth--;
      start ??= at;
      end = next;
      afterValue = token.kind === 'value' || closes;
    }
    at = next;
  }
  finish();
  return statements;
}
