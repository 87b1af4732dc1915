import { failFunction } from '../arguments.ts';
import { isAmbiguousWhenRepeated, type PatternAtom } from './regex-danger.ts';
import { readCharacterClass, translateEscape } from './regex-class.ts';

/** A regular expression of .NET as JavaScript runs it. `groupIndex`: number or name in .NET's numbering → index in a JavaScript match. */
export interface DotnetRegex {
  readonly expression: RegExp;
  readonly groupIndex: ReadonlyMap<string, number>;
}

const compiled = new Map<string, DotnetRegex>();

/**
 * Compiles a .NET pattern with .NET's meaning: `\d \w \s \b` are Unicode, `.` excludes only the newline, `$` also stands before a
 * last newline, named groups are numbered after the others, `(?i)` `(?m)` `(?s)` `(?n)` at the start, classes with subtraction.
 * JSN-509 for what JavaScript cannot run with the same result (atomic groups, conditions, balancing groups, options inside) and for
 * repetition inside repetition that can take exponential time.
 */
export function compileRegex(pattern: string, functionName: string): DotnetRegex {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const reader = new PatternReader(pattern, functionName);
  const { source, flags, groupIndex } = reader.translate();
  let expression: RegExp;
  try {
    expression = new RegExp(source, `dgv${flags}`);
  } catch {
    return refuse(functionName, pattern, 'it is not well formed');
  }
  const result = { expression, groupIndex };
  if (compiled.size > 500) compiled.clear();
  compiled.set(pattern, result);
  return result;
}

function refuse(functionName: string, pattern: string, reason: string): never {
  return failFunction('JSN-509', functionName, `the regular expression ${JSON.stringify(pattern)} cannot be used: ${reason}`);
}

interface Atom extends PatternAtom {
  /** A group whose repetition can be read in more than one way. */
  readonly ambiguous: boolean;
}

interface Alternatives {
  readonly source: string;
  readonly ambiguous: boolean;
  readonly variable: boolean;
}

const wordCharacter = String.raw`[\p{L}\p{Mn}\p{Nd}\p{Pc}]`;

class PatternReader {
  readonly #pattern: string;
  readonly #functionName: string;
  #position = 0;
  #flags = '';
  #multiline = false;
  #singleLine = false;
  /** JavaScript index of each group in order; undefined name: unnamed. */
  readonly #groups: (string | undefined)[] = [];

  constructor(pattern: string, functionName: string) {
    this.#pattern = pattern;
    this.#functionName = functionName;
  }

  #refuse(reason: string): never {
    return refuse(this.#functionName, this.#pattern, reason);
  }

