import { scanExpression } from './expression-scan.ts';
import type { Range } from './line-index.ts';

/** A value that YAML does not read as it is written: the text that wants quotes, and what YAML took offence at. */
export interface SplitValue {
  readonly range: Range;
  /** Name of the field as written. */
  readonly field: string;
  /** What YAML reads, completing "YAML reads …". */
  readonly reads: string;
}

/** A field and a value on one line: `  name: value`. Names without blanks, or quoted; a URN has colons. */
const fieldLine = /^([ ]*(?:-[ ]+)*)("[^"\r\n]*"|'[^'\r\n]*'|[\w$][^\s#'"{}[\],]*):[ \t]+(?=\S)/;

/**
 * The values around an offset at which YAML found an error, if the error comes from writing them without quotes; empty if it does
 * not. Looks at the line of the offset and at the lines above that it may continue.
 */
export function findSplitValues(text: string, offset: number): readonly SplitValue[] {
  const field = fieldAround(text, offset);
  if (field === undefined) return [];
  const { valueStart, name } = field;
  const first = text.charAt(valueStart);
  if (first === '{') {
    const flow = scanFlowMap(text, valueStart);
    if (flow !== undefined && /^[ \t]*(?:#.*)?$/m.test(text.slice(flow.end).split(/\r|\n/, 1)[0] ?? '')) return flow.pieces;
  }
  const range = expressionRange(text, valueStart, valueEnd(text, field));
  const written = text.slice(...range);
  const reads = splitWords(written);
  return reads === undefined ? [] : [{ range, field: name, reads }];
}

interface FieldLine {
  readonly name: string;
  readonly indent: number;
  readonly valueStart: number;
}

function fieldAround(text: string, offset: number): FieldLine | undefined {
  let limit = Number.POSITIVE_INFINITY;
  let start = lineStart(text, offset);
  for (;;) {
    const line = text.slice(start).split(/\r|\n/, 1)[0] ?? '';
    const indent = /^[ ]*/.exec(line)?.[0].length ?? 0;
    if (line.trim() !== '' && indent < limit) {
      const match = fieldLine.exec(line);
      const startsInside = limit !== Number.POSITIVE_INFINITY || (match !== null && start + match[0].length <= offset + 1);
      if (match !== null && startsInside) return { name: match[2] ?? '', indent, valueStart: start + match[0].length };
      limit = indent === 0 ? 0 : indent;
    }
    if (start === 0 || limit === 0) return undefined;
    start = lineStart(text, start - 1);
  }
}

function lineStart(text: string, offset: number): number {
  // A negative position would count as 0 and find a line feed there again and again.
  return offset <= 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** The lines below a value that are indented deeper than its field continue it. */
function valueEnd(text: string, { valueStart, indent }: FieldLine): number {
  let end = lineEnd(text, valueStart);
  for (let next = end; next < text.length;) {
    const start = text.indexOf('\n', next) + 1;
    if (start === 0) break;
    const line = text.slice(start, lineEnd(text, start));
    if (line.trim() !== '') {
      if ((/^[ ]*/.exec(line)?.[0].length ?? 0) <= indent || /^\s*#/.test(line)) break;
      end = start + line.length;
    }
    next = start + line.length;
  }
  return end;
}

function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset).search(/[\r\n]/);
  return end < 0 ? text.length : offset + end;
}

/** Without the comment that ends the line: a ` #` outside of strings and brackets. */
function expressionRange(text: string, start: number, end: number): Range {
  const written = text.slice(start, end);
  const scan = scanExpression(written, 0, (value, at) => value[at] === '#' && /\s/.test(value.charAt(at - 1)) && value[at + 1] !== '$');
  const kept = scan.balanced ? written.slice(0, scan.end) : written;
  return [start, start + kept.trimEnd().length];
}

const starts: Readonly<Record<string, string>> = {
  '&': '"&" at the start as an anchor',
  '*': '"*" at the start as an alias',
  '!': '"!" at the start as a tag',
  '%': '"%" at the start as a directive',
  '@': '"@" at the start as reserved',
  '`': '"`" at the start as reserved',
  '|': '"|" at the start as a block',
  '>': '">" at the start as a block',
  ',': '"," at the start as a separator',
};

/** What YAML makes of a value that is not quoted; undefined if the value is none that quotes would help. */
function splitWords(written: string): string | undefined {
  const first = written.charAt(0);
  if (/^[|>][-+1-9]{0,2}\s/.test(`${written} `) && /^[|>][-+1-9]{0,2}[ \t]*(?:#.*)?(?:\r|\n|$)/.test(written)) return undefined;
  if (first === '"' || first === "'") {
    const close = closeYamlQuote(written, 0);
    return close === undefined || written.slice(close).trim() === ''
      ? undefined
      : `the quote at the start as quotes around the whole value, which ends at character ${String(close)}`;
  }
  if (first === '{' || first === '[') {
    const { end, balanced } = scanExpression(written, 0, (_, at) => at > 0);
    const rest = balanced ? written.slice(end).trim() : '';
    return rest === '' ? undefined : `"${first}" at the start as a YAML ${first === '{' ? 'map' : 'list'}`;
  }
  if (/^[-?](?:\s|$)/.test(written)) return `"${first} " at the start as the mark of a ${first === '-' ? 'list' : 'key'}`;
  const start = starts[first];
  if (start !== undefined) return start;
  // A field on the line of another, or one that is indented too deep: quotes would hide the mistake.
  if (/^[\w-]+:(?:[ \t]+[\w./-]+)?[ \t]*(?:\r|\n|$)/.test(written) || /^[ \t]+[\w$-]+:(?:\s|$)/m.test(written)) return undefined;
  if (/:(?:\s|$)/m.test(written)) return '": " as the end of a field name';
  if (/^\s*\?\s/m.test(written)) return '"? " at the start of a line as the mark of a key';
  if (/\s#/.test(written)) return '" #" as the beginning of a comment';
  return undefined;
}

function closeYamlQuote(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (quote !== "'" || text[at + 1] !== "'") return at + 1;
      at++;
    }
  }
  return undefined;
}

/** The values of a flow map that want quotes, read as the author meant it: a comma inside brackets does not separate. */
function scanFlowMap(text: string, start: number): { readonly end: number; readonly pieces: readonly SplitValue[] } | undefined {
  const pieces: SplitValue[] = [];
  let at = start + 1;
  const skip = (): void => {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
  };
  for (;;) {
    skip();
    if (text[at] === '}') return { end: at + 1, pieces };
    const key = /^("(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|[\w$-]+):\s+/.exec(text.slice(at));
    if (key === null) return undefined;
    at += key[0].length;
    const value = scanFlowValue(text, at);
    if (value === undefined) return undefined;
    if (value.nested !== undefined) pieces.push(...value.nested);
    else if (value.reads !== undefined) pieces.push({ range: value.range, field: key[1] ?? '', reads: value.reads });
    at = value.end;
    skip();
    if (text[at] === ',') at++;
    else if (text[at] !== '}') return undefined;
  }
}

interface FlowValue {
  readonly range: Range;
  readonly end: number;
  readonly reads?: string | undefined;
  readonly nested?: readonly SplitValue[];
}

function scanFlowValue(text: string, start: number): FlowValue | undefined {
  const endsHere = (at: number): boolean => /^\s*[,}]/.test(text.slice(at));
  const first = text.charAt(start);
  if (first === '"' || first === "'") {
    const close = closeYamlQuote(text, start);
    if (close !== undefined && endsHere(close)) return { range: [start, close], end: close };
  }
  if (first === '{') {
    const nested = scanFlowMap(text, start);
    if (nested !== undefined && endsHere(nested.end)) return { range: [start, nested.end], end: nested.end, nested: nested.pieces };
  }
  const scan = scanExpression(text, start, (value, at) => value[at] === ',' || value[at] === '}');
  if (!scan.balanced || scan.end >= text.length) return undefined;
  const range: Range = [start, start + text.slice(start, scan.end).trimEnd().length];
  if (/[\r\n]/.test(text.slice(...range))) return undefined;
  return { range, end: scan.end, reads: flowWords(text.slice(...range)) };
}

function flowWords(written: string): string | undefined {
  if (/^\[[\w\s,.'"-]*\]$/.test(written)) return undefined;
  const mark = /[{}[\],]/.exec(written)?.[0];
  if (mark !== undefined) return mark === ',' ? 'a comma as the end of the value' : `"${mark}" as part of a YAML map or list`;
  return splitWords(written);
}
