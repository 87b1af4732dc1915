import { complement, digits, everything, ignoringCase, lineEnds, single, spaces, union, wordCharacters, type Charset } from './charset.ts';

/** A regular expression as far as ambiguity goes: groups do not matter, what they hold does. */
export type Pattern =
  | { readonly kind: 'set'; readonly set: Charset }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly branches: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly body: Pattern; readonly least: number; readonly most: number }
  /** ^, $, \b, look-around, back reference: passes without a character, or does not. `inner` is matched on its own. */
  | { readonly kind: 'test'; readonly inner: Pattern | undefined };

/** Parses the source of a RegExp that JavaScript has accepted, without the flags u and v. */
export function parsePattern(source: string, ignoreCase: boolean): Pattern {
  return new PatternParser(source, ignoreCase).parse();
}

const classes: Readonly<Record<string, Charset>> = {
  d: digits,
  D: complement(digits),
  w: wordCharacters,
  W: complement(wordCharacters),
  s: spaces,
  S: complement(spaces),
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

class PatternParser {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  parse(): Pattern {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches };
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (this.#at < this.#source.length && this.#source[this.#at] !== '|' && this.#source[this.#at] !== ')')
      parts.push(this.#quantified());
    return { kind: 'sequence', parts };
  }

  #quantified(): Pattern {
    const body = this.#atom();
    const [least, most] = this.#quantifier();
    if (least === 1 && most === 1) return body;
    // Lazy or not, the same texts can be matched in the same ways.
    this.#take('?');
    return { kind: 'repeat', body, least, most };
  }

  #quantifier(): readonly [number, number] {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const braces = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#source.slice(this.#at));
    if (braces === null) return [1, 1];
    this.#at += braces[0].length;
    const least = Number(braces[1]);
    return [least, braces[2] === undefined ? least : braces[3] === '' ? Infinity : Number(braces[3])];
  }

  #atom(): Pattern {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return this.#set(this.#class());
    if (this.#take('.')) return this.#set(complement(lineEnds));
    if (this.#take('^') || this.#take('$')) return { kind: 'test', inner: undefined };
    if (this.#take('\\')) {
      const next = this.#source[this.#at] ?? '';
      if (next === 'b' || next === 'B' || /[1-9]/.test(next)) {
        this.#at += 1;
        // A back reference can match texts of any length: counted as any characters, or none.
        if (next === 'b' || next === 'B') return { kind: 'test', inner: undefined };
        while (/\d/.test(this.#source[this.#at] ?? '')) this.#at += 1;
        return { kind: 'repeat', body: { kind: 'set', set: everything }, least: 0, most: Infinity };
      }
      return this.#set(this.#escape());
    }
    const unit = this.#source.charCodeAt(this.#at);
    this.#at += 1;
    return this.#set(single(unit));
  }

  #group(): Pattern {
    const around = this.#take('?=') || this.#take('?!') || this.#take('?<=') || this.#take('?<!');
    if (!around && !this.#take('?:')) {
      const name = /^\?<[^>]*>/.exec(this.#source.slice(this.#at));
      if (name !== null) this.#at += name[0].length;
    }
    const inner = this.parse();
    this.#take(')');
    return around ? { kind: 'test', inner } : inner;
  }

  #set(set: Charset): Pattern {
    return { kind: 'set', set: this.#ignoreCase ? ignoringCase(set) : set };
  }

  /** Behind a backslash, outside and inside of a class. */
  #escape(): Charset {
    const letter = this.#source[this.#at] ?? '';
    this.#at += 1;
    const named = classes[letter];
    if (named !== undefined) return named;
    const control = controls[letter];
    if (control !== undefined) return single(control);
    if (letter === 'x' || letter === 'u') {
      const code = new RegExp(`^[0-9A-Fa-f]{${letter === 'x' ? '2' : '4'}}`).exec(this.#source.slice(this.#at))?.[0];
      if (code === undefined) return single(letter.charCodeAt(0));
      this.#at += code.length;
      return single(Number.parseInt(code, 16));
    }
    if (letter === 'c' && /[A-Za-z]/.test(this.#source[this.#at] ?? '')) {
      this.#at += 1;
      return single(this.#source.charCodeAt(this.#at - 1) % 32);
    }
    return single(letter.charCodeAt(0));
  }

  #class(): Charset {
    const negated = this.#take('^');
    const sets: Charset[] = [];
    while (this.#at < this.#source.length && !this.#take(']')) {
      const low = this.#member();
      const dash = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']';
      if (!dash || low.length !== 1 || low[0]?.[0] !== low[0]?.[1]) {
        sets.push(low);
        continue;
      }
      this.#at += 1;
      const high = this.#member();
      if (high.length === 1 && high[0]?.[0] === high[0]?.[1]) sets.push([[low[0]?.[0] ?? 0, high[0]?.[0] ?? 0]]);
      else sets.push(low, single(45), high);
    }
    const set = union(...sets);
    return negated ? complement(set) : set;
  }

  #member(): Charset {
    if (this.#take('\\')) {
      if (this.#take('b')) return single(8);
      return this.#escape();
    }
    this.#at += 1;
    return single(this.#source.charCodeAt(this.#at - 1));
  }
}