  translate(): { source: string; flags: string; groupIndex: ReadonlyMap<string, number> } {
    const options = /^\(\?([imsn]+)\)/.exec(this.#pattern);
    if (options !== null) {
      this.#position = options[0].length;
      const letters = options[1] ?? '';
      if (letters.includes('n')) this.#refuse('the option n is not supported');
      if (letters.includes('i')) this.#flags = 'i';
      this.#multiline = letters.includes('m');
      this.#singleLine = letters.includes('s');
    }
    const { source } = this.#readAlternatives();
    if (this.#position < this.#pattern.length) this.#refuse('a closing parenthesis has no opening one');
    return { source, flags: this.#flags, groupIndex: this.#numberGroups() };
  }

  /** .NET counts the unnamed groups from left to right and then the named ones. */
  #numberGroups(): ReadonlyMap<string, number> {
    const index = new Map<string, number>([['0', 0]]);
    let number = 1;
    for (const [at, name] of this.#groups.entries()) if (name === undefined) index.set(String(number++), at + 1);
    for (const [at, name] of this.#groups.entries()) {
      if (name === undefined) continue;
      index.set(String(number++), at + 1);
      index.set(name, at + 1);
    }
    return index;
  }

  #readAlternatives(): Alternatives {
    let source = '';
    let sequence: PatternAtom[] = [];
    const alternatives = [sequence];
    while (this.#position < this.#pattern.length && this.#pattern.charAt(this.#position) !== ')') {
      if (this.#pattern.charAt(this.#position) === '|') {
        this.#position++;
        source += '|';
        sequence = [];
        alternatives.push(sequence);
        continue;
      }
      const atom = this.#readAtom();
      const { quantifier, variable, times } = this.#readQuantifier(atom);
      source += atom.source + quantifier;
      // A class that stands a fixed number of times is as many places; more than 50 are as good as any.
      const place = { source: atom.source, empty: atom.empty, single: atom.single, variable: atom.variable || variable };
      for (let count = 0; count < Math.min(times, 50); count++) sequence.push(place);
    }
    return {
      source,
      ambiguous: isAmbiguousWhenRepeated(alternatives),
      variable: alternatives.some((atoms) => atoms.some((atom) => atom.variable)),
    };
  }

  #readAtom(): Atom {
    const pattern = this.#pattern;
    const letter = pattern.charAt(this.#position);
    const plain = (source: string, length: number, empty = false): Atom => {
      this.#position += length;
      return { source, single: !empty, empty, variable: false, ambiguous: false };
    };
    switch (letter) {
      case '(':
        return this.#readGroup();
      case '[': {
        const found = readCharacterClass(pattern, this.#position);
        if (typeof found === 'string') return this.#refuse(found);
        return plain(found.source, found.end - this.#position);
      }
      case '\\':
        return this.#readEscape();
      case '.':
        return plain(this.#singleLine ? String.raw`[\s\S]` : String.raw`[^\n]`, 1);
      case '^':
        return plain(this.#multiline ? String.raw`(?<![^\n])` : '^', 1, true);
      case '$':
        return plain(this.#multiline ? String.raw`(?![^\n])` : String.raw`(?=\n?$)`, 1, true);
      case '*':
      case '+':
      case '?':
        return this.#refuse('a repetition has nothing to repeat');
      default:
        return plain(/[{}/\]]/.test(letter) ? `\\${letter}` : letter, 1);
    }
  }

  #readEscape(): Atom {
    const rest = this.#pattern.slice(this.#position);
    const anchors: Readonly<Record<string, string>> = {
      A: String.raw`(?<![\s\S])`,
      z: String.raw`(?![\s\S])`,
      Z: String.raw`(?=\n?(?![\s\S]))`,
      b: `(?:(?<=${wordCharacter})(?!${wordCharacter})|(?<!${wordCharacter})(?=${wordCharacter}))`,
      B: `(?:(?<=${wordCharacter})(?=${wordCharacter})|(?<!${wordCharacter})(?!${wordCharacter}))`,
    };
    const anchor = anchors[rest.charAt(1)];
    if (anchor !== undefined) {
      this.#position += 2;
      return { source: anchor, single: false, empty: true, variable: false, ambiguous: false };
    }
    const reference = /^\\k(?:<([^>]+)>|'([^']+)')|^\\([1-9]\d?)/.exec(rest);
    if (reference !== null) {
      this.#position += reference[0].length;
      const name = reference[1] ?? reference[2] ?? reference[3] ?? '';
      const target = this.#numberGroups().get(name);
      if (target === undefined) return this.#refuse(`the back reference ${name} has no group before it`);
      return { source: `(?:\\${String(target)})`, single: false, empty: false, variable: true, ambiguous: false };
    }
    const escape = translateEscape(rest);
    if (typeof escape === 'string') return this.#refuse(escape);
    this.#position += escape.length;
    return { source: escape.source, single: true, empty: false, variable: false, ambiguous: false };
  }

  #readGroup(): Atom {
    const rest = this.#pattern.slice(this.#position);
    const comment = /^\(\?#[^)]*\)/.exec(rest);
    if (comment !== null) {
      this.#position += comment[0].length;
      return { source: '', single: false, empty: true, variable: false, ambiguous: false };
    }
    const named = /^\(\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    const plain = /^\((?:\?(?::|<?[=!]))?/.exec(rest);
    let open = plain?.[0] ?? '(';
    if (named !== null) {
      const name = named[1] ?? named[2] ?? '';
      if (this.#groups.includes(name)) this.#refuse(`the group ${name} exists twice`);
      this.#groups.push(name);
      this.#position += named[0].length;
      open = `(?<${name}>`;
    } else {
      if (open === '(' && rest.startsWith('(?')) this.#refuse(`${rest.slice(0, 4)}… has no equivalent in JavaScript`);
      if (open === '(') this.#groups.push(undefined);
      this.#position += open.length;
    }
    const { source, ambiguous, variable } = this.#readAlternatives();
    if (this.#pattern.charAt(this.#position) !== ')') return this.#refuse('a parenthesis is not closed');
    this.#position++;
    const looksAround = /[=!]$/.test(open);
    return {
      source: `${open}${source})`,
      single: false,
      empty: looksAround,
      variable: variable && !looksAround,
      ambiguous: ambiguous && !looksAround,
    };
  }

  #readQuantifier(atom: Atom): { readonly quantifier: string; readonly variable: boolean; readonly times: number } {
    const match = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#pattern.slice(this.#position));
    if (match === null) return { quantifier: '', variable: false, times: 1 };
    const [quantifier, least, comma, most] = match;
    this.#position += quantifier.length;
    // A repetition with a bound is exponential only up to the bound; 10 is the most that goes unexamined.
    const unlimited = least === undefined ? !quantifier.startsWith('?') : comma !== undefined && (most === '' || Number(most) > 10);
    if (unlimited && atom.ambiguous)
      this.#refuse('a repetition inside a repetition, or of alternatives that are alike, can take exponential time');
    const variable = least === undefined || (comma !== undefined && most !== least);
    return { quantifier, variable, times: variable ? 1 : Number(least) };
  }
}
