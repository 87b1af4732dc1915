/** Escapes that mean one or more characters, in and outside of a class; `\d \w \s` as .NET defines them, over Unicode. */
const classEscapes: Readonly<Record<string, string>> = {
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  w: String.raw`[\p{L}\p{Mn}\p{Nd}\p{Pc}]`,
  W: String.raw`[^\p{L}\p{Mn}\p{Nd}\p{Pc}]`,
  s: String.raw`[\f\n\r\t\v\x85\p{Z}]`,
  S: String.raw`[^\f\n\r\t\v\x85\p{Z}]`,
  n: String.raw`\n`,
  r: String.raw`\r`,
  t: String.raw`\t`,
  f: String.raw`\f`,
  v: String.raw`\v`,
  a: String.raw`\x07`,
  e: String.raw`\x1b`,
};

export interface Translation {
  readonly source: string;
  /** Characters of the pattern that were read. */
  readonly length: number;
}

/** The escape at the start of the text, in JavaScript (flag v), or the reason why there is none. */
export function translateEscape(text: string): Translation | string {
  const letter = text.charAt(1);
  if (letter === '') return 'it ends with a backslash';
  const known = classEscapes[letter];
  if (known !== undefined) return { source: known, length: 2 };
  const coded = /^\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z])/.exec(text)?.[0];
  if (coded !== undefined) return { source: coded, length: coded.length };
  if (letter === '0') return /^\\0[0-7]/.test(text) ? 'octal escapes are not supported' : { source: String.raw`\0`, length: 2 };
  const property = /^\\[pP]\{(\w+)\}/.exec(text);
  if (property !== null) {
    const name = property[1] ?? '';
    return name.length <= 2
      ? { source: property[0], length: property[0].length }
      : `the Unicode block ${name} has no equivalent in JavaScript`;
  }
  if (/[A-Za-z0-9]/.test(letter)) return `the escape \\${letter} is not known`;
  return { source: quoteCharacter(letter), length: 2 };
}

/** A single character that stands for itself, in a class and outside. */
function quoteCharacter(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  return /[\p{L}\p{N}]/u.test(letter) || code > 0x7f ? letter : `\\x${code.toString(16).padStart(2, '0')}`;
}

/** A character class `[…]` that starts at the position, with .NET's subtraction `[a-z-[aeiou]]`; or the reason why it is none. */
export function readCharacterClass(pattern: string, start: number): { source: string; end: number } | string {
  let position = start + 1;
  const negated = pattern.charAt(position) === '^';
  if (negated) position++;
  let members = '';
  let first = true;
  for (;;) {
    const letter = pattern.charAt(position);
    if (letter === '') return 'a character class is not closed';
    if (letter === ']' && !first) break;
    first = false;
    if (letter === '-' && pattern.charAt(position + 1) === '[') {
      const subtracted = readCharacterClass(pattern, position + 1);
      if (typeof subtracted === 'string') return subtracted;
      if (pattern.charAt(subtracted.end) !== ']') return 'a subtraction must stand at the end of its class';
      return { source: `[[${negated ? '^' : ''}${members}]--${subtracted.source}]`, end: subtracted.end + 1 };
    }
    const low = readMember(pattern, position);
    if (typeof low === 'string') return low;
    position += low.length;
    const next = pattern.charAt(position + 1);
    if (pattern.charAt(position) === '-' && next !== ']' && next !== '[' && next !== '' && !isSet(low.source)) {
      const high = readMember(pattern, position + 1);
      if (typeof high === 'string') return high;
      if (!isSet(high.source)) {
        position += 1 + high.length;
        members += `${low.source}-${high.source}`;
        continue;
      }
    }
    members += low.source;
  }
  return { source: `[${negated ? '^' : ''}${members}]`, end: position + 1 };
}

function isSet(source: string): boolean {
  return source.startsWith('[') || /^\\[pP]/.test(source);
}

function readMember(pattern: string, position: number): Translation | string {
  const letter = String.fromCodePoint(pattern.codePointAt(position) ?? 0);
  if (letter !== '\\') return { source: quoteCharacter(letter), length: letter.length };
  // In a class \b is the backspace.
  return pattern.charAt(position + 1) === 'b' ? { source: String.raw`\x08`, length: 2 } : translateEscape(pattern.slice(position));
}
