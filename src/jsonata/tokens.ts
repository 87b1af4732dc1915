/** A piece of JSONata text. Brackets, commas, semicolons and operators are one character each, but for `?:`, `??` and `:=`. */
export interface Token {
  readonly kind: 'blank' | 'value' | 'operator';
  readonly length: number;
}

/**
 * The token at an offset. A slash opens a regular expression where no value stands before it, as in JSONata's own tokenizer; what is not
 * closed runs to the end.
 */
export function readToken(text: string, at: number, afterValue: boolean): Token {
  const rest = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  const blank = rest(/\s+|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/y);
  if (blank > 0) return { kind: 'blank', length: blank };
  const quoted = rest(/"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|`[^`]*`?/y);
  if (quoted > 0) return { kind: 'value', length: quoted };
  const regex = afterValue ? 0 : rest(/\/(?:[^/\\]|\\[^])+\/[a-z]*/y);
  if (regex > 0) return { kind: 'value', length: regex };
  const word = rest(/[$\w\u0080-\uFFFF]+/y);
  if (word === 0) return { kind: 'operator', length: rest(/\?:|\?\?|:=/y) || 1 };
  const isOperator = afterValue && /^(?:and|or|in)$/.test(text.slice(at, at + word));
  return { kind: isOperator ? 'operator' : 'value', length: word };
}
