import type { Range } from './line-index.ts';

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded';

/** Where a scalar stands in its file and how it is written. */
export interface ScalarSource {
  readonly style: ScalarStyle;
  /** Flow scalars: the whole scalar with its quotes. Block scalars: the lines after the header. */
  readonly source: string;
  /** Offset of `source` in the file. */
  readonly offset: number;
  /** Block scalars: header such as `>-2`; else empty. */
  readonly header: string;
  /** Block scalars: indentation of the parent. */
  readonly parentIndent: number;
}

/**
 * The text that YAML makes of a scalar, and for each of its UTF-16 code units the range in the file that it came from. Follows
 * YAML 1.2 sections 6.5 (folding), 7.3 and 8.1 as the `yaml` package resolves them; a property test holds the two equal.
 */
export interface DecodedScalar {
  readonly text: string;
  rangeOf(offset: number, length?: number): Range;
}

/** Collects characters with the places they came from. */
class Emitter {
  text = '';
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  /** `chars` all came from the range. */
  emit(chars: string, start: number, end: number): void {
    for (let unit = 0; unit < chars.length; unit++) {
      this.starts.push(start);
      this.ends.push(end);
    }
    this.text += chars;
  }
  /** `chars` stand in the file as they are, from `start`. */
  copy(chars: string, start: number): void {
    for (let unit = 0; unit < chars.length; unit++) {
      this.starts.push(start + unit);
      this.ends.push(start + unit + 1);
    }
    this.text += chars;
  }
}

export function decodeScalar(scalar: ScalarSource): DecodedScalar {
  const emitter = new Emitter();
  if (scalar.style === 'plain') unfold(emitter, scalar.source, scalar.offset, false);
  else if (scalar.style === 'single') unfold(emitter, scalar.source.slice(1, -1), scalar.offset + 1, true);
  else if (scalar.style === 'double') unescape(emitter, scalar.source, scalar.offset);
  else unindent(emitter, scalar);
  const { text, starts, ends } = emitter;
  const end = ends.at(-1) ?? scalar.offset + (scalar.style === 'single' || scalar.style === 'double' ? 1 : 0);
  return {
    text,
    rangeOf(offset, length = 1) {
      const first = Math.max(0, Math.min(offset, text.length));
      const last = Math.max(first, Math.min(first + length, text.length)) - 1;
      const start = starts[first] ?? end;
      return [start, last < first ? start : Math.max(start, ends[last] ?? end)];
    },
  };
}

/** Plain and single quoted: lines are trimmed and joined by a space, n blank lines between them give n line feeds. */
function unfold(emitter: Emitter, source: string, base: number, quoted: boolean): void {
  const lines = splitAtBreaks(source);
  if (lines.length === 1) {
    copyQuoted(emitter, source, base, quoted);
    return;
  }
  let separator = ' ';
  let breakAt: Range = [base, base];
  lines.forEach(({ content, start, breakEnd }, index) => {
    const last = index === lines.length - 1;
    const lead = index === 0 ? 0 : (/^[ \t]*/.exec(content)?.[0].length ?? 0);
    const body = last ? content.slice(lead) : content.slice(lead).replace(/(?<![ \t])[ \t]+$/, '');
    const at = base + start;
    const ownBreak: Range = [at + content.length, base + breakEnd];
    if (index === 0) copyQuoted(emitter, body, at, quoted);
    else if (body === '' && !last) {
      if (separator === '\n') emitter.emit('\n', ...breakAt);
      else separator = '\n';
    } else {
      emitter.emit(separator, ...breakAt);
      copyQuoted(emitter, body, at + lead, quoted);
      separator = ' ';
    }
    breakAt = ownBreak;
  });
}

function copyQuoted(emitter: Emitter, text: string, at: number, quoted: boolean): void {
  if (!quoted) {
    emitter.copy(text, at);
    return;
  }
  let from = 0;
  for (;;) {
    const pair = text.indexOf("''", from);
    if (pair < 0) break;
    emitter.copy(text.slice(from, pair), at + from);
    emitter.emit("'", at + pair, at + pair + 2);
    from = pair + 2;
  }
  emitter.copy(text.slice(from), at + from);
}

interface Line {
  readonly content: string;
  readonly start: number;
  /** Offset after the line break. */
  readonly breakEnd: number;
}

function splitAtBreaks(source: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const match of source.matchAll(/\r?\n/g)) {
    const breakEnd = match.index + match[0].length;
    lines.push({ content: source.slice(start, match.index), start, breakEnd });
    start = breakEnd;
  }
  lines.push({ content: source.slice(start), start, breakEnd: source.length });
  return lines;
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  '\t': '\t',
};
const codeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Double quoted: escapes, and folding as in plain scalars, except that an escaped line break vanishes. */
function unescape(emitter: Emitter, source: string, base: number): void {
  const end = source.length - 1;
  let at = 1;
  while (at < end) {
    const rest = source.slice(at, end);
    const fold = /^[ \t]*\r?\n(?:[ \t]|\r?\n)*/.exec(rest)?.[0];
    if (fold !== undefined) {
      foldBreaks(emitter, fold, base + at);
      at += fold.length;
      continue;
    }
    const blank = /^[ \t]+/.exec(rest)?.[0];
    if (blank !== undefined) {
      emitter.copy(blank, base + at);
      at += blank.length;
      continue;
    }
    if (source[at] !== '\\') {
      const run = /^[^\\ \t\r\n]+/.exec(rest)?.[0] ?? source.charAt(at);
      emitter.copy(run, base + at);
      at += run.length;
      continue;
    }
    at += unescapeOne(emitter, rest, base + at);
  }
}

