/** Where JSONata text is not closed: a string, quoted name, comment or regular expression, or brackets. */
export interface ExpressionScan {
  /** Offset at which the scan stopped: a stop character at depth 0, or the end. */
  readonly end: number;
  /** True if every quote and bracket up to `end` is closed. */
  readonly balanced: boolean;
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Walks over JSONata without parsing it, far enough to know strings, comments, regular expressions and brackets from the rest.
 * Stops at the first character outside all of them for which `stop` is true.
 */
export function scanExpression(text: string, start = 0, stop: (text: string, at: number) => boolean = () => false): ExpressionScan {
  const open: string[] = [];
  let at = start;
  let afterValue = false;
  while (at < text.length) {
    const char = text.charAt(at);
    if (open.length === 0 && stop(text, at)) return { end: at, balanced: true };
    const skipped = skipToken(text, at, afterValue);
    if (skipped === undefined) return { end: text.length, balanced: false };
    if (skipped > at) {
      afterValue = !text.startsWith('/*', at);
      at = skipped;
      continue;
    }
    const close = closing[char];
    if (close !== undefined) open.push(close);
    else if (char === ')' || char === ']' || char === '}') {
      if (open.pop() !== char) return { end: at, balanced: false };
    }
    const word = /^[\w$]+/.exec(text.slice(at))?.[0];
    if (word !== undefined) {
      afterValue = word !== 'and' && word !== 'or' && word !== 'in';
      at += word.length;
      continue;
    }
    // After an operator * and % are values (wildcard, parent); after a value they are operators.
    if (/\S/.test(char)) afterValue = /[)\]}]/.test(char) || (/[%*]/.test(char) && !afterValue);
    at++;
  }
  return { end: text.length, balanced: open.length === 0 };
}

/** End of the string, quoted name, comment or regular expression that begins at `at`; `at` if none does; undefined if it is not closed. */
function skipToken(text: string, at: number, afterValue: boolean): number | undefined {
  const char = text.charAt(at);
  if (char === '"' || char === "'") return closeString(text, at, char);
  if (char === '`') {
    const close = text.indexOf('`', at + 1);
    return close < 0 ? undefined : close + 1;
  }
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    return close < 0 ? undefined : close + 2;
  }
  if (char === '/' && !afterValue) return closeString(text, at, '/');
  return at;
}

function closeString(text: string, at: number, quote: string): number | undefined {
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === quote) return index + 1;
  }
  return undefined;
}
