/**
 * Where a token begins. jsonata's positions are offsets *behind* a token (behind the bracket, for a call), which makes a
 * caret that nobody understands.
 */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** The text to mark for a position and, when known, the token's text. */
export function spanAt(source: string, position: number | undefined, token?: unknown): Span {
  const end = Math.max(0, Math.min(position ?? source.length, source.length));
  const text = typeof token === 'string' ? token : typeof token === 'number' ? String(token) : '';
  if (text !== '') {
    for (const written of [`$${text}`, `\`${text}\``, `"${text}"`, `'${text}'`, text]) {
      if (source.slice(end - written.length, end) === written) return { offset: end - written.length, length: written.length };
    }
    // A call: position stands behind the bracket, the name in front of it.
    const name = source.slice(0, end - 1).trimEnd();
    if (source[end - 1] === '(' && name.endsWith(text)) {
      const dollar = name[name.length - text.length - 1] === '$' ? 1 : 0;
      return { offset: name.length - text.length - dollar, length: text.length + dollar };
    }
  }
  if (end >= source.length && source.length > 0 && text === '') return { offset: source.length - 1, length: 1 };
  return { offset: Math.max(0, end - 1), length: 1 };
}