/** One escape sequence at the start of `rest`; returns its length. */
function unescapeOne(emitter: Emitter, rest: string, at: number): number {
  const joined = /^\\\r?\n[ \t]*/.exec(rest)?.[0];
  if (joined !== undefined) return joined.length;
  const letter = rest.charAt(1);
  const codeLength = codeLengths[letter];
  if (codeLength !== undefined) {
    const code = Number.parseInt(rest.slice(2, 2 + codeLength), 16);
    const length = 2 + codeLength;
    emitter.emit(code <= 0x10ffff ? String.fromCodePoint(code) : rest.slice(0, length), at, at + length);
    return length;
  }
  emitter.emit(escapes[letter] ?? rest.slice(0, 2), at, at + 2);
  return 2;
}

function foldBreaks(emitter: Emitter, fold: string, at: number): void {
  const breaks = [...fold.matchAll(/\r?\n/g)];
  const range = (match: RegExpExecArray): Range => [at + match.index, at + match.index + match[0].length];
  const [first, ...others] = breaks;
  if (others.length === 0 && first !== undefined) emitter.emit(' ', ...range(first));
  for (const other of others) emitter.emit('\n', ...range(other));
}

interface BlockLine {
  readonly indent: number;
  /** Text after the indentation spaces, without line break. */
  readonly content: string;
  /** Offset in the file of the line. */
  readonly start: number;
  /** The line break that ends the line before. */
  readonly breakBefore: Range;
}

/** Literal and folded block scalars. */
function unindent(emitter: Emitter, scalar: ScalarSource): void {
  const raw = scalar.source === '' ? [] : splitAtBreaks(scalar.source);
  const lines: BlockLine[] = raw.map(({ content, start }, index) => {
    const before = raw[index - 1];
    const indent = /^ */.exec(content)?.[0].length ?? 0;
    const at = scalar.offset + start;
    const breakStart = before === undefined ? at : scalar.offset + before.start + before.content.length;
    return { indent, content: content.slice(indent), start: at, breakBefore: [breakStart, at] };
  });
  const keep = scalar.header.includes('+');
  const strip = scalar.header.includes('-');
  const explicit = Number(/[1-9]/.exec(scalar.header)?.[0] ?? 0);
  let chompStart = lines.length;
  while (chompStart > 0 && lines[chompStart - 1]?.content === '') chompStart--;
  if (chompStart === 0) {
    if (keep) for (const line of lines.slice(1).concat(lines.length === 1 ? lines : [])) emitter.emit('\n', ...line.breakBefore);
    return;
  }
  let contentStart = lines.findIndex((line) => line.content !== '');
  if (contentStart < 0) contentStart = 0;
  const trim = explicit > 0 ? scalar.parentIndent + explicit : (lines[contentStart]?.indent ?? 0);
  for (let index = lines.length - 1; index >= chompStart; index--) if ((lines[index]?.indent ?? 0) > trim) chompStart = index + 1;

  lines.slice(0, contentStart).forEach((line, index) => {
    emitter.copy(' '.repeat(Math.max(0, line.indent - trim)), line.start + trim);
    emitter.emit('\n', ...(lines[index + 1]?.breakBefore ?? line.breakBefore));
  });
  joinLines(emitter, lines.slice(contentStart, chompStart), trim, scalar.style === 'folded');
  if (strip) return;
  const endBreak: Range = lines[chompStart]?.breakBefore ?? [scalar.offset + scalar.source.length, scalar.offset + scalar.source.length];
  if (!keep) {
    emitter.emit('\n', ...endBreak);
    return;
  }
  for (const line of lines.slice(chompStart)) {
    emitter.emit('\n', ...line.breakBefore);
    emitter.copy(' '.repeat(Math.max(0, line.indent - trim)), line.start + trim);
  }
  if (!emitter.text.endsWith('\n')) emitter.emit('\n', ...endBreak);
}

function joinLines(emitter: Emitter, lines: readonly BlockLine[], trim: number, folded: boolean): void {
  let separator = '';
  let moreIndented = false;
  for (const line of lines) {
    const extra = ' '.repeat(Math.max(0, line.indent - trim));
    const emitLine = (): void => {
      emitter.emit(separator, ...line.breakBefore);
      emitter.copy(extra + line.content, line.start + line.indent - extra.length);
    };
    if (!folded) {
      emitLine();
      separator = '\n';
    } else if (extra !== '' || line.content.startsWith('\t')) {
      if (separator === ' ') separator = '\n';
      else if (!moreIndented && separator === '\n') separator = '\n\n';
      emitLine();
      separator = '\n';
      moreIndented = true;
    } else if (line.content === '') {
      if (separator === '\n') emitter.emit('\n', ...line.breakBefore);
      else separator = '\n';
    } else {
      emitLine();
      separator = ' ';
      moreIndented = false;
    }
  }
}
